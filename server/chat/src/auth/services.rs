//! How an account is opened: by its password, by a link, or by a service that vouches for the user. Chat knows no such
//! service itself: crates that stand on this one do, and meet it in [`BrowserLogin`].

use super::login::{self, Login};
use super::{Address, directory_switch, end_others, password};
use crate::audits::{self, By};
use crate::error::Kind;
use crate::roles::Permission;
use crate::users::{self, credentials};
use crate::{Actor, Error, Json, Result, Site};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use db::Tx;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use wire::User;

/// What the protocol calls a password.
const EMAIL: &str = "email";
const OAUTH: [&str; 4] = ["gitlab", "google", "office365", "openid"];

fn is_known(service: &str) -> bool {
    OAUTH.contains(&service) || ["ldap", "saml", super::MAGIC_SERVICE].contains(&service)
}

/// Body of POST /users/login/switch.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Switch {
    current_service: String,
    new_service: String,
    pub(super) email: String,
    pub(super) new_password: String,
    /// The name that some clients give the new password; with a directory, the one that opens the account now.
    pub(super) password: String,
    /// The name in the directory.
    pub(super) ldap_id: String,
    /// The code of the second factor.
    pub(super) mfa_code: String,
}

/// Why this site cannot switch an account to `service`.
fn not_available(service: &str) -> Error {
    let id = match service {
        "ldap" => "api.user.email_to_ldap.not_available.app_error",
        _ => "api.user.authorize_oauth_user.unsupported.app_error",
    };
    Error::new(Kind::NotImplemented, id, format!("This site has no login by {service}."))
}

/// A login service as login pages show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginService {
    /// As accounts and paths name it: `openid`, `gitlab`, …
    pub name: String,
    /// Words on the button.
    pub text: String,
    /// `#rrggbb`; empty: the client's own.
    pub color: String,
}

/// Where a browser goes to prove who its user is, and the cookie by which it is known when it comes back.
#[derive(Clone, Debug)]
pub struct Follow {
    pub link: String,
    /// A `Set-Cookie` header.
    pub cookie: HeaderValue,
}

/// Services that prove in a browser who somebody is. Whoever offers them keeps an `Arc` of this in the [`Site`].
pub trait BrowserLogin: Send + Sync {
    fn offers(&self, service: &str) -> bool;
    /// Begins to switch the account, whose password was right, to `service`.
    ///
    /// # Errors
    /// When it cannot be begun.
    fn begin_switch(&self, site: &Site, headers: &HeaderMap, user: &User, service: &str) -> Result<Follow>;
}

/// POST /users/login/switch: to the directory and back by both passwords; to a service by the password and in a browser; from
/// one back to a password, for somebody who is logged in.
pub async fn switch(
    State(site): State<Site>,
    address: Address,
    headers: HeaderMap,
    Json(body): Json<Switch>,
) -> Result<Response> {
    for (field, service) in [("current_service", &body.current_service), ("new_service", &body.new_service)] {
        if service != EMAIL && !is_known(service) {
            return Err(Error::invalid_body(field, "email or the name of a login service is wanted"));
        }
    }
    if body.current_service == body.new_service {
        return Err(Error::invalid_body("new_service", "it is the current one"));
    }
    if let Some(directory) = site.directory() {
        let done = || Json(json!({"follow_link": "/login?extra=signin_change"})).into_response();
        match (body.current_service.as_str(), body.new_service.as_str()) {
            (EMAIL, new) if new == directory.service() => {
                directory_switch::to_directory(&site, &body, address).await?;
                return Ok(done());
            }
            (current, EMAIL) if current == directory.service() => {
                directory_switch::to_password(&site, &body, address).await?;
                return Ok(done());
            }
            _ => {}
        }
    }
    match (body.current_service.as_str(), body.new_service.as_str()) {
        (_, EMAIL) => Ok(to_a_password(&site, &headers, body).await?.into_response()),
        (EMAIL, _) => Ok(to_a_service(&site, &headers, address, body).await?.into_response()),
        (_, service) => Err(not_available(service)),
    }
}

/// For somebody who has the password: nothing is changed before the service has said who it is.
async fn to_a_service(
    site: &Site,
    headers: &HeaderMap,
    address: Address,
    body: Switch,
) -> Result<(AppendHeaders<[(HeaderName, HeaderValue); 1]>, Json<Value>)> {
    let service = body.new_service;
    let browser = site.kept::<Arc<dyn BrowserLogin>>().filter(|b| b.offers(&service));
    let browser = browser.ok_or_else(|| not_available(&service))?;
    site.throttle().check(address, site.clock.now_ms())?;
    let given = Login { login_id: body.email, password: body.password, ..Login::default() };
    let (user, known) = login::prove(site, &given, address).await?;
    let mut tx = login::second_factor(site, &user, &known, &body.mfa_code, address).await?;
    // It was no failure, and no login either.
    credentials::give_back(&mut tx, &user.id).await?;
    tx.commit().await?;
    if !user.auth_service.is_empty() {
        return Err(Error::invalid_body("current_service", "the account is not opened by a password"));
    }
    let Follow { link, cookie } = browser.begin_switch(site, headers, &user, &service)?;
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Json(json!({"follow_link": link}))))
}

/// From now on `service`, which knows the user by `data`, opens the account and its password does not; every session ends.
/// The caller has made sure that nobody else is known by that.
///
/// # Errors
/// When the database fails.
pub async fn switch_to(
    site: &Site,
    tx: &mut Tx,
    user: &User,
    service: &str,
    data: &str,
    address: Address,
) -> Result<()> {
    credentials::set_service(tx, &user.id, service, data, site.clock.now_ms()).await?;
    end_others(site, tx, &user.id, "").await?;
    let by = By { user_id: user.id.clone(), address, ..By::default() };
    audits::record(site, tx, by, "/api/v4/users/login/switch", &format!("to {service}")).await
}

/// For somebody who is logged in.
async fn to_a_password(site: &Site, headers: &HeaderMap, body: Switch) -> Result<Json<Value>> {
    let actor = crate::actor::of_request(site, &Method::POST, headers).await?;
    let new = if body.new_password.is_empty() { body.password } else { body.new_password };
    users::check_password(&new, &site.config().accounts)?;
    let hash = password::hash(new).await?;
    let mut tx = site.db.write().await?;
    let user = users::get(&mut tx, &actor.user_id).await?.ok_or_else(users::missing)?;
    if user.email != body.email.trim().to_lowercase() || actor.is_app() {
        return Err(Error::forbidden());
    }
    if user.auth_service != body.current_service {
        return Err(Error::invalid_body("current_service", "the account is not opened by it"));
    }
    let now = site.clock.now_ms();
    credentials::set_service(&mut tx, &user.id, "", "", now).await?;
    credentials::set_password(&mut tx, &user.id, &hash, now).await?;
    end_others(site, &mut tx, &user.id, "").await?;
    audits::record(site, &mut tx, &actor, "/api/v4/users/login/switch", "to a password").await?;
    tx.commit().await?;
    Ok(Json(json!({"follow_link": "/login?extra=signin_change"})))
}

/// Body and answer of PUT /users/{id}/auth.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct UserAuth {
    #[serde(skip_serializing_if = "String::is_empty")]
    password: String,
    auth_data: String,
    auth_service: String,
}

/// PUT /users/{id}/auth: an administrator says what opens the account from now on. Who is logged in stays so.
pub async fn set(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(wanted): Json<UserAuth>,
) -> Result<Json<UserAuth>> {
    actor.require(Permission("edit_other_users"))?;
    let id = if id == "me" { actor.user_id.clone() } else { id };
    let by_password = wanted.auth_service.is_empty() || wanted.auth_service == EMAIL;
    if !by_password && !is_known(&wanted.auth_service) {
        return Err(Error::invalid_body("auth_service", "email or the name of a login service is wanted"));
    }
    if by_password != wanted.auth_data.is_empty() && wanted.auth_service != super::MAGIC_SERVICE {
        return Err(Error::invalid_body("auth_data", "what the service knows the user by; nothing for a password"));
    }
    let mut hash = String::new();
    if by_password {
        users::check_password(&wanted.password, &site.config().accounts)?;
        hash = password::hash(wanted.password).await?;
    }
    let service = if by_password { String::new() } else { wanted.auth_service };
    let now = site.clock.now_ms();
    let mut tx = site.db.write().await?;
    let user = users::get(&mut tx, &id).await?.filter(|u| !u.is_bot).ok_or_else(users::missing)?;
    // Who may not administer the system does not take over who does.
    if !actor.is_system_admin() && user.roles.split_whitespace().any(|r| r == crate::roles::SYSTEM_ADMIN) {
        return Err(Error::forbidden());
    }
    credentials::set_service(&mut tx, &id, &service, &wanted.auth_data, now).await?;
    if by_password {
        credentials::set_password(&mut tx, &id, &hash, now).await?;
    }
    let info = format!("user_id={id} auth_service={service}");
    audits::record(&site, &mut tx, &actor, &format!("/api/v4/users/{id}/auth"), &info).await?;
    tx.commit().await?;
    Ok(Json(UserAuth { password: String::new(), auth_data: wanted.auth_data, auth_service: service }))
}
