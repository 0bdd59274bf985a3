//! What calls are here: version, settings, TURN passwords.

use super::{Caller, said};
use crate::config::IceServer;
use crate::service::Calls;
use crate::turn;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The version of the Calls plugin whose protocol this is; clients switch features on by it.
pub const VERSION: &str = "1.12.0";

/// GET /version
pub async fn version(State(calls): State<Calls>) -> Json<Value> {
    let mut answer = json!({"version": VERSION, "build": env!("CARGO_PKG_VERSION")});
    if let Some(rtcd) = calls.rtcd.version() {
        answer["rtcd_version"] = rtcd.build_version.into();
        answer["rtcd_build"] = rtcd.build_hash.into();
    }
    Json(answer)
}

/// GET /config
pub async fn config(State(calls): State<Calls>, Caller(actor): Caller) -> Json<Value> {
    let config = &calls.config;
    let shown: Vec<&IceServer> = config.ice_servers.iter().filter(|s| !s.needs_credentials()).collect();
    let turn = !config.turn_secret.is_empty() && config.ice_servers.iter().any(IceServer::needs_credentials);
    let mut answer = json!({
        "ICEServers": null, "ICEServersConfigs": shown, "AllowEnableCalls": true, "DefaultEnabled": config.default_enabled,
        "MaxCallParticipants": config.max_participants, "NeedsTURNCredentials": turn,
        "AllowScreenSharing": config.allow_screen_sharing, "EnableRecordings": config.enable_recordings,
        "EnableTranscriptions": config.enable_transcriptions, "EnableLiveCaptions": config.enable_live_captions,
        "MaxRecordingDuration": config.max_recording_minutes, "EnableSimulcast": false,
        "EnableRinging": config.enable_ringing, "sku_short_name": "enterprise", "HostControlsAllowed": true,
        "EnableAV1": config.enable_av1, "GroupCallsAllowed": true, "EnableDCSignaling": config.enable_dc_signaling,
        "EnableVideo": false,
    });
    if actor.is_system_admin() {
        answer["RecordingQuality"] = json!(config.recording_quality);
        answer["TURNCredentialsExpirationMinutes"] = config.turn_minutes.into();
        answer["TranscriberNumThreads"] = config.transcriber_threads.into();
        answer["TranscribeAPI"] = "whisper.cpp".into();
    }
    Json(answer)
}

/// GET /env: which settings the environment overrides; the chat's own configuration knows that, not this API.
pub async fn env(Caller(actor): Caller) -> Response {
    if actor.is_system_admin() { Json(json!({})).into_response() } else { super::forbidden() }
}

/// GET /turn-credentials
pub async fn turn_credentials(State(calls): State<Calls>, Caller(actor): Caller) -> Response {
    match turn::credentials(&calls.config, &actor.user_id, calls.site.clock.now_ms()) {
        Ok(servers) => Json(servers).into_response(),
        Err(error) => said(StatusCode::FORBIDDEN, error),
    }
}

/// POST /cloud-notify-admins
pub async fn not_a_cloud(_: Caller) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": "not a cloud server"}))).into_response()
}
