//! Custom emoji.

use serde::{Deserialize, Serialize};

/// A custom emoji; its picture is at `/emoji/{id}/image`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Emoji {
    pub id: String,
    pub create_at: i64,
    pub update_at: i64,
    pub delete_at: i64,
    pub creator_id: String,
    /// Without colons.
    pub name: String,
}
