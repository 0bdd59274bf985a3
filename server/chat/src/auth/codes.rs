//! Codes that open one door once: a new password, a confirmed address. An administrator makes the link and hands it over.

use crate::Json;
use crate::actor::hash_token;
use crate::audits::{self, By};
use crate::invitations::secret;
use crate::users::{self, credentials, me_or};
use crate::{Actor, Error, Result, Site, qr};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use db::{Conn, Row, Sql, Tx, params};
use serde::{Deserialize, Serialize};
use wire::{StatusOk, User};

use super::{Address, link, password};

/// Characters of a code.
const LENGTH: usize = 64;
pub(super) const PASSWORD: &str = "password";
pub(super) const EMAIL: &str = "email";
pub(super) const MAGIC: &str = "magic_link";

const INSERT: Sql = Sql::new(
    "INSERT INTO account_codes (code_hash, kind, user_id, email, creator_id, create_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
const GET: Sql =
    Sql::new("SELECT user_id, email, expires_at FROM account_codes WHERE code_hash = $1 AND kind = $2 AND used_at = 0");
const USE: Sql =
    Sql::new("UPDATE account_codes SET used_at = $2 WHERE code_hash = $1 AND used_at = 0 AND expires_at > $2");
const NEWEST: Sql =
    Sql::new("SELECT COALESCE(MAX(create_at), 0) FROM account_codes WHERE user_id = $1 AND kind = $2 AND used_at = 0");
const WITHDRAW: Sql = Sql::new("DELETE FROM account_codes WHERE user_id = $1 AND kind = $2 AND used_at = 0");
const FORGET: Sql = Sql::new("DELETE FROM account_codes WHERE expires_at < $1");

/// What a code is for.
struct Code {
    user_id: String,
    email: String,
    expires_at: i64,
}

async fn find(conn: &mut Conn, code: &str, kind: &str) -> Result<Option<Code>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Code { user_id: r.get()?, email: r.get()?, expires_at: r.get()? })
    };
    Ok(conn.fetch_optional(&GET, params![hash_token(code), kind], decode).await?)
}

/// Deletes codes that ended before `time` (Unix milliseconds).
///
/// # Errors
/// When the database fails.
pub async fn forget_before(tx: &mut Tx, time: i64) -> Result<()> {
    tx.execute(&FORGET, params![time]).await?;
    Ok(())
}

/// When the newest unused code of this kind was made (Unix milliseconds); 0: there is none.
pub(super) async fn newest(conn: &mut Conn, user_id: &str, kind: &str) -> Result<i64> {
    Ok(conn.fetch_optional(&NEWEST, params![user_id, kind], Row::only).await?.unwrap_or(0))
}

/// Uses a code up; whose it was, or `None` when it opens nothing (any more).
pub(super) async fn spend(tx: &mut Tx, code: &str, kind: &str, now: i64) -> Result<Option<String>> {
    let Some(found) = find(tx, code, kind).await? else { return Ok(None) };
    let used = tx.execute(&USE, params![hash_token(code), now]).await? > 0;
    Ok(used.then_some(found.user_id))
}

/// Makes a code; earlier ones of the same kind for this user end.
pub(super) async fn make(
    tx: &mut Tx,
    kind: &str,
    user: &User,
    creator: &str,
    now: i64,
    expires_at: i64,
) -> Result<String> {
    let code = secret();
    tx.execute(&WITHDRAW, params![&user.id, kind]).await?;
    let values = params![hash_token(&code), kind, &user.id, &user.email, creator, now, expires_at];
    tx.execute(&INSERT, values).await?;
    Ok(code)
}

/// A link that is shown once.
#[derive(Debug, Serialize)]
pub struct Shown {
    code: String,
    link: String,
    /// PNG, base 64.
    qr_code: String,
    /// Unix milliseconds.
    expires_at: i64,
}

/// POST /muster/users/{id}/password_reset: a link with which the user sets a new password. Administrators only.
pub async fn make_reset(
    State(site): State<Site>,
    actor: Actor,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Shown>)> {
    if !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    let id = me_or(&actor, &id)?;
    let now = site.clock.now_ms();
    let expires_at = now + site.config().accounts.reset_link_ms();
    let mut tx = site.db.write().await?;
    let user = users::get(&mut tx, &id).await?.filter(|u| !u.is_bot).ok_or_else(users::missing)?;
    if !user.auth_service.is_empty() {
        let message = "This account is not opened by a password.";
        return Err(Error::invalid("api.user.reset_password.sso.app_error", message));
    }
    let code = make(&mut tx, PASSWORD, &user, &actor.user_id, now, expires_at).await?;
    let action = format!("/api/v4/muster/users/{id}/password_reset");
    audits::record(&site, &mut tx, &actor, &action, &format!("user_id={id}")).await?;
    tx.commit().await?;
    let link = link(&site, &headers, &format!("/reset_password_complete?token={code}"));
    Ok((StatusCode::CREATED, Json(Shown { qr_code: qr::base64(&link)?, code, link, expires_at })))
}

/// Body of POST /users/password/reset.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reset {
    code: String,
    /// The name that clients give the code.
    token: String,
    new_password: String,
}

/// POST /users/password/reset: the code is used up, every session ends, and the account is unlocked.
pub async fn reset(State(site): State<Site>, address: Address, Json(body): Json<Reset>) -> Result<Json<StatusOk>> {
    let code = if body.code.is_empty() { &body.token } else { &body.code };
    if code.len() != LENGTH {
        return Err(Error::invalid_body("code", "the code of the link is wanted"));
    }
    let invalid = || {
        let message = "The link is not valid; ask an administrator for a new one.";
        Error::invalid("api.user.reset_password.invalid_link.app_error", message)
    };
    let now = site.clock.now_ms();
    site.throttle().check(address, now)?;
    let Some(found) = find(&mut site.db.read().await?, code, PASSWORD).await? else {
        site.throttle().failed(address, now);
        return Err(invalid());
    };
    if found.expires_at <= now {
        let message = "The link has expired; ask an administrator for a new one.";
        return Err(Error::invalid("api.user.reset_password.link_expired.app_error", message));
    }
    users::check_password(&body.new_password, &site.config().accounts)?;
    let hash = password::hash(body.new_password).await?;
    let mut tx = site.db.write().await?;
    let user = users::get(&mut tx, &found.user_id).await?.filter(|u| u.delete_at == 0).ok_or_else(invalid)?;
    if tx.execute(&USE, params![hash_token(code), now]).await? == 0 {
        return Err(invalid());
    }
    credentials::set_password(&mut tx, &user.id, &hash, now).await?;
    super::end_others(&site, &mut tx, &user.id, "").await?;
    let by = By { user_id: user.id.clone(), address, ..By::default() };
    audits::record(&site, &mut tx, by, "/api/v4/users/password/reset", "success").await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// Body of POST /users/email/verify.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Verify {
    token: String,
}

/// POST /users/email/verify
pub async fn verify(State(site): State<Site>, address: Address, Json(body): Json<Verify>) -> Result<Json<StatusOk>> {
    if body.token.len() != LENGTH {
        return Err(Error::invalid_body("token", "the token of the link is wanted"));
    }
    let bad = || Error::invalid("api.user.verify_email.bad_link.app_error", "Bad verify email link.");
    let now = site.clock.now_ms();
    site.throttle().check(address, now)?;
    let mut tx = site.db.write().await?;
    let Some(found) = find(&mut tx, &body.token, EMAIL).await? else {
        site.throttle().failed(address, now);
        return Err(bad());
    };
    let user = users::get(&mut tx, &found.user_id).await?.filter(|u| u.email == found.email).ok_or_else(bad)?;
    if tx.execute(&USE, params![hash_token(&body.token), now]).await? == 0 {
        return Err(bad());
    }
    set_verified(&site, &mut tx, user).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

async fn set_verified(site: &Site, tx: &mut Tx, mut user: User) -> Result<User> {
    user.email_verified = true;
    user.update_at = site.clock.now_ms();
    credentials::set_verified(tx, &user.id, true, user.update_at).await?;
    users::announce(site, tx, user.clone()).await?;
    Ok(user)
}

/// POST /users/{id}/email/verify/member: an administrator vouches for the address.
pub async fn verify_member(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<User>> {
    if !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    let id = me_or(&actor, &id)?;
    let mut tx = site.db.write().await?;
    let user = users::get(&mut tx, &id).await?.ok_or_else(users::missing)?;
    let user = set_verified(&site, &mut tx, user).await?;
    let action = format!("/api/v4/users/{id}/email/verify/member");
    audits::record(&site, &mut tx, &actor, &action, &format!("user_id={id}")).await?;
    tx.commit().await?;
    Ok(Json(user))
}
