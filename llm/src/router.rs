//! Every route, who may use it, and the two that tell the service's health.

use crate::failure::Failure;
use crate::openai::{chat, completions, embeddings, models, transcriptions};
use crate::parts::App;
use crate::translation::routes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The service's routes.
pub fn router(app: Arc<App>) -> Router {
    let guarded = Router::new()
        .route("/v1/models", get(models::handler))
        .route("/v1/chat/completions", post(chat::handler))
        .route("/v1/completions", post(completions::handler))
        .route("/v1/embeddings", post(embeddings::handler))
        .route("/v1/audio/transcriptions", post(transcriptions::handler))
        .route("/translate", post(routes::translate))
        .route("/detect", post(routes::detect_language))
        .route("/languages", get(routes::languages))
        .layer(from_fn_with_state(Arc::clone(&app), authorise));
    Router::new()
        .route("/healthz", get(|| async { Json(serde_json::json!({ "status": "ok" })) }))
        .route("/readyz", get(ready))
        .merge(guarded)
        .layer(DefaultBodyLimit::max(app.config.max_body_bytes))
        .with_state(app)
}

async fn authorise(State(app): State<Arc<App>>, request: Request, next: Next) -> Result<Response, Failure> {
    let keys = &app.config.api_keys;
    if !keys.is_empty() {
        let sent = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
        let sent = sent.ok_or(Failure::Unauthorised)?;
        if !keys.iter().any(|key| bool::from(key.as_bytes().ct_eq(sent.as_bytes()))) {
            return Err(Failure::Unauthorised);
        }
    }
    Ok(next.run(request).await)
}

/// 200 once loading has ended and at least one part works; the body tells the state of each.
async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<serde_json::Value>) {
    let (chat, embeddings, translation) = (app.chat.state(), app.embeddings.state(), app.translation.state());
    let states = [&chat, &embeddings, &translation];
    let loading = states.iter().any(|state| *state == "loading");
    let status = match !loading && states.iter().any(|state| *state == "ready") {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let body = serde_json::json!({ "ready": status.is_success(), "chat": chat, "embeddings": embeddings, "translation": translation });
    (status, Json(body))
}
