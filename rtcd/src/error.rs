//! Errors of the HTTP API and their one way to HTTP: `{"error", "code"}` with the code as text, as upstream.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// Why a request is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ApiError {
    /// No or wrong credentials.
    #[error("{0}")]
    Unauthorised(&'static str),
    /// Not allowed to this client, or to anybody here.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The request is wrong.
    #[error("{0}")]
    Invalid(String),
    /// Something of ours broke; told to the log, not to the client.
    #[error("{0}: {1}")]
    Internal(&'static str, String),
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Unauthorised(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Internal(..) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let error = match &self {
            Self::Internal(what, why) => {
                tracing::error!(what, why, "request failed");
                format!("{what} failed")
            }
            other => other.to_string(),
        };
        (status, Json(serde_json::json!({ "error": error, "code": status.as_u16().to_string() }))).into_response()
    }
}
