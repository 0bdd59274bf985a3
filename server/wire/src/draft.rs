//! What is written and not sent yet: drafts that follow a user from device to device, and posts for later.

use crate::{PostMetadata, PostPriority, Props};
use serde::{Deserialize, Serialize};

/// The unfinished message of a user in a channel (`root_id` empty) or thread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    pub create_at: i64,
    pub update_at: i64,
    pub delete_at: i64,
    pub user_id: String,
    pub channel_id: String,
    pub root_id: String,
    pub message: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub props: Props,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub file_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<PostMetadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<PostPriority>,
}

/// A post that the server sends when its time has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduledPost {
    pub id: String,
    pub create_at: i64,
    pub update_at: i64,
    pub user_id: String,
    pub channel_id: String,
    pub root_id: String,
    pub message: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub props: Props,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub file_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<PostMetadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<PostPriority>,
    pub scheduled_at: i64,
    /// 0 while the post waits.
    pub processed_at: i64,
    /// Why it could not be sent (`channel_archived`, `no_channel_permission`, …); empty while it may still be sent.
    pub error_code: String,
    /// `weekly`; empty for a post that is sent once.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub repeat_type: String,
    /// IANA name of the time zone in which a repeated post keeps its time of day.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub repeat_timezone: String,
}

/// Lists of a user's scheduled posts: by team id, and `directChannels`.
pub type ScheduledPosts = std::collections::BTreeMap<String, Vec<ScheduledPost>>;
