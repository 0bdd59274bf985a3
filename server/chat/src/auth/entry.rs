//! Opening a session: for whoever has been proved to be who they say, by a password here or by a login service elsewhere.

use super::sessions::{self, Made};
use super::{Address, device, links};
use crate::audits::{self, By};
use crate::error::Kind;
use crate::users::credentials;
use crate::{Actor, Error, Result, Site};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use db::Tx;
use wire::User;

/// Seconds that browsers keep a cookie at most. The server decides when the session behind it ends.
const COOKIE_AGE: i64 = 400 * 24 * 3600;
/// Property of the sessions of those who came in through a login service, as upstream names it.
const BY_SERVICE: &str = "isOAuthUser";

/// How somebody comes in whom a login service vouches for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entrance<'a> {
    /// For the audit: the path of the call.
    pub action: &'a str,
    /// The service that vouches.
    pub service: &'a str,
    pub device_id: &'a str,
    /// The client is a mobile app, though a browser makes the request for it.
    pub mobile: bool,
    pub user_agent: &'a str,
    pub address: Address,
}

/// Whether a login service vouched for the user of this session.
pub fn by_service(actor: &Actor) -> bool {
    actor.props.get(BY_SERVICE).is_some_and(|v| v == "true")
}

/// Opens a session. The service has asked for whatever proof it wants; passwords and codes of this site play no part.
///
/// # Errors
/// 401 for a deactivated account.
pub async fn enter(site: &Site, tx: &mut Tx, user: &User, entrance: &Entrance<'_>) -> Result<Made> {
    if user.delete_at != 0 {
        let message = "Login failed because your account has been deactivated. Please contact an administrator.";
        return Err(Error::new(Kind::Unauthorized, "api.user.login.inactive.app_error", message));
    }
    device::check(entrance.device_id)?;
    credentials::logged_in(tx, &user.id, site.clock.now_ms()).await?;
    let mut more = vec![(BY_SERVICE, "true")];
    if entrance.mobile {
        more.push(("isMobile", "true"));
    }
    let made = sessions::create_with(site, tx, user, entrance.device_id, entrance.user_agent, &more).await?;
    device::end_others(site, tx, &user.id, &made.id, entrance.device_id).await?;
    let by = By { user_id: user.id.clone(), session_id: made.id.clone(), address: entrance.address };
    audits::record(site, tx, by, entrance.action, &format!("success service={}", entrance.service)).await?;
    Ok(made)
}

/// What the answer says of a session: its token in a header, and for browsers the cookies.
///
/// # Errors
/// None that a session made here could cause.
pub fn told(site: &Site, headers: &HeaderMap, user_id: &str, made: &Made) -> Result<Vec<(HeaderName, HeaderValue)>> {
    let mut all = vec![(HeaderName::from_static("token"), text(made.token.clone())?)];
    if headers.get("x-requested-with").is_some_and(|v| v == "XMLHttpRequest") {
        all.extend(cookies(site, headers, user_id, made)?);
    }
    Ok(all)
}

/// The cookies by which a browser keeps the session.
///
/// # Errors
/// None that a session made here could cause.
pub fn cookies(site: &Site, headers: &HeaderMap, user_id: &str, made: &Made) -> Result<Vec<(HeaderName, HeaderValue)>> {
    let config = site.config();
    let age = if config.accounts.session_extend { COOKIE_AGE } else { config.session_length_ms / 1000 };
    // Over a connection that the client knows as encrypted, or it would not send the cookie back.
    let encrypted = links::is_encrypted(headers) || config.site_url.starts_with("https:");
    let secure = if encrypted { "; Secure" } else { "" };
    let all =
        [("MMAUTHTOKEN", made.token.as_str(), "; HttpOnly"), ("MMUSERID", user_id, ""), ("MMCSRF", &made.csrf, "")];
    all.into_iter()
        .map(|(name, value, http_only)| {
            let cookie = format!("{name}={value}; Path=/; Max-Age={age}; SameSite=Lax{http_only}{secure}");
            Ok((header::SET_COOKIE, text(cookie)?))
        })
        .collect()
}

fn text(value: String) -> Result<HeaderValue> {
    HeaderValue::from_str(&value).map_err(Error::internal)
}
