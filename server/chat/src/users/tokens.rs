//! Personal access tokens: long-lived keys for programs, shown once, stored as a hash.

use super::{me_or, missing, store};
use crate::actor::hash_token;
use crate::roles::{self, Permission};
use crate::{Actor, Error, Result, Site};
use axum::Json;
use axum::extract::{Path, Query, State};
use db::{Conn, Row, Sql, Tx, params};
use serde::Deserialize;
use wire::{StatusOk, UserAccessToken};

const CREATE: Permission = Permission("create_user_access_token");
const READ: Permission = Permission("read_user_access_token");

const INSERT: Sql = Sql::new(
    "INSERT INTO user_access_tokens (id, token_hash, user_id, description, create_at) VALUES ($1, $2, $3, $4, $5)",
);
const OF_USER: Sql = Sql::new(
    "SELECT id, user_id, description, is_active FROM user_access_tokens WHERE user_id = $1 ORDER BY create_at, id",
);
const ALL: Sql = Sql::new(
    "SELECT id, user_id, description, is_active FROM user_access_tokens ORDER BY create_at, id LIMIT $1 OFFSET $2",
);
const BY_ID: Sql = Sql::new("SELECT id, user_id, description, is_active FROM user_access_tokens WHERE id = $1");
const DELETE: Sql = Sql::new("DELETE FROM user_access_tokens WHERE id = $1");
const SET_ACTIVE: Sql = Sql::new("UPDATE user_access_tokens SET is_active = $2 WHERE id = $1");

fn row(row: Row) -> db::Result<UserAccessToken> {
    let mut r = row.read();
    let token = UserAccessToken { id: r.get()?, user_id: r.get()?, description: r.get()?, ..Default::default() };
    Ok(UserAccessToken { is_active: r.get()?, ..token })
}

/// Body of POST /users/{id}/tokens.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct New {
    description: String,
}

/// Body of the calls on one token.
#[derive(Debug, Deserialize)]
pub struct Which {
    token_id: String,
}

fn require(actor: &Actor, permission: Permission) -> Result<()> {
    if roles::system_can(actor, permission) { Ok(()) } else { Err(Error::forbidden()) }
}

/// POST /users/{id}/tokens
pub async fn create(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<New>,
) -> Result<(axum::http::StatusCode, Json<UserAccessToken>)> {
    let user_id = me_or(&actor, &id)?;
    require(&actor, CREATE)?;
    if new.description.trim().is_empty() || new.description.chars().count() > 255 {
        return Err(Error::invalid_body("description", "1 to 255 characters that say what the token is for"));
    }
    let made = UserAccessToken {
        id: kit::id::new(),
        token: kit::id::new(),
        user_id,
        description: new.description,
        is_active: true,
    };
    let mut tx = site.db.write().await?;
    store::get(&mut tx, &made.user_id).await?.ok_or_else(missing)?;
    let values = params![&made.id, hash_token(&made.token), &made.user_id, &made.description, site.clock.now_ms()];
    tx.execute(&INSERT, values).await?;
    tx.commit().await?;
    Ok((axum::http::StatusCode::CREATED, Json(made)))
}

/// GET /users/{id}/tokens
pub async fn list(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
) -> Result<Json<Vec<UserAccessToken>>> {
    let user_id = me_or(&actor, &id)?;
    require(&actor, READ)?;
    Ok(Json(site.db.read().await?.fetch(&OF_USER, params![user_id], row).await?))
}

/// Paging.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Page {
    page: i64,
    per_page: Option<i64>,
}

/// GET /users/tokens: of everybody, for administrators.
pub async fn all(State(site): State<Site>, actor: Actor, Query(q): Query<Page>) -> Result<Json<Vec<UserAccessToken>>> {
    if !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    let limit = q.per_page.unwrap_or(60).clamp(1, 200);
    let offset = q.page.max(0).saturating_mul(limit);
    Ok(Json(site.db.read().await?.fetch(&ALL, params![limit, offset], row).await?))
}

/// GET /users/tokens/{token_id}
pub async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<UserAccessToken>> {
    require(&actor, READ)?;
    own(&mut site.db.read().await?, &actor, &id).await.map(Json)
}

/// POST /users/tokens/revoke: the token is gone, and so are the sockets that it opened.
pub async fn revoke(State(site): State<Site>, actor: Actor, Json(body): Json<Which>) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let token = own(&mut tx, &actor, &body.token_id).await?;
    tx.execute(&DELETE, params![&token.id]).await?;
    end_sockets(&site, &mut tx, token);
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// POST /users/tokens/disable
pub async fn disable(State(site): State<Site>, actor: Actor, Json(body): Json<Which>) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let token = own(&mut tx, &actor, &body.token_id).await?;
    tx.execute(&SET_ACTIVE, params![&token.id, false]).await?;
    end_sockets(&site, &mut tx, token);
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// POST /users/tokens/enable
pub async fn enable(State(site): State<Site>, actor: Actor, Json(body): Json<Which>) -> Result<Json<StatusOk>> {
    require(&actor, CREATE)?;
    let mut tx = site.db.write().await?;
    let token = own(&mut tx, &actor, &body.token_id).await?;
    tx.execute(&SET_ACTIVE, params![&token.id, true]).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// The token, when it belongs to the actor or the actor administers the system.
async fn own(conn: &mut Conn, actor: &Actor, id: &str) -> Result<UserAccessToken> {
    let found = conn.fetch_optional(&BY_ID, params![id], row).await?;
    let absent = || Error::not_found("app.user_access_token.get.app_error", "There is no such access token.");
    let token = found.filter(|t| t.user_id == actor.user_id || actor.is_system_admin());
    token.ok_or_else(absent)
}

fn end_sockets(site: &Site, tx: &mut Tx, token: UserAccessToken) {
    let hub = site.hub.clone();
    // A connection opened with an access token carries the token's id as its session id.
    tx.after_commit(move || hub.end_sessions(&token.user_id, Some(&token.id)));
}
