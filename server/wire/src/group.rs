//! Groups of users, and the fields that a site adds to profiles.

use crate::Props;
use serde::{Deserialize, Serialize};

/// A group of users that can be mentioned by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    pub id: String,
    pub name: String,
    pub display_name: String,
    pub description: String,
    /// `custom`, or the directory that keeps it (`ldap`).
    pub source: String,
    pub remote_id: Option<String>,
    pub create_at: i64,
    pub update_at: i64,
    pub delete_at: i64,
    pub has_syncables: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_count: Option<i64>,
    pub allow_reference: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_ids: Option<Vec<String>>,
    /// In lists of a team or channel: those whom the group brings administer it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme_admin: Option<bool>,
}

/// A user's place in a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupMember {
    pub group_id: String,
    pub user_id: String,
    pub create_at: i64,
    /// 0 while the user is in it.
    pub delete_at: i64,
}

/// A field of a profile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileField {
    pub id: String,
    pub group_id: String,
    pub name: String,
    /// `text`, `select`, `multiselect`, `date`, `user` or `multiuser`.
    #[serde(rename = "type")]
    pub kind: String,
    pub attrs: Props,
    pub target_id: String,
    pub target_type: String,
    pub create_at: i64,
    pub update_at: i64,
    pub delete_at: i64,
}
