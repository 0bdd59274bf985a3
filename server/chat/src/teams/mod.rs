//! Teams: places with their own channels and members, joined openly or by invite link.

mod icon;
mod members;
mod routes;
mod store;

pub use members::seen_of_user;
pub use store::{by_name, get, ids_of, member, memberships, of_user};

use crate::posts::{self, Happened};
use crate::roles::{self, Permission};
use crate::{Actor, Error, Result, Site, channels, groups, users};
use axum::Router;
use db::{Conn, Tx};
use wire::{Event, Team, TeamMember, User};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    routes::router().merge(members::router())
}

pub(crate) fn missing() -> Error {
    Error::not_found("app.team.get.find.app_error", "Unable to find the existing team.")
}

/// The team behind an invite id.
///
/// # Errors
/// 404 when the link is not valid (any more).
pub async fn by_invite(conn: &mut Conn, invite_id: &str) -> Result<Team> {
    let message = "The invite link is not valid.";
    store::by_invite(conn, invite_id)
        .await?
        .ok_or_else(|| Error::not_found("app.team.get_by_invite_id.finding.app_error", message))
}

/// 403 unless the actor is a member of the team or a system administrator.
///
/// # Errors
/// 403.
pub async fn require_member(conn: &mut Conn, actor: &Actor, team_id: &str) -> Result<()> {
    require(conn, actor, team_id, Permission::VIEW_TEAM).await
}

/// 403 unless the actor's roles in the site or in the team grant `permission`.
///
/// # Errors
/// 403.
pub async fn require(conn: &mut Conn, actor: &Actor, team_id: &str, permission: Permission) -> Result<()> {
    if actor.may(permission) {
        return Ok(());
    }
    let member = store::member(conn, team_id, &actor.user_id).await?.filter(|m| m.delete_at == 0);
    if member.is_some_and(|m| actor.may_as(&m.roles, permission)) { Ok(()) } else { Err(Error::forbidden()) }
}

/// Makes every membership of a user that of a guest, or of a full member, and tells the user's clients.
///
/// # Errors
/// When the database fails.
pub async fn set_guest(site: &Site, tx: &mut Tx, user_id: &str, guest: bool) -> Result<()> {
    store::set_guest(tx, user_id, guest).await?;
    for member in store::memberships(tx, user_id).await? {
        site.emit(tx, Event::new("memberrole_updated").with_encoded("member", &member).to_user(user_id));
    }
    Ok(())
}

/// Whether the user is in the team.
///
/// # Errors
/// When the database fails.
pub async fn is_member(conn: &mut Conn, team_id: &str, user_id: &str) -> Result<bool> {
    Ok(store::member(conn, team_id, user_id).await?.is_some_and(|m| m.delete_at == 0))
}

/// Puts `user` into the team and its two default channels, and says so there. A member stays one, and a guest comes into
/// no channel by itself. `by` is the id of who brought the user, which may be the user.
///
/// # Errors
/// When the database fails.
pub async fn join(site: &Site, tx: &mut Tx, team: &Team, user: &User, admin: bool, by: &str) -> Result<TeamMember> {
    let known = store::member(tx, &team.id, &user.id).await?;
    if let Some(member) = known.filter(|m| m.delete_at == 0) {
        return Ok(member);
    }
    if team.group_constrained == Some(true) {
        groups::require_admitted(tx, groups::Kind::Team, &team.id, &user.id).await?;
    }
    if !domain_allowed(&team.allowed_domains, user) {
        let message = "Your e-mail address belongs to a domain that this team does not admit.";
        return Err(Error::invalid("api.team.join_user_to_team.allowed_domains.app_error", message));
    }
    enter(site, tx, team, user, admin).await?;
    if roles::is_guest(&user.roles) {
        return store::member(tx, &team.id, &user.id).await?.ok_or_else(missing);
    }
    let by = if by == user.id { user.clone() } else { users::get(tx, by).await?.ok_or_else(users::missing)? };
    if let Some(channel) = channels::by_name(tx, &team.id, channels::DEFAULT).await? {
        if channels::join(site, tx, &channel, &user.id, false).await? {
            let alone = by.id == user.id;
            let happened = if alone { Happened::JoinedTeam(user) } else { Happened::AddedToTeam(user, &by) };
            posts::say(site, tx, &channel, happened).await?;
        }
    }
    if let Some(channel) = channels::by_name(tx, &team.id, "off-topic").await? {
        channels::join_saying(site, tx, &channel, user, &by).await?;
    }
    store::member(tx, &team.id, &user.id).await?.ok_or_else(missing)
}

/// Takes a user out of the team and its channels. `by` is the id of who does it, which may be the user.
///
/// # Errors
/// When the database fails.
pub async fn leave(site: &Site, tx: &mut Tx, team_id: &str, user_id: &str, by: &str) -> Result<()> {
    store::leave(tx, team_id, user_id, site.clock.now_ms()).await?;
    channels::leave_all(site, tx, team_id, user_id, by).await?;
    let left = Event::new("leave_team").with("user_id", user_id).with("team_id", team_id);
    site.emit(tx, left.to_team(team_id));
    let (hub, team, user) = (site.hub.clone(), team_id.to_owned(), user_id.to_owned());
    tx.after_commit(move || hub.left_team(&team, &user));
    Ok(())
}

/// Puts `user` into the team and into none of its channels; nobody is told but the user.
///
/// # Errors
/// When the database fails.
pub async fn enter(site: &Site, tx: &mut Tx, team: &Team, user: &User, admin: bool) -> Result<()> {
    store::upsert_member(tx, &team.id, &user.id, admin, site.clock.now_ms()).await?;
    let (hub, team_id, user_id) = (site.hub.clone(), team.id.clone(), user.id.clone());
    tx.after_commit(move || hub.joined_team(&team_id, &user_id));
    let added = Event::new("added_to_team").with("team_id", team.id.as_str()).with("user_id", user.id.as_str());
    site.emit(tx, added.to_user(&user.id));
    Ok(())
}

/// Whether a team with these domains, separated by spaces or commas, admits the user. Guests come by invitation only, and
/// bots have no address.
fn domain_allowed(domains: &str, user: &User) -> bool {
    let named = || domains.split([' ', ',']).map(|d| d.trim_start_matches('@')).filter(|d| !d.is_empty());
    let guest = user.roles.split_whitespace().any(|role| role == "system_guest");
    let domain = user.email.rsplit_once('@').map_or("", |(_, domain)| domain);
    guest || user.is_bot || named().next().is_none() || named().any(|d| d.eq_ignore_ascii_case(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_may_admit_some_domains_only() {
        let from = |email: &str| User { email: email.into(), ..User::default() };
        assert!(domain_allowed("", &from("ana@site.example")));
        assert!(domain_allowed("clinic.example, @site.example", &from("ana@SITE.example")));
        assert!(!domain_allowed("clinic.example", &from("ana@evil-clinic.example")));
        let guest = User { roles: "system_guest".into(), ..from("ana@site.example") };
        assert!(domain_allowed("clinic.example", &guest));
    }
}
