//! What can go wrong with a request, mapped to HTTP once, in OpenAI's error shape.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use llm_client::{ApiError, ErrorBody};

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A field is wrong.
    #[error("{param}: {reason}")]
    Invalid { param: String, reason: String },
    /// No or a wrong key.
    #[error("a valid API key must be sent as a bearer token")]
    Unauthorised,
    /// No such model.
    #[error("model {0:?} does not exist; GET /v1/models lists the models")]
    NoModel(String),
    /// The queue is full.
    #[error("too many requests are waiting; try again later")]
    Busy,
    /// A part is not there (yet).
    #[error("{0}")]
    Unavailable(String),
    /// A fault of ours.
    #[error("{0}")]
    Internal(String),
}

impl Failure {
    /// A wrong field.
    pub fn invalid(param: &str, reason: impl Into<String>) -> Self {
        Self::Invalid { param: param.into(), reason: reason.into() }
    }

    /// The body of the answer.
    pub fn body(&self) -> ErrorBody {
        let (kind, code) = match self {
            Self::Invalid { .. } => ("invalid_request_error", "invalid_value"),
            Self::Unauthorised => ("authentication_error", "invalid_api_key"),
            Self::NoModel(_) => ("invalid_request_error", "model_not_found"),
            Self::Busy => ("rate_limit_error", "queue_full"),
            Self::Unavailable(_) => ("server_error", "unavailable"),
            Self::Internal(_) => ("server_error", "internal_error"),
        };
        let param = match self {
            Self::Invalid { param, .. } => Some(param.clone()),
            Self::NoModel(_) => Some("model".into()),
            _ => None,
        };
        ErrorBody { error: ApiError { message: self.to_string(), kind: kind.into(), param, code: Some(code.into()) } }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Invalid { .. } => StatusCode::BAD_REQUEST,
            Self::Unauthorised => StatusCode::UNAUTHORIZED,
            Self::NoModel(_) => StatusCode::NOT_FOUND,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status.is_server_error() {
            tracing::warn!(%status, error = %self, "request failed");
        }
        let mut response = (status, Json(self.body())).into_response();
        if matches!(self, Self::Busy | Self::Unavailable(_)) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

/// Reads a JSON body; the error names the field that serde names.
///
/// # Errors
/// [`Failure::Invalid`].
pub fn read_json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| {
        let reason = error.to_string();
        let field = reason.split('`').nth(1).filter(|_| reason.starts_with("missing field")).unwrap_or("body");
        Failure::invalid(field, reason.clone())
    })
}
