//! Uploads of workers: the chat's resumable uploads, as the bot, into any channel.

use super::{Body, Worker, failed};
use crate::posts::author;
use crate::service::Calls;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use chat::uploads;
use wire::UploadSession;

/// Routes of uploads.
pub fn router() -> Router<Calls> {
    Router::new()
        .route("/uploads", post(create))
        .route("/uploads/{upload_id}", get(one).post(append).layer(DefaultBodyLimit::disable()))
}

async fn create(
    State(calls): State<Calls>,
    _: Worker,
    Body(wanted): Body<UploadSession>,
) -> Result<Json<UploadSession>, Response> {
    let most = u64::from(calls.config.max_recording_mb) << 20;
    uploads::create_up_to(&calls.site, &author(&calls.bot_id), wanted, most).await.map(Json).map_err(failed)
}

async fn one(State(calls): State<Calls>, _: Worker, Path(id): Path<String>) -> Result<Json<UploadSession>, Response> {
    uploads::get(&calls.site, &author(&calls.bot_id), &id).await.map(Json).map_err(failed)
}

async fn append(
    State(calls): State<Calls>,
    _: Worker,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    uploads::receive(&calls.site, &author(&calls.bot_id), &id, request).await.map_err(failed)
}
