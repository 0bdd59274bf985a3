//! Ways to log in that clients ask about and this site does not offer: single sign-on and links. The answers are those of a
//! site that never handed out such a token, which is true.

use crate::Json;
use crate::{Error, Result};
use serde::Deserialize;
use serde_json::{Value, json};

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
