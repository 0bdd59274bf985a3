//! Groups of users that can be mentioned by one name. People make some; others are a directory's ([`remote`]), and can be
//! linked to teams and channels ([`settle`]), which then have the group's people, or nobody else.

mod change;
mod left_over;
mod link_store;
mod links;
mod members;
mod places;
pub mod remote;
mod settle;
mod store;

pub(crate) use link_store::Kind;
pub(crate) use settle::require_admitted;
pub use settle::{Settled, settle};
pub use store::of_user;

/// Source of the groups that people make.
const CUSTOM: &str = "custom";
/// Words that mention somebody already.
const RESERVED: [&str; 3] = ["all", "channel", "here"];

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
        .merge(links::router())
        .merge(left_over::router())
}

fn missing() -> Error {
    Error::not_found("app.group.no_rows", "There is no such group.")
}

/// The group, archived or not.
async fn load(conn: &mut Conn, id: &str) -> Result<Group> {
    store::get(conn, id).await?.ok_or_else(missing)
}

/// Others are their directory's to change.
fn require_custom(group: &Group) -> Result<()> {
    if group.source == CUSTOM {
        return Ok(());
    }
    Err(Error::invalid("app.group.crud_permission", "This group is a directory's and is changed there."))
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
