//! `POST /v1/audio/transcriptions`, answer of the default `json` format.

use serde::{Deserialize, Serialize};

/// What was said in a sound file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Transcription {
    /// All the words.
    pub text: String,
    /// Language spoken, when the server says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Length of the sound in seconds, when the server says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
}
