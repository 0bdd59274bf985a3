//! Posts, threads, reactions and lists of posts.

use crate::{Emoji, FileInfo, Props, User, is_false, is_zero};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A post. System posts have a `system_*` type; products use `custom_*`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Post {
    pub id: String,
    pub create_at: i64,
    pub update_at: i64,
    /// 0 when never edited.
    pub edit_at: i64,
    /// 0 while the post lives.
    pub delete_at: i64,
    pub is_pinned: bool,
    pub user_id: String,
    pub channel_id: String,
    /// Empty for a post that starts a thread.
    pub root_id: String,
    pub original_id: String,
    pub message: String,
    /// What the author wrote, where clients are shown another `message`: pictures through the image proxy.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message_source: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub props: Props,
    /// Space-separated `#tags`.
    pub hashtags: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub file_ids: Vec<String>,
    pub pending_post_id: String,
    #[serde(skip_serializing_if = "is_false")]
    pub has_reactions: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_id: Option<String>,
    pub reply_count: i64,
    pub last_reply_at: i64,
    pub participants: Option<Vec<Participant>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_following: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<PostMetadata>,
}

/// What a client needs to render a post without asking further.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PostMetadata {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub embeds: Vec<serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emojis: Vec<Emoji>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileInfo>,
    #[serde(skip_serializing_if = "Props::is_empty")]
    pub images: Props,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<PostPriority>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acknowledgements: Vec<PostAcknowledgement>,
    /// By language: `{object: {message}, state, source_lang}`.
    #[serde(skip_serializing_if = "Props::is_empty")]
    pub translations: Props,
}

/// How urgent a post is, and whether its readers are asked to confirm it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PostPriority {
    /// Empty, `important` or `urgent`.
    pub priority: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_ack: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent_notifications: Option<bool>,
}

/// One reader's confirmation of a post.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PostAcknowledgement {
    pub user_id: String,
    pub post_id: String,
    /// 0 when it was taken back.
    pub acknowledged_at: i64,
    pub channel_id: String,
    pub remote_id: Option<String>,
}

/// Somebody who wrote in a thread: only the id, or the whole user when the client asked for `extended`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Participant {
    User(Box<User>),
    Id { id: String },
}

impl Participant {
    /// The user's id.
    pub fn id(&self) -> &str {
        match self {
            Self::User(user) => &user.id,
            Self::Id { id } => id,
        }
    }
}

/// Where a post is, for somebody who follows a link to it and may have to join first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PostInfo {
    pub channel_id: String,
    pub channel_type: String,
    pub channel_display_name: String,
    pub has_joined_channel: bool,
    pub team_id: String,
    pub team_type: String,
    pub team_display_name: String,
    pub has_joined_team: bool,
}

/// A page of posts: `order` newest first; `posts` also holds what threads need.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PostList {
    pub order: Vec<String>,
    pub posts: BTreeMap<String, Post>,
    /// Id of the newer post beyond the page, empty at the newest end.
    pub next_post_id: String,
    /// Id of the older post beyond the page, empty at the start of the channel.
    pub prev_post_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_next: Option<bool>,
    pub first_inaccessible_post_time: i64,
}

/// What a search finds; `matches` (post id → words) is null for a database search.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PostSearch {
    #[serde(flatten)]
    pub list: PostList,
    pub matches: Option<BTreeMap<String, Vec<String>>>,
}

/// Body of `PUT /posts/{id}/patch`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PostPatch {
    pub is_pinned: Option<bool>,
    pub message: Option<String>,
    pub props: Option<Props>,
    pub file_ids: Option<Vec<String>>,
    pub has_reactions: Option<bool>,
}

/// One user's emoji on one post.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reaction {
    pub user_id: String,
    pub post_id: String,
    /// Without colons.
    pub emoji_name: String,
    pub create_at: i64,
    pub update_at: i64,
    pub delete_at: i64,
    pub remote_id: Option<String>,
    pub channel_id: String,
}

/// A followed thread as the threads view shows it; `id` is the root post's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thread {
    pub id: String,
    pub reply_count: i64,
    pub last_reply_at: i64,
    pub last_viewed_at: i64,
    pub participants: Vec<Participant>,
    pub post: Post,
    pub unread_replies: i64,
    pub unread_mentions: i64,
    #[serde(skip_serializing_if = "is_false")]
    pub is_urgent: bool,
    pub is_following: bool,
    #[serde(skip_serializing_if = "is_zero")]
    pub delete_at: i64,
}

/// A page of threads and the totals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Threads {
    pub total: i64,
    pub total_unread_threads: i64,
    pub total_unread_mentions: i64,
    pub total_unread_urgent_mentions: i64,
    pub threads: Vec<Thread>,
}
