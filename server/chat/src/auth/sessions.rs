//! Sessions: made at login, listed, revoked. The token itself is never stored.

use crate::actor::hash_token;
use crate::users::{self, me_or};
use crate::{Actor, Result, Site};
use axum::Json;
use axum::extract::{Path, State};
use db::{Row, Sql, Tx, params};
use serde::Deserialize;
use wire::{Session, StatusOk, User};

const INSERT: Sql = Sql::new(
    "INSERT INTO sessions (id, token_hash, user_id, create_at, expires_at, last_activity_at, device_id, roles, props)
     VALUES ($1, $2, $3, $4, $5, $4, $6, $7, $8)",
);
const OF_USER: Sql = Sql::new(
    "SELECT id, create_at, expires_at, last_activity_at, user_id, device_id, roles, props
     FROM sessions WHERE user_id = $1 ORDER BY last_activity_at DESC",
);
const DELETE: Sql = Sql::new("DELETE FROM sessions WHERE user_id = $1 AND id = $2");
const DELETE_OLD: Sql = Sql::new("DELETE FROM sessions WHERE user_id = $1 AND create_at < $2");
const DELETE_ALL: Sql = Sql::new("DELETE FROM sessions WHERE user_id = $1");

/// What a login hands out.
pub struct Made {
    pub token: String,
    pub csrf: String,
}

/// Makes a session for `user`.
pub async fn create(site: &Site, tx: &mut Tx, user: &User, device_id: &str) -> Result<Made> {
    let made = Made { token: kit::id::new(), csrf: kit::id::new() };
    let now = site.clock.now_ms();
    let props = serde_json::json!({"csrf": made.csrf, "is_guest": user.roles.contains("system_guest").to_string()});
    let expires = now + site.config.session_length_ms;
    tx.execute(
        &INSERT,
        params![kit::id::new(), hash_token(&made.token), &user.id, now, expires, device_id, &user.roles, props],
    )
    .await?;
    Ok(made)
}

/// A session token for a bot that does not expire, for workers of the products.
///
/// # Errors
/// 404 when there is no such user.
pub async fn bot_token(site: &Site, user_id: &str) -> Result<String> {
    let mut tx = site.db.write().await?;
    let user = users::get(&mut tx, user_id).await?.ok_or_else(users::missing)?;
    let token = kit::id::new();
    let props = serde_json::json!({"is_bot": "true"});
    let now = site.clock.now_ms();
    tx.execute(&INSERT, params![kit::id::new(), hash_token(&token), user_id, now, 0_i64, "", &user.roles, props])
        .await?;
    tx.commit().await?;
    Ok(token)
}

/// Ends the sessions of a bot that were made before `before` (Unix milliseconds), whose workers have long finished.
///
/// # Errors
/// When the database fails.
pub async fn end_old_bot_sessions(site: &Site, user_id: &str, before: i64) -> Result<()> {
    let mut tx = site.db.write().await?;
    tx.execute(&DELETE_OLD, params![user_id, before]).await?;
    Ok(tx.commit().await?)
}

pub async fn delete(tx: &mut Tx, user_id: &str, id: &str) -> Result<()> {
    tx.execute(&DELETE, params![user_id, id]).await?;
    Ok(())
}

/// Ends every session and socket of a user.
///
/// # Errors
/// When the database fails.
pub async fn end_all(site: &Site, tx: &mut Tx, user_id: &str) -> Result<()> {
    tx.execute(&DELETE_ALL, params![user_id]).await?;
    let (hub, user) = (site.hub.clone(), user_id.to_owned());
    tx.after_commit(move || hub.end_sessions(&user, None));
    Ok(())
}

fn session(row: Row) -> db::Result<Session> {
    let mut r = row.read();
    Ok(Session {
        id: r.get()?,
        create_at: r.get()?,
        expires_at: r.get()?,
        last_activity_at: r.get()?,
        user_id: r.get()?,
        device_id: r.get()?,
        roles: r.get()?,
        props: serde_json::from_value(r.get()?).unwrap_or_default(),
        ..Session::default()
    })
}

pub async fn list(State(site): State<Site>, actor: Actor, Path(user_id): Path<String>) -> Result<Json<Vec<Session>>> {
    let user_id = me_or(&actor, &user_id)?;
    Ok(Json(site.db.read().await?.fetch(&OF_USER, params![user_id], session).await?))
}

/// Body of POST …/sessions/revoke.
#[derive(Debug, Deserialize)]
pub struct Revoke {
    session_id: String,
}

pub async fn revoke(
    State(site): State<Site>,
    actor: Actor,
    Path(user_id): Path<String>,
    Json(body): Json<Revoke>,
) -> Result<Json<StatusOk>> {
    let user_id = me_or(&actor, &user_id)?;
    let mut tx = site.db.write().await?;
    delete(&mut tx, &user_id, &body.session_id).await?;
    let hub = site.hub.clone();
    tx.after_commit(move || hub.end_sessions(&user_id, Some(&body.session_id)));
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// POST /users/{id}/sessions/revoke/all
pub async fn revoke_all(State(site): State<Site>, actor: Actor, Path(user_id): Path<String>) -> Result<Json<StatusOk>> {
    let user_id = me_or(&actor, &user_id)?;
    let mut tx = site.db.write().await?;
    end_all(&site, &mut tx, &user_id).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
