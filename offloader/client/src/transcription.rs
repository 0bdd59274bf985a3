//! `POST /v1/audio/transcriptions`, OpenAI's speech-to-text request.

use serde::{Deserialize, Serialize};

/// In which form the text is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseFormat {
    /// `{"text"}`.
    #[default]
    Json,
    /// The text alone.
    Text,
    /// SubRip subtitles.
    Srt,
    /// Text with language, duration and segments.
    VerboseJson,
    /// WebVTT subtitles.
    Vtt,
}

impl ResponseFormat {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Srt => "srt",
            Self::VerboseJson => "verbose_json",
            Self::Vtt => "vtt",
        }
    }

    /// Reads the name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Json, Self::Text, Self::Srt, Self::VerboseJson, Self::Vtt].into_iter().find(|f| f.as_str() == name)
    }
}

/// What beside the file a request may say.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TranscriptionOptions {
    /// Name of the file with its extension, as OpenAI's clients send it; `audio` when empty.
    pub file_name: String,
    /// Two-letter language; empty means that the service finds out.
    pub language: String,
    /// Words that are likely to occur (names, terms).
    pub prompt: String,
    /// Whether to time words besides segments.
    pub words: bool,
}

/// The `verbose_json` answer; times are seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transcription {
    /// Always `transcribe`.
    pub task: String,
    /// Language spoken, two letters.
    pub language: String,
    /// Length of the sound in seconds.
    pub duration: f64,
    /// All that was said.
    pub text: String,
    /// The text in pieces with their times.
    pub segments: Vec<TranscriptionSegment>,
    /// Words with their times, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<Vec<TranscriptionWord>>,
}

/// A piece of a transcription.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TranscriptionSegment {
    /// Position in the list, from 0.
    pub id: u32,
    /// Seconds from the beginning of the sound.
    pub start: f64,
    /// Seconds from the beginning of the sound.
    pub end: f64,
    /// What was said.
    pub text: String,
    /// The model's belief that nobody spoke, 0 to 1.
    pub no_speech_prob: f32,
    /// Mean log probability of the words.
    pub avg_logprob: f32,
}

/// A word of a transcription.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TranscriptionWord {
    /// The word.
    pub word: String,
    /// Seconds from the beginning of the sound.
    pub start: f64,
    /// Seconds from the beginning of the sound.
    pub end: f64,
}
