//! GET `/oauth/{service}/login`, `/signup` and `/mobile_login`: off to the provider.

use crate::Sso;
use crate::flow::{self, Asked, Flow, Leaving, Purpose};
use crate::trouble::{Trouble, to};
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum_extra::extract::CookieJar;
use chat::Site;
use chat::auth::{self, BrowserLogin, Follow};
use openidconnect::{CsrfToken, Nonce, PkceCodeChallenge};
use wire::User;

/// What a login under way is sealed as.
pub const FLOW: &str = "login";
const SWITCH: &str = "switch";
/// The cookie of an account on its way to a service.
const SWITCH_COOKIE: &str = "MUSTER_SSO_SWITCH";

/// Seconds that a cookie lives when it is taken away.
const GONE: i64 = 0;

/// A cookie that scripts cannot read and that comes back with the user from the provider.
pub fn cookie(site: &Site, headers: &HeaderMap, name: &str, value: &str, seconds: i64) -> Option<HeaderValue> {
    let encrypted = auth::is_encrypted(headers) || site.config().site_url.starts_with("https:");
    let secure = if encrypted { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; SameSite=Lax; HttpOnly{secure}");
    HeaderValue::from_str(&text).ok()
}

/// Takes a cookie away.
pub fn no_cookie(site: &Site, headers: &HeaderMap, name: &str) -> Option<HeaderValue> {
    cookie(site, headers, name, "", GONE)
}

/// Adds cookies to an answer.
pub fn with(mut response: Response, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// `/login` and `/signup` are the same: whoever has no account gets one, or none.
pub async fn login(
    State(site): State<Site>,
    Extension(sso): Extension<Sso>,
    Path(service): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Response {
    let purpose = if asked.switches() {
        sso.leaving(&jar, &service, site.clock.now_ms())
    } else {
        flow::purpose(&asked, false, &sso.config)
    };
    sso.begin(&site, &headers, &service, purpose).await
}

pub async fn mobile(
    State(site): State<Site>,
    Extension(sso): Extension<Sso>,
    Path(service): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let purpose = flow::purpose(&asked, true, &sso.config);
    sso.begin(&site, &headers, &service, purpose).await
}

impl Sso {
    /// The account that this browser gave the password of.
    fn leaving(&self, jar: &CookieJar, service: &str, now: i64) -> Result<Purpose, Trouble> {
        let sealed = jar.get(SWITCH_COOKIE).ok_or(Trouble::State)?;
        let leaving: Leaving = self.seal.open(SWITCH, sealed.value()).ok_or(Trouble::State)?;
        if leaving.service != service || leaving.expires_at <= now {
            return Err(Trouble::State);
        }
        Ok(Purpose::Switch { user_id: leaving.user_id })
    }

    async fn begin(
        &self,
        site: &Site,
        headers: &HeaderMap,
        service: &str,
        purpose: Result<Purpose, Trouble>,
    ) -> Response {
        match self.address(site, headers, service, purpose).await {
            Ok((address, cookie)) => with(to(&address), [Some(cookie), no_cookie(site, headers, SWITCH_COOKIE)]),
            Err(trouble) => trouble.shown(service),
        }
    }

    async fn address(
        &self,
        site: &Site,
        headers: &HeaderMap,
        service: &str,
        purpose: Result<Purpose, Trouble>,
    ) -> Result<(String, HeaderValue), Trouble> {
        let provider = self.provider(service)?;
        let now = site.clock.now_ms();
        let (_, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = Flow {
            service: service.to_owned(),
            state: CsrfToken::new_random_len(32).secret().clone(),
            nonce: Nonce::new_random_len(32).secret().clone(),
            verifier: verifier.secret().clone(),
            redirect_uri: auth::link(site, headers, &format!("/signup/{service}/complete")),
            expires_at: now + self.login_ms(),
            purpose: purpose?,
        };
        let address = provider.address(&self.http, now, &flow).await?;
        let sealed = self.seal.close(FLOW, &flow);
        let cookie = sealed.and_then(|s| cookie(site, headers, &flow::cookie(&flow.state), &s, self.login_ms() / 1000));
        let cookie = cookie.ok_or_else(|| Trouble::Site(chat::Error::internal("a login could not be sealed")))?;
        Ok((address, cookie))
    }
}

impl BrowserLogin for Sso {
    fn offers(&self, service: &str) -> bool {
        self.provider(service).is_ok()
    }

    fn begin_switch(&self, site: &Site, headers: &HeaderMap, user: &User, service: &str) -> chat::Result<Follow> {
        let expires_at = site.clock.now_ms() + self.login_ms();
        let leaving = Leaving { user_id: user.id.clone(), service: service.to_owned(), expires_at };
        let sealed = self.seal.close(SWITCH, &leaving);
        let cookie = sealed.and_then(|s| cookie(site, headers, SWITCH_COOKIE, &s, self.login_ms() / 1000));
        let cookie = cookie.ok_or_else(|| chat::Error::internal("a switch could not be sealed"))?;
        let link = auth::link(site, headers, &format!("/oauth/{service}/login?action=email_to_sso"));
        Ok(Follow { link, cookie })
    }
}
