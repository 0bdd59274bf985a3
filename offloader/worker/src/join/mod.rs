//! Joining a call as the bot, receive-only.
//!
//! [`signal`] is the chat server's WebSocket in values, [`sdp`] which track is whose,
//! [`clock`] when a packet was spoken; [`peer`] is the WebRTC end without sockets or a clock. [`session`] puts sockets
//! and time around them and gives the jobs one stream of [`CallEvent`]s; [`again`] says whether a job that lost its call
//! joins once more.

pub mod again;
pub mod clock;
pub mod peer;
pub mod sdp;
pub mod session;
pub mod signal;

use std::sync::Arc;

/// What a track carries, from the first part of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrackKind {
    /// A microphone.
    Voice,
    /// A shared screen.
    Screen,
    /// Sound of a shared screen.
    ScreenAudio,
    /// A camera.
    Video,
}

impl TrackKind {
    /// Whether the track is sound.
    pub fn is_audio(self) -> bool {
        matches!(self, Self::Voice | Self::ScreenAudio)
    }
}

/// A track of the call: its kind and the session that sends it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct TrackName {
    /// What it carries.
    pub kind: TrackKind,
    /// Session of the sender, 26 characters.
    pub session: String,
    /// The whole id; a sender's second track of a kind differs only here.
    pub id: String,
}

/// How a frame is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// 48 kHz Opus.
    Opus,
    /// VP8.
    Vp8,
    /// AV1.
    Av1,
}

/// One audio packet or one whole picture that a decoder can show.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Whose it is.
    pub track: Arc<TrackName>,
    /// How it is encoded.
    pub codec: Codec,
    /// When it was spoken or shown, in microseconds of our clock since the Unix epoch.
    pub time_us: i64,
    /// Whether a decoder can begin here; always true for sound.
    pub keyframe: bool,
    /// The encoded data.
    pub data: Arc<[u8]>,
}

/// Why the bot should leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The server told our job to stop.
    JobStop,
    /// The host ended the call.
    CallEnd,
    /// Nobody but the bot is left.
    Empty,
    /// The server or the media connection went away and did not come back.
    Lost(String),
}

/// What a joined call tells a job.
#[derive(Clone, Debug)]
pub enum CallEvent {
    /// The bot is in the call and media can flow.
    Connected,
    /// A packet or picture.
    Frame(Frame),
    /// The server's view of a job of this call.
    JobState { kind: String, start_at: i64, end_at: i64 },
    /// Time to finish; no more events follow.
    Stop(StopReason),
}
