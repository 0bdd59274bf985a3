//! Reading channels: one, the lists of a team and of a user, counts.

use super::{access, changing, convert, direct, member_store, store};
use crate::Json;
use crate::paging::Page;
use crate::roles::Permission;
use crate::users::{self, me_or};
use crate::{Actor, Error, Result, Site, teams};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post, put};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{Channel, ChannelStats};

/// Routes of channels themselves.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/channels", post(changing::create).get(every))
        .route("/channels/direct", post(direct::create_direct))
        .route("/channels/group", post(direct::create_group))
        .route("/channels/{channel_id}", get(one).put(changing::replace).delete(changing::archive))
        .route("/channels/{channel_id}/patch", put(changing::patch))
        .route("/channels/{channel_id}/privacy", put(changing::privacy))
        .route("/channels/{channel_id}/restore", post(changing::restore))
        .route("/channels/{channel_id}/common_teams", get(convert::common_teams))
        .route("/channels/{channel_id}/convert_to_channel", post(convert::convert))
        .route("/channels/{channel_id}/stats", get(stats))
        .route("/channels/{channel_id}/timezones", get(timezones))
        .route("/teams/{team_id}/channels", get(public))
        .route("/teams/{team_id}/channels/deleted", get(archived))
        .route("/teams/{team_id}/channels/name/{name}", get(by_name))
        .route("/teams/name/{team}/channels/name/{name}", get(by_team_name))
        .route("/users/{user_id}/channels", get(of_user))
        .route("/users/{user_id}/teams/{team_id}/channels", get(of_user_in_team))
}

/// Paging and filters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    page: i64,
    per_page: Option<i64>,
    include_deleted: bool,
    include_total_count: bool,
    /// Archived channels count when they were archived after this time.
    last_delete_at: i64,
    exclude_files_count: bool,
}

impl Q {
    fn page(&self) -> Page {
        Page { page: self.page, per_page: self.per_page }
    }

    /// Live channels, and archived ones when they were asked for.
    fn wants(&self, channel: &Channel) -> bool {
        channel.delete_at == 0 || self.include_deleted && channel.delete_at >= self.last_delete_at
    }
}

/// Time zones of the members, each once.
async fn timezones(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Vec<String>>> {
    let mut conn = site.db.read().await?;
    access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    let ids: Vec<String> = member_store::members(&mut conn, &id).await?.into_iter().map(|m| m.user_id).collect();
    let people = users::by_ids(&mut conn, &ids).await?;
    let mut zones: Vec<String> = people.iter().filter_map(users::timezone).collect();
    zones.sort_unstable();
    zones.dedup();
    Ok(Json(zones))
}

/// Every channel of the site, for the console, with the names of its team.
async fn every(State(site): State<Site>, actor: Actor, Query(q): Query<Q>) -> Result<Json<Value>> {
    if !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    let mut conn = site.db.read().await?;
    let (limit, offset) = q.page().limits();
    let page = store::every(&mut conn, q.include_deleted, limit, offset).await?;
    let with_team = |(channel, (display_name, name, update_at)): (Channel, (String, String, i64))| {
        let mut value = json!(channel);
        value["team_display_name"] = display_name.into();
        value["team_name"] = name.into();
        value["team_update_at"] = update_at.into();
        value
    };
    let out: Vec<Value> = page.into_iter().map(with_team).collect();
    if !q.include_total_count {
        return Ok(Json(json!(out)));
    }
    let total = store::count_every(&mut conn, q.include_deleted).await?;
    Ok(Json(json!({"channels": out, "total_count": total})))
}

async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Channel>> {
    access(&mut site.db.read().await?, &actor, &id, Permission::READ_CHANNEL).await.map(Json)
}

async fn stats(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<ChannelStats>> {
    let mut conn = site.db.read().await?;
    access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    let mut stats = store::stats(&mut conn, &id).await?;
    if q.exclude_files_count {
        stats.files_count = -1;
    }
    Ok(Json(stats))
}

async fn public(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Vec<Channel>>> {
    let mut conn = site.db.read().await?;
    teams::require(&mut conn, &actor, &team, Permission::LIST_TEAM_CHANNELS).await?;
    let (limit, offset) = q.page().limits();
    Ok(Json(store::public(&mut conn, &team, limit, offset).await?))
}

/// Archived channels: public ones, and private ones that the actor is in.
async fn archived(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Vec<Channel>>> {
    let mut conn = site.db.read().await?;
    teams::require(&mut conn, &actor, &team, Permission::LIST_TEAM_CHANNELS).await?;
    let (limit, offset) = q.page().limits();
    Ok(Json(store::archived(&mut conn, &team, &actor.user_id, limit, offset).await?))
}

async fn by_name(
    State(site): State<Site>,
    actor: Actor,
    Path((team, name)): Path<(String, String)>,
    Query(q): Query<Q>,
) -> Result<Json<Channel>> {
    let mut conn = site.db.read().await?;
    let absent = || Error::not_found("store.sql_channel.get_by_name.missing.app_error", "Channel does not exist.");
    let channel = store::by_name(&mut conn, &team, &name).await?.filter(|c| q.wants(c)).ok_or_else(absent)?;
    access(&mut conn, &actor, &channel.id, Permission::READ_CHANNEL).await.map(Json)
}

async fn by_team_name(
    State(site): State<Site>,
    actor: Actor,
    Path((team, name)): Path<(String, String)>,
    Query(q): Query<Q>,
) -> Result<Json<Channel>> {
    let team = teams::by_name(&mut site.db.read().await?, &team).await?.ok_or_else(teams::missing)?;
    by_name(State(site), actor, Path((team.id, name)), Query(q)).await
}

async fn of_user(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Vec<Channel>>> {
    let user = me_or(&actor, &user)?;
    let mut all = store::of_user(&mut site.db.read().await?, &user).await?;
    all.retain(|c| q.wants(c));
    Ok(Json(all))
}

async fn of_user_in_team(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
    Query(q): Query<Q>,
) -> Result<Json<Vec<Channel>>> {
    let user = me_or(&actor, &user)?;
    let mut all = store::of_user(&mut site.db.read().await?, &user).await?;
    all.retain(|c| q.wants(c) && (c.team_id == team || c.team_id.is_empty()));
    Ok(Json(all))
}
