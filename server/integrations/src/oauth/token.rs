//! POST /oauth/access_token: a code or a refresh token becomes an access token.

use super::{grants, rules, store};
use crate::Integrations;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chat::Json;
use chat::{Result, Site};
use data_encoding::BASE64;
use serde_json::json;
use std::collections::BTreeMap;
use wire::{OAuthApp, OAuthToken};

/// A refusal: RFC 6749's word, upstream's id, and words for the developer.
struct Refused(&'static str, &'static str, &'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = if self.0 == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let body = json!({
            "error": self.0, "error_description": self.2, "id": format!("api.oauth.get_access_token.{}.app_error", self.1),
            "message": self.2, "detailed_error": "", "status_code": status.as_u16(),
        });
        (status, [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(body)).into_response()
    }
}

type Fields = BTreeMap<String, String>;

pub async fn handler(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    headers: HeaderMap,
    body: String,
) -> Result<Response> {
    let mut fields: Fields = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    if let Some((id, secret)) = basic(&headers) {
        fields.insert("client_id".into(), id);
        fields.insert("client_secret".into(), secret);
    }
    Ok(match exchange(&site, &integrations, &fields).await? {
        Ok(token) => {
            let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
            (headers, Json(token)).into_response()
        }
        Err(refused) => refused.into_response(),
    })
}

/// The client's name and secret in the `Authorization` header.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    let text = String::from_utf8(BASE64.decode(encoded.trim().as_bytes()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (id.to_owned(), secret.to_owned()))
}

async fn exchange(
    site: &Site,
    integrations: &Integrations,
    fields: &Fields,
) -> Result<std::result::Result<OAuthToken, Refused>> {
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let app = store::get(&mut site.db.read().await?, &site.keys, field("client_id")).await?;
    let Some(app) = app.filter(|app| app.is_public || rules::same(&app.client_secret, field("client_secret"))) else {
        return Ok(Err(Refused("invalid_client", "credentials", "Invalid client credentials.")));
    };
    match field("grant_type") {
        "authorization_code" => by_code(site, integrations, &app, fields).await,
        "refresh_token" => by_refresh(site, integrations, &app, field("refresh_token")).await,
        _ => Ok(Err(Refused(
            "unsupported_grant_type",
            "bad_grant",
            "Bad grant_type: authorization_code or refresh_token.",
        ))),
    }
}

async fn by_code(
    site: &Site,
    integrations: &Integrations,
    app: &OAuthApp,
    fields: &Fields,
) -> Result<std::result::Result<OAuthToken, Refused>> {
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let mut tx = site.db.write().await?;
    let taken = grants::take_code(&mut tx, field("code"), site.clock.now_ms()).await?;
    let refused = match taken.as_ref() {
        None => Some(Refused("invalid_grant", "expired_code", "Invalid or expired authorization code.")),
        Some(code) if code.app_id != app.id => {
            Some(Refused("invalid_grant", "expired_code", "Invalid or expired authorization code."))
        }
        Some(code) if code.redirect_uri != field("redirect_uri") => {
            Some(Refused("invalid_grant", "redirect_uri", "Supplied redirect_uri does not match the one of the code."))
        }
        Some(code) if !proven(&code.code_challenge, field("code_verifier")) => {
            Some(Refused("invalid_grant", "pkce", "The code_verifier does not belong to the code_challenge."))
        }
        Some(_) => None,
    };
    let result = match (refused, taken) {
        (None, Some(code)) => {
            let config = &integrations.config;
            Ok(grants::issue(site, &mut tx, config, app, &code.user_id, &code.scope).await?)
        }
        (Some(refused), _) => Err(refused),
        (None, None) => Err(Refused("invalid_grant", "expired_code", "Invalid or expired authorization code.")),
    };
    // A code is used up even by a wrong try.
    tx.commit().await?;
    Ok(result)
}

fn proven(challenge: &str, verifier: &str) -> bool {
    if challenge.is_empty() { verifier.is_empty() } else { rules::verifies(challenge, verifier) }
}

async fn by_refresh(
    site: &Site,
    integrations: &Integrations,
    app: &OAuthApp,
    refresh: &str,
) -> Result<std::result::Result<OAuthToken, Refused>> {
    let refused = || Ok(Err(Refused("invalid_grant", "refresh_token", "Invalid or expired refresh token.")));
    let mut tx = site.db.write().await?;
    let Some(grant) = grants::grant(&mut tx, refresh, site.clock.now_ms()).await? else { return refused() };
    if grant.app_id != app.id || !grants::use_up(site, &mut tx, refresh, &grant).await? {
        return refused();
    }
    let token = grants::issue(site, &mut tx, &integrations.config, app, &grant.user_id, &grant.scope).await?;
    tx.commit().await?;
    Ok(Ok(token))
}
