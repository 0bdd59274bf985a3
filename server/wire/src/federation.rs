//! Partner sites: connections, shared channels, and what two sites say to each other.

use crate::{Post, PostAcknowledgement, Reaction, Status, User, is_zero};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A connection to another site. Both sites know it under one id; the tokens are blank in every answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoteCluster {
    pub remote_id: String,
    pub remote_team_id: String,
    pub name: String,
    pub display_name: String,
    /// `pending_<id>` until the other site has answered.
    pub site_url: String,
    pub default_team_id: String,
    pub create_at: i64,
    pub delete_at: i64,
    /// When the other site was heard last.
    pub last_ping_at: i64,
    pub last_global_user_sync_at: i64,
    pub token: String,
    pub remote_token: String,
    pub topics: String,
    pub creator_id: String,
    pub plugin_id: String,
    pub options: i64,
}

/// What everybody in a shared channel may know of the site on its other end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoteClusterInfo {
    pub remote_id: String,
    pub name: String,
    pub display_name: String,
    pub create_at: i64,
    pub delete_at: i64,
    pub last_ping_at: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub site_url: String,
}

/// A channel that other sites are in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SharedChannel {
    /// Of the channel.
    pub id: String,
    pub team_id: String,
    /// It began here.
    pub home: bool,
    pub readonly: bool,
    pub name: String,
    pub display_name: String,
    pub purpose: String,
    pub header: String,
    pub creator_id: String,
    pub create_at: i64,
    pub update_at: i64,
    /// Where it began; empty when that is here.
    pub remote_id: String,
}

/// One site in one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SharedChannelRemote {
    pub id: String,
    pub channel_id: String,
    pub creator_id: String,
    pub create_at: i64,
    pub update_at: i64,
    pub delete_at: i64,
    pub is_invite_accepted: bool,
    pub is_invite_confirmed: bool,
    pub remote_id: String,
    pub last_post_update_at: i64,
    pub last_post_id: String,
    pub last_post_create_at: i64,
    pub last_post_create_id: String,
    pub last_members_sync_at: i64,
}

/// What is inside an invitation code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoteClusterInvite {
    pub remote_id: String,
    pub remote_team_id: String,
    pub site_url: String,
    pub token: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub refreshed_token: String,
    pub version: i64,
}

/// A message between sites.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoteClusterFrame {
    pub remote_id: String,
    pub msg: RemoteClusterMsg,
}

/// Its inside.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoteClusterMsg {
    pub id: String,
    pub topic: String,
    pub create_at: i64,
    pub payload: Value,
}

/// What a site answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoteClusterResponse {
    /// `OK` or `FAIL`.
    pub status: String,
    pub err: String,
    pub payload: Value,
}

/// A sign of life; milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoteClusterPing {
    pub sent_at: i64,
    pub recv_at: i64,
}

/// Brings a channel to another site.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SharedChannelInvite {
    pub channel_id: String,
    pub team_id: String,
    pub read_only: bool,
    pub name: String,
    pub display_name: String,
    pub header: String,
    pub purpose: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub creator_id: String,
    pub direct_participant_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub direct_participants: Vec<User>,
}

/// Somebody came into a channel or left it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MembershipChange {
    pub channel_id: String,
    pub user_id: String,
    pub is_add: bool,
    pub remote_id: String,
    pub change_time: i64,
}

/// What happened in a channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncMsg {
    pub id: String,
    pub channel_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<BTreeMap<String, User>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posts: Option<Vec<Post>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reactions: Option<Vec<Reaction>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<Status>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership_changes: Option<Vec<MembershipChange>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledgements: Option<Vec<PostAcknowledgement>>,
    /// A name behind an @, and whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mention_transforms: Option<BTreeMap<String, String>>,
}

/// What of it was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncResponse {
    pub users_last_update_at: i64,
    pub user_errors: Vec<String>,
    pub users_syncd: Vec<String>,
    pub posts_last_update_at: i64,
    pub post_errors: Vec<String>,
    pub reactions_last_update_at: i64,
    pub reaction_errors: Vec<String>,
    pub acknowledgements_last_update_at: i64,
    pub acknowledgement_errors: Vec<String>,
    pub status_errors: Vec<String>,
    #[serde(skip_serializing_if = "is_zero")]
    pub membership_last_update_at: i64,
    pub membership_errors: Vec<String>,
}
