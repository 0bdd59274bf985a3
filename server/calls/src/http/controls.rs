//! What a host (or system administrator) asks of a call.

use super::{Body, Caller, bad_request, success};
use crate::call::{Call, ControlError, Requester};
use crate::listen::readable;
use crate::service::Calls;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chat::Actor;
use serde::Deserialize;

/// Body of the controls of one participant.
#[derive(Debug, Deserialize)]
pub struct OfSession {
    session_id: String,
}

/// Body of POST …/host/make.
#[derive(Debug, Deserialize)]
pub struct NewHost {
    new_host_id: String,
}

async fn control(
    calls: &Calls,
    channel_id: &str,
    actor: Actor,
    ask: impl FnOnce(&mut Call, Requester<'_>, i64) -> Result<(), ControlError> + Send + 'static,
) -> Response {
    if let Err(error) = readable(calls, &actor.user_id, channel_id).await {
        return error.into_response();
    }
    let turn = move |call: &mut Call, now| {
        let who = Requester { user_id: &actor.user_id, is_admin: actor.is_system_admin() };
        ask(call, who, now)
    };
    match calls.rooms.with(channel_id, turn).await.unwrap_or(Err(ControlError::NoCall)) {
        Ok(()) => success(),
        Err(error) => bad_request(error),
    }
}

/// POST …/end and …/host/end
pub async fn end(State(calls): State<Calls>, Caller(actor): Caller, Path(channel): Path<String>) -> Response {
    control(&calls, &channel, actor, |call, who, now| call.host_end(who, now)).await
}

/// POST …/host/mute-others
pub async fn mute_others(State(calls): State<Calls>, Caller(actor): Caller, Path(channel): Path<String>) -> Response {
    control(&calls, &channel, actor, |call, who, _| call.host_mute_others(who)).await
}

/// POST …/host/make
pub async fn make(
    State(calls): State<Calls>,
    Caller(actor): Caller,
    Path(channel): Path<String>,
    Body(body): Body<NewHost>,
) -> Response {
    control(&calls, &channel, actor, move |call, who, _| call.make_host(who, &body.new_host_id)).await
}

/// POST …/host/mute
pub async fn mute(
    State(calls): State<Calls>,
    Caller(actor): Caller,
    Path(channel): Path<String>,
    Body(body): Body<OfSession>,
) -> Response {
    control(&calls, &channel, actor, move |call, who, _| call.host_mute(who, &body.session_id)).await
}

/// POST …/host/screen-off
pub async fn screen_off(
    State(calls): State<Calls>,
    Caller(actor): Caller,
    Path(channel): Path<String>,
    Body(body): Body<OfSession>,
) -> Response {
    control(&calls, &channel, actor, move |call, who, _| call.host_screen_off(who, &body.session_id)).await
}

/// POST …/host/lower-hand
pub async fn lower_hand(
    State(calls): State<Calls>,
    Caller(actor): Caller,
    Path(channel): Path<String>,
    Body(body): Body<OfSession>,
) -> Response {
    control(&calls, &channel, actor, move |call, who, _| call.host_lower_hand(who, &body.session_id)).await
}

/// POST …/host/remove
pub async fn remove(
    State(calls): State<Calls>,
    Caller(actor): Caller,
    Path(channel): Path<String>,
    Body(body): Body<OfSession>,
) -> Response {
    control(&calls, &channel, actor, move |call, who, now| call.host_remove(who, &body.session_id, now)).await
}
