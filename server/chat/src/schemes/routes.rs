//! The HTTP side of schemes themselves.

use super::{check, end, make, missing, store};
use crate::paging::{self, Page};
use crate::roles::Permission;
use crate::{Actor, Error, Json, Result, Site};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, put};
use serde::Deserialize;
use wire::{Channel, Scheme, SchemePatch, StatusOk, Team};

/// Routes of schemes.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/schemes", get(list).post(create))
        .route("/schemes/{scheme_id}", get(one).delete(delete))
        .route("/schemes/{scheme_id}/patch", put(patch))
        .route("/schemes/{scheme_id}/teams", get(teams))
        .route("/schemes/{scheme_id}/channels", get(channels))
}

/// Query of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    /// Empty for both.
    scope: String,
    page: i64,
    per_page: Option<i64>,
}

async fn list(State(site): State<Site>, actor: Actor, Query(q): Query<Q>) -> Result<Json<Vec<Scheme>>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    if !["", "team", "channel"].contains(&q.scope.as_str()) {
        return Err(Error::invalid_param("scope"));
    }
    let (limit, offset) = paging::limits(q.page, q.per_page);
    Ok(Json(store::list(&mut site.db.read().await?, &q.scope, limit, offset).await?))
}

async fn create(
    State(site): State<Site>,
    actor: Actor,
    Json(mut new): Json<Scheme>,
) -> Result<(StatusCode, Json<Scheme>)> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    if new.name.is_empty() {
        new.name = kit::id::new();
    }
    let mut tx = site.db.write().await?;
    let scheme = make(&site, &mut tx, new, None, |_| None).await?;
    site.roles.changed(&mut tx).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(scheme)))
}

async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Scheme>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    store::get(&mut site.db.read().await?, &id).await?.map(Json).ok_or_else(missing)
}

/// Names and description; what the roles may is changed at the roles.
async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(p): Json<SchemePatch>,
) -> Result<Json<Scheme>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    let mut tx = site.db.write().await?;
    let old = store::get(&mut tx, &id).await?.filter(|s| s.delete_at == 0).ok_or_else(missing)?;
    let scheme = Scheme {
        name: p.name.unwrap_or_else(|| old.name.clone()),
        display_name: p.display_name.unwrap_or_else(|| old.display_name.clone()),
        description: p.description.unwrap_or_else(|| old.description.clone()),
        update_at: site.clock.now_ms(),
        ..old.clone()
    };
    check(&scheme)?;
    if scheme.name != old.name && store::name_taken(&mut tx, &scheme.name).await? {
        return Err(Error::invalid_body("name", "another scheme has it"));
    }
    store::update(&mut tx, &scheme).await?;
    tx.commit().await?;
    Ok(Json(scheme))
}

/// Its teams and channels have the built-in roles again.
async fn delete(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    let mut tx = site.db.write().await?;
    let scheme = store::get(&mut tx, &id).await?.filter(|s| s.delete_at == 0).ok_or_else(missing)?;
    end(&site, &mut tx, &scheme).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// 400 unless the scheme is one for `scope`.
fn of_scope(scheme: &Scheme, scope: &str) -> Result<()> {
    if scheme.scope == scope {
        return Ok(());
    }
    let id = format!("api.scheme.get_{scope}s_for_scheme.scope.error");
    Err(Error::invalid(&id, format!("The scheme is not one for {scope}s.")))
}

async fn teams(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<Team>>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    let (limit, offset) = page.limits();
    let mut conn = site.db.read().await?;
    of_scope(&store::get(&mut conn, &id).await?.ok_or_else(missing)?, "team")?;
    Ok(Json(store::teams(&mut conn, &id, limit, offset).await?))
}

async fn channels(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<Channel>>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    let (limit, offset) = page.limits();
    let mut conn = site.db.read().await?;
    of_scope(&store::get(&mut conn, &id).await?.ok_or_else(missing)?, "channel")?;
    Ok(Json(store::channels(&mut conn, &id, limit, offset).await?))
}
