//! Who asks: the session behind a request, proved once.

use crate::auth::{self, Address};
use crate::features::Privacy;
use crate::roles::{self, Book, Permission};
use crate::{Error, Result, Site};
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use db::{Row, Sql, params};
use sha2::{Digest, Sha256};
use wire::StringMap;

/// The user and session behind a request.
#[derive(Clone, Debug, Default)]
pub struct Actor {
    pub user_id: String,
    pub session_id: String,
    /// Roles in the whole site (`system_user`, `system_admin`, `system_guest`, …).
    pub roles: Vec<String>,
    /// What each role may do. Empty by default: then only a system administrator may do anything.
    pub book: Book,
    /// What people see of each other.
    pub privacy: Privacy,
    pub locale: String,
    pub is_bot: bool,
    /// Session properties (`csrf`, `type`, …).
    pub props: StringMap,
    /// Where the request came from.
    pub address: Address,
    /// The user logs in with a second factor.
    pub mfa_active: bool,
    /// The WebSocket connection named by the `Connection-Id` header, to leave it out of events.
    pub connection_id: String,
}

impl Actor {
    /// Whether the roles in the whole site grant `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        self.book.roles().grant(self.roles.iter().map(String::as_str), permission)
    }

    /// Whether the roles of a membership (names with spaces between) grant `permission`.
    pub fn may_as(&self, roles: &str, permission: Permission) -> bool {
        self.book.roles().grant(roles.split_whitespace(), permission)
    }

    /// [`Actor::may`], as an answer.
    ///
    /// # Errors
    /// 403.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) { Ok(()) } else { Err(Error::forbidden()) }
    }

    /// Whether the user administers the whole site.
    pub fn is_system_admin(&self) -> bool {
        self.may(Permission::MANAGE_SYSTEM)
    }

    /// Whether it is a program that the user lets act for them (OAuth 2), not the user.
    pub fn is_app(&self) -> bool {
        self.props.contains_key("oauth_app_id")
    }

    /// Whether the user is a guest.
    pub fn is_guest(&self) -> bool {
        self.roles.iter().any(|r| r == roles::SYSTEM_GUEST)
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
    "SELECT s.user_id, s.id, u.roles, u.locale, u.is_bot, s.props, u.mfa_active, s.create_at, s.expires_at, s.last_activity_at
     FROM sessions s JOIN users u ON u.id = s.user_id
     WHERE s.token_hash = $1 AND u.delete_at = 0 AND (s.expires_at = 0 OR s.expires_at > $2)",
);
const BY_ACCESS_TOKEN: Sql = Sql::new(
    "SELECT t.user_id, t.id, u.roles, u.locale, u.is_bot, u.mfa_active
     FROM user_access_tokens t JOIN users u ON u.id = t.user_id
     WHERE t.token_hash = $1 AND t.is_active = TRUE AND u.delete_at = 0 AND (t.expires_at = 0 OR t.expires_at > $2)",
);

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn session_row(row: Row) -> db::Result<(Actor, auth::Times)> {
    let mut r = row.read();
    let actor = Actor {
        user_id: r.get()?,
        session_id: r.get()?,
        roles: words(&r.get::<String>()?),
        locale: r.get()?,
        is_bot: r.get()?,
        props: serde_json::from_value(r.get()?).unwrap_or_default(),
        mfa_active: r.get()?,
        ..Actor::default()
    };
    Ok((actor, auth::Times { create_at: r.get()?, expires_at: r.get()?, last_activity_at: r.get()? }))
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
        mfa_active: r.get()?,
        ..Actor::default()
    })
}

/// The actor behind a token, or `None` when it opens nothing (any more). Being asked prolongs a session.
///
/// # Errors
/// When the database fails.
pub async fn by_token(site: &Site, token: &str) -> Result<Option<Actor>> {
    let (hash, now) = (hash_token(token), site.clock.now_ms());
    let mut conn = site.db.read().await?;
    site.roles.refresh(&mut conn, now).await?;
    let with_book = |actor: Actor| Actor { book: site.roles.clone(), privacy: site.config().privacy, ..actor };
    let Some((actor, times)) = conn.fetch_optional(&BY_SESSION, params![&hash, now], session_row).await? else {
        let found = conn.fetch_optional(&BY_ACCESS_TOKEN, params![&hash, now], access_token_row).await?;
        let taken = site.config().features.access_tokens;
        return Ok(found.filter(|actor| taken || actor.is_bot).map(with_book));
    };
    drop(conn);
    let alive = auth::keep_alive(site, &actor, &times, now).await?;
    Ok(alive.then(|| with_book(actor)))
}

/// The actor of a request, CSRF checked for cookies.
///
/// # Errors
/// 401 without a valid session.
pub async fn of_request(site: &Site, method: &Method, headers: &HeaderMap) -> Result<Actor> {
    let presented = presented_token(headers).ok_or_else(Error::session_expired)?;
    let mut actor = by_token(site, &presented.token).await?.ok_or_else(Error::session_expired)?;
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

/// Who asks, where nobody has to be logged in.
pub struct Asker(pub Option<Actor>);

impl FromRequestParts<Site> for Asker {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> std::result::Result<Self, Self::Rejection> {
        Ok(Self(Actor::from_request_parts(parts, site).await.ok()))
    }
}

/// Marks a request that came through the local socket: whoever may open that administers the site.
#[derive(Clone, Copy, Debug)]
pub struct Local;

/// Who acts through the local socket: the user of the `X-Mattermost-Id` header, else the server's own account; either way
/// with everything allowed.
async fn local(site: &Site, headers: &HeaderMap) -> Result<Actor> {
    let named = text(headers, "x-mattermost-id").filter(|id| !id.is_empty());
    let actor = match named {
        Some(id) => crate::users::actor_of(site, &id).await?,
        None => crate::system::bot(site, "").await?,
    };
    let props = StringMap::from([("type".into(), "local".into())]);
    Ok(Actor { roles: vec![roles::SYSTEM_ADMIN.into()], is_bot: true, props, ..actor })
}

impl FromRequestParts<Site> for Actor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self> {
        if parts.extensions.get::<Local>().is_some() {
            return local(site, &parts.headers).await;
        }
        let mut actor = of_request(site, &parts.method, &parts.headers).await?;
        actor.address = Address::of(parts, &site.config().accounts.trusted_proxies);
        let path = parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |uri| uri.path());
        if actor.is_app() && !auth::open_to_apps(&parts.method, path) {
            return Err(Error::forbidden());
        }
        if auth::mfa_is_missing(site, &actor) && !auth::open_without_mfa(path) {
            return Err(auth::mfa_required());
        }
        Ok(actor)
    }
}
