//! `POST /v1/completions`: text in, its continuation out, no chat template.

use crate::chat::{Stop, StreamOptions, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request to continue a text.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CompletionRequest {
    /// Name of the model; empty lets Muster's `llm` take its default.
    #[serde(default)]
    pub model: String,
    /// The text to continue.
    pub prompt: String,
    /// Most tokens to generate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0 is greedy; up to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Share of probability that sampling may choose from, in (0, 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// Makes sampling repeatable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Texts at which generation ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// How many likely tokens to tell per place; Muster's `llm` refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<u32>,
    /// How many continuations; Muster gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u32>,
    /// Whether to repeat the prompt; Muster's `llm` refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echo: Option<bool>,
    /// Whether to answer as server-sent events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<bool>,
    /// What a stream carries beside text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_options: Option<StreamOptions>,
}

/// An answer, or one event of a streamed one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CompletionResponse {
    /// Name of the answer, `cmpl-…`.
    pub id: String,
    /// `text_completion`.
    pub object: String,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// Model that answered.
    pub model: String,
    /// The answers; one, or none in a chunk that only carries `usage`.
    pub choices: Vec<CompletionChoice>,
    /// Token counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// One continuation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CompletionChoice {
    /// Place among the answers.
    pub index: u32,
    /// The continuation, or what a chunk adds to it.
    pub text: String,
    /// Always null; present because client libraries expect it.
    #[serde(default)]
    pub logprobs: Option<Value>,
    /// `stop` or `length`.
    #[serde(default)]
    pub finish_reason: Option<String>,
}
