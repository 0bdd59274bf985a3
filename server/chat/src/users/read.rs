//! The plain GETs, and lists by ids and names.

use super::{missing, sanitized, sight, store};
use crate::Json;
use crate::paging;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site};
use axum::extract::{Path, Query, State};
use db::Conn;
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use wire::User;

/// Most ids or names in one request.
const MAX_LIST: usize = 1000;
/// Most users that a search looks at before it is cut down.
const MAX_CANDIDATES: i64 = 10_000;

/// Paging and filters of GET /users.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    page: i64,
    per_page: Option<i64>,
    in_team: String,
    not_in_team: String,
    in_channel: String,
    not_in_channel: String,
    in_group: String,
    without_team: bool,
    active: bool,
    inactive: bool,
    role: String,
    roles: String,
    sort: String,
}

impl Filter {
    fn wanted(self) -> store::Wanted {
        let first = self.roles.split(',').next().unwrap_or_default().to_owned();
        store::Wanted {
            in_team: self.in_team,
            not_in_team: self.not_in_team,
            in_channel: self.in_channel,
            not_in_channel: self.not_in_channel,
            without_team: self.without_team,
            active: self.active,
            inactive: self.inactive,
            role: if self.role.is_empty() { first } else { self.role },
            sort: self.sort,
            seen_by: String::new(),
        }
    }
}

fn all_sanitized(users: Vec<User>, actor: &Actor) -> Json<Vec<User>> {
    Json(users.into_iter().map(|u| sanitized(u, actor)).collect())
}

pub async fn list(State(site): State<Site>, actor: Actor, Query(f): Query<Filter>) -> Result<Json<Vec<User>>> {
    let (limit, offset) = paging::limits(f.page, f.per_page);
    let mut conn = site.db.read().await?;
    for team in [&f.in_team, &f.not_in_team] {
        if !team.is_empty() {
            crate::teams::require_member(&mut conn, &actor, team).await?;
        }
    }
    for channel in [&f.in_channel, &f.not_in_channel] {
        if !channel.is_empty() {
            crate::channels::access(&mut conn, &actor, channel, Permission::READ_CHANNEL).await?;
        }
    }
    if !f.in_group.is_empty() {
        let ids = crate::groups::member_ids(&mut conn, &f.in_group, limit, offset).await?;
        let mut users = store::by_ids(&mut conn, &ids).await?;
        sight::retain_seen(&mut conn, &actor, &mut users).await?;
        return Ok(all_sanitized(users, &actor));
    }
    let wanted = store::Wanted { seen_by: sight::limit(&actor).to_owned(), ..f.wanted() };
    let users = store::filtered(&mut conn, &wanted, limit, offset).await?;
    Ok(all_sanitized(users, &actor))
}

/// GET /users/stats/filtered: for the console.
pub async fn filtered_stats(
    State(site): State<Site>,
    actor: Actor,
    Query(f): Query<Filter>,
) -> Result<Json<serde_json::Value>> {
    if !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    let count = store::count_filtered(&mut site.db.read().await?, &f.wanted()).await?;
    Ok(Json(json!({"total_users_count": count})))
}

/// GET /users/known: ids of everybody who shares a channel with the actor.
pub async fn known(State(site): State<Site>, actor: Actor) -> Result<Json<Vec<String>>> {
    Ok(Json(store::known(&mut site.db.read().await?, &actor.user_id).await?))
}

/// Query of POST /users/ids: only those that changed after this time.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Since {
    since: i64,
}

pub async fn ids(
    State(site): State<Site>,
    actor: Actor,
    Query(q): Query<Since>,
    Json(ids): Json<Vec<String>>,
) -> Result<Json<Vec<User>>> {
    check_length(&ids)?;
    let mut conn = site.db.read().await?;
    let mut found = store::by_ids(&mut conn, &ids).await?;
    sight::retain_seen(&mut conn, &actor, &mut found).await?;
    found.retain(|u| u.update_at > q.since);
    Ok(all_sanitized(found, &actor))
}

pub async fn usernames(
    State(site): State<Site>,
    actor: Actor,
    Json(names): Json<Vec<String>>,
) -> Result<Json<Vec<User>>> {
    check_length(&names)?;
    let mut conn = site.db.read().await?;
    let mut found = store::by_usernames(&mut conn, &names).await?;
    sight::retain_seen(&mut conn, &actor, &mut found).await?;
    Ok(all_sanitized(found, &actor))
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
    team_id: String,
    not_in_team_id: String,
    in_channel_id: String,
    not_in_channel_id: String,
    in_group_id: String,
    without_team: bool,
    allow_inactive: bool,
}

/// Users that are found in several lists are cut down to those that are in all of them.
pub async fn search(State(site): State<Site>, actor: Actor, Json(s): Json<Search>) -> Result<Json<Vec<User>>> {
    let limit = s.limit.unwrap_or(100).clamp(1, 1000);
    if s.term.trim().is_empty() && !s.in_group_id.is_empty() {
        return Ok(Json(vec![]));
    }
    let mut conn = site.db.read().await?;
    for team in [&s.team_id, &s.not_in_team_id] {
        if !team.is_empty() {
            crate::teams::require_member(&mut conn, &actor, team).await?;
        }
    }
    for channel in [&s.in_channel_id, &s.not_in_channel_id] {
        if !channel.is_empty() {
            crate::channels::access(&mut conn, &actor, channel, Permission::READ_CHANNEL).await?;
        }
    }
    let wanted = store::Wanted {
        in_team: s.team_id,
        not_in_team: s.not_in_team_id,
        in_channel: s.in_channel_id,
        not_in_channel: s.not_in_channel_id,
        without_team: s.without_team,
        ..store::Wanted::default()
    };
    let mut found = store::search_all(&mut conn, &s.term, s.allow_inactive, MAX_CANDIDATES).await?;
    sight::retain_seen(&mut conn, &actor, &mut found).await?;
    if wanted.is_filter() {
        let allowed: HashSet<String> =
            store::filtered(&mut conn, &wanted, MAX_CANDIDATES, 0).await?.into_iter().map(|u| u.id).collect();
        found.retain(|u| allowed.contains(&u.id));
    }
    found.truncate(usize::try_from(limit).unwrap_or(100));
    Ok(all_sanitized(found, &actor))
}

/// Query of GET /users/autocomplete.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Complete {
    name: String,
    team_id: String,
    channel_id: String,
    limit: Option<i64>,
}

pub async fn autocomplete(
    State(site): State<Site>,
    actor: Actor,
    Query(q): Query<Complete>,
) -> Result<Json<serde_json::Value>> {
    let mut conn = site.db.read().await?;
    let mut found = store::search(&mut conn, &q.name, MAX_CANDIDATES).await?;
    sight::retain_seen(&mut conn, &actor, &mut found).await?;
    if !q.team_id.is_empty() {
        crate::teams::require_member(&mut conn, &actor, &q.team_id).await?;
        let wanted = store::Wanted { in_team: q.team_id, ..store::Wanted::default() };
        let team: HashSet<String> =
            store::filtered(&mut conn, &wanted, MAX_CANDIDATES, 0).await?.into_iter().map(|u| u.id).collect();
        found.retain(|u| team.contains(&u.id));
    }
    let limit = usize::try_from(q.limit.unwrap_or(25).clamp(1, 100)).unwrap_or(25);
    if q.channel_id.is_empty() {
        found.truncate(limit);
    }
    let found: Vec<User> = found.into_iter().map(|u| sanitized(u, &actor)).collect();
    if q.channel_id.is_empty() {
        return Ok(Json(json!({"users": found, "out_of_channel": []})));
    }
    crate::channels::access(&mut conn, &actor, &q.channel_id, Permission::READ_CHANNEL).await?;
    let members = crate::channels::members(&mut conn, &q.channel_id).await?;
    let (inside, outside): (Vec<User>, Vec<User>) =
        found.into_iter().partition(|u| members.iter().any(|m| m.user_id == u.id));
    let cut = |list: Vec<User>| list.into_iter().take(limit).collect::<Vec<_>>();
    Ok(Json(json!({"users": cut(inside), "out_of_channel": cut(outside)})))
}

pub async fn stats(State(site): State<Site>, actor: Actor) -> Result<Json<serde_json::Value>> {
    let wanted = store::Wanted { seen_by: sight::limit(&actor).to_owned(), ..store::Wanted::default() };
    Ok(Json(json!({"total_users_count": store::count_filtered(&mut site.db.read().await?, &wanted).await?})))
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
    let mut conn = site.db.read().await?;
    sight::require(&mut conn, &actor, &id).await?;
    let user = store::get(&mut conn, &id).await?.ok_or_else(missing)?;
    Ok(Json(sanitized(user, &actor)))
}

pub async fn by_username(State(site): State<Site>, actor: Actor, Path(name): Path<String>) -> Result<Json<User>> {
    let mut conn = site.db.read().await?;
    let found = store::by_usernames(&mut conn, &[name.to_lowercase()]).await?.into_iter().next();
    shown(&mut conn, &actor, found).await
}

pub async fn by_email(State(site): State<Site>, actor: Actor, Path(email): Path<String>) -> Result<Json<User>> {
    let mut conn = site.db.read().await?;
    let found = store::by_login(&mut conn, &email).await?;
    shown(&mut conn, &actor, found).await
}

/// Who is not seen and who is not there look the same.
async fn shown(conn: &mut Conn, actor: &Actor, found: Option<User>) -> Result<Json<User>> {
    sight::require(conn, actor, found.as_ref().map_or("", |u| &u.id)).await?;
    found.map(|u| Json(sanitized(u, actor))).ok_or_else(missing)
}
