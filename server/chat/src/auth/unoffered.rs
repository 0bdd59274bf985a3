//! A way to log in that clients ask about and this site does not offer: single sign-on. The answer is that of a site that
//! never handed out such a token, which is true.

use crate::Json;
use crate::{Error, Result};
use serde::Deserialize;
use serde_json::Value;

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
