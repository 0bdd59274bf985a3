//! `/bot`: what recording workers, who act as the bot, ask of the server.

use super::{Body, Worker, bad_request, failed, no_call, said, success, uploads};
use crate::call::{JobError, JobKind, StatusReport};
use crate::posts::{self, Transcription};
use crate::service::Calls;
use crate::store::{self, PlaceOfJob};
use crate::wording;
use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chat::{channels, users};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::Channel;

/// Most members whose names make the name of a direct or group channel's files.
const MAX_MEMBERS: usize = 8;

/// Routes of workers.
pub fn router() -> Router<Calls> {
    Router::new()
        .route("/channels/{channel_id}", get(channel))
        .route("/users/{user_id}/image", get(image))
        .route("/calls/{channel_id}/sessions/{session_id}/profile", get(profile))
        .route("/calls/{channel_id}/filename", get(file_name))
        .route("/calls/{channel_id}/recordings", post(recordings))
        .route("/calls/{channel_id}/transcriptions", post(transcriptions))
        .route("/calls/{channel_id}/jobs/{job_id}/status", post(status))
        .merge(uploads::router())
}

async fn find(calls: &Calls, channel_id: &str) -> Result<Channel, Response> {
    let mut conn = calls.site.db.read().await.map_err(|e| failed(e.into()))?;
    let found = channels::get(&mut conn, channel_id).await.map_err(|e| failed(e.into()))?;
    found.ok_or_else(|| said(StatusCode::NOT_FOUND, "not found"))
}

async fn channel(State(calls): State<Calls>, _: Worker, Path(id): Path<String>) -> Result<Json<Channel>, Response> {
    find(&calls, &id).await.map(Json)
}

/// The chat answers with the picture, for the same token.
async fn image(_: Worker, Path(id): Path<String>) -> Response {
    if !kit::id::is_valid(&id) {
        return said(StatusCode::NOT_FOUND, "not found");
    }
    Redirect::temporary(&format!("/api/v4/users/{id}/image")).into_response()
}

async fn profile(
    State(calls): State<Calls>,
    _: Worker,
    Path((channel_id, session_id)): Path<(String, String)>,
) -> Result<Json<wire::User>, Response> {
    let turn = move |call: &mut crate::call::Call, _| call.user_of(&session_id).map(str::to_owned);
    let user_id = calls.rooms.with(&channel_id, turn).await.ok_or_else(no_call)?;
    let missing = || said(StatusCode::NOT_FOUND, "not found");
    let user_id = user_id.ok_or_else(missing)?;
    let mut conn = calls.site.db.read().await.map_err(|e| failed(e.into()))?;
    let user = users::get(&mut conn, &user_id).await.map_err(|e| failed(e.into()))?.ok_or_else(missing)?;
    let asker = chat::Actor { user_id: calls.bot_id.clone(), ..chat::Actor::default() };
    Ok(Json(users::sanitized(user, &asker)))
}

async fn file_name(
    State(calls): State<Calls>,
    _: Worker,
    Path(channel_id): Path<String>,
) -> Result<Json<Value>, Response> {
    let channel = find(&calls, &channel_id).await?;
    let name = if matches!(channel.kind.as_str(), "D" | "G") {
        let mut conn = calls.site.db.read().await.map_err(|e| failed(e.into()))?;
        let members = channels::members(&mut conn, &channel.id).await.map_err(|e| failed(e.into()))?;
        let ids: Vec<String> = members.into_iter().take(MAX_MEMBERS).map(|m| m.user_id).collect();
        let people = users::by_ids(&mut conn, &ids).await.map_err(|e| failed(e.into()))?;
        people.iter().map(wording::name_of).collect::<Vec<_>>().join("-")
    } else {
        channel.display_name
    };
    Ok(Json(json!({"filename": wording::file_name(&name, calls.site.clock.now_ms())})))
}

/// Body of POST …/recordings; decoders of the original's language do not mind the case of keys.
#[derive(Debug, Deserialize)]
struct Recording {
    #[serde(rename = "JobID", alias = "jobID", alias = "job_id")]
    job_id: String,
    #[serde(rename = "FileIDs", alias = "fileIDs", alias = "file_ids")]
    file_ids: Vec<String>,
}

async fn place(calls: &Calls, channel_id: &str, job_id: &str, kind: JobKind) -> Result<PlaceOfJob, Response> {
    let mut conn = calls.site.db.read().await.map_err(|e| failed(e.into()))?;
    let place = store::place_of_job(&mut conn, job_id).await.map_err(|e| failed(e.into()))?;
    let place = place.filter(|p| p.channel_id == channel_id && p.kind == kind);
    place.ok_or_else(|| bad_request("invalid job ID"))
}

async fn recordings(
    State(calls): State<Calls>,
    _: Worker,
    Path(channel_id): Path<String>,
    Body(body): Body<Recording>,
) -> Result<Response, Response> {
    if body.file_ids.is_empty() {
        return Err(bad_request("FileIDs should not be empty"));
    }
    let place = place(&calls, &channel_id, &body.job_id, JobKind::Recording).await?;
    posts::recording(&calls.site, &calls.bot_id, &place, &body.job_id, body.file_ids).await.map_err(failed)?;
    Ok(success())
}

/// Body of POST …/transcriptions.
#[derive(Debug, Deserialize)]
struct Transcriptions {
    #[serde(rename = "JobID", alias = "jobID", alias = "job_id")]
    job_id: String,
    #[serde(rename = "Transcriptions", alias = "transcriptions")]
    transcriptions: Vec<Files>,
}

/// One transcription: WebVTT and text.
#[derive(Debug, Deserialize)]
struct Files {
    #[serde(default, rename = "Title", alias = "title")]
    title: String,
    #[serde(default, rename = "Language", alias = "language")]
    language: String,
    #[serde(rename = "FileIDs", alias = "fileIDs", alias = "file_ids")]
    file_ids: Vec<String>,
}

async fn transcriptions(
    State(calls): State<Calls>,
    _: Worker,
    Path(channel_id): Path<String>,
    Body(body): Body<Transcriptions>,
) -> Result<Response, Response> {
    let mut done = Vec::new();
    for one in body.transcriptions {
        let [captions_file, text_file] = <[String; 2]>::try_from(one.file_ids).map_err(|ids| {
            bad_request(format!("FileIDs should be a captions and a text file, not {} files", ids.len()))
        })?;
        done.push(Transcription { title: one.title, language: one.language, captions_file, text_file });
    }
    if done.is_empty() {
        return Err(bad_request("Transcriptions should not be empty"));
    }
    let place = place(&calls, &channel_id, &body.job_id, JobKind::Transcribing).await?;
    posts::transcription(&calls.site, &calls.bot_id, &place, &body.job_id, done).await.map_err(failed)?;
    Ok(success())
}

/// Body of POST …/status. The reason of a failure is under the key `omitempty`: a slip of the original.
#[derive(Debug, Deserialize)]
struct Status {
    #[serde(rename = "JobType", alias = "jobType", alias = "job_type")]
    kind: String,
    #[serde(rename = "Status", alias = "status")]
    status: String,
    #[serde(default, rename = "omitempty")]
    reason: String,
    #[serde(default, rename = "Error", alias = "error")]
    error: String,
}

async fn status(
    State(calls): State<Calls>,
    _: Worker,
    Path((channel_id, job_id)): Path<(String, String)>,
    Body(body): Body<Status>,
) -> Response {
    let report = match body.status.as_str() {
        "started" => StatusReport::Started,
        "failed" => StatusReport::Failed(if body.reason.is_empty() { body.error } else { body.reason }),
        _ => return bad_request("unsupported status type"),
    };
    let turn = move |call: &mut crate::call::Call, now| call.job_status(&job_id, &body.kind, &report, now);
    match calls.rooms.with(&channel_id, turn).await.unwrap_or(Err(JobError::NoCall)) {
        Ok(()) => success(),
        Err(error) => bad_request(error),
    }
}
