//! Schemes: the roles that members of some teams or channels have in place of the built-in ones, and the moderation of a
//! channel, which is a scheme of its own.

mod assign;
mod bring;
mod moderation;
mod routes;
mod store;

pub use bring::{Permissions, bring, roles_of};
pub(crate) use store::made_for;
pub use store::{all, set_of_channel, set_of_team};

use crate::{Error, Result, Site, roles};
use axum::Router;
use db::Tx;
use wire::{Event, Role, Scheme, Team};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    routes::router().merge(assign::router()).merge(moderation::router())
}

fn missing() -> Error {
    Error::not_found("app.scheme.get.app_error", "There is no such scheme.")
}

/// Where a scheme keeps the name of a role.
type Place = fn(&mut Scheme) -> &mut String;

/// A role of a scheme: the built-in one that it stands for, what it is called, and whether only schemes of teams have it.
const ROLES: [(&str, &str, bool, Place); 10] = [
    ("team_admin", "Team Admin", true, |s| &mut s.default_team_admin_role),
    ("team_user", "Team User", true, |s| &mut s.default_team_user_role),
    ("team_guest", "Team Guest", true, |s| &mut s.default_team_guest_role),
    ("channel_admin", "Channel Admin", false, |s| &mut s.default_channel_admin_role),
    ("channel_user", "Channel User", false, |s| &mut s.default_channel_user_role),
    ("channel_guest", "Channel Guest", false, |s| &mut s.default_channel_guest_role),
    ("playbook_admin", "Playbook Admin", true, |s| &mut s.default_playbook_admin_role),
    ("playbook_member", "Playbook Member", true, |s| &mut s.default_playbook_member_role),
    ("run_admin", "Run Admin", true, |s| &mut s.default_run_admin_role),
    ("run_member", "Run Member", true, |s| &mut s.default_run_member_role),
];

/// Names, texts and scope.
///
/// # Errors
/// 400 that names the field.
fn check(scheme: &Scheme) -> Result<()> {
    let wrong = |field: &str, reason: &str| {
        let message = format!("Invalid {field} of the scheme: {reason}.");
        Error::invalid("app.scheme.save.invalid_scheme.app_error", message)
    };
    let shape = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !(2..=64).contains(&scheme.name.len()) || !scheme.name.chars().all(shape) {
        return Err(wrong("name", "2 to 64 lowercase letters, digits and underscores are wanted"));
    }
    if scheme.display_name.trim().is_empty() || scheme.display_name.chars().count() > 128 {
        return Err(wrong("display_name", "1 to 128 characters are wanted"));
    }
    if scheme.description.chars().count() > 1024 {
        return Err(wrong("description", "at most 1024 characters are wanted"));
    }
    if !["team", "channel"].contains(&scheme.scope.as_str()) {
        return Err(wrong("scope", "team or channel is wanted"));
    }
    Ok(())
}

/// Stores `new` with roles of its own, each with the permissions that `permissions` has for the built-in one, or with
/// that one's. `made_for`: the channel whose moderation it is.
async fn make(
    site: &Site,
    tx: &mut Tx,
    new: Scheme,
    made_for: Option<&str>,
    permissions: impl Fn(&str) -> Option<Vec<String>>,
) -> Result<Scheme> {
    check(&new)?;
    if store::name_taken(tx, &new.name).await? {
        let message = "A scheme with that name exists already.";
        return Err(Error::invalid("app.scheme.save.invalid_scheme.app_error", message));
    }
    let now = site.clock.now_ms();
    let mut scheme = Scheme { id: kit::id::new(), create_at: now, update_at: now, delete_at: 0, ..new };
    for (built_in, title, of_teams, place) in ROLES {
        *place(&mut scheme) = String::new();
        if of_teams && scheme.scope != "team" {
            continue;
        }
        let permissions = match permissions(built_in) {
            Some(permissions) => permissions,
            None => roles::by_name(tx, built_in).await?.unwrap_or_default().permissions,
        };
        let role = Role {
            id: kit::id::new(),
            name: kit::id::new(),
            display_name: format!("{title} Role for Scheme {}", scheme.name),
            create_at: now,
            update_at: now,
            permissions,
            scheme_managed: true,
            ..Role::default()
        };
        roles::insert(tx, &role).await?;
        *place(&mut scheme) = role.name;
    }
    store::insert(tx, &scheme, made_for).await?;
    Ok(scheme)
}

/// Ends a scheme and its roles; its teams and channels are as if they never had one. They are told.
pub(crate) async fn end(site: &Site, tx: &mut Tx, scheme: &Scheme) -> Result<()> {
    let now = site.clock.now_ms();
    let mut names = Vec::new();
    let mut scheme = scheme.clone();
    for (_, _, _, place) in ROLES {
        let name = place(&mut scheme);
        if !name.is_empty() {
            names.push(std::mem::take(name));
        }
    }
    let teams = store::teams(tx, &scheme.id, i64::MAX, 0).await?;
    let channels = store::channels(tx, &scheme.id, i64::MAX, 0).await?;
    store::end(tx, &scheme.id, now).await?;
    roles::end(tx, &names, now).await?;
    for team in teams {
        tell_team(site, tx, &Team { scheme_id: None, update_at: now, ..team });
    }
    for channel in channels {
        tell_channel(site, tx, &channel.id);
    }
    site.roles.changed(tx).await?;
    Ok(())
}

fn tell_team(site: &Site, tx: &mut Tx, team: &Team) {
    let shown = Team { invite_id: String::new(), email: String::new(), ..team.clone() };
    site.emit(tx, Event::new("update_team_scheme").with_encoded("team", &shown).to_team(&team.id));
}

fn tell_channel(site: &Site, tx: &mut Tx, channel_id: &str) {
    site.emit(tx, Event::new("channel_scheme_updated").to_channel(channel_id));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_says_what_is_wrong_with_it() {
        let good = Scheme {
            name: "field_team".into(),
            display_name: "Field team".into(),
            scope: "team".into(),
            ..Scheme::default()
        };
        assert!(check(&good).is_ok());
        for (bad, field) in [
            (Scheme { name: "Field team".into(), ..good.clone() }, "name"),
            (Scheme { display_name: " ".into(), ..good.clone() }, "display_name"),
            (Scheme { description: "x".repeat(1025), ..good.clone() }, "description"),
            (Scheme { scope: "playbook".into(), ..good.clone() }, "scope"),
        ] {
            assert!(check(&bad).unwrap_err().message.contains(&format!("Invalid {field} ")), "{bad:?}");
        }
    }
}
