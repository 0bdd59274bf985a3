//! The HTTP side of teams.

use super::{by_invite, join, missing, require, require_member, store};
use crate::roles::{self, Permission};
use crate::users::{self, me_or};
use crate::{Actor, Error, Result, Site, channels};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use wire::{Channel, Event, Exists, StatusOk, Team, TeamMember, TeamPatch, TeamStats, TeamUnread};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/teams", get(open).post(create))
        .route("/teams/members/invite", post(join_by_invite))
        .route("/teams/invite/{invite_id}", get(invite_info))
        .route("/teams/name/{name}", get(by_name))
        .route("/teams/name/{name}/exists", get(exists))
        .route("/teams/{team_id}", get(one))
        .route("/teams/{team_id}/patch", put(patch))
        .route("/teams/{team_id}/stats", get(stats))
        .route("/teams/{team_id}/members", get(members).post(add_member))
        .route("/teams/{team_id}/members/{user_id}", get(member).delete(remove_member))
        .route("/users/{user_id}/teams", get(of_user))
        .route("/users/{user_id}/teams/members", get(memberships))
        .route("/users/{user_id}/teams/unread", get(unread))
}

/// Paging.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Page {
    page: i64,
    per_page: Option<i64>,
}

impl Page {
    fn limits(&self) -> (i64, i64) {
        let limit = self.per_page.unwrap_or(60).clamp(1, 200);
        (limit, self.page.max(0).saturating_mul(limit))
    }
}

/// The invite id is shown to those who may invite.
async fn seen(conn: &mut db::Conn, actor: &Actor, mut team: Team) -> Result<Team> {
    if require(conn, actor, &team.id, Permission::INVITE_USER).await.is_err() {
        team.invite_id = String::new();
    }
    Ok(team)
}

async fn open(State(site): State<Site>, actor: Actor, Query(page): Query<Page>) -> Result<Json<Vec<Team>>> {
    let (limit, offset) = page.limits();
    let mut conn = site.db.read().await?;
    let mut out = Vec::new();
    for team in store::open(&mut conn, limit, offset).await? {
        out.push(seen(&mut conn, &actor, team).await?);
    }
    Ok(Json(out))
}

async fn create(State(site): State<Site>, actor: Actor, Json(new): Json<Team>) -> Result<(StatusCode, Json<Team>)> {
    if !roles::system_can(&actor, Permission::CREATE_TEAM) {
        return Err(Error::forbidden());
    }
    let shape = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(2..=64).contains(&new.name.len()) || !new.name.chars().all(shape) {
        let message = "The team URL must be 2 to 64 lowercase letters, digits or dashes.";
        return Err(Error::invalid("model.team.is_valid.characters.app_error", message));
    }
    if new.display_name.trim().is_empty() || new.display_name.chars().count() > 64 {
        return Err(Error::invalid("model.team.is_valid.name.app_error", "The team name must be 1 to 64 characters."));
    }
    let now = site.clock.now_ms();
    let team = Team {
        id: kit::id::new(),
        create_at: now,
        update_at: now,
        kind: if new.kind == "I" { "I" } else { "O" }.into(),
        invite_id: kit::id::new(),
        display_name: new.display_name.trim().into(),
        ..Team {
            name: new.name,
            description: new.description,
            allow_open_invite: new.allow_open_invite,
            ..Team::default()
        }
    };
    let mut tx = site.db.write().await?;
    if store::by_name(&mut tx, &team.name).await?.is_some() {
        return Err(Error::invalid("app.team.save.existing.app_error", "A team with that name already exists."));
    }
    store::insert(&mut tx, &team).await?;
    for (name, display_name) in [("town-square", "Town Square"), ("off-topic", "Off-Topic")] {
        let channel = Channel {
            team_id: team.id.clone(),
            kind: "O".into(),
            name: name.into(),
            display_name: display_name.into(),
            ..channels::blank(now)
        };
        channels::insert(&mut tx, &channel).await?;
    }
    let user = users::get(&mut tx, &actor.user_id).await?.ok_or_else(users::missing)?;
    join(&site, &mut tx, &team, &user, true).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(team)))
}

async fn invite_info(State(site): State<Site>, Path(id): Path<String>) -> Result<Json<serde_json::Value>> {
    let team = by_invite(&mut site.db.read().await?, &id).await?;
    Ok(Json(
        json!({"id": team.id, "name": team.name, "display_name": team.display_name, "description": team.description}),
    ))
}

/// Query of POST /teams/members/invite.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Invite {
    invite_id: String,
}

async fn join_by_invite(
    State(site): State<Site>,
    actor: Actor,
    Query(invite): Query<Invite>,
) -> Result<(StatusCode, Json<TeamMember>)> {
    let mut tx = site.db.write().await?;
    let team = by_invite(&mut tx, &invite.invite_id).await?;
    let user = users::get(&mut tx, &actor.user_id).await?.ok_or_else(users::missing)?;
    let member = join(&site, &mut tx, &team, &user, false).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(member)))
}

async fn by_name(State(site): State<Site>, actor: Actor, Path(name): Path<String>) -> Result<Json<Team>> {
    let mut conn = site.db.read().await?;
    let team = store::by_name(&mut conn, &name).await?.ok_or_else(missing)?;
    if !team.allow_open_invite {
        require_member(&mut conn, &actor, &team.id).await?;
    }
    seen(&mut conn, &actor, team).await.map(Json)
}

async fn exists(State(site): State<Site>, _: Actor, Path(name): Path<String>) -> Result<Json<Exists>> {
    let team = store::by_name(&mut site.db.read().await?, &name).await?;
    Ok(Json(Exists { exists: team.is_some(), is_archived: team.is_some_and(|t| t.delete_at != 0) }))
}

async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Team>> {
    let mut conn = site.db.read().await?;
    let team = store::get(&mut conn, &id).await?.ok_or_else(missing)?;
    if !team.allow_open_invite {
        require_member(&mut conn, &actor, &team.id).await?;
    }
    seen(&mut conn, &actor, team).await.map(Json)
}

async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(p): Json<TeamPatch>,
) -> Result<Json<Team>> {
    let mut tx = site.db.write().await?;
    require(&mut tx, &actor, &id, Permission::MANAGE_TEAM).await?;
    let mut team = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    team.display_name = p.display_name.filter(|n| !n.trim().is_empty()).unwrap_or(team.display_name);
    team.description = p.description.unwrap_or(team.description);
    team.allow_open_invite = p.allow_open_invite.unwrap_or(team.allow_open_invite);
    team.update_at = site.clock.now_ms();
    store::update(&mut tx, &team).await?;
    let shown = Team { invite_id: String::new(), ..team.clone() };
    site.emit(&mut tx, Event::new("update_team").with_encoded("team", &shown).to_team(&team.id));
    tx.commit().await?;
    Ok(Json(team))
}

async fn stats(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<TeamStats>> {
    let mut conn = site.db.read().await?;
    require_member(&mut conn, &actor, &id).await?;
    let count = store::member_count(&mut conn, &id).await?;
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
    Ok(Json(store::members(&mut conn, &id, limit, offset).await?))
}

async fn add_member(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<TeamMember>,
) -> Result<(StatusCode, Json<TeamMember>)> {
    let mut tx = site.db.write().await?;
    let team = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    let joins_openly = new.user_id == actor.user_id && team.allow_open_invite && !actor.is_guest();
    if !joins_openly {
        require(&mut tx, &actor, &id, Permission::ADD_USER_TO_TEAM).await?;
    }
    let user = users::get(&mut tx, &new.user_id).await?.ok_or_else(users::missing)?;
    let member = join(&site, &mut tx, &team, &user, false).await?;
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
    }
    store::leave(&mut tx, &id, &user, site.clock.now_ms()).await?;
    channels::leave_all(&site, &mut tx, &id, &user).await?;
    let left = Event::new("leave_team").with("user_id", user.as_str()).with("team_id", id.as_str());
    site.emit(&mut tx, left.to_team(&id));
    let hub = site.hub.clone();
    tx.after_commit(move || hub.left_team(&id, &user));
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

async fn of_user(State(site): State<Site>, actor: Actor, Path(user): Path<String>) -> Result<Json<Vec<Team>>> {
    let user = me_or(&actor, &user)?;
    let mut conn = site.db.read().await?;
    let mut out = Vec::new();
    for team in store::of_user(&mut conn, &user).await? {
        out.push(seen(&mut conn, &actor, team).await?);
    }
    Ok(Json(out))
}

async fn memberships(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
) -> Result<Json<Vec<TeamMember>>> {
    let user = me_or(&actor, &user)?;
    Ok(Json(store::memberships(&mut site.db.read().await?, &user).await?))
}

async fn unread(State(site): State<Site>, actor: Actor, Path(user): Path<String>) -> Result<Json<Vec<TeamUnread>>> {
    let user = me_or(&actor, &user)?;
    let mut conn = site.db.read().await?;
    let mut out = Vec::new();
    for team in store::of_user(&mut conn, &user).await? {
        out.push(channels::team_unread(&mut conn, &team.id, &user).await?);
    }
    Ok(Json(out))
}
