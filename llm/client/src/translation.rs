//! `POST /translate`, `POST /detect`, `GET /languages`, in LibreTranslate's shape.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request for translations.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TranslateRequest {
    /// What to translate.
    pub q: Texts,
    /// Code of the language it is in, or `auto`.
    pub source: String,
    /// Code of the language wanted.
    pub target: String,
    /// `text` (default; Markdown is kept) or `html`, which is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Key in the body, as LibreTranslate's clients send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
}

/// One text or several; the answer has the same form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Texts {
    /// One text.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// The translations; `q` as a list gives lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TranslateResponse {
    /// What was asked for.
    pub translated_text: Texts,
    /// With `source: "auto"`: one [`Detection`] or a list of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_language: Option<Value>,
}

/// A language that a text may be in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// From 0 to 100.
    pub confidence: f64,
    /// ISO 639-1 code.
    pub language: String,
}

/// A language and what it can be translated into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Language {
    /// ISO 639-1 code.
    pub code: String,
    /// Its English name.
    pub name: String,
    /// Codes of the languages it can be translated into, its own among them.
    #[serde(default)]
    pub targets: Vec<String>,
}

/// One translated text, as [`crate::Client::translate`] returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translated {
    /// The translation.
    pub text: String,
    /// Code of the language found, when the source was `auto`.
    pub detected: Option<String>,
}
