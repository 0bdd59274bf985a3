//! Starting and stopping a recording.

use super::channel::readable;
use super::{Caller, said};
use crate::call::JobError;
use crate::jobs;
use crate::service::Calls;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

fn refused(error: &JobError) -> Response {
    said(StatusCode::FORBIDDEN, error)
}

/// POST /calls/{channel_id}/recording/start
pub async fn start(
    State(calls): State<Calls>,
    Caller(actor): Caller,
    Path(channel_id): Path<String>,
) -> Result<Response, Response> {
    readable(&calls, &actor, &channel_id).await?;
    if !calls.config.enable_recordings {
        return Err(said(StatusCode::FORBIDDEN, "Recordings are not enabled"));
    }
    let begun = {
        let user_id = actor.user_id.clone();
        let turn = move |call: &mut crate::call::Call, now| call.start_recording(&user_id, &mut kit::id::new, now);
        calls.rooms.with(&channel_id, turn).await.unwrap_or(Err(JobError::NoCall)).map_err(|e| refused(&e))?
    };
    // Goes on when the host's browser stops waiting: the recording service may have taken the job by then.
    let created = tokio::spawn(jobs::create(calls.clone(), channel_id, begun)).await;
    match created {
        Ok(Ok(state)) => Ok(Json(state).into_response()),
        Ok(Err(reason)) => Err(said(StatusCode::INTERNAL_SERVER_ERROR, reason)),
        Err(error) => Err(super::failed(chat::Error::internal(error))),
    }
}

/// POST /calls/{channel_id}/recording/stop
pub async fn stop(
    State(calls): State<Calls>,
    Caller(actor): Caller,
    Path(channel_id): Path<String>,
) -> Result<Response, Response> {
    readable(&calls, &actor, &channel_id).await?;
    let turn = move |call: &mut crate::call::Call, now| call.stop_recording(&actor.user_id, now);
    let state = calls.rooms.with(&channel_id, turn).await.unwrap_or(Err(JobError::NoCall)).map_err(|e| refused(&e))?;
    Ok(Json(state).into_response())
}
