//! The plain GETs, and lists by ids and names.

use super::{missing, sanitized, store};
use crate::{Actor, Error, Result, Site};
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use wire::User;

/// Most ids or names in one request.
const MAX_LIST: usize = 1000;

/// Paging and filters of GET /users.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    page: i64,
    per_page: Option<i64>,
    in_team: String,
    in_channel: String,
    not_in_channel: String,
}

fn all_sanitized(users: Vec<User>, actor: &Actor) -> Json<Vec<User>> {
    Json(users.into_iter().map(|u| sanitized(u, actor)).collect())
}

pub async fn list(State(site): State<Site>, actor: Actor, Query(f): Query<Filter>) -> Result<Json<Vec<User>>> {
    let limit = f.per_page.unwrap_or(60).clamp(1, 200);
    let offset = f.page.max(0).saturating_mul(limit);
    let mut conn = site.db.read().await?;
    let users = if !f.not_in_channel.is_empty() {
        crate::teams::require_member(&mut conn, &actor, &f.in_team).await?;
        store::not_in_channel(&mut conn, &f.in_team, &f.not_in_channel, limit, offset).await?
    } else if !f.in_channel.is_empty() {
        crate::channels::access(&mut conn, &actor, &f.in_channel, crate::roles::Permission::READ_CHANNEL).await?;
        store::in_channel(&mut conn, &f.in_channel, limit, offset).await?
    } else if !f.in_team.is_empty() {
        crate::teams::require_member(&mut conn, &actor, &f.in_team).await?;
        store::in_team(&mut conn, &f.in_team, limit, offset).await?
    } else {
        store::page(&mut conn, limit, offset).await?
    };
    Ok(all_sanitized(users, &actor))
}

pub async fn ids(State(site): State<Site>, actor: Actor, Json(ids): Json<Vec<String>>) -> Result<Json<Vec<User>>> {
    check_length(&ids)?;
    Ok(all_sanitized(store::by_ids(&mut site.db.read().await?, &ids).await?, &actor))
}

pub async fn usernames(
    State(site): State<Site>,
    actor: Actor,
    Json(names): Json<Vec<String>>,
) -> Result<Json<Vec<User>>> {
    check_length(&names)?;
    Ok(all_sanitized(store::by_usernames(&mut site.db.read().await?, &names).await?, &actor))
}

fn check_length(list: &[String]) -> Result<()> {
    if list.len() > MAX_LIST {
        return Err(Error::invalid_body("ids", &format!("at most {MAX_LIST} at once")));
    }
    Ok(())
}

/// Body of POST /users/search.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
    term: String,
    limit: Option<i64>,
    in_channel_id: String,
    team_id: String,
}

pub async fn search(State(site): State<Site>, actor: Actor, Json(s): Json<Search>) -> Result<Json<Vec<User>>> {
    let limit = s.limit.unwrap_or(100).clamp(1, 1000);
    let mut conn = site.db.read().await?;
    let mut found = store::search(&mut conn, &s.term, limit).await?;
    if !s.in_channel_id.is_empty() {
        crate::channels::access(&mut conn, &actor, &s.in_channel_id, crate::roles::Permission::READ_CHANNEL).await?;
        let members = crate::channels::members(&mut conn, &s.in_channel_id).await?;
        found.retain(|u| members.iter().any(|m| m.user_id == u.id));
    } else if !s.team_id.is_empty() {
        crate::teams::require_member(&mut conn, &actor, &s.team_id).await?;
        let members = store::in_team(&mut conn, &s.team_id, 10_000, 0).await?;
        found.retain(|u| members.iter().any(|m| m.id == u.id));
    }
    Ok(all_sanitized(found, &actor))
}

/// Query of GET /users/autocomplete.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Complete {
    name: String,
    channel_id: String,
    limit: Option<i64>,
}

pub async fn autocomplete(
    State(site): State<Site>,
    actor: Actor,
    Query(q): Query<Complete>,
) -> Result<Json<serde_json::Value>> {
    let mut conn = site.db.read().await?;
    let found = store::search(&mut conn, &q.name, q.limit.unwrap_or(25).clamp(1, 100)).await?;
    let found: Vec<User> = found.into_iter().map(|u| sanitized(u, &actor)).collect();
    if q.channel_id.is_empty() {
        return Ok(Json(json!({"users": found, "out_of_channel": []})));
    }
    crate::channels::access(&mut conn, &actor, &q.channel_id, crate::roles::Permission::READ_CHANNEL).await?;
    let members = crate::channels::members(&mut conn, &q.channel_id).await?;
    let (inside, outside): (Vec<User>, Vec<User>) =
        found.into_iter().partition(|u| members.iter().any(|m| m.user_id == u.id));
    Ok(Json(json!({"users": inside, "out_of_channel": outside})))
}

pub async fn stats(State(site): State<Site>, _: Actor) -> Result<Json<serde_json::Value>> {
    Ok(Json(json!({"total_users_count": store::count(&mut site.db.read().await?).await?})))
}

pub async fn group_channels(
    State(site): State<Site>,
    actor: Actor,
    Json(ids): Json<Vec<String>>,
) -> Result<Json<BTreeMap<String, Vec<User>>>> {
    check_length(&ids)?;
    let mut conn = site.db.read().await?;
    let mut out = BTreeMap::new();
    for id in ids {
        if crate::channels::member(&mut conn, &id, &actor.user_id).await?.is_some() {
            let users = store::in_channel(&mut conn, &id, 10, 0).await?;
            out.insert(id, users.into_iter().map(|u| sanitized(u, &actor)).collect());
        }
    }
    Ok(Json(out))
}

pub async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<User>> {
    let id = if id == "me" { actor.user_id.clone() } else { id };
    let user = store::get(&mut site.db.read().await?, &id).await?.ok_or_else(missing)?;
    Ok(Json(sanitized(user, &actor)))
}

pub async fn by_username(State(site): State<Site>, actor: Actor, Path(name): Path<String>) -> Result<Json<User>> {
    let found = store::by_usernames(&mut site.db.read().await?, &[name.to_lowercase()]).await?;
    found.into_iter().next().map(|u| Json(sanitized(u, &actor))).ok_or_else(missing)
}

pub async fn by_email(State(site): State<Site>, actor: Actor, Path(email): Path<String>) -> Result<Json<User>> {
    let user = store::by_login(&mut site.db.read().await?, &email).await?.ok_or_else(missing)?;
    Ok(Json(sanitized(user, &actor)))
}
