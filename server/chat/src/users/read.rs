//! The plain GETs, and lists by ids and names.

use super::wanted::{self, Wanted};
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

/// Paging and filters of GET /users. Lists of roles are separated by commas.
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
    not_in_group: String,
    without_team: bool,
    active: bool,
    inactive: bool,
    role: String,
    roles: String,
    team_roles: String,
    channel_roles: String,
    sort: String,
    /// Of the counts alone.
    include_bots: bool,
    include_deleted: bool,
}

fn listed(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Names of roles of one kind of place, which must be named too.
fn roles_of(names: Vec<String>, place: &str, kind: &str, field: &str) -> Result<Vec<String>> {
    let known =
        |name: &String| name.strip_prefix(kind).is_some_and(|rest| ["_admin", "_user", "_guest"].contains(&rest));
    if !names.is_empty() && place.is_empty() || !names.iter().all(known) {
        return Err(Error::invalid_param(field));
    }
    Ok(names)
}

impl Filter {
    fn wanted(self) -> Result<Wanted> {
        Ok(Wanted {
            roles: listed(&self.roles),
            team_roles: roles_of(listed(&self.team_roles), &self.in_team, "team", "team_roles")?,
            channel_roles: roles_of(listed(&self.channel_roles), &self.in_channel, "channel", "channel_roles")?,
            in_team: self.in_team,
            not_in_team: self.not_in_team,
            in_channel: self.in_channel,
            not_in_channel: self.not_in_channel,
            in_group: self.in_group,
            not_in_group: self.not_in_group,
            without_team: self.without_team,
            active: self.active,
            inactive: self.inactive,
            role: self.role,
            sort: self.sort,
            ..Wanted::default()
        })
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
    let wanted = Wanted { seen_by: sight::limit(&actor).to_owned(), ..f.wanted()? };
    let users = wanted::filtered(&mut conn, &wanted, limit, offset).await?;
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
    let (with_bots, with_deleted) = (f.include_bots, f.include_deleted);
    let wanted = f.wanted()?;
    let wanted = Wanted { without_bots: !with_bots, active: wanted.active || !with_deleted, ..wanted };
    let count = wanted::count_filtered(&mut site.db.read().await?, &wanted).await?;
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
    not_in_group_id: String,
    without_team: bool,
    allow_inactive: bool,
    role: String,
    roles: Vec<String>,
    team_roles: Vec<String>,
    channel_roles: Vec<String>,
}

/// Users that are found in several lists are cut down to those that are in all of them.
pub async fn search(State(site): State<Site>, actor: Actor, Json(s): Json<Search>) -> Result<Json<Vec<User>>> {
    let limit = s.limit.unwrap_or(100).clamp(1, 1000);
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
    let wanted = Wanted {
        team_roles: roles_of(s.team_roles, &s.team_id, "team", "team_roles")?,
        channel_roles: roles_of(s.channel_roles, &s.in_channel_id, "channel", "channel_roles")?,
        roles: s.roles,
        role: s.role,
        in_group: s.in_group_id,
        not_in_group: s.not_in_group_id,
        in_team: s.team_id,
        not_in_team: s.not_in_team_id,
        in_channel: s.in_channel_id,
        not_in_channel: s.not_in_channel_id,
        without_team: s.without_team,
        ..Wanted::default()
    };
    let mut found = store::search_all(&mut conn, &s.term, s.allow_inactive, MAX_CANDIDATES).await?;
    sight::retain_seen(&mut conn, &actor, &mut found).await?;
    if wanted.is_filter() {
        let allowed: HashSet<String> =
            wanted::filtered(&mut conn, &wanted, MAX_CANDIDATES, 0).await?.into_iter().map(|u| u.id).collect();
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
        let wanted = Wanted { in_team: q.team_id, ..Wanted::default() };
        let team: HashSet<String> =
            wanted::filtered(&mut conn, &wanted, MAX_CANDIDATES, 0).await?.into_iter().map(|u| u.id).collect();
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
    let wanted = Wanted { seen_by: sight::limit(&actor).to_owned(), ..Wanted::default() };
    Ok(Json(json!({"total_users_count": wanted::count_filtered(&mut site.db.read().await?, &wanted).await?})))
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
