//! The HTTP side of connections, for administrators.

use super::store::{self, Wanted};
use super::{Made, New, ONLINE_MS, Patch};
use crate::Federation;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Router};
use chat::paging::Page;
use chat::roles::Permission;
use chat::{Actor, Error, Json, Result, Site};
use serde::Deserialize;
use wire::RemoteCluster;

const CONNECTIONS: Permission = Permission("manage_secure_connections");
/// Who shares channels sees with whom.
const SHARING: Permission = Permission("manage_shared_channels");

pub fn router() -> Router<Site> {
    Router::new()
        .route("/remotecluster", get(list).post(create))
        .route("/remotecluster/accept_invite", post(accept))
        .route("/remotecluster/{remote_id}", get(one).patch(patch).delete(delete))
        .route("/remotecluster/{remote_id}/generate_invite", post(invite_again))
}

fn require_either(actor: &Actor) -> Result<()> {
    if actor.may(CONNECTIONS) { Ok(()) } else { actor.require(SHARING) }
}

/// Query of the list; plugins connect nothing here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    exclude_offline: bool,
    in_channel: String,
    not_in_channel: String,
    only_confirmed: bool,
    only_plugins: bool,
    include_deleted: bool,
}

async fn list(
    State(site): State<Site>,
    actor: Actor,
    Query(q): Query<Q>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<RemoteCluster>>> {
    require_either(&actor)?;
    if q.only_plugins {
        return Ok(Json(Vec::new()));
    }
    for (name, id) in [("in_channel", &q.in_channel), ("not_in_channel", &q.not_in_channel)] {
        if !id.is_empty() && !kit::id::is_valid(id) {
            return Err(Error::invalid_param(name));
        }
    }
    let wanted = Wanted {
        deleted: q.include_deleted,
        heard_after: if q.exclude_offline { site.clock.now_ms() - ONLINE_MS } else { 0 },
        confirmed: q.only_confirmed,
        in_channel: q.in_channel,
        not_in_channel: q.not_in_channel,
    };
    let (limit, offset) = page.limits();
    let found = store::listed(&mut site.db.read().await?, &wanted, limit, offset).await?;
    Ok(Json(found.into_iter().map(store::Connection::shown).collect()))
}

async fn create(
    State(site): State<Site>,
    Extension(federation): Extension<Federation>,
    actor: Actor,
    Json(new): Json<New>,
) -> Result<(StatusCode, Json<Made>)> {
    actor.require(CONNECTIONS)?;
    Ok((StatusCode::CREATED, Json(super::create(&site, &federation, &actor, new).await?)))
}

async fn accept(
    State(site): State<Site>,
    Extension(federation): Extension<Federation>,
    actor: Actor,
    Json(new): Json<New>,
) -> Result<(StatusCode, Json<RemoteCluster>)> {
    actor.require(CONNECTIONS)?;
    Ok((StatusCode::CREATED, Json(super::accept(&site, &federation, &actor, new).await?)))
}

async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<RemoteCluster>> {
    require_either(&actor)?;
    let found = store::get(&mut site.db.read().await?, &site.keys, &id).await?.ok_or_else(super::missing)?;
    Ok(Json(found.shown()))
}

async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(patch): Json<Patch>,
) -> Result<Json<RemoteCluster>> {
    actor.require(CONNECTIONS)?;
    super::patch(&site, &actor, &id, patch).await.map(Json)
}

async fn delete(
    State(site): State<Site>,
    Extension(federation): Extension<Federation>,
    actor: Actor,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    actor.require(CONNECTIONS)?;
    super::delete(&site, &federation, &actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Body of generate_invite.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Password {
    password: String,
}

async fn invite_again(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(body): Json<Password>,
) -> Result<(StatusCode, Json<String>)> {
    actor.require(CONNECTIONS)?;
    Ok((StatusCode::CREATED, Json(super::invite_again(&site, &actor, &id, body.password).await?)))
}
