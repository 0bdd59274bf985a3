//! What rtcd speaks, and a client that speaks it: used by `server/calls`, by `offloader-worker` and by tests.
//!
//! Start reading at [`Message`] (one binary WebSocket frame between a chat server and rtcd) and at [`Client`], which
//! keeps one such WebSocket alive. [`channel`] holds the messages that a participant and rtcd exchange on the WebRTC
//! data channel, for whoever is itself a participant. [`signal`] holds the JSON inside [`RtcMessage::data`].
//!
//! The formats are those of Mattermost's rtcd 1.2.

pub mod channel;
mod client;
mod http;
mod message;
pub mod signal;

pub use client::{Client, Config, Event};
pub use http::{SessionInfo, System, Version};
pub use message::{DecodeError, Join, MAX_FRAME, Message, RtcKind, RtcMessage};

/// Why rtcd could not be reached or refused what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The configured address is no http(s) URL with a host.
    #[error("rtcd url {url:?}: {reason}")]
    Url { url: String, reason: String },
    /// The WebSocket could not be opened (refused, wrong key, no answer in time).
    #[error("cannot open the WebSocket to rtcd at {url}: {reason}")]
    Dial { url: String, reason: String },
    /// rtcd answered an HTTP request with an error status.
    #[error("rtcd answered {status} to {request}: {reason}")]
    Refused { request: &'static str, status: u16, reason: String },
    /// An HTTP request failed before an answer came.
    #[error("{request} to rtcd failed: {source}")]
    Http { request: &'static str, source: reqwest::Error },
    /// The queue of outgoing messages stayed full until the deadline: the connection is down or too slow.
    #[error("the queue of messages to rtcd has been full for {0:?}")]
    Full(std::time::Duration),
    /// The client has stopped.
    #[error("the connection to rtcd is closed")]
    Closed,
}
