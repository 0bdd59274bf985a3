//! Finding channels by a part of their name, and lists by ids.

use super::{member_store, store};
use crate::Json;
use crate::paging::Page;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, teams, users};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::Channel;

/// Most ids in one request.
const MAX_IDS: usize = 1000;

/// Routes of finding channels.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/channels/search", post(everywhere))
        .route("/channels/group/search", post(groups))
        .route("/teams/{team_id}/channels/ids", post(by_ids))
        .route("/teams/{team_id}/channels/search", post(search))
        .route("/teams/{team_id}/channels/search_archived", post(search_archived))
        .route("/teams/{team_id}/channels/autocomplete", get(autocomplete))
        .route("/teams/{team_id}/channels/search_autocomplete", get(autocomplete_mine))
}

/// Body of the searches.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Term {
    term: String,
    team_ids: Vec<String>,
    public: bool,
    private: bool,
    deleted: bool,
    include_deleted: bool,
    page: Option<i64>,
    per_page: Option<i64>,
}

/// Query of the completions.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Name {
    name: String,
}

async fn find(site: &Site, actor: &Actor, team: &str, term: &str, archived: bool) -> Result<Vec<Channel>> {
    let mut conn = site.db.read().await?;
    teams::require(&mut conn, actor, team, Permission::LIST_TEAM_CHANNELS).await?;
    let mut found = store::search(&mut conn, team, term, archived).await?;
    // Private channels are found by those who are in them.
    let mine = member_store::ids_of(&mut conn, &actor.user_id).await?;
    found.retain(|c| c.kind == "O" || mine.contains(&c.id));
    Ok(found)
}

async fn search(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Json(t): Json<Term>,
) -> Result<(StatusCode, Json<Vec<Channel>>)> {
    let mut found = find(&site, &actor, &team, &t.term, false).await?;
    found.retain(|c| c.kind == "O");
    Ok((StatusCode::CREATED, Json(found)))
}

async fn search_archived(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Json(t): Json<Term>,
) -> Result<Json<Vec<Channel>>> {
    Ok(Json(find(&site, &actor, &team, &t.term, true).await?))
}

async fn autocomplete(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Query(q): Query<Name>,
) -> Result<Json<Vec<Channel>>> {
    Ok(Json(find(&site, &actor, &team, &q.name, false).await?))
}

/// For the search bar: only channels that the actor is in, direct and group channels too.
async fn autocomplete_mine(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Query(q): Query<Name>,
) -> Result<Json<Vec<Channel>>> {
    let mut conn = site.db.read().await?;
    teams::require_member(&mut conn, &actor, &team).await?;
    let mut mine = store::of_user(&mut conn, &actor.user_id).await?;
    let term = q.name.to_lowercase();
    mine.retain(|c| {
        (c.team_id == team || c.team_id.is_empty())
            && c.delete_at == 0
            && (c.display_name.to_lowercase().contains(&term) || c.name.contains(&term))
    });
    mine.truncate(50);
    Ok(Json(mine))
}

async fn by_ids(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Json(ids): Json<Vec<String>>,
) -> Result<Json<Vec<Channel>>> {
    if ids.is_empty() || ids.len() > MAX_IDS {
        return Err(Error::invalid_body("channel_ids", &format!("1 to {MAX_IDS} ids are wanted")));
    }
    let mut conn = site.db.read().await?;
    teams::require_member(&mut conn, &actor, &team).await?;
    let mut found = store::by_ids(&mut conn, &ids).await?;
    found.retain(|c| c.team_id == team && c.kind == "O" && c.delete_at == 0);
    Ok(Json(found))
}

/// POST /channels/search: over all teams of the actor; of every team for an administrator. With paging the answer is
/// `{channels, total_count}`.
async fn everywhere(State(site): State<Site>, actor: Actor, Json(t): Json<Term>) -> Result<Json<Value>> {
    let mut conn = site.db.read().await?;
    let mine = member_store::ids_of(&mut conn, &actor.user_id).await?;
    let my_teams = teams::ids_of(&mut conn, &actor.user_id).await?;
    let mut found = store::search_all(&mut conn, &t.term).await?;
    found.retain(|c| {
        let live = if t.deleted { c.delete_at != 0 } else { c.delete_at == 0 || t.include_deleted };
        let kind = t.public == t.private || if t.public { c.kind == "O" } else { c.kind == "P" };
        let team = t.team_ids.is_empty() || t.team_ids.contains(&c.team_id);
        let seen = actor.is_system_admin()
            || mine.contains(&c.id)
            || c.kind == "O" && !actor.is_guest() && my_teams.contains(&c.team_id);
        live && kind && team && seen
    });
    if t.per_page.is_none() {
        return Ok(Json(json!(found)));
    }
    let total = found.len();
    let page = Page { page: t.page.unwrap_or(0), per_page: t.per_page }.of(found);
    Ok(Json(json!({"channels": page, "total_count": total})))
}

/// POST /channels/group/search: the actor's group channels with a member of that name.
async fn groups(State(site): State<Site>, actor: Actor, Json(t): Json<Term>) -> Result<Json<Vec<Channel>>> {
    let mut conn = site.db.read().await?;
    let people = users::search(&mut conn, &t.term, 100).await?;
    let ids: Vec<String> = people.into_iter().map(|u| u.id).collect();
    let shared = store::of_any_member(&mut conn, &ids).await?;
    let mut mine = store::of_user(&mut conn, &actor.user_id).await?;
    mine.retain(|c| c.kind == "G" && shared.contains(&c.id));
    Ok(Json(mine))
}
