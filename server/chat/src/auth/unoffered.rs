//! Ways to log in that clients ask about and this site does not offer: single sign-on, and links sent by mail. The answers
//! are those of a site that never handed out such a token, which is true.

use crate::{Error, Result};
use axum::Json;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::StatusOk;

/// Body of POST /users/login/type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LoginId {
    login_id: String,
}

/// POST /users/login/type: every account logs in with its password. Who exists is not told.
pub async fn login_type(Json(who): Json<LoginId>) -> Result<Json<Value>> {
    if who.login_id.trim().is_empty() {
        return Err(Error::invalid_body("login_id", "a username or an e-mail address is wanted"));
    }
    Ok(Json(json!({"auth_service": ""})))
}

/// Body of POST /users/login/desktop_token.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DesktopToken {
    token: String,
}

/// POST /users/login/desktop_token: only single sign-on in a browser makes such tokens.
pub async fn desktop_token(Json(body): Json<DesktopToken>) -> Result<Json<Value>> {
    if body.token.is_empty() {
        return Err(Error::invalid_body("token", "a token is wanted"));
    }
    Err(Error::not_found("app.desktop_token.validate.invalid", "The token is not valid, or it has expired."))
}

/// Body of POST /users/password/reset/send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Address {
    email: String,
}

/// POST /users/password/reset/send: always OK, so that nobody learns which addresses have accounts. No mail is sent;
/// an administrator makes a link for a new password.
pub async fn send_reset(Json(body): Json<Address>) -> Result<Json<StatusOk>> {
    wanted(&body)
}

/// POST /users/email/verify/send: always OK, for the same reason. No mail is sent; an administrator vouches for the address.
pub async fn send_verification(Json(body): Json<Address>) -> Result<Json<StatusOk>> {
    wanted(&body)
}

fn wanted(body: &Address) -> Result<Json<StatusOk>> {
    if body.email.trim().is_empty() {
        return Err(Error::invalid_body("email", "an e-mail address is wanted"));
    }
    Ok(Json(StatusOk::default()))
}
