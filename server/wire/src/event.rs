//! WebSocket frames: server events, client requests and replies.

use crate::{AppError, Props};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Who gets an event; clients also read `channel_id`, `team_id` and `user_id` as data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Broadcast {
    pub omit_users: Option<BTreeMap<String, bool>>,
    pub user_id: String,
    pub channel_id: String,
    pub team_id: String,
    pub connection_id: String,
    pub omit_connection_id: String,
    /// Not for administrators, who get the same event with everything in it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub contains_sanitized_data: bool,
    /// For administrators only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub contains_sensitive_data: bool,
}

/// An event from the server. Objects inside `data` are mostly JSON-encoded strings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Event {
    pub event: String,
    pub data: Props,
    pub broadcast: Broadcast,
    /// Per connection, from 0 (hello).
    pub seq: i64,
    /// What some of the receivers get in place of a value of `data`; never on the wire itself.
    #[serde(skip)]
    pub special: Option<Box<Special>>,
    /// Of the users who do not see everybody (guests), only these get the event; `None` when all may. Never on the wire.
    #[serde(skip)]
    pub seen_by: Option<BTreeSet<String>>,
}

/// Another value under one key of an event's data, for these users.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Special {
    pub users: BTreeSet<String>,
    pub key: String,
    pub value: serde_json::Value,
}

impl Event {
    /// An event without data for nobody yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { event: name.into(), ..Self::default() }
    }

    /// Adds a plain value to `data`.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        self.data.insert(key.into(), value.into());
        self
    }

    /// Adds an object as the JSON-encoded string that the protocol wants in most places.
    #[must_use]
    pub fn with_encoded(self, key: &str, value: &impl Serialize) -> Self {
        let text = serde_json::to_string(value).unwrap_or_default();
        self.with(key, text)
    }

    /// Gives these of the receivers another object under `key`, encoded as [`Event::with_encoded`] does.
    #[must_use]
    pub fn with_encoded_for(mut self, users: BTreeSet<String>, key: &str, value: &impl Serialize) -> Self {
        let value = serde_json::to_string(value).unwrap_or_default().into();
        self.special = Some(Box::new(Special { users, key: key.into(), value }));
        self
    }

    /// Addresses the members of a channel.
    #[must_use]
    pub fn to_channel(mut self, channel_id: &str) -> Self {
        self.broadcast.channel_id = channel_id.into();
        self
    }

    /// Addresses the members of a team.
    #[must_use]
    pub fn to_team(mut self, team_id: &str) -> Self {
        self.broadcast.team_id = team_id.into();
        self
    }

    /// Addresses all connections of a user.
    #[must_use]
    pub fn to_user(mut self, user_id: &str) -> Self {
        self.broadcast.user_id = user_id.into();
        self
    }

    /// Addresses one connection.
    #[must_use]
    pub fn to_connection(mut self, connection_id: &str) -> Self {
        self.broadcast.connection_id = connection_id.into();
        self
    }

    /// Of guests, only these get it.
    #[must_use]
    pub fn seen_by(mut self, guests: BTreeSet<String>) -> Self {
        self.seen_by = Some(guests);
        self
    }

    /// Leaves administrators out, who get a fuller event of the same name.
    #[must_use]
    pub fn sanitized(mut self) -> Self {
        self.broadcast.contains_sanitized_data = true;
        self
    }

    /// For administrators only.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.broadcast.contains_sensitive_data = true;
        self
    }

    /// Leaves a user out.
    #[must_use]
    pub fn omitting_user(mut self, user_id: &str) -> Self {
        self.broadcast.omit_users.get_or_insert_default().insert(user_id.into(), true);
        self
    }

    /// Leaves a connection out (the `Connection-Id` header of the request that caused the event).
    #[must_use]
    pub fn omitting_connection(mut self, connection_id: &str) -> Self {
        self.broadcast.omit_connection_id = connection_id.into();
        self
    }
}

/// A request from a client; a binary frame is the same as MessagePack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WsRequest {
    pub seq: i64,
    pub action: String,
    pub data: Props,
}

/// The reply to a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WsReply {
    /// OK or FAIL.
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Props>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<AppError>,
    pub seq_reply: i64,
}
