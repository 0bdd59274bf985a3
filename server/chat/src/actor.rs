//! Who asks: the session behind a request, proved once.

use crate::{Error, Result, Site};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use db::{Conn, Row, Sql, params};
use sha2::{Digest, Sha256};
use wire::StringMap;

/// The user and session behind a request.
#[derive(Clone, Debug, Default)]
pub struct Actor {
    pub user_id: String,
    pub session_id: String,
    /// System roles (`system_user`, `system_admin`, `system_guest`).
    pub roles: Vec<String>,
    pub locale: String,
    pub is_bot: bool,
    /// Session properties (`csrf`, `type`, …).
    pub props: StringMap,
    /// The WebSocket connection named by the `Connection-Id` header, to leave it out of events.
    pub connection_id: String,
}

impl Actor {
    /// Whether the user is a system administrator.
    pub fn is_system_admin(&self) -> bool {
        self.roles.iter().any(|r| r == "system_admin")
    }

    /// Whether the user is a guest.
    pub fn is_guest(&self) -> bool {
        self.roles.iter().any(|r| r == "system_guest")
    }
}

/// Hex SHA-256 of a session token: what the database stores.
pub fn hash_token(token: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(token.as_bytes()))
}

/// A token and where it came from; only cookies need the CSRF check.
pub struct Presented {
    pub token: String,
    pub from_cookie: bool,
}

/// Looks for a token: cookie first, then `Authorization: Bearer` or `token`.
pub fn presented_token(headers: &HeaderMap) -> Option<Presented> {
    let cookies = axum_extra::extract::CookieJar::from_headers(headers);
    if let Some(cookie) = cookies.get("MMAUTHTOKEN").filter(|c| !c.value().is_empty()) {
        return Some(Presented { token: cookie.value().to_owned(), from_cookie: true });
    }
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    known.then(|| Presented { token: token.trim().to_owned(), from_cookie: false })
}

const BY_SESSION: Sql = Sql::new(
    "SELECT s.user_id, s.id, u.roles, u.locale, u.is_bot, s.props
     FROM sessions s JOIN users u ON u.id = s.user_id
     WHERE s.token_hash = $1 AND u.delete_at = 0 AND (s.expires_at = 0 OR s.expires_at > $2)",
);
const BY_ACCESS_TOKEN: Sql = Sql::new(
    "SELECT t.user_id, t.id, u.roles, u.locale, u.is_bot
     FROM user_access_tokens t JOIN users u ON u.id = t.user_id
     WHERE t.token_hash = $1 AND t.is_active = TRUE AND u.delete_at = 0",
);

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn session_row(row: Row) -> db::Result<Actor> {
    let mut r = row.read();
    Ok(Actor {
        user_id: r.get()?,
        session_id: r.get()?,
        roles: words(&r.get::<String>()?),
        locale: r.get()?,
        is_bot: r.get()?,
        props: serde_json::from_value(r.get()?).unwrap_or_default(),
        connection_id: String::new(),
    })
}

fn access_token_row(row: Row) -> db::Result<Actor> {
    let mut r = row.read();
    Ok(Actor {
        user_id: r.get()?,
        session_id: r.get()?,
        roles: words(&r.get::<String>()?),
        locale: r.get()?,
        is_bot: r.get()?,
        props: StringMap::from([("type".into(), "UserAccessToken".into())]),
        connection_id: String::new(),
    })
}

/// The actor behind a token, or `None` when it opens nothing (any more).
///
/// # Errors
/// When the database fails.
pub async fn by_token(conn: &mut Conn, token: &str, now: i64) -> Result<Option<Actor>> {
    let hash = hash_token(token);
    if let Some(actor) = conn.fetch_optional(&BY_SESSION, params![&hash, now], session_row).await? {
        return Ok(Some(actor));
    }
    Ok(conn.fetch_optional(&BY_ACCESS_TOKEN, params![&hash], access_token_row).await?)
}

/// The actor of a request, CSRF checked for cookies.
///
/// # Errors
/// 401 without a valid session.
pub async fn of_request(site: &Site, method: &Method, headers: &HeaderMap) -> Result<Actor> {
    let presented = presented_token(headers).ok_or_else(Error::session_expired)?;
    let mut conn = site.db.read().await?;
    let found = by_token(&mut conn, &presented.token, site.clock.now_ms()).await?;
    let mut actor = found.ok_or_else(Error::session_expired)?;
    if presented.from_cookie && method != Method::GET && !csrf_passes(&actor, headers) {
        return Err(Error::session_expired());
    }
    actor.connection_id = text(headers, "connection-id").unwrap_or_default();
    Ok(actor)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn csrf_passes(actor: &Actor, headers: &HeaderMap) -> bool {
    let token = text(headers, "x-csrf-token");
    token.is_some() && token.as_deref() == actor.props.get("csrf").map(String::as_str)
        || text(headers, "x-requested-with").as_deref() == Some("XMLHttpRequest")
}

impl FromRequestParts<Site> for Actor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self> {
        of_request(site, &parts.method, &parts.headers).await
    }
}
