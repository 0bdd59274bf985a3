//! POST `/users/login/desktop_token` and `/users/login/sso/code-exchange`: an app fetches the session of a login that
//! happened in a browser.

use crate::tokens::{self, Kind, Stood};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse};
use chat::auth::{self, Address, Entrance, Made};
use chat::error::Kind as Failure;
use chat::{Error, Json, Result, Site, users};
use db::Tx;
use serde::{Deserialize, Serialize};
use wire::User;

/// Body of POST /users/login/desktop_token.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DesktopToken {
    token: String,
    #[serde(alias = "deviceId")]
    device_id: String,
}

/// POST /users/login/desktop_token
pub async fn desktop_token(
    State(site): State<Site>,
    address: Address,
    headers: HeaderMap,
    Json(body): Json<DesktopToken>,
) -> Result<impl IntoResponse> {
    if body.token.is_empty() {
        return Err(Error::invalid_body("token", "a token is wanted"));
    }
    let invalid = || {
        let message = "The token is not valid, or it has expired.";
        Error::new(Failure::Unauthorized, "app.desktop_token.validate.invalid", message)
    };
    let stood = take(&site, Kind::Desktop, &body.token).await?.ok_or_else(invalid)?;
    let entrance = Entrance {
        action: "/api/v4/users/login/desktop_token",
        device_id: &body.device_id,
        address,
        ..Entrance::default()
    };
    let (user, made) = enter(&site, &headers, &stood, entrance).await?;
    Ok((AppendHeaders(auth::told(&site, &headers, &user.id, &made)?), Json(user)))
}

/// Body of POST /users/login/sso/code-exchange.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CodeExchange {
    login_code: String,
    code_verifier: String,
    state: String,
}

/// What a mobile app gets for its code.
#[derive(Debug, Serialize)]
pub struct Exchanged {
    token: String,
    csrf: String,
}

/// POST /users/login/sso/code-exchange
pub async fn code_exchange(
    State(site): State<Site>,
    address: Address,
    headers: HeaderMap,
    Json(body): Json<CodeExchange>,
) -> Result<Json<Exchanged>> {
    for (field, value) in
        [("login_code", &body.login_code), ("code_verifier", &body.code_verifier), ("state", &body.state)]
    {
        if value.is_empty() {
            return Err(Error::invalid_body(field, "it is missing"));
        }
    }
    let expired = || {
        let message = "The login code is not valid, or it has expired.";
        Error::invalid("api.oauth.get_access_token.expired_code.app_error", message)
    };
    let stood = take(&site, Kind::Code, &body.login_code).await?.ok_or_else(expired)?;
    if !stood.belongs_to(&body.code_verifier, &body.state) {
        let message = "code_verifier or state is not that of the login.";
        return Err(Error::invalid("api.oauth.get_access_token.bad_request.app_error", message));
    }
    let entrance =
        Entrance { action: "/api/v4/users/login/sso/code-exchange", mobile: true, address, ..Entrance::default() };
    let (_, made) = enter(&site, &headers, &stood, entrance).await?;
    Ok(Json(Exchanged { token: made.token, csrf: made.csrf }))
}

/// Uses a token up; `None` when it opens nothing.
async fn take(site: &Site, kind: Kind, token: &str) -> Result<Option<Stood>> {
    let mut tx = site.db.write().await?;
    let stood = tokens::take(&mut tx, kind, token).await?;
    tx.commit().await?;
    Ok(stood.filter(|s| s.in_time(site.clock.now_ms())))
}

async fn enter(site: &Site, headers: &HeaderMap, stood: &Stood, entrance: Entrance<'_>) -> Result<(User, Made)> {
    let user_agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut tx: Tx = site.db.write().await?;
    let gone = || Error::not_found("app.user.missing_account.const", "Unable to find the user.");
    // The account may be opened otherwise by now.
    let user = users::get(&mut tx, &stood.user_id).await?.filter(|u| u.auth_service == stood.service);
    let user = user.ok_or_else(gone)?;
    let entrance = Entrance { service: &stood.service, user_agent, ..entrance };
    let made = auth::enter(site, &mut tx, &user, &entrance).await?;
    tx.commit().await?;
    Ok((user, made))
}
