//! The HTTP side of who is in a team.

use super::routes::seen;
use super::{by_invite, join, leave, missing, require, require_member, store};
use crate::Json;
use crate::paging::Page;
use crate::roles::Permission;
use crate::roles::membership::{Flags, Names, RoleNames, Wanted};
use crate::users::{self, me_or, sight};
use crate::{Actor, Error, Result, Site, channels, invitations, threads};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{Event, StatusOk, Team, TeamMember, TeamStats, TeamUnread};

/// Most ids in one request.
const MAX_IDS: usize = 1000;

/// Routes of memberships.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/teams/members/invite", post(join_by_invite))
        .route("/teams/{team_id}/stats", get(stats))
        .route("/teams/{team_id}/members", get(members).post(add_member))
        .route("/teams/{team_id}/members/batch", post(add_members))
        .route("/teams/{team_id}/members/ids", post(by_ids))
        .route("/teams/{team_id}/members/{user_id}", get(member).delete(remove_member))
        .route("/teams/{team_id}/members/{user_id}/roles", put(set_roles))
        .route("/teams/{team_id}/members/{user_id}/schemeRoles", put(set_scheme_roles))
        .route("/users/{user_id}/teams", get(of_user))
        .route("/users/{user_id}/teams/members", get(memberships))
        .route("/users/{user_id}/teams/unread", get(unread))
        .route("/users/{user_id}/teams/{team_id}/unread", get(unread_of))
}

/// Query of POST /teams/members/invite.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Invite {
    invite_id: String,
    /// Of an invitation.
    token: String,
}

async fn join_by_invite(
    State(site): State<Site>,
    actor: Actor,
    Query(invite): Query<Invite>,
) -> Result<(StatusCode, Json<TeamMember>)> {
    if actor.is_guest() {
        return Err(Error::forbidden());
    }
    let mut tx = site.db.write().await?;
    let user = users::get(&mut tx, &actor.user_id).await?.ok_or_else(users::missing)?;
    if !invite.token.is_empty() {
        let found = invitations::open(&site, &mut tx, &invite.token, actor.address).await?;
        let member = invitations::admit(&site, &mut tx, &found, &user).await?;
        tx.commit().await?;
        return Ok((StatusCode::CREATED, Json(member)));
    }
    if actor.is_guest() {
        // The link of a team is for members; a guest comes where an invitation says.
        return Err(Error::forbidden());
    }
    let team = by_invite(&mut tx, &invite.invite_id).await?;
    let member = join(&site, &mut tx, &team, &user, false, &actor.user_id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(member)))
}

async fn stats(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<TeamStats>> {
    let mut conn = site.db.read().await?;
    require_member(&mut conn, &actor, &id).await?;
    let count = store::member_count(&mut conn, &id, sight::limit(&actor)).await?;
    Ok(Json(TeamStats { team_id: id, total_member_count: count, active_member_count: count }))
}

async fn members(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<TeamMember>>> {
    let (limit, offset) = page.limits();
    let mut conn = site.db.read().await?;
    require_member(&mut conn, &actor, &id).await?;
    Ok(Json(store::members(&mut conn, &id, sight::limit(&actor), limit, offset).await?))
}

async fn add_member(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<TeamMember>,
) -> Result<(StatusCode, Json<TeamMember>)> {
    let mut tx = site.db.write().await?;
    let team = store::get(&mut tx, &id).await?.filter(|t| t.delete_at == 0).ok_or_else(missing)?;
    let join_permission =
        if team.allow_open_invite { Permission::JOIN_PUBLIC_TEAMS } else { Permission::JOIN_PRIVATE_TEAMS };
    if new.user_id != actor.user_id || !actor.may(join_permission) {
        require(&mut tx, &actor, &id, Permission::ADD_USER_TO_TEAM).await?;
    }
    let user = users::get(&mut tx, &new.user_id).await?.ok_or_else(users::missing)?;
    let member = join(&site, &mut tx, &team, &user, false, &actor.user_id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(member)))
}

async fn member(
    State(site): State<Site>,
    actor: Actor,
    Path((id, user)): Path<(String, String)>,
) -> Result<Json<TeamMember>> {
    let user = if user == "me" { actor.user_id.clone() } else { user };
    let mut conn = site.db.read().await?;
    require_member(&mut conn, &actor, &id).await?;
    sight::require(&mut conn, &actor, &user).await?;
    store::member(&mut conn, &id, &user).await?.map(Json).ok_or_else(missing)
}

async fn remove_member(
    State(site): State<Site>,
    actor: Actor,
    Path((id, user)): Path<(String, String)>,
) -> Result<Json<StatusOk>> {
    let user = if user == "me" { actor.user_id.clone() } else { user };
    let mut tx = site.db.write().await?;
    if user != actor.user_id {
        require(&mut tx, &actor, &id, Permission::REMOVE_USER_FROM_TEAM).await?;
        let team = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
        let bot = users::get(&mut tx, &user).await?.is_some_and(|u| u.is_bot);
        if team.group_constrained == Some(true) && !bot {
            let message = "Groups say who is in this team; take the user out of them instead.";
            return Err(Error::invalid("api.team.remove_member.group_constrained.app_error", message));
        }
    }
    leave(&site, &mut tx, &id, &user, &actor.user_id).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

async fn of_user(State(site): State<Site>, actor: Actor, Path(user): Path<String>) -> Result<Json<Vec<Team>>> {
    let user = me_or(&actor, &user)?;
    seen_of_user(&mut site.db.read().await?, &actor, &user).await.map(Json)
}

/// The teams of `user`, as the actor sees them.
///
/// # Errors
/// When the database fails.
pub async fn seen_of_user(conn: &mut db::Conn, actor: &Actor, user: &str) -> Result<Vec<Team>> {
    let mut out = Vec::new();
    for team in store::of_user(conn, user).await? {
        out.push(seen(conn, actor, team).await?);
    }
    Ok(out)
}

async fn memberships(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
) -> Result<Json<Vec<TeamMember>>> {
    let user = me_or(&actor, &user)?;
    Ok(Json(store::memberships(&mut site.db.read().await?, &user).await?))
}

/// Query of the unread numbers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Counted {
    exclude_team: String,
    include_collapsed_threads: bool,
}

async fn unread(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Query(q): Query<Counted>,
) -> Result<Json<Vec<TeamUnread>>> {
    let user = me_or(&actor, &user)?;
    let mut conn = site.db.read().await?;
    let mut out = Vec::new();
    for team in store::of_user(&mut conn, &user).await? {
        if team.id != q.exclude_team {
            out.push(counted(&mut conn, &team.id, &user, q.include_collapsed_threads).await?);
        }
    }
    Ok(Json(out))
}

async fn unread_of(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
    Query(q): Query<Counted>,
) -> Result<Json<TeamUnread>> {
    let user = me_or(&actor, &user)?;
    let mut conn = site.db.read().await?;
    require_member(&mut conn, &actor, &team).await?;
    counted(&mut conn, &team, &user, q.include_collapsed_threads).await.map(Json)
}

async fn counted(conn: &mut db::Conn, team: &str, user: &str, with_threads: bool) -> Result<TeamUnread> {
    let unread = channels::team_unread(conn, team, user).await?;
    Ok(if with_threads { threads::team_totals(conn, user, unread).await? } else { unread })
}

/// POST /teams/{id}/members/ids
async fn by_ids(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(ids): Json<Vec<String>>,
) -> Result<Json<Vec<TeamMember>>> {
    if ids.is_empty() || ids.len() > MAX_IDS {
        return Err(Error::invalid_body("user_ids", &format!("1 to {MAX_IDS} ids are wanted")));
    }
    let mut conn = site.db.read().await?;
    require_member(&mut conn, &actor, &id).await?;
    let mut found = Vec::new();
    for member in store::members_by_ids(&mut conn, &id, &ids).await? {
        if sight::sees(&mut conn, &actor, &member.user_id).await? {
            found.push(member);
        }
    }
    Ok(Json(found))
}

/// Query of POST /teams/{id}/members/batch.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Batch {
    /// Answer with a list that tells of each user what happened, instead of failing as a whole.
    graceful: bool,
}

/// Adds several: all or none, or with `graceful` as many as can be.
async fn add_members(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<Batch>,
    Json(new): Json<Vec<TeamMember>>,
) -> Result<(StatusCode, Json<Value>)> {
    if new.is_empty() || new.len() > MAX_IDS {
        return Err(Error::invalid_body("members", &format!("1 to {MAX_IDS} are wanted")));
    }
    let mut tx = site.db.write().await?;
    let team = store::get(&mut tx, &id).await?.filter(|t| t.delete_at == 0).ok_or_else(missing)?;
    require(&mut tx, &actor, &id, Permission::ADD_USER_TO_TEAM).await?;
    let mut out = Vec::new();
    for wanted in new {
        let found = users::get(&mut tx, &wanted.user_id).await?;
        match (found.ok_or_else(users::missing), q.graceful) {
            (Ok(user), _) => {
                let member = join(&site, &mut tx, &team, &user, false, &actor.user_id).await?;
                out.push(json!({"user_id": user.id, "member": member, "error": null}));
            }
            (Err(error), true) => {
                out.push(json!({"user_id": wanted.user_id, "member": null, "error": error.to_wire()}));
            }
            (Err(error), false) => return Err(error),
        }
    }
    tx.commit().await?;
    let answer = if q.graceful { json!(out) } else { out.iter().map(|m| m["member"].clone()).collect() };
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn set_roles(
    State(site): State<Site>,
    actor: Actor,
    Path((id, user)): Path<(String, String)>,
    Json(body): Json<RoleNames>,
) -> Result<Json<StatusOk>> {
    change_roles(&site, &actor, &id, &user, Wanted::Roles(body.roles)).await
}

async fn set_scheme_roles(
    State(site): State<Site>,
    actor: Actor,
    Path((id, user)): Path<(String, String)>,
    Json(flags): Json<Flags>,
) -> Result<Json<StatusOk>> {
    change_roles(&site, &actor, &id, &user, Wanted::Flags(flags)).await
}

async fn change_roles(site: &Site, actor: &Actor, id: &str, user: &str, wanted: Wanted) -> Result<Json<StatusOk>> {
    let user = if user == "me" { actor.user_id.clone() } else { user.to_owned() };
    let mut tx = site.db.write().await?;
    let names = store::role_names(&mut tx, id).await?.ok_or_else(missing)?;
    require(&mut tx, actor, id, Permission::MANAGE_TEAM_ROLES).await?;
    let member = store::member(&mut tx, id, &user).await?.filter(|m| m.delete_at == 0).ok_or_else(missing)?;
    let names = Names { of_place: names.each_ref().map(String::as_str), built_in: store::ROLE_NAMES };
    let roles = site.roles.roles();
    let (flags, explicit) = wanted.read(actor, &roles, &names, member.scheme_guest, &member.explicit_roles)?;
    store::set_roles(&mut tx, id, &user, flags.scheme_admin, &explicit).await?;
    let member = store::member(&mut tx, id, &user).await?.ok_or_else(missing)?;
    site.emit(&mut tx, Event::new("memberrole_updated").with_encoded("member", &member).to_user(&user));
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
