//! POST /users/login and /users/logout.

use super::{password, sessions};
use crate::{Actor, Error, Result, Site, error::Kind, users};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{AppendHeaders, IntoResponse};
use serde::Deserialize;
use wire::StatusOk;

/// Body of POST /users/login.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Login {
    login_id: String,
    password: String,
    device_id: String,
}

pub async fn login(State(site): State<Site>, headers: HeaderMap, Json(body): Json<Login>) -> Result<impl IntoResponse> {
    if body.password.is_empty() {
        return Err(Error::invalid("api.user.login.blank_pwd.app_error", "Password field must not be blank."));
    }
    let found = users::by_login(&mut site.db.read().await?, &body.login_id).await?;
    let user = found.filter(|u| !u.is_bot).ok_or_else(wrong)?;
    let (hash, failed) = users::password_of(&mut site.db.read().await?, &user.id).await?.ok_or_else(wrong)?;
    if failed >= site.config.max_login_attempts {
        let message = "Your account is locked because of too many failed password attempts. Ask an administrator to reset your password.";
        return Err(Error::new(Kind::Unauthorized, "api.user.check_user_login_attempts.too_many.app_error", message));
    }
    let right = password::verify(body.password, hash).await?;
    let mut tx = site.db.write().await?;
    users::record_login(&mut tx, &user.id, right, site.clock.now_ms()).await?;
    if !right {
        tx.commit().await?;
        return Err(wrong());
    }
    if user.delete_at != 0 {
        let message = "Login failed because your account has been deactivated. Please contact an administrator.";
        return Err(Error::new(Kind::Unauthorized, "api.user.login.inactive.app_error", message));
    }
    let made = sessions::create(&site, &mut tx, &user, &body.device_id).await?;
    tx.commit().await?;
    let mut extra: Vec<(HeaderName, HeaderValue)> = Vec::new();
    let text = |v: String| HeaderValue::from_str(&v).map_err(Error::internal);
    extra.push((HeaderName::from_static("token"), text(made.token.clone())?));
    if headers.get("x-requested-with").is_some_and(|v| v == "XMLHttpRequest") {
        let age = site.config.session_length_ms / 1000;
        let secure = if site.config.site_url.starts_with("https:") { "; Secure" } else { "" };
        for (name, value, http_only) in
            [("MMAUTHTOKEN", &made.token, "; HttpOnly"), ("MMUSERID", &user.id, ""), ("MMCSRF", &made.csrf, "")]
        {
            let cookie = format!("{name}={value}; Path=/; Max-Age={age}; SameSite=Lax{http_only}{secure}");
            extra.push((header::SET_COOKIE, text(cookie)?));
        }
    }
    Ok((AppendHeaders(extra), Json(user)))
}

fn wrong() -> Error {
    let message = "Enter a valid email or username and/or password.";
    Error::new(Kind::Unauthorized, "api.user.login.invalid_credentials_email_username", message)
}

/// Ends the session of the request; without one there is nothing to end.
pub async fn logout(State(site): State<Site>, headers: HeaderMap) -> Result<impl IntoResponse> {
    if let Ok(actor) = crate::actor::of_request(&site, &axum::http::Method::GET, &headers).await {
        end(&site, &actor).await?;
    }
    let gone =
        ["MMAUTHTOKEN", "MMUSERID", "MMCSRF"].map(|name| (header::SET_COOKIE, format!("{name}=; Path=/; Max-Age=0")));
    Ok((AppendHeaders(gone), Json(StatusOk::default())))
}

async fn end(site: &Site, actor: &Actor) -> Result<()> {
    let mut tx = site.db.write().await?;
    sessions::delete(&mut tx, &actor.user_id, &actor.session_id).await?;
    let (hub, user, session) = (site.hub.clone(), actor.user_id.clone(), actor.session_id.clone());
    tx.after_commit(move || hub.end_sessions(&user, Some(&session)));
    Ok(tx.commit().await?)
}
