//! `/plugins/com.mattermost.calls`: the table of routes, and what every handler needs.

mod bot;
mod channel;
mod controls;
mod info;
mod logs;
mod recording;
mod stats;
mod uploads;

pub use info::VERSION;

use crate::limit::Bucket;
use crate::service::Calls;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use bytes::Bytes;
use chat::Actor;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Largest body of a request that uploads nothing.
const MAX_BODY: usize = 1 << 20;
/// Users whose allowance is remembered before those who have been quiet are forgotten.
const MANY: usize = 10_000;

/// All routes; each but `/version` asks for a session.
pub fn router(calls: &Calls) -> Router {
    Router::new()
        .route("/version", get(info::version))
        .route("/config", get(info::config))
        .route("/env", get(info::env))
        .route("/turn-credentials", get(info::turn_credentials))
        .route("/cloud-notify-admins", post(info::not_a_cloud))
        .route("/stats", get(stats::stats))
        .route("/logs/upload", post(logs::upload).layer(DefaultBodyLimit::max(2 * MAX_BODY)))
        .route("/channels", get(channel::list))
        .route("/{channel_id}", get(channel::one).post(channel::set_enabled))
        .route("/calls/{channel_id}/active", get(channel::active))
        .route("/calls/{channel_id}/dismiss-notification", post(channel::dismiss))
        .route("/calls/{channel_id}/recording/start", post(recording::start))
        .route("/calls/{channel_id}/recording/stop", post(recording::stop))
        .route("/calls/{channel_id}/end", post(controls::end))
        .route("/calls/{channel_id}/host/end", post(controls::end))
        .route("/calls/{channel_id}/host/make", post(controls::make))
        .route("/calls/{channel_id}/host/mute", post(controls::mute))
        .route("/calls/{channel_id}/host/mute-others", post(controls::mute_others))
        .route("/calls/{channel_id}/host/screen-off", post(controls::screen_off))
        .route("/calls/{channel_id}/host/lower-hand", post(controls::lower_hand))
        .route("/calls/{channel_id}/host/remove", post(controls::remove))
        .nest("/bot", bot::router())
        // Or the web client would answer for this API.
        .fallback(|| async { said(StatusCode::NOT_FOUND, "not found") })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(Extension(Limits::default()))
        .with_state(calls.clone())
}

/// What each user may still ask.
#[derive(Clone, Default)]
struct Limits(Arc<Mutex<HashMap<String, Bucket>>>);

impl Limits {
    fn take(&self, calls: &Calls, user_id: &str) -> bool {
        let now = calls.site.clock.now_ms();
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if users.len() > MANY {
            users.retain(|_, bucket| !bucket.is_full(now));
        }
        let fresh = || Bucket::new(calls.config.requests_per_second, calls.config.request_burst, now);
        users.entry(user_id.to_owned()).or_insert_with(fresh).take(now)
    }
}

/// Who asks, within the rate limit.
pub struct Caller(pub Actor);

impl FromRequestParts<Calls> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, calls: &Calls) -> Result<Self, Response> {
        let actor = session(parts, calls).await?;
        let limits = parts.extensions.get::<Limits>().cloned().unwrap_or_default();
        if actor.user_id != calls.bot_id && !limits.take(calls, &actor.user_id) {
            return Err(said(StatusCode::TOO_MANY_REQUESTS, "too many requests"));
        }
        Ok(Self(actor))
    }
}

/// A recording worker.
pub struct Worker;

impl FromRequestParts<Calls> for Worker {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, calls: &Calls) -> Result<Self, Response> {
        let actor = session(parts, calls).await?;
        if actor.user_id == calls.bot_id { Ok(Self) } else { Err(forbidden()) }
    }
}

async fn session(parts: &Parts, calls: &Calls) -> Result<Actor, Response> {
    let found = chat::actor::of_request(&calls.site, &parts.method, &parts.headers).await;
    found.map_err(|error| match error.status() {
        StatusCode::UNAUTHORIZED => (StatusCode::UNAUTHORIZED, "Unauthorized").into_response(),
        _ => error.into_response(),
    })
}

/// A JSON body, whatever its content type says, as in the original. What is wrong with it is said with status 400.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Calls> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, calls: &Calls) -> Result<Self, Response> {
        let bytes = Bytes::from_request(request, calls).await.map_err(|error| bad_request(error.body_text()))?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        serde_path_to_error::deserialize(&mut json).map(Self).map_err(bad_request)
    }
}

/// The protocol's plain answer: a message and the status again.
fn said(status: StatusCode, message: impl ToString) -> Response {
    (status, Json(json!({"message": message.to_string(), "status_code": status.as_u16()}))).into_response()
}

fn success() -> Response {
    said(StatusCode::OK, "success")
}

fn bad_request(reason: impl ToString) -> Response {
    said(StatusCode::BAD_REQUEST, reason)
}

fn forbidden() -> Response {
    (StatusCode::FORBIDDEN, "Forbidden").into_response()
}

/// A failure of the chat as the plain answer of this API.
fn failed(error: chat::Error) -> Response {
    if error.status().is_server_error() {
        return error.into_response();
    }
    said(error.status(), error.message)
}

fn no_call() -> Response {
    bad_request("no call ongoing")
}
