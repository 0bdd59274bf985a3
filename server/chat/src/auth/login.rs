//! POST /users/login and /users/logout.

use super::{Address, directory, entry, magic, mfa, password, sessions};
use crate::Json;
use crate::audits::{self, By};
use crate::keys::MFA_SECRET;
use crate::users::credentials::{self, Credentials};
use crate::{Actor, Error, Result, Site, error::Kind, users};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse};
use db::Tx;
use serde::Deserialize;
use wire::{StatusOk, User};

const ACTION: &str = "/api/v4/users/login";

/// Body of POST /users/login.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Login {
    /// A user's id, which may stand for the name.
    pub(super) id: String,
    pub(super) login_id: String,
    pub(super) password: String,
    /// The code of the second factor.
    pub(super) token: String,
    #[serde(alias = "deviceId")]
    pub(super) device_id: String,
    /// What rings the device.
    pub(super) voip_device_id: String,
    /// Of a guest's link, in place of name and password.
    pub(super) magic_link_token: String,
    /// Only the directory is asked.
    pub(super) ldap_only: bool,
}

/// POST /users/login/one_time_link: the token of a guest's link under its short name.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OneTimeLink {
    token: String,
    device_id: String,
    /// The code of the second factor.
    mfa_code: String,
}

pub async fn one_time_link(
    state: State<Site>,
    address: Address,
    headers: HeaderMap,
    Json(body): Json<OneTimeLink>,
) -> Result<impl IntoResponse> {
    if body.token.is_empty() {
        return Err(Error::invalid_body("token", "the token of the link is wanted"));
    }
    let body =
        Login { magic_link_token: body.token, device_id: body.device_id, token: body.mfa_code, ..Login::default() };
    login(state, address, headers, Json(body)).await
}

pub async fn login(
    State(site): State<Site>,
    address: Address,
    headers: HeaderMap,
    Json(body): Json<Login>,
) -> Result<impl IntoResponse> {
    if body.password.is_empty() && body.magic_link_token.is_empty() {
        return Err(Error::invalid("api.user.login.blank_pwd.app_error", "Password field must not be blank."));
    }
    super::device::check(&body.device_id)?;
    super::device::check(&body.voip_device_id)?;
    site.throttle().check(address, site.clock.now_ms())?;
    let (user, known) = match body.magic_link_token.as_str() {
        "" => prove(&site, &body, address).await?,
        token => magic::redeem(&site, token, address, !body.token.is_empty()).await?,
    };
    let made = admit(&site, &user, &known, &body, address, &headers).await?;
    Ok((AppendHeaders(entry::told(&site, &headers, &user.id, &made)?), Json(user)))
}

/// The account whose password it is. Whether an account exists takes as long to refuse as a wrong password.
pub(super) async fn prove(site: &Site, body: &Login, address: Address) -> Result<(User, Credentials)> {
    let mut conn = site.db.read().await?;
    let found = match body.id.as_str() {
        "" => users::by_login(&mut conn, &body.login_id).await?,
        id => users::get(&mut conn, id).await?,
    };
    if directory::decides(site, found.as_ref(), body.ldap_only) {
        drop(conn);
        return directory::prove(site, found.as_ref(), &body.login_id, &body.password, address).await;
    }
    let known = match found.filter(|u| !u.is_bot && u.remote_id.is_none()) {
        Some(user) => credentials::get(&mut conn, &user.id).await?.map(|known| (user, known)),
        None => None,
    };
    drop(conn);
    let Some((user, known)) = known else {
        password::verify_nothing(body.password.clone()).await?;
        site.throttle().failed(address, site.clock.now_ms());
        return Err(wrong());
    };
    take_attempt(site, &user.id, address).await?;
    if !password::verify(body.password.clone(), known.password.clone()).await? {
        return Err(failed(site, &user.id, address, "wrong password", wrong()).await?);
    }
    if user.delete_at != 0 {
        return Err(inactive());
    }
    Ok((user, known))
}

pub(super) fn inactive() -> Error {
    let message = "Login failed because your account has been deactivated. Please contact an administrator.";
    Error::new(Kind::Unauthorized, "api.user.login.inactive.app_error", message)
}

/// # Errors
/// 401 while the account waits.
pub(super) async fn take_attempt(site: &Site, user_id: &str, address: Address) -> Result<()> {
    let now = site.clock.now_ms();
    let forgotten = now - site.config().accounts.lock_ms();
    let most = if site.config().max_login_attempts > 0 { site.config().max_login_attempts } else { i64::MAX };
    let mut tx = site.db.write().await?;
    let taken = credentials::take_attempt(&mut tx, user_id, now, forgotten, most).await?;
    tx.commit().await?;
    if taken {
        return Ok(());
    }
    site.throttle().failed(address, now);
    let minutes = site.config().accounts.lock_minutes;
    let message = format!(
        "Your account is locked because of too many failed password attempts. Try again in {minutes} minutes, or ask an administrator."
    );
    Err(Error::new(Kind::Unauthorized, "api.user.check_user_login_attempts.too_many.app_error", message))
}

/// Notes a failure; the error to answer.
pub(super) async fn failed(site: &Site, user_id: &str, address: Address, why: &str, error: Error) -> Result<Error> {
    site.throttle().failed(address, site.clock.now_ms());
    let by = By { user_id: user_id.to_owned(), address, ..By::default() };
    let mut tx = site.db.write().await?;
    audits::record(site, &mut tx, by, ACTION, &format!("fail: {why}")).await?;
    tx.commit().await?;
    Ok(error)
}

/// Asks for the second factor of somebody whose password was right; the transaction to go on with.
pub(super) async fn second_factor(
    site: &Site,
    user: &User,
    known: &Credentials,
    code: &str,
    address: Address,
) -> Result<Tx> {
    let mut tx = site.db.write().await?;
    if known.mfa_active {
        if code.is_empty() {
            // The usual first step of a client; it says nothing against the user.
            credentials::give_back(&mut tx, &user.id).await?;
            tx.commit().await?;
            return Err(mfa::code_wanted());
        }
        let secret = site.keys.open(&MFA_SECRET, &user.id, &known.mfa_secret)?;
        if !mfa::spend_code(&mut tx, &user.id, &secret, code, site.clock.now_ms()).await? {
            drop(tx);
            return Err(failed(site, &user.id, address, "wrong code", mfa::code_wanted()).await?);
        }
    }
    Ok(tx)
}

/// Asks for the second factor and opens the session.
async fn admit(
    site: &Site,
    user: &User,
    known: &Credentials,
    body: &Login,
    address: Address,
    headers: &HeaderMap,
) -> Result<sessions::Made> {
    let mut tx = second_factor(site, user, known, &body.token, address).await?;
    credentials::logged_in(&mut tx, &user.id, site.clock.now_ms()).await?;
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let made = sessions::create(site, &mut tx, user, &body.device_id, agent).await?;
    super::device::end_others(site, &mut tx, &user.id, &made.id, &body.device_id).await?;
    super::device::keep_voip(&mut tx, &user.id, &made.id, &body.voip_device_id).await?;
    let by = By { user_id: user.id.clone(), session_id: made.id.clone(), address };
    audits::record(site, &mut tx, by, ACTION, "success").await?;
    tx.commit().await?;
    Ok(made)
}

pub(super) fn wrong() -> Error {
    let message = "Enter a valid email or username and/or password.";
    Error::new(Kind::Unauthorized, "api.user.login.invalid_credentials_email_username", message)
}

/// POST /users/{id}/reset_failed_attempts: an administrator lets a locked account try again.
pub async fn reset_failed_attempts(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
) -> Result<Json<StatusOk>> {
    if !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    let id = users::me_or(&actor, &id)?;
    let mut tx = site.db.write().await?;
    users::get(&mut tx, &id).await?.ok_or_else(users::missing)?;
    credentials::forget_attempts(&mut tx, &id).await?;
    let action = format!("/api/v4/users/{id}/reset_failed_attempts");
    audits::record(&site, &mut tx, &actor, &action, &format!("user_id={id}")).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// Ends the session of the request; without one there is nothing to end.
pub async fn logout(State(site): State<Site>, address: Address, headers: HeaderMap) -> Result<impl IntoResponse> {
    if let Ok(actor) = crate::actor::of_request(&site, &axum::http::Method::GET, &headers).await {
        end(&site, &Actor { address, ..actor }).await?;
    }
    let gone =
        ["MMAUTHTOKEN", "MMUSERID", "MMCSRF"].map(|name| (header::SET_COOKIE, format!("{name}=; Path=/; Max-Age=0")));
    Ok((AppendHeaders(gone), Json(StatusOk::default())))
}

async fn end(site: &Site, actor: &Actor) -> Result<()> {
    let mut tx = site.db.write().await?;
    sessions::end(site, &mut tx, &actor.user_id, &actor.session_id).await?;
    audits::record(site, &mut tx, actor, "/api/v4/users/logout", "").await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_driver_has_not_is_null() {
        let body = br#"{"login_id": "ana", "password": "secret", "token": null, "deviceId": null}"#;
        let login: Login = crate::json::read(body).unwrap();
        assert_eq!((login.login_id.as_str(), login.token.as_str(), login.device_id.as_str()), ("ana", "", ""));
    }
}
