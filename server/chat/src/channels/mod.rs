//! Channels: who is in them, what they have not read, and the one function that loads and authorises.

mod banner;
mod changing;
mod convert;
mod direct;
mod finding;
mod member_store;
mod members;
mod memberships;
mod reading;
mod routes;
mod sharing;
mod store;
mod translating;

pub use changing::patch;
pub use direct::direct;
pub use member_store::{count_for_author, ids_of, member, members, memberships, mention, set_viewed};
pub use members::{join, join_as, join_saying, leave, leave_all, leave_saying};
pub use memberships::{add, remove, set_guest, set_muted};
pub use reading::unread_at;
pub use sharing::{arrive, set_shared};
pub use store::{bump, by_name, get, insert, lock, of_user, team_unread};
pub use translating::{Translation, translate};

/// The channel that everybody of a team is in; it cannot be left or archived.
pub const DEFAULT: &str = "town-square";

use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, teams};
use axum::Router;
use db::Conn;
use wire::Channel;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    routes::router()
        .merge(memberships::router())
        .merge(finding::router())
        .merge(reading::router())
        .merge(translating::router())
}

pub(crate) fn missing() -> Error {
    Error::not_found("app.channel.get.existing.app_error", "Unable to find the existing channel.")
}

/// A channel without names, made now.
pub fn blank(now: i64) -> Channel {
    Channel { id: kit::id::new(), create_at: now, update_at: now, ..Channel::default() }
}

/// Loads the channel and proves that the actor may do `permission` there: by roles in the whole site, by those of the
/// membership, or by those in the team, which count in public channels and for members of a private one.
///
/// # Errors
/// 404 when there is no such channel, 403 when it is not allowed.
pub async fn access(conn: &mut Conn, actor: &Actor, channel_id: &str, permission: Permission) -> Result<Channel> {
    let channel = store::get(conn, channel_id).await?.ok_or_else(missing)?;
    let permission = permission.in_kind(&channel.kind);
    if actor.may(permission) {
        return Ok(channel);
    }
    let member = member_store::member(conn, channel_id, &actor.user_id).await?;
    if member.as_ref().is_some_and(|m| actor.may_as(&m.roles, permission)) {
        return Ok(channel);
    }
    if !channel.team_id.is_empty() && (member.is_some() || channel.kind == "O") {
        let by_team = if permission == Permission::READ_CHANNEL && channel.kind == "O" {
            Permission::READ_PUBLIC_CHANNEL
        } else {
            permission
        };
        teams::require(conn, actor, &channel.team_id, by_team).await?;
        return Ok(channel);
    }
    Err(Error::forbidden())
}
