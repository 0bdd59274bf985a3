//! Codes that go out by mail. The answer is always OK, so that nobody learns which addresses have accounts; on a site
//! without mail nothing happens, and an administrator makes a link or vouches for the address.

use super::{Address, codes};
use crate::Json;
use crate::audits::{self, By};
use crate::mail::{self, Mail};
use crate::{Error, Result, Site, users};
use axum::extract::State;
use serde::Deserialize;
use wire::StatusOk;

/// A user gets one mail of a kind within this time, milliseconds.
const PAUSE_MS: i64 = 60 * 1000;

/// Body of POST /users/password/reset/send and /users/email/verify/send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct To {
    email: String,
}

/// POST /users/password/reset/send
pub async fn send_reset(State(site): State<Site>, address: Address, Json(body): Json<To>) -> Result<Json<StatusOk>> {
    let hours = site.config().accounts.reset_link_hours;
    let says = |link: &str| {
        (
            "Choose a new password".to_owned(),
            format!(
                "Somebody, probably you, asked for a new password on {}.\n\nChoose it here within {hours} hours:\n{link}\n\n\
                 If it was not you, do nothing: your password stays.\n",
                site.config().site_name
            ),
        )
    };
    post(&site, address, &body.email, codes::PASSWORD, "/reset_password_complete", says).await
}

/// POST /users/email/verify/send
pub async fn send_verification(
    State(site): State<Site>,
    address: Address,
    Json(body): Json<To>,
) -> Result<Json<StatusOk>> {
    let says = |link: &str| {
        let text = format!("Open this link to show that this address is yours:\n{link}\n");
        (format!("Your address on {}", site.config().site_name), text)
    };
    post(&site, address, &body.email, codes::EMAIL, "/do_verify_email", says).await
}

async fn post(
    site: &Site,
    address: Address,
    email: &str,
    kind: &str,
    page: &str,
    says: impl Fn(&str) -> (String, String),
) -> Result<Json<StatusOk>> {
    if email.trim().is_empty() {
        return Err(Error::invalid_body("email", "an e-mail address is wanted"));
    }
    if !mail::is_on(site) {
        return Ok(Json(StatusOk::default()));
    }
    let (email, now) = (email.trim().to_lowercase(), site.clock.now_ms());
    let mut tx = site.db.write().await?;
    let user = users::by_login(&mut tx, &email)
        .await?
        .filter(|u| u.email == email && u.delete_at == 0 && !u.is_bot && u.remote_id.is_none());
    let user = user.filter(|u| u.auth_service.is_empty() || kind != codes::PASSWORD);
    let Some(user) = user else { return Ok(Json(StatusOk::default())) };
    if now - codes::newest(&mut tx, &user.id, kind).await? < PAUSE_MS {
        return Ok(Json(StatusOk::default()));
    }
    let expires_at = now + site.config().accounts.reset_link_ms();
    let code = codes::make(&mut tx, kind, &user, "", now, expires_at).await?;
    let by = By { user_id: user.id.clone(), address, ..By::default() };
    audits::record(site, &mut tx, by, &format!("/api/v4/users/{kind}/send"), "").await?;
    tx.commit().await?;
    let (subject, text) = says(&format!("{}{page}?token={code}", site.config().site_url));
    mail::send(site, Mail { to: user.email, subject, text })?;
    Ok(Json(StatusOk::default()))
}
