//! Groups of users that can be mentioned by one name. Groups from a directory (LDAP) and their links to teams and channels
//! are not offered; they answer with the protocol's own error (see [`crate::unoffered`]).

mod change;
mod members;
mod places;
mod store;

pub use store::of_user;

use crate::roles::{self, Permission};
use crate::{Actor, Error, Result, Site};
use axum::Router;
use axum::routing::{get, post, put};
use db::Conn;
use wire::Group;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/groups", get(places::all).post(change::create))
        .route("/groups/names", post(places::by_names))
        .route("/groups/{group_id}", get(places::one).delete(change::archive))
        .route("/groups/{group_id}/patch", put(change::patch))
        .route("/groups/{group_id}/restore", post(change::restore))
        .route("/groups/{group_id}/stats", get(members::stats))
        .route("/groups/{group_id}/members", get(members::list).post(members::add).delete(members::remove))
        .route("/channels/{channel_id}/groups", get(places::of_channel))
        .route("/channels/{channel_id}/member_counts_by_group", get(places::counts_in_channel))
        .route("/teams/{team_id}/groups", get(places::of_team))
        .route("/teams/{team_id}/groups_by_channels", get(places::by_channels))
        .route("/users/{user_id}/groups", get(places::of_user))
}

fn missing() -> Error {
    Error::not_found("app.group.no_rows", "There is no such group.")
}

/// The group, archived or not.
async fn load(conn: &mut Conn, id: &str) -> Result<Group> {
    store::get(conn, id).await?.ok_or_else(missing)
}

fn require(actor: &Actor, permission: &'static str) -> Result<()> {
    if roles::system_can(actor, Permission(permission)) { Ok(()) } else { Err(Error::forbidden()) }
}

/// Members of the groups that go by one of `names`, but for `author`.
///
/// # Errors
/// When the database fails.
pub async fn mentioned(conn: &mut Conn, names: &[String], author: &str) -> Result<Vec<String>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = store::members_of_named(conn, names).await?;
    found.retain(|id| id != author);
    Ok(found)
}
