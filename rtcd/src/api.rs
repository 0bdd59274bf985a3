//! The HTTP API: routes and thin handlers.

use crate::auth::{Auth, Caller};
use crate::config::Config;
use crate::error::ApiError;
use crate::load::Load;
use crate::media::Media;
use crate::metrics::Metrics;
use crate::socket;
use crate::switchboard::Switchboard;
use axum::extract::{FromRequestParts, Path, State, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use rtcd_client::{MAX_FRAME, System, Version};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What handlers need.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub auth: Arc<Auth>,
    pub media: Media,
    pub switchboard: Arc<Switchboard>,
    pub metrics: Metrics,
    pub load: Arc<Load>,
    pub stop: CancellationToken,
}

/// All routes.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/version", get(version))
        .route("/system", get(system))
        .route("/metrics", get(metrics))
        .route("/login", post(login))
        .route("/register", post(register))
        .route("/unregister", post(unregister))
        .route("/calls/{call}/sessions", get(sessions))
        .route("/calls/{call}/sessions/{session}", get(session))
        .route("/ws", get(web_socket))
        // Upstream answers a wrong method like a wrong path.
        .method_not_allowed_fallback(|| async { (StatusCode::NOT_FOUND, "404 page not found\n") })
        .layer(axum::extract::DefaultBodyLimit::max(MAX_FRAME))
        .with_state(app)
}

async fn ready(State(app): State<App>) -> impl IntoResponse {
    match app.media.totals().await {
        Some(_) => (StatusCode::OK, Json(json!({ "ready": true }))),
        None => {
            let body = json!({ "ready": false, "reason": "the media thread does not answer" });
            (StatusCode::SERVICE_UNAVAILABLE, Json(body))
        }
    }
}

async fn version() -> Json<Version> {
    Json(Version {
        build_date: String::new(),
        // Chat servers ask for at least 0.17.0, and clients lock and read media maps from 1.1.0 and 1.2.2 on.
        build_version: "v1.2.6".into(),
        build_hash: env!("CARGO_PKG_VERSION").into(),
        go_version: "rust".into(),
        go_os: std::env::consts::OS.into(),
        go_arch: std::env::consts::ARCH.into(),
    })
}

async fn system(State(app): State<App>) -> Json<System> {
    Json(System { cpu_load: app.load.get() })
}

async fn metrics(State(app): State<App>) -> Result<Response, ApiError> {
    let totals = app.media.totals().await.unwrap_or_default();
    let text = app.metrics.text(&totals).map_err(|e| ApiError::Internal("metrics", e.to_string()))?;
    Ok(([(http::header::CONTENT_TYPE, crate::metrics::CONTENT_TYPE)], text).into_response())
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Credentials {
    #[serde(rename = "clientID")]
    client_id: String,
    #[serde(rename = "authKey")]
    auth_key: String,
}

fn parse(what: &str, body: &str) -> Result<Credentials, ApiError> {
    serde_json::from_str(body).map_err(|e| ApiError::Invalid(format!("{what} failed: {e}")))
}

async fn login(State(app): State<App>, body: String) -> Result<Response, ApiError> {
    let asked = parse("login", &body)?;
    app.auth.check(&asked.client_id, &asked.auth_key).await.map_err(|e| match e {
        ApiError::Unauthorised(_) => ApiError::Invalid("login failed: authentication failed".into()),
        other => other,
    })?;
    Ok(Json(json!({ "bearerToken": app.auth.token(&asked.client_id), "code": "200" })).into_response())
}

async fn register(State(app): State<App>, headers: HeaderMap, body: String) -> Result<Response, ApiError> {
    if !app.auth.is_open() {
        app.auth.caller(&headers).await?;
    }
    let asked = parse("registration", &body)?;
    app.auth.register(&asked.client_id, &asked.auth_key).await?;
    tracing::info!(client = asked.client_id, "client registered");
    Ok((StatusCode::CREATED, Json(json!({ "clientID": asked.client_id, "code": "201" }))).into_response())
}

async fn unregister(State(app): State<App>, headers: HeaderMap, body: String) -> Result<Response, ApiError> {
    if !app.auth.can_unregister() {
        return Err(ApiError::Forbidden("unregister not enabled"));
    }
    let caller = app.auth.caller(&headers).await?;
    let asked = parse("unregister", &body)?;
    if asked.client_id.is_empty() {
        return Err(ApiError::Invalid("client id should not be empty".into()));
    }
    if caller != Caller::Admin && caller != Caller::Client(asked.client_id.clone()) {
        return Err(ApiError::Forbidden("client id not valid"));
    }
    app.auth.unregister(&asked.client_id)?;
    tracing::info!(client = asked.client_id, "client unregistered");
    Ok(Json(json!({ "code": "200" })).into_response())
}

/// The client behind a request for calls; the admin has none.
async fn client(app: &App, headers: &HeaderMap) -> Result<String, Response> {
    match app.auth.caller(headers).await {
        Ok(Caller::Client(client)) => Ok(client),
        Ok(Caller::Admin) | Err(ApiError::Unauthorised(_)) => {
            Err((StatusCode::UNAUTHORIZED, "unauthorized").into_response())
        }
        Err(error) => Err(error.into_response()),
    }
}

async fn sessions(State(app): State<App>, headers: HeaderMap, Path(call): Path<String>) -> Result<Response, Response> {
    let client = client(&app, &headers).await?;
    match app.switchboard.sessions(&client, &call) {
        Ok(found) => Ok(Json(found).into_response()),
        Err(error) => Err((StatusCode::NOT_FOUND, format!("failed to get session configs: {error}")).into_response()),
    }
}

async fn session(
    State(app): State<App>,
    headers: HeaderMap,
    Path((call, session)): Path<(String, String)>,
) -> Result<Response, Response> {
    let client = client(&app, &headers).await?;
    match app.switchboard.session(&client, &call, &session) {
        Ok(found) => Ok(Json(found).into_response()),
        Err(error) => Err((StatusCode::NOT_FOUND, format!("failed to get session config: {error}")).into_response()),
    }
}

/// Credentials are checked before the upgrade.
async fn web_socket(State(app): State<App>, headers: HeaderMap, request: axum::extract::Request) -> Response {
    let client = match client(&app, &headers).await {
        Ok(client) => client,
        Err(refusal) => return refusal,
    };
    let (mut parts, _) = request.into_parts();
    match WebSocketUpgrade::from_request_parts(&mut parts, &app).await {
        Ok(upgrade) => upgrade
            .max_message_size(MAX_FRAME)
            .max_frame_size(MAX_FRAME)
            .on_upgrade(move |socket| socket::serve(app, client, socket)),
        Err(refusal) => refusal.into_response(),
    }
}
