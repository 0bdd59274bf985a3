//! The teams and channels of a policy.

use crate::policies::{add, finish, known};
use crate::store::{self, Place};
use crate::{may_read, may_write};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use chat::paging::Page;
use chat::{Actor, Json, Result, Site, channels, teams};
use db::Conn;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{StatusOk, Team};

/// Most that a search finds.
const MOST: i64 = 100;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    let base = "/data_retention/policies/{policy_id}";
    Router::new()
        .route(&format!("{base}/teams"), get(list_teams).post(add_teams).delete(remove_teams))
        .route(&format!("{base}/teams/search"), post(search_teams))
        .route(&format!("{base}/channels"), get(list_channels).post(add_channels).delete(remove_channels))
        .route(&format!("{base}/channels/search"), post(search_channels))
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
}

async fn teams_of(conn: &mut Conn, policy: &str, ids: Vec<String>) -> Result<Vec<Team>> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(teams::get(conn, &id).await?);
    }
    found.iter_mut().for_each(|team| team.policy_id = Some(policy.to_owned()));
    Ok(found)
}

/// Channels, each with what it is called where it is.
async fn channels_of(conn: &mut Conn, policy: &str, ids: Vec<String>) -> Result<Vec<Value>> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(mut channel) = channels::get(conn, &id).await? else { continue };
        let team = teams::get(conn, &channel.team_id).await?.unwrap_or_default();
        channel.policy_id = Some(policy.to_owned());
        let mut shown = json!(channel);
        shown["team_display_name"] = team.display_name.into();
        shown["team_name"] = team.name.into();
        shown["team_update_at"] = team.update_at.into();
        found.push(shown);
    }
    Ok(found)
}

async fn list_teams(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>> {
    may_read(&actor)?;
    let mut conn = site.db.read().await?;
    let (total, (limit, offset)) = (known(&mut conn, &id).await?.team_count, page.limits());
    let ids = store::places(&mut conn, Place::Team, &id, limit, offset).await?;
    Ok(Json(json!({"teams": teams_of(&mut conn, &id, ids).await?, "total_count": total})))
}

async fn list_channels(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>> {
    may_read(&actor)?;
    let mut conn = site.db.read().await?;
    let (total, (limit, offset)) = (known(&mut conn, &id).await?.channel_count, page.limits());
    let ids = store::places(&mut conn, Place::Channel, &id, limit, offset).await?;
    Ok(Json(json!({"channels": channels_of(&mut conn, &id, ids).await?, "total_count": total})))
}

async fn change(
    site: &Site,
    actor: &Actor,
    (place, name): (Place, &str),
    id: &str,
    ids: &[String],
    adding: bool,
) -> Result<Json<StatusOk>> {
    may_write(actor)?;
    let mut tx = site.db.write().await?;
    known(&mut tx, id).await?;
    match adding {
        true => add(&mut tx, place, id, ids).await?,
        false => store::remove(&mut tx, place, id, ids).await?,
    }
    finish(site, tx, actor, &format!("/api/v4/data_retention/policies/{id}/{name}"), id).await?;
    Ok(Json(StatusOk::default()))
}

const TEAMS: (Place, &str) = (Place::Team, "teams");
const CHANNELS: (Place, &str) = (Place::Channel, "channels");

async fn add_teams(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(ids): Json<Vec<String>>,
) -> Result<Json<StatusOk>> {
    change(&site, &actor, TEAMS, &id, &ids, true).await
}

async fn remove_teams(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(ids): Json<Vec<String>>,
) -> Result<Json<StatusOk>> {
    change(&site, &actor, TEAMS, &id, &ids, false).await
}

async fn add_channels(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(ids): Json<Vec<String>>,
) -> Result<Json<StatusOk>> {
    change(&site, &actor, CHANNELS, &id, &ids, true).await
}

async fn remove_channels(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(ids): Json<Vec<String>>,
) -> Result<Json<StatusOk>> {
    change(&site, &actor, CHANNELS, &id, &ids, false).await
}

fn pattern(term: &str) -> String {
    let term = term.trim().to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{term}%")
}

async fn search_teams(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(t): Json<Term>,
) -> Result<Json<Vec<Team>>> {
    may_read(&actor)?;
    let mut conn = site.db.read().await?;
    known(&mut conn, &id).await?;
    let ids = store::search(&mut conn, Place::Team, &id, &pattern(&t.term), MOST).await?;
    teams_of(&mut conn, &id, ids).await.map(Json)
}

async fn search_channels(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(t): Json<Term>,
) -> Result<Json<Vec<Value>>> {
    may_read(&actor)?;
    let mut conn = site.db.read().await?;
    known(&mut conn, &id).await?;
    let ids = store::search(&mut conn, Place::Channel, &id, &pattern(&t.term), MOST).await?;
    let mut found = channels_of(&mut conn, &id, ids).await?;
    found.retain(|c| {
        let kind = t.public == t.private || c["type"] == if t.public { "O" } else { "P" };
        let team = t.team_ids.is_empty() || t.team_ids.iter().any(|id| c["team_id"] == id.as_str());
        kind && team && (!t.deleted || c["delete_at"] != 0)
    });
    Ok(Json(found))
}
