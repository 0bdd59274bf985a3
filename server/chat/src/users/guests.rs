//! Making a member a guest, and a guest a member: the account and every membership change together.

use super::admin::announce;
use super::{missing, require_an_admin_left, store};
use crate::Json;
use crate::roles::{self, Permission};
use crate::{Actor, Error, Result, Site, auth, channels, teams, ws};
use axum::extract::{Path, State};
use db::Tx;
use wire::{Event, StatusOk, User};

/// POST /users/{id}/demote
pub async fn demote(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    actor.require(Permission::DEMOTE_TO_GUEST)?;
    let mut tx = site.db.write().await?;
    let user = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    if roles::is_guest(&user.roles) {
        let message = "The user is a guest already.";
        return Err(Error::invalid("api.user.demote_user_to_guest.already_guest.app_error", message));
    }
    if user.roles.split_whitespace().any(|r| r == roles::SYSTEM_ADMIN) && !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    take_roles(&site, &mut tx, user, roles::SYSTEM_GUEST).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// POST /users/{id}/promote
pub async fn promote(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    actor.require(Permission::PROMOTE_GUEST)?;
    let mut tx = site.db.write().await?;
    let user = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    if !roles::is_guest(&user.roles) {
        let message = "The user is no guest.";
        return Err(Error::invalid("api.user.promote_guest_to_user.no_guest.app_error", message));
    }
    take_roles(&site, &mut tx, user, "system_user").await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// Gives the account `names` as its roles. When that makes a guest of it or a member, every membership follows, and
/// every client of the user is told.
///
/// # Errors
/// 400 when no administrator would be left.
pub(super) async fn take_roles(site: &Site, tx: &mut Tx, mut user: User, names: &str) -> Result<()> {
    let now = site.clock.now_ms();
    let (was_guest, guest) = (roles::is_guest(&user.roles), roles::is_guest(names));
    let lost = user.roles.split_whitespace().any(|role| !names.split_whitespace().any(|n| n == role));
    user.roles = names.to_owned();
    user.update_at = now;
    store::set_roles(tx, &user.id, names, now).await?;
    require_an_admin_left(tx).await?;
    auth::set_roles(tx, &user.id, names, guest).await?;
    let changed = Event::new("user_role_updated").with("user_id", user.id.as_str()).with("roles", names);
    site.emit(tx, changed.to_user(&user.id));
    if guest != was_guest {
        teams::set_guest(site, tx, &user.id, guest).await?;
        channels::set_guest(site, tx, &user.id, guest).await?;
    }
    let roles = user.roles.split_whitespace().map(str::to_owned).collect();
    let standing = ws::standing(&Actor { roles, book: site.roles.clone(), ..Actor::default() });
    let (hub, id) = (site.hub.clone(), user.id.clone());
    tx.after_commit(move || hub.set_standing(&id, standing));
    if lost {
        // A socket keeps what it subscribed to; the clients come back with what is left to them.
        let (hub, id) = (site.hub.clone(), user.id.clone());
        tx.after_commit(move || hub.end_sessions(&id, None));
    }
    announce(site, tx, user).await
}
