//! Errors of the job API and their one way to HTTP: `{"error", "code"}` with the code as text, as upstream.

use crate::store::StoreError;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use offloader_client::job::Reply;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No or wrong credentials.
    #[error("{0}")]
    Unauthorised(&'static str),
    /// Not allowed to anybody here.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The request is wrong.
    #[error("{0}")]
    Invalid(String),
    /// There is no such thing.
    #[error("{0}")]
    Missing(String),
    /// The service cannot do it now.
    #[error("{0}")]
    Busy(String),
    /// Something of ours broke; told to the log, not to the client.
    #[error("{0}: {1}")]
    Internal(&'static str, String),
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::Internal("job table", error.to_string())
    }
}

impl From<db::Error> for ApiError {
    fn from(error: db::Error) -> Self {
        Self::Internal("job table", error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Unauthorised(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Missing(_) => StatusCode::NOT_FOUND,
            // Upstream's status for a refused job, which its clients know.
            Self::Busy(_) | Self::Internal(..) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let error = match &self {
            Self::Internal(what, why) => {
                tracing::error!(what, why, "request failed");
                format!("{what} is not available")
            }
            other => other.to_string(),
        };
        (status, Json(Reply { code: status.as_u16().to_string(), error, ..Reply::default() })).into_response()
    }
}
