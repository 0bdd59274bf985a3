//! Mattermost's JSON: the objects of REST API v4 and the WebSocket frames. Serde only, no logic.
//!
//! Field names and types are the wire's; times are milliseconds since the epoch unless a field says otherwise.
//! Absent and empty fields follow what official clients expect (see each struct).

mod bookmark;
mod channel;
mod command;
mod draft;
mod emoji;
mod event;
mod federation;
mod file;
mod group;
mod integration;
mod invitation;
mod post;
mod preference;
mod scheme;
mod team;
mod user;

pub use bookmark::*;
pub use channel::*;
pub use command::*;
pub use draft::*;
pub use emoji::*;
pub use event::*;
pub use federation::*;
pub use file::*;
pub use group::*;
pub use integration::*;
pub use invitation::*;
pub use post::*;
pub use preference::*;
pub use scheme::*;
pub use team::*;
pub use user::*;

use std::collections::BTreeMap;

/// Mattermost's map of strings (`notify_props`, `timezone`, …).
pub type StringMap = BTreeMap<String, String>;

/// A JSON object whose keys are not fixed (`props`).
pub type Props = serde_json::Map<String, serde_json::Value>;

/// The body of every error: HTTP status equals `status_code`; SDKs branch on `id`.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AppError {
    pub id: String,
    pub message: String,
    #[serde(default)]
    pub detailed_error: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    pub status_code: u16,
}

/// `{"status":"OK"}`, the answer of calls that have nothing to say.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StatusOk {
    pub status: String,
}

impl Default for StatusOk {
    fn default() -> Self {
        Self { status: "OK".into() }
    }
}

pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}

pub(crate) fn is_zero(value: &i64) -> bool {
    *value == 0
}
