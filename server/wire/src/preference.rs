//! Preferences: stored verbatim, whatever the client writes.

use serde::{Deserialize, Serialize};

/// One preference of one user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preference {
    pub user_id: String,
    pub category: String,
    pub name: String,
    pub value: String,
}
