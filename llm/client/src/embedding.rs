//! `POST /v1/embeddings`.

use crate::chat::Usage;
use serde::{Deserialize, Serialize};

/// A request for vectors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EmbeddingRequest {
    /// Name of the model; empty lets Muster's `llm` take its default.
    #[serde(default)]
    pub model: String,
    /// What to embed.
    pub input: EmbeddingInput,
    /// `float` (default) or `base64`: little-endian f32s in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding_format: Option<String>,
    /// Length of the vectors, for models that can shorten them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<u32>,
    /// Who asks; for logs of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// One text or several.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EmbeddingInput {
    /// One text.
    One(String),
    /// Several; the answer keeps their order.
    Many(Vec<String>),
}

impl EmbeddingInput {
    /// The texts as a list.
    pub fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

/// The vectors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EmbeddingResponse {
    /// `list`.
    pub object: String,
    /// One per input, in its order.
    pub data: Vec<EmbeddingData>,
    /// Model that answered.
    pub model: String,
    /// Token counts.
    pub usage: Usage,
}

/// One vector.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EmbeddingData {
    /// `embedding`.
    pub object: String,
    /// Place of the text among the inputs.
    pub index: u32,
    /// The vector, in the form asked for.
    pub embedding: EmbeddingVector,
}

/// A vector in one of its two forms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EmbeddingVector {
    /// Numbers.
    Floats(Vec<f32>),
    /// Little-endian f32s in base64.
    Base64(String),
}
