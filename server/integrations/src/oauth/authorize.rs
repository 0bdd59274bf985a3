//! A user is asked whether an application may act for them, in a browser that is logged in.

use super::grants::{self, Code};
use super::{apps, page, rules, store};
use axum::extract::{OriginalUri, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use chat::Json;
use chat::{Actor, Error, Result, Site, actor, users};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::{OAuthApp, StatusOk};

/// What an application asks for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    state: String,
    scope: String,
    code_challenge: String,
    code_challenge_method: String,
    /// Of the form only: proof that our own page sent it.
    #[serde(skip_serializing)]
    csrf: String,
}

fn invalid(what: &str, message: &str) -> Error {
    Error::invalid(&format!("model.authorize.is_valid.{what}.app_error"), message)
}

/// The application, if it may be sent answers at this address. Before that is known, nobody is redirected.
async fn known(site: &Site, asked: &Asked) -> Result<OAuthApp> {
    let app = store::get(&mut site.db.read().await?, &site.keys, &asked.client_id).await?.ok_or_else(apps::missing)?;
    if !app.callback_urls.contains(&asked.redirect_uri) {
        let message = "Invalid redirect_uri: it is none of the application's callback URLs.";
        return Err(Error::invalid("api.oauth.allow_oauth.redirect_callback.app_error", message));
    }
    Ok(app)
}

/// What is wrong with the rest, as RFC 6749 names it and in words.
fn wrong(app: &OAuthApp, asked: &Asked) -> Option<(&'static str, &'static str)> {
    if asked.response_type != "code" {
        return Some(("unsupported_response_type", "Invalid response_type: it is code."));
    }
    if !["", rules::SCOPE].contains(&asked.scope.as_str()) {
        return Some(("invalid_scope", "Invalid scope: there is only user."));
    }
    let challenge = asked.code_challenge.as_str();
    if challenge.is_empty() && app.is_public {
        return Some(("invalid_request", "Invalid code_challenge: public clients need PKCE."));
    }
    if !challenge.is_empty() && (asked.code_challenge_method != "S256" || challenge.len() != 43) {
        return Some((
            "invalid_request",
            "Invalid code_challenge: the method is S256, the challenge has 43 characters.",
        ));
    }
    None
}

/// GET /oauth/authorize: asks the user, unless the application is trusted or allowed already.
pub async fn show(
    State(site): State<Site>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let app = match known(&site, &asked).await {
        Ok(app) => app,
        Err(error) => return page::refuse(error.status(), &error.message),
    };
    if let Some((code, words)) = wrong(&app, &asked) {
        return Redirect::to(&refusal(&asked, code, words)).into_response();
    }
    let Ok(actor) = actor::of_request(&site, &Method::GET, &headers).await else {
        return Redirect::to(&with_return(uri.path_and_query().map_or("/", |p| p.as_str()))).into_response();
    };
    match answer(&site, &app, &actor, &asked).await {
        Ok(response) => response,
        Err(error) => page::refuse(error.status(), &error.message),
    }
}

async fn answer(site: &Site, app: &OAuthApp, actor: &Actor, asked: &Asked) -> Result<Response> {
    if actor.is_app() || actor.is_bot {
        return Err(Error::forbidden());
    }
    let mut conn = site.db.read().await?;
    let allowed = app.is_trusted || store::is_authorized(&mut conn, &actor.user_id, &app.id, rules::SCOPE).await?;
    let user = users::get(&mut conn, &actor.user_id).await?.unwrap_or_default();
    drop(conn);
    if allowed {
        return Ok(Redirect::to(&allow(site, actor, app, asked).await?).into_response());
    }
    let csrf = actor.props.get("csrf").map(String::as_str).unwrap_or_default();
    let fields = [
        ("response_type", asked.response_type.as_str()),
        ("client_id", &asked.client_id),
        ("redirect_uri", &asked.redirect_uri),
        ("state", &asked.state),
        ("scope", &asked.scope),
        ("code_challenge", &asked.code_challenge),
        ("code_challenge_method", &asked.code_challenge_method),
        ("csrf", csrf),
    ];
    let no = refusal(asked, "access_denied", "The user said no.");
    Ok(page::ask(&app.name, &site.config().site_name, &app.homepage, &user.username, &fields, &no))
}

fn with_return(here: &str) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("redirect_to", here).finish();
    format!("/login?{query}")
}

fn refusal(asked: &Asked, code: &str, words: &str) -> String {
    let parameters = [("error", code), ("error_description", words), ("state", asked.state.as_str())];
    rules::with_query(&asked.redirect_uri, &parameters)
}

/// Where the browser goes with a new code.
async fn allow(site: &Site, actor: &Actor, app: &OAuthApp, asked: &Asked) -> Result<String> {
    let code = Code {
        app_id: app.id.clone(),
        user_id: actor.user_id.clone(),
        redirect_uri: asked.redirect_uri.clone(),
        scope: rules::SCOPE.into(),
        code_challenge: asked.code_challenge.clone(),
    };
    let now = site.clock.now_ms();
    let mut tx = site.db.write().await?;
    store::authorize(&mut tx, &actor.user_id, &app.id, rules::SCOPE, now).await?;
    let secret = grants::new_code(&mut tx, &code, now).await?;
    tx.commit().await?;
    Ok(rules::with_query(&asked.redirect_uri, &[("code", &secret), ("state", &asked.state)]))
}

/// POST /oauth/authorize: the user said yes; clients send JSON and are told where to go, our own page sends a form.
pub async fn accept(State(site): State<Site>, request: Request) -> Result<Response> {
    let headers = request.headers().clone();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let form = kind.starts_with("application/x-www-form-urlencoded");
    let body = axum::body::to_bytes(request.into_body(), 64 << 10).await.unwrap_or_else(|_| Bytes::new());
    let (actor, asked) =
        if form { of_form(&site, &headers, &body).await? } else { of_json(&site, &headers, &body).await? };
    if actor.is_app() || actor.is_bot {
        return Err(Error::forbidden());
    }
    let app = known(&site, &asked).await?;
    if let Some((_, words)) = wrong(&app, &asked) {
        return Err(invalid("request", words));
    }
    let redirect = allow(&site, &actor, &app, &asked).await?;
    if form {
        return Ok((StatusCode::SEE_OTHER, [(header::LOCATION, redirect)]).into_response());
    }
    Ok(Json(json!({"redirect": redirect})).into_response())
}

async fn of_json(site: &Site, headers: &HeaderMap, body: &[u8]) -> Result<(Actor, Asked)> {
    let actor = actor::of_request(site, &Method::POST, headers).await?;
    let asked = serde_json::from_slice(body).map_err(|e| Error::invalid_body("authorize_request", &e.to_string()))?;
    Ok((actor, asked))
}

/// A form has no headers of ours: the session's own secret in a field says that it is not another site's.
async fn of_form(site: &Site, headers: &HeaderMap, body: &[u8]) -> Result<(Actor, Asked)> {
    let actor = actor::of_request(site, &Method::GET, headers).await?;
    let fields: serde_json::Map<String, Value> =
        url::form_urlencoded::parse(body).map(|(k, v)| (k.into_owned(), Value::from(v.into_owned()))).collect();
    let asked: Asked = serde_json::from_value(fields.into()).unwrap_or_default();
    let own = actor.props.get("csrf").map(String::as_str).unwrap_or_default();
    if !rules::same(own, &asked.csrf) {
        return Err(Error::forbidden());
    }
    Ok((actor, asked))
}

/// Body of POST /oauth/deauthorize.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Which {
    client_id: String,
}

/// POST /oauth/deauthorize: the application's sessions end.
pub async fn deauthorize(State(site): State<Site>, actor: Actor, Json(body): Json<Which>) -> Result<Json<StatusOk>> {
    if body.client_id.is_empty() {
        return Err(Error::invalid("api.oauth.deauthorize.client_id.app_error", "Invalid or missing client_id."));
    }
    let mut tx = site.db.write().await?;
    store::deauthorize(&mut tx, &actor.user_id, &body.client_id).await?;
    grants::revoke(&site, &mut tx, &body.client_id, &actor.user_id).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
