//! What other programs and the server say to each other: webhooks, buttons, dialogs, OAuth 2 applications.

use crate::{PostPriority, Props, StringMap};
use serde::{Deserialize, Deserializer, Serialize};

/// A lenient reading of a list: `null` is empty.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// An address that other programs post messages to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IncomingWebhook {
    pub id: String,
    pub create_at: i64,
    pub update_at: i64,
    pub delete_at: i64,
    /// In whose name it posts.
    pub user_id: String,
    pub channel_id: String,
    pub team_id: String,
    pub display_name: String,
    pub description: String,
    pub username: String,
    pub icon_url: String,
    /// It posts in its own channel only.
    pub channel_locked: bool,
    /// 0 when never used.
    pub last_used: i64,
}

/// What another program posts to an incoming webhook; also the reply to an outgoing one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HookMessage {
    pub text: Option<String>,
    pub username: String,
    pub icon_url: String,
    pub icon_emoji: String,
    /// `name`, `#name` or an id of a channel, or `@user`.
    pub channel: String,
    pub props: Option<Props>,
    pub attachments: Option<Vec<serde_json::Value>>,
    #[serde(rename = "type")]
    pub kind: String,
    pub priority: Option<PostPriority>,
    /// `comment` or `post`; of replies only.
    pub response_type: String,
}

/// Which posts are sent to which addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutgoingWebhook {
    pub id: String,
    pub token: String,
    pub create_at: i64,
    pub update_at: i64,
    pub delete_at: i64,
    pub creator_id: String,
    /// Empty: every public channel of the team.
    pub channel_id: String,
    pub team_id: String,
    #[serde(deserialize_with = "list")]
    pub trigger_words: Vec<String>,
    /// 0: the first word is one of them; 1: the post begins with one of them.
    pub trigger_when: i64,
    #[serde(deserialize_with = "list")]
    pub callback_urls: Vec<String>,
    pub display_name: String,
    pub description: String,
    pub content_type: String,
    pub username: String,
    pub icon_url: String,
}

/// What an outgoing webhook sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutgoingPayload {
    pub token: String,
    pub team_id: String,
    pub team_domain: String,
    pub channel_id: String,
    pub channel_name: String,
    pub timestamp: i64,
    pub user_id: String,
    pub user_name: String,
    pub post_id: String,
    pub text: String,
    pub trigger_word: String,
    /// Ids with commas between them.
    pub file_ids: String,
}

/// Body of `POST /posts/{id}/actions/{action}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DoAction {
    pub selected_option: String,
    /// What the client keeps for a post that is not stored.
    pub cookie: String,
}

/// What the program behind a button is sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionRequest {
    pub user_id: String,
    pub user_name: String,
    pub channel_id: String,
    pub channel_name: String,
    pub team_id: String,
    pub team_domain: String,
    pub post_id: String,
    pub trigger_id: String,
    /// `button` or `select`.
    #[serde(rename = "type")]
    pub kind: String,
    pub data_source: String,
    pub context: Props,
}

/// What it replies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionReply {
    pub update: Option<ActionUpdate>,
    pub ephemeral_text: String,
    pub skip_slack_parsing: bool,
}

/// How a pressed button changes its post; absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionUpdate {
    pub message: Option<String>,
    pub props: Option<Props>,
}

/// Body of `POST /actions/dialogs/open`, and what the user's client is sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenDialog {
    pub trigger_id: String,
    pub url: String,
    pub dialog: Dialog,
}

/// A form that a program asks a user to fill in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dialog {
    pub callback_id: String,
    pub title: String,
    pub introduction_text: String,
    pub icon_url: String,
    #[serde(deserialize_with = "list")]
    pub elements: Vec<Props>,
    pub submit_label: String,
    pub notify_on_cancel: bool,
    pub state: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source_url: String,
}

/// Body of `POST /actions/dialogs/submit` and `lookup`, and what the program is sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubmitDialog {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    pub callback_id: String,
    pub state: String,
    pub user_id: String,
    pub channel_id: String,
    pub team_id: String,
    pub submission: Props,
    pub cancelled: bool,
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "list")]
    pub file_ids: Vec<String>,
}

/// What a program replies to a submission: nothing when all is well.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubmitDialogReply {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// By name of the element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<StringMap>,
    /// `form`, `ok` or `navigate`; empty is `ok`.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The next page of a form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Dialog>,
}

/// A program that users let act for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OAuthApp {
    pub id: String,
    pub creator_id: String,
    pub create_at: i64,
    pub update_at: i64,
    /// Empty for public clients, and for who may not see it.
    pub client_secret: String,
    pub name: String,
    pub description: String,
    pub icon_url: String,
    #[serde(deserialize_with = "list")]
    pub callback_urls: Vec<String>,
    pub homepage: String,
    /// Users are not asked.
    pub is_trusted: bool,
    pub is_public: bool,
    pub is_dynamically_registered: bool,
    pub mattermost_app_id: String,
}

/// Reply of `POST /oauth/access_token`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OAuthToken {
    pub access_token: String,
    pub token_type: String,
    /// Seconds.
    pub expires_in: i64,
    pub scope: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub refresh_token: String,
}
