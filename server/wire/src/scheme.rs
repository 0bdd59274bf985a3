//! Schemes of permissions, and the moderation of channels.

use serde::{Deserialize, Serialize};

/// The roles that members of some teams or channels have in place of the built-in ones. In a scheme for channels the names
/// of roles of teams, playbooks and runs are empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scheme {
    pub id: String,
    pub name: String,
    pub display_name: String,
    pub description: String,
    pub create_at: i64,
    pub update_at: i64,
    pub delete_at: i64,
    /// `team` or `channel`.
    pub scope: String,
    pub default_team_admin_role: String,
    pub default_team_user_role: String,
    pub default_team_guest_role: String,
    pub default_channel_admin_role: String,
    pub default_channel_user_role: String,
    pub default_channel_guest_role: String,
    pub default_playbook_admin_role: String,
    pub default_playbook_member_role: String,
    pub default_run_admin_role: String,
    pub default_run_member_role: String,
}

/// Body of `PUT /schemes/{id}/patch`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SchemePatch {
    pub name: Option<String>,
    pub display_name: Option<String>,
    pub description: Option<String>,
}

/// Body of `PUT /teams/{id}/scheme` and `PUT /channels/{id}/scheme`; empty takes the scheme away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SchemeId {
    pub scheme_id: String,
}

/// What members and guests of a channel may of one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelModeration {
    /// `create_post`, `create_reactions`, `manage_members`, `use_channel_mentions` or `manage_bookmarks`.
    pub name: String,
    pub roles: ChannelModeratedRoles,
}

/// Guests are absent where nothing is decided for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelModeratedRoles {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guests: Option<ChannelModeratedRole>,
    pub members: ChannelModeratedRole,
}

/// Whether it is allowed, and whether the channel decides that; otherwise the team or the site has forbidden it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelModeratedRole {
    pub value: bool,
    pub enabled: bool,
}

/// An entry of the body of `PUT /channels/{id}/moderations/patch`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelModerationPatch {
    pub name: String,
    pub roles: ChannelModeratedRolesPatch,
}

/// What is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelModeratedRolesPatch {
    pub guests: Option<bool>,
    pub members: Option<bool>,
}
