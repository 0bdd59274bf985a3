//! Settings of calls.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of calls: who may start them, how large they get, what is recorded.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Every channel allows calls unless it was turned off there; off: only where it was turned on.
    pub default_enabled: bool,
    /// Most people in one call; 0: no limit. A recording bot counts.
    pub max_participants: usize,
    /// Members of a call may share their screen.
    pub allow_screen_sharing: bool,
    /// Clients ring on calls in direct and group channels.
    pub enable_ringing: bool,
    /// The host of a call may record it.
    pub enable_recordings: bool,
    /// Recordings are transcribed.
    pub enable_transcriptions: bool,
    /// What is said is shown while a call is recorded and transcribed.
    pub enable_live_captions: bool,
    /// Minutes after which a recording stops by itself, 1 to 1440.
    pub max_recording_minutes: u32,
    /// Largest recording, megabytes.
    pub max_recording_mb: u32,
    /// `low`, `medium` or `high`: size and rate of recorded pictures.
    pub recording_quality: Quality,
    /// Threads of the speech model of one call.
    pub transcriber_threads: u32,
    /// Server offers travel over the media connection in place of the WebSocket.
    pub enable_dc_signaling: bool,
    /// Clients may send and receive AV1.
    pub enable_av1: bool,
    /// STUN and TURN servers that clients are told.
    pub ice_servers: Vec<IceServer>,
    /// Secret shared with a TURN server, from which clients get passwords that expire; empty: none.
    pub turn_secret: String,
    /// Minutes that such a password is valid.
    pub turn_minutes: u32,
    /// URL under which the workers of the recording service reach this server; empty: this machine and port.
    pub worker_site_url: String,
    /// Registry part of the worker images' names; matters with Mattermost's own recording service.
    pub image_registry: String,
    /// Seconds that a participant without a connection to this server stays in the call.
    pub rejoin_seconds: u32,
    /// The same after a restart of this server, when everybody has to come back.
    pub restart_rejoin_seconds: u32,
    /// Seconds that a recording bot may be away from the call before its recording counts as ended.
    pub worker_rejoin_seconds: u32,
    /// Seconds within which a recording has to begin.
    pub job_start_seconds: u32,
    /// Messages per second of one participant; more are dropped.
    pub messages_per_second: u32,
    /// Messages that may come at once.
    pub message_burst: u32,
    /// Requests per second of one user to the HTTP side of calls; more are answered with 429.
    pub requests_per_second: u32,
    /// Requests that may come at once.
    pub request_burst: u32,
}

/// Size and rate of recorded pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    Low,
    #[default]
    Medium,
    High,
}

/// A STUN or TURN server, in the names of WebRTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IceServer {
    /// `stun:host:port` or `turn:host:port`.
    pub urls: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub credential: String,
}

impl IceServer {
    /// Whether it is a TURN server that needs a password of its own for each client.
    pub fn needs_credentials(&self) -> bool {
        self.username.is_empty() && self.urls.iter().any(|u| u.starts_with("turn:") || u.starts_with("turns:"))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            default_enabled: true,
            max_participants: 0,
            allow_screen_sharing: true,
            enable_ringing: true,
            enable_recordings: true,
            enable_transcriptions: true,
            enable_live_captions: true,
            max_recording_minutes: 60,
            max_recording_mb: 4096,
            recording_quality: Quality::Medium,
            transcriber_threads: 1,
            enable_dc_signaling: false,
            enable_av1: false,
            ice_servers: Vec::new(),
            turn_secret: String::new(),
            turn_minutes: 240,
            worker_site_url: String::new(),
            image_registry: "mattermost".into(),
            rejoin_seconds: 10,
            restart_rejoin_seconds: 40,
            worker_rejoin_seconds: 60,
            job_start_seconds: 60,
            messages_per_second: 10,
            message_burst: 100,
            requests_per_second: 5,
            request_burst: 30,
        }
    }
}
