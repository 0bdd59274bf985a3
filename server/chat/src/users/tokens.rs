//! Personal access tokens: long-lived keys for programs, shown once, stored as a hash.

use super::token_store::{self as tokens, Of};
use super::{bots, missing, store};
use crate::Json;
use crate::actor::hash_token;
use crate::paging::Page;
use crate::roles::{self, Permission};
use crate::{Actor, Error, Result, Site, audits, features};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use db::{Conn, Tx};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{StatusOk, UserAccessToken};

const CREATE: Permission = Permission("create_user_access_token");
const READ: Permission = Permission("read_user_access_token");

/// Body of POST /users/{id}/tokens.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct New {
    description: String,
    /// Unix milliseconds; 0: never.
    expires_at: i64,
}

/// Body of the calls on one token.
#[derive(Debug, Deserialize)]
pub struct Which {
    token_id: String,
    #[serde(default)]
    expires_at: i64,
}

fn require(actor: &Actor, permission: Permission) -> Result<()> {
    if roles::system_can(actor, permission) { Ok(()) } else { Err(Error::forbidden()) }
}

fn require_admin(actor: &Actor) -> Result<()> {
    if actor.is_system_admin() { Ok(()) } else { Err(Error::forbidden()) }
}

/// # Errors
/// 400 when the token would end in the past, or later than the settings let a person's token.
fn check_end(site: &Site, is_bot: bool, expires_at: i64) -> Result<()> {
    let now = site.clock.now_ms();
    if expires_at < 0 || expires_at != 0 && expires_at <= now {
        return Err(Error::invalid_body("expires_at", "a time in the future, or 0, is wanted"));
    }
    match site.config().accounts.max_token_ms() {
        Some(most) if !is_bot && (expires_at == 0 || expires_at > now + most) => {
            let days = site.config().accounts.max_token_days;
            Err(Error::invalid_body("expires_at", &format!("a time within {days} days is wanted")))
        }
        _ => Ok(()),
    }
}

/// POST /users/{id}/tokens: one's own, a bot's by whoever manages it, anybody's as administrator.
pub async fn create(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<New>,
) -> Result<(StatusCode, Json<UserAccessToken>)> {
    let mut tx = site.db.write().await?;
    let user_id = bots::me_or_bot(&mut tx, &actor, &id).await?;
    require(&actor, CREATE)?;
    if new.description.trim().is_empty() || new.description.chars().count() > 255 {
        return Err(Error::invalid_body("description", "1 to 255 characters that say what the token is for"));
    }
    let user = store::get(&mut tx, &user_id).await?.ok_or_else(missing)?;
    if !user.is_bot && !site.config().features.access_tokens {
        return Err(features::off("app.user_access_token.disabled", "Personal access tokens"));
    }
    check_end(&site, user.is_bot, new.expires_at)?;
    let made = UserAccessToken {
        id: kit::id::new(),
        token: kit::id::new(),
        user_id,
        description: new.description,
        is_active: true,
        expires_at: new.expires_at,
    };
    tokens::insert(&mut tx, &made, &hash_token(&made.token), site.clock.now_ms()).await?;
    note(&site, &mut tx, &actor, &format!("/api/v4/users/{id}/tokens"), &made).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn note(site: &Site, tx: &mut Tx, actor: &Actor, action: &str, token: &UserAccessToken) -> Result<()> {
    let info = format!("token_id={} user_id={}", token.id, token.user_id);
    audits::record(site, tx, actor, action, &info).await
}

/// GET /users/{id}/tokens
pub async fn list(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<Page>,
) -> Result<Json<Vec<UserAccessToken>>> {
    let mut conn = site.db.read().await?;
    let user_id = bots::me_or_bot(&mut conn, &actor, &id).await?;
    require(&actor, READ)?;
    Ok(Json(tokens::page(&mut conn, Of::User(&user_id), q.limits()).await?))
}

/// GET /users/tokens: of everybody, for administrators.
pub async fn all(State(site): State<Site>, actor: Actor, Query(q): Query<Page>) -> Result<Json<Vec<UserAccessToken>>> {
    require_admin(&actor)?;
    Ok(Json(tokens::page(&mut site.db.read().await?, Of::Everybody, q.limits()).await?))
}

/// Body of POST /users/tokens/search.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
    term: String,
}

/// POST /users/tokens/search: by the id of a token or of its user, or the beginning of a username.
pub async fn search(
    State(site): State<Site>,
    actor: Actor,
    Json(s): Json<Search>,
) -> Result<Json<Vec<UserAccessToken>>> {
    require_admin(&actor)?;
    if s.term.trim().is_empty() {
        return Err(Error::invalid_body("term", "an id or a username is wanted"));
    }
    Ok(Json(tokens::page(&mut site.db.read().await?, Of::Found(&s.term), (100, 0)).await?))
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
    tokens::delete(&mut tx, &token.id).await?;
    note(&site, &mut tx, &actor, "/api/v4/users/tokens/revoke", &token).await?;
    end_sockets(&site, &mut tx, token);
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// POST /users/tokens/disable
pub async fn disable(State(site): State<Site>, actor: Actor, Json(body): Json<Which>) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let token = own(&mut tx, &actor, &body.token_id).await?;
    tokens::set_active(&mut tx, &token.id, false).await?;
    note(&site, &mut tx, &actor, "/api/v4/users/tokens/disable", &token).await?;
    end_sockets(&site, &mut tx, token);
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// POST /users/tokens/enable
pub async fn enable(State(site): State<Site>, actor: Actor, Json(body): Json<Which>) -> Result<Json<StatusOk>> {
    require(&actor, CREATE)?;
    let mut tx = site.db.write().await?;
    let token = own(&mut tx, &actor, &body.token_id).await?;
    tokens::set_active(&mut tx, &token.id, true).await?;
    note(&site, &mut tx, &actor, "/api/v4/users/tokens/enable", &token).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// POST /users/tokens/rotate: a new secret for the same token; the old one opens nothing any more.
pub async fn rotate(State(site): State<Site>, actor: Actor, Json(body): Json<Which>) -> Result<Json<UserAccessToken>> {
    require(&actor, CREATE)?;
    let mut tx = site.db.write().await?;
    let known = own(&mut tx, &actor, &body.token_id).await?;
    let user = store::get(&mut tx, &known.user_id).await?.ok_or_else(missing)?;
    check_end(&site, user.is_bot, body.expires_at)?;
    let made = UserAccessToken { token: kit::id::new(), expires_at: body.expires_at, ..known.clone() };
    tokens::set_secret(&mut tx, &made.id, &hash_token(&made.token), made.expires_at).await?;
    note(&site, &mut tx, &actor, "/api/v4/users/tokens/rotate", &made).await?;
    end_sockets(&site, &mut tx, known);
    tx.commit().await?;
    Ok(Json(made))
}

/// The latest end that the settings let a person's token have now; `None` when any will do.
fn latest_end(site: &Site) -> Option<i64> {
    site.config().accounts.max_token_ms().map(|most| site.clock.now_ms() + most)
}

/// GET /users/tokens/non_compliant/count: tokens of people that last longer than the settings allow.
pub async fn count_non_compliant(State(site): State<Site>, actor: Actor) -> Result<Json<Value>> {
    require_admin(&actor)?;
    let found = match latest_end(&site) {
        Some(end) => tokens::too_long(&mut site.db.read().await?, end).await?.len(),
        None => 0,
    };
    Ok(Json(json!({"count": found})))
}

/// POST /users/tokens/non_compliant/revoke
pub async fn revoke_non_compliant(State(site): State<Site>, actor: Actor) -> Result<Json<Value>> {
    require_admin(&actor)?;
    let Some(end) = latest_end(&site) else { return Ok(Json(json!({"count": 0}))) };
    let mut tx = site.db.write().await?;
    let found = tokens::too_long(&mut tx, end).await?;
    let count = found.len();
    for token in found {
        tokens::delete(&mut tx, &token.id).await?;
        note(&site, &mut tx, &actor, "/api/v4/users/tokens/non_compliant/revoke", &token).await?;
        end_sockets(&site, &mut tx, token);
    }
    tx.commit().await?;
    Ok(Json(json!({"count": count})))
}

/// The token, when it belongs to the actor or to a bot that the actor manages, or the actor administers the system.
async fn own(conn: &mut Conn, actor: &Actor, id: &str) -> Result<UserAccessToken> {
    let absent = || Error::not_found("app.user_access_token.get.app_error", "There is no such access token.");
    let token = tokens::get(conn, id).await?.ok_or_else(absent)?;
    bots::me_or_bot(conn, actor, &token.user_id).await.map_err(|_| absent())?;
    Ok(token)
}

fn end_sockets(site: &Site, tx: &mut Tx, token: UserAccessToken) {
    let hub = site.hub.clone();
    // A connection opened with an access token carries the token's id as its session id.
    tx.after_commit(move || hub.end_sessions(&token.user_id, Some(&token.id)));
}
