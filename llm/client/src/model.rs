//! `GET /v1/models`.

use serde::{Deserialize, Serialize};

/// The models a server has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModelList {
    /// `list`.
    pub object: String,
    /// The models.
    pub data: Vec<Model>,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// Its name, as requests give it.
    pub id: String,
    /// `model`.
    #[serde(default)]
    pub object: String,
    /// Seconds since the Unix epoch.
    #[serde(default)]
    pub created: i64,
    /// Who made it available.
    #[serde(default)]
    pub owned_by: String,
}
