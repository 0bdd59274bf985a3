//! OpenAI's error shape, and what can go wrong on the way to a server.

use serde::{Deserialize, Serialize};

/// Body of an error answer: `{"error": {…}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The error itself.
    pub error: ApiError,
}

/// One error as OpenAI's API words it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApiError {
    /// For people: what is wrong and with which field.
    pub message: String,
    /// For programs: `invalid_request_error`, `authentication_error`, `rate_limit_error`, `server_error`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The request field that is wrong, when one is.
    pub param: Option<String>,
    /// Finer than `kind`: `model_not_found`, `invalid_api_key`, `queue_full`, …
    pub code: Option<String>,
}

/// Why a call to the service gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The base URL is no `http` or `https` URL.
    #[error("base URL {url:?} of the language model service: {reason}")]
    BaseUrl { url: String, reason: String },
    /// No connection: the service is not there.
    #[error("the language model service at {url} cannot be reached: {source}")]
    Unreachable { url: String, source: reqwest::Error },
    /// The service went silent for longer than a deadline allows.
    #[error("the language model service at {url} did not answer in time")]
    Deadline { url: String },
    /// The queue of the service is full; try again after `retry_after_seconds`.
    #[error("the language model service is busy; try again in {retry_after_seconds} s")]
    Busy { retry_after_seconds: u64 },
    /// The service refused the request.
    #[error("the language model service answered {status}: {}", api.message)]
    Refused { status: u16, api: ApiError },
    /// The answer is not what the API promises.
    #[error("the language model service broke its protocol: {reason}")]
    Protocol { reason: String },
}

impl Error {
    pub(crate) fn transport(url: &str, source: reqwest::Error) -> Self {
        if source.is_connect() {
            Self::Unreachable { url: url.into(), source }
        } else if source.is_timeout() {
            Self::Deadline { url: url.into() }
        } else if source.is_decode() {
            Self::Protocol { reason: source.to_string() }
        } else {
            Self::Unreachable { url: url.into(), source }
        }
    }

    /// Whether another try some seconds later may succeed without changing the request.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Deadline { .. } | Self::Busy { .. } => true,
            Self::Refused { status, .. } => matches!(status, 429 | 502 | 503 | 504),
            Self::BaseUrl { .. } | Self::Protocol { .. } => false,
        }
    }
}
