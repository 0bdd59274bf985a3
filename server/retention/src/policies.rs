//! Policies for single teams and channels.

use crate::store::{self, Place, Policy};
use crate::{may_read, may_write};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use chat::paging::Page;
use chat::{Actor, Error, Json, Result, Site, audits};
use db::{Conn, Tx};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::StatusOk;

/// Longest name of a policy, characters.
const MAX_NAME: usize = 64;
/// Most teams or channels in one request.
const MAX_PLACES: usize = 1000;
/// A thousand years, days.
const MAX_DAYS: i64 = 365_000;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/data_retention/policies_count", get(count))
        .route("/data_retention/policies", get(list).post(create))
        .route("/data_retention/policies/{policy_id}", get(one).patch(patch).delete(delete))
}

fn missing() -> Error {
    Error::not_found("ent.data_retention.policies.not_found.app_error", "There is no such retention policy.")
}

/// # Errors
/// 404 when there is no such policy.
pub async fn known(conn: &mut Conn, id: &str) -> Result<Policy> {
    store::one(conn, id).await?.ok_or_else(missing)
}

async fn count(State(site): State<Site>, actor: Actor) -> Result<Json<Value>> {
    may_read(&actor)?;
    Ok(Json(json!({"total_count": store::count(&mut site.db.read().await?).await?})))
}

async fn list(State(site): State<Site>, actor: Actor, Query(page): Query<Page>) -> Result<Json<Value>> {
    may_read(&actor)?;
    let (limit, offset) = page.limits();
    let mut conn = site.db.read().await?;
    let policies = store::page(&mut conn, limit, offset).await?;
    Ok(Json(json!({"policies": policies, "total_count": store::count(&mut conn).await?})))
}

async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Policy>> {
    may_read(&actor)?;
    known(&mut site.db.read().await?, &id).await.map(Json)
}

/// Body of POST and PATCH; what is absent stays, or is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Body {
    display_name: Option<String>,
    post_duration: Option<i64>,
    team_ids: Option<Vec<String>>,
    channel_ids: Option<Vec<String>>,
}

impl Body {
    fn name(&self) -> Result<Option<&str>> {
        let name = self.display_name.as_deref().map(str::trim);
        if name.is_some_and(|n| n.is_empty() || n.chars().count() > MAX_NAME) {
            return Err(Error::invalid_body("display_name", &format!("1 to {MAX_NAME} characters are wanted")));
        }
        Ok(name)
    }

    fn days(&self) -> Result<Option<i64>> {
        match self.post_duration {
            Some(days) if days == 0 || days > MAX_DAYS => {
                let reason = format!("days from 1 to {MAX_DAYS} are wanted, or -1 for ever");
                Err(Error::invalid_body("post_duration", &reason))
            }
            Some(days) => Ok(Some(days.max(-1))),
            None => Ok(None),
        }
    }
}

async fn create(State(site): State<Site>, actor: Actor, Json(body): Json<Body>) -> Result<(StatusCode, Json<Policy>)> {
    may_write(&actor)?;
    let wanted = |field: &str| Error::invalid_body(field, "it is wanted");
    let name = body.name()?.ok_or_else(|| wanted("display_name"))?;
    let days = body.days()?.ok_or_else(|| wanted("post_duration"))?;
    let id = kit::id::new();
    let mut tx = site.db.write().await?;
    store::insert(&mut tx, &id, name, days, site.clock.now_ms()).await?;
    for (place, ids) in [(Place::Team, &body.team_ids), (Place::Channel, &body.channel_ids)] {
        add(&mut tx, place, &id, ids.as_deref().unwrap_or_default()).await?;
    }
    let made = finish(&site, tx, &actor, "/api/v4/data_retention/policies", &id).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Puts teams or channels under a policy.
///
/// # Errors
/// 400 for what is none, and for what is under another policy.
pub async fn add(tx: &mut Tx, place: Place, policy: &str, ids: &[String]) -> Result<()> {
    let field = if place == Place::Team { "team_ids" } else { "channel_ids" };
    if ids.len() > MAX_PLACES {
        return Err(Error::invalid_body(field, &format!("at most {MAX_PLACES} at once")));
    }
    let there = store::existing(tx, place, ids).await?;
    if let Some(unknown) = ids.iter().find(|id| !there.contains(id)) {
        return Err(Error::invalid_body(field, &format!("{unknown} is none that can have a policy")));
    }
    if let Some(other) = store::elsewhere(tx, place, policy, ids).await?.first() {
        return Err(Error::invalid_body(field, &format!("{other} is under another policy; take it out there first")));
    }
    Ok(store::add(tx, place, policy, ids).await?)
}

/// Writes down who changed a policy; the policy as it is then.
///
/// # Errors
/// When the database fails.
pub async fn finish(site: &Site, mut tx: Tx, actor: &Actor, path: &str, id: &str) -> Result<Policy> {
    let now = known(&mut tx, id).await?;
    let info = format!(
        "policy_id={id} display_name={} post_duration={} teams={} channels={}",
        now.display_name, now.post_duration, now.team_count, now.channel_count
    );
    audits::record(site, &mut tx, actor, path, &info).await?;
    tx.commit().await?;
    Ok(now)
}

async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(body): Json<Body>,
) -> Result<Json<Policy>> {
    may_write(&actor)?;
    let mut tx = site.db.write().await?;
    let before = known(&mut tx, &id).await?;
    let name = body.name()?.unwrap_or(&before.display_name);
    let days = body.days()?.unwrap_or(before.post_duration);
    store::update(&mut tx, &id, name, days).await?;
    for (place, ids) in [(Place::Team, &body.team_ids), (Place::Channel, &body.channel_ids)] {
        if let Some(ids) = ids {
            store::clear(&mut tx, place, &id).await?;
            add(&mut tx, place, &id, ids).await?;
        }
    }
    let path = format!("/api/v4/data_retention/policies/{id}");
    finish(&site, tx, &actor, &path, &id).await.map(Json)
}

async fn delete(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    may_write(&actor)?;
    let mut tx = site.db.write().await?;
    let gone = known(&mut tx, &id).await?;
    store::delete(&mut tx, &id).await?;
    let (path, info) = (format!("/api/v4/data_retention/policies/{id}"), format!("deleted={}", gone.display_name));
    audits::record(&site, &mut tx, &actor, &path, &info).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
