//! What administrators do to accounts: roles, deactivation and its undoing.

use super::{bots, guests, me_or, missing, sanitized, sight, store};
use crate::Json;
use crate::roles::Roles;
use crate::roles::membership::RoleNames;
use crate::{Actor, Error, Result, Site, audits, auth, erasing};
use axum::extract::{Path, Query, State};
use db::Tx;
use serde::Deserialize;
use wire::{Event, StatusOk, User};

/// Body of PUT /users/{id}/active.
#[derive(Debug, Deserialize)]
pub struct Active {
    active: bool,
}

fn require_admin(actor: &Actor) -> Result<()> {
    if actor.is_system_admin() { Ok(()) } else { Err(Error::forbidden()) }
}

/// PUT /users/{id}/active: a user may leave; only an administrator may deactivate others or bring anybody back.
pub async fn active(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(body): Json<Active>,
) -> Result<Json<StatusOk>> {
    let id = me_or(&actor, &id)?;
    if body.active {
        require_admin(&actor)?;
    }
    set_active(&site, &actor, &id, body.active).await?;
    Ok(Json(StatusOk::default()))
}

/// DELETE /users/{id}: the protocol's other word for deactivation.
pub async fn delete(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<erasing::Q>,
) -> Result<Json<StatusOk>> {
    let id = me_or(&actor, &id)?;
    if erasing::asked(&site, &actor, q, erasing::Thing::User, &id).await? {
        return Ok(Json(StatusOk::default()));
    }
    set_active(&site, &actor, &id, false).await?;
    Ok(Json(StatusOk::default()))
}

/// A deactivated account loses its sessions and sockets at once and keeps what it wrote.
pub(super) async fn set_active(site: &Site, actor: &Actor, id: &str, active: bool) -> Result<()> {
    let mut tx = site.db.write().await?;
    turn(site, &mut tx, id, active).await?;
    let info = format!("user_id={id} active={active}");
    audits::record(site, &mut tx, actor, &format!("/api/v4/users/{id}/active"), &info).await?;
    Ok(tx.commit().await?)
}

/// Activates or deactivates an account; who asked has been let through.
///
/// # Errors
/// 400 when no administrator would be left.
pub async fn turn(site: &Site, tx: &mut Tx, id: &str, active: bool) -> Result<()> {
    let mut user = store::get(tx, id).await?.ok_or_else(missing)?;
    let now = site.clock.now_ms();
    user.delete_at = if active { 0 } else { now };
    user.update_at = now;
    store::set_delete_at(tx, id, user.delete_at, now).await?;
    if !active {
        require_an_admin_left(tx).await?;
        auth::end_all(site, tx, id).await?;
        leave_bots(site, tx, id).await?;
    }
    site.emit(tx, Event::new("user_activation_status_change"));
    announce(site, tx, user).await
}

/// Nobody answers any more for what the bots of somebody who left do.
pub(crate) async fn leave_bots(site: &Site, tx: &mut Tx, owner: &str) -> Result<()> {
    let now = site.clock.now_ms();
    for bot in bots::of_owner(tx, owner).await? {
        store::set_delete_at(tx, &bot.user_id, now, now).await?;
        auth::end_all(site, tx, &bot.user_id).await?;
    }
    Ok(())
}

/// PUT /users/{id}/roles
pub async fn roles(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(body): Json<RoleNames>,
) -> Result<Json<StatusOk>> {
    require_admin(&actor)?;
    let id = me_or(&actor, &id)?;
    let names = check_roles(&site.roles.roles(), &body.roles)?;
    let mut tx = site.db.write().await?;
    let user = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    guests::take_roles(&site, &mut tx, user, &names).await?;
    let info = format!("user_id={id} new_roles={}", body.roles);
    audits::record(&site, &mut tx, &actor, &format!("/api/v4/users/{id}/roles"), &info).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// Checked inside the transaction, so that two administrators cannot remove each other at the same moment.
pub(crate) async fn require_an_admin_left(tx: &mut Tx) -> Result<()> {
    if store::count_admins(tx).await? > 0 { Ok(()) } else { Err(no_admin_left()) }
}

pub(crate) fn no_admin_left() -> Error {
    let message = "The last active system administrator must stay one.";
    Error::invalid("api.user.update_active.not_enable.app_error", message)
}

/// Tells everybody who sees the user that the account looks different: the user and administrators get all of it.
///
/// # Errors
/// When the database fails.
pub(crate) async fn announce(site: &Site, tx: &mut Tx, user: User) -> Result<()> {
    let seen_by = sight::guests_who_see(site, tx, &user.id).await?;
    let event = |user: &User| Event::new("user_updated").with("user", serde_json::to_value(user).unwrap_or_default());
    let others = |user: &User| event(user).omitting_user(&user.id);
    let seen = sanitized(user.clone(), &Actor { privacy: site.config().privacy, ..Actor::default() });
    site.emit(tx, others(&user).sensitive());
    site.emit(tx, others(&seen).sanitized().seen_by(seen_by));
    site.emit(tx, event(&user).to_user(&user.id));
    Ok(())
}

/// Roles of teams, channels and the like are given there.
fn of_account(known: &Roles, name: &str) -> bool {
    let elsewhere = ["team_", "channel_", "playbook_", "run_", "custom_group_user"];
    known.get(name).is_some_and(|r| {
        name.starts_with("system_") || !r.scheme_managed && !elsewhere.iter().any(|start| name.starts_with(start))
    })
}

/// The role names in one spelling: known ones that an account can hold, each once, and not guest and member at a time.
fn check_roles(known: &Roles, text: &str) -> Result<String> {
    let mut names: Vec<&str> = text.split_whitespace().collect();
    names.sort_unstable();
    names.dedup();
    if let Some(unknown) = names.iter().find(|n| !of_account(known, n)) {
        return Err(Error::invalid_body("roles", &format!("{unknown} is no role of an account")));
    }
    let guest = names.contains(&"system_guest");
    if guest == names.contains(&"system_user") || guest && names.contains(&"system_admin") {
        return Err(Error::invalid_body("roles", "either system_guest alone or system_user is wanted"));
    }
    Ok(names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::check_roles as check;
    use crate::roles::Roles;
    use std::collections::HashMap;

    fn check_roles(text: &str) -> crate::Result<String> {
        let role = |name: &str| wire::Role {
            name: name.into(),
            scheme_managed: name != "archivist",
            built_in: name != "archivist",
            ..wire::Role::default()
        };
        let all = ["system_user", "system_admin", "system_guest", "team_admin", "archivist"].map(role).to_vec();
        check(&Roles::new(all, &HashMap::new(), String::new()), text)
    }

    #[test]
    fn an_account_is_a_member_or_a_guest() {
        assert_eq!(check_roles("system_user system_admin system_user").unwrap(), "system_admin system_user");
        assert_eq!(check_roles("system_user archivist").unwrap(), "archivist system_user");
        assert_eq!(check_roles("system_guest").unwrap(), "system_guest");
        for bad in [
            "",
            "system_admin",
            "system_user unknown",
            "system_user system_guest",
            "system_guest system_admin",
            "team_admin system_user",
        ] {
            assert!(check_roles(bad).is_err(), "{bad}");
        }
    }
}
