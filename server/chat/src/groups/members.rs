//! Who is in a group.

use super::{load, require, require_custom, store};
use crate::Json;
use crate::paging::Page;
use crate::{Actor, Error, Result, Site, users};
use axum::extract::{Path, Query, State};
use db::Tx;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{Event, GroupMember, User};

/// Most users in one request.
const MAX_USERS: usize = 1000;

/// Body of adding and removing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Ids {
    user_ids: Vec<String>,
}

/// Puts users into a group and tells each of them.
pub(super) async fn join(site: &Site, tx: &mut Tx, group: &str, ids: &[String]) -> Result<Vec<GroupMember>> {
    if ids.len() > MAX_USERS {
        return Err(Error::invalid_body("user_ids", &format!("at most {MAX_USERS} at once")));
    }
    let known = users::by_ids(tx, ids).await?;
    if let Some(id) = ids.iter().find(|id| !known.iter().any(|u| u.id == **id && u.delete_at == 0)) {
        return Err(Error::invalid_body("user_ids", &format!("there is no active user {id}")));
    }
    let now = site.clock.now_ms();
    let mut joined = Vec::new();
    for user in ids {
        let member = GroupMember { group_id: group.into(), user_id: user.clone(), create_at: now, delete_at: 0 };
        if store::join(tx, group, user, now).await? {
            site.emit(tx, Event::new("group_member_add").with_encoded("group_member", &member).to_user(user));
        }
        joined.push(member);
    }
    Ok(joined)
}

/// POST /groups/{id}/members
pub async fn add(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(body): Json<Ids>,
) -> Result<Json<Vec<GroupMember>>> {
    require(&actor, "manage_custom_group_members")?;
    let mut tx = site.db.write().await?;
    require_custom(&load(&mut tx, &id).await?)?;
    let joined = join(&site, &mut tx, &id, &body.user_ids).await?;
    tx.commit().await?;
    Ok(Json(joined))
}

/// DELETE /groups/{id}/members
pub async fn remove(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(body): Json<Ids>,
) -> Result<Json<Vec<GroupMember>>> {
    require(&actor, "manage_custom_group_members")?;
    let mut tx = site.db.write().await?;
    require_custom(&load(&mut tx, &id).await?)?;
    let mut gone = Vec::new();
    for user in body.user_ids.iter().take(MAX_USERS) {
        if let Some(member) = store::leave(&mut tx, &id, user, site.clock.now_ms()).await? {
            let event = Event::new("group_member_deleted").with_encoded("group_member", &member);
            site.emit(&mut tx, event.to_user(user));
            gone.push(member);
        }
    }
    tx.commit().await?;
    Ok(Json(gone))
}

/// GET /groups/{id}/members
pub async fn list(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<Page>,
) -> Result<Json<Value>> {
    let mut conn = site.db.read().await?;
    load(&mut conn, &id).await?;
    let (limit, offset) = q.limits();
    let ids = store::member_ids(&mut conn, &id, limit, offset).await?;
    let mut people: Vec<User> = users::by_ids(&mut conn, &ids).await?;
    users::sight::retain_seen(&mut conn, &actor, &mut people).await?;
    people.sort_by_key(|u| ids.iter().position(|id| *id == u.id));
    let total = store::counts(&mut conn, std::slice::from_ref(&id)).await?.remove(&id).unwrap_or(0);
    let members: Vec<User> = people.into_iter().map(|u| users::sanitized(u, &actor)).collect();
    Ok(Json(json!({"members": members, "total_member_count": total})))
}

/// GET /groups/{id}/stats
pub async fn stats(State(site): State<Site>, _: Actor, Path(id): Path<String>) -> Result<Json<Value>> {
    let mut conn = site.db.read().await?;
    load(&mut conn, &id).await?;
    let total = store::counts(&mut conn, std::slice::from_ref(&id)).await?.remove(&id).unwrap_or(0);
    Ok(Json(json!({"group_id": id, "total_member_count": total})))
}
