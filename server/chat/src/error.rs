//! The closed list of meanings an answer can fail with, and the one place that turns them into HTTP.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Result of every use case.
pub type Result<T> = std::result::Result<T, Error>;

/// What kind of failure this is; there are as many as there are different reactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 400: the request is wrong; the message names the field and the reason.
    Invalid,
    /// 401: no session, or it has ended. Clients log out on this, so nothing else may use it.
    Unauthorized,
    /// 403: a session without the permission.
    Forbidden,
    /// 404.
    NotFound,
    /// 409.
    Conflict,
    /// 413.
    TooLarge,
    /// 429.
    TooMany,
    /// 500: a bug or a broken machine; the cause is logged, never shown.
    Internal,
    /// 501: the protocol has this operation and this server does not.
    NotImplemented,
    /// 503: a service that this needs is away; the message says which.
    Unavailable,
}

/// A failure with upstream's error id, a text for the user and a cause for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{id}: {message}")]
pub struct Error {
    pub kind: Kind,
    /// Upstream's id, which SDKs branch on, e.g. `api.context.permissions.app_error`.
    pub id: String,
    pub message: String,
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure of `kind` with upstream's `id` and a text that the user may read.
    pub fn new(kind: Kind, id: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, id: id.into(), message: message.into(), cause: None }
    }

    /// 400 for a body field.
    pub fn invalid_body(field: &str, reason: &str) -> Self {
        let message = format!("Invalid or missing {field} in request body: {reason}.");
        Self::new(Kind::Invalid, "api.context.invalid_body_param.app_error", message)
    }

    /// 400 for a query or path parameter.
    pub fn invalid_param(name: &str) -> Self {
        let message = format!("Invalid {name} parameter.");
        Self::new(Kind::Invalid, "api.context.invalid_param.app_error", message)
    }

    /// 400 with an id of its own.
    pub fn invalid(id: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, id, message)
    }

    /// 401: clients log out.
    pub fn session_expired() -> Self {
        let message = "Invalid or expired session, please login again.";
        Self::new(Kind::Unauthorized, "api.context.session_expired.app_error", message)
    }

    /// 403.
    pub fn forbidden() -> Self {
        let message = "You do not have the appropriate permissions.";
        Self::new(Kind::Forbidden, "api.context.permissions.app_error", message)
    }

    /// 404 with upstream's id.
    pub fn not_found(id: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, id, message)
    }

    /// 503: which service is away.
    pub fn unavailable(id: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, id, message)
    }

    /// 500 with a cause that only the log shows.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut error = Self::new(Kind::Internal, "api.internal.app_error", "An internal error has occurred.");
        error.cause = Some(cause.into());
        error
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self.kind {
            Kind::Invalid => StatusCode::BAD_REQUEST,
            Kind::Unauthorized => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Kind::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The JSON body of the protocol.
    pub fn to_wire(&self) -> wire::AppError {
        wire::AppError {
            id: self.id.clone(),
            message: self.message.clone(),
            detailed_error: String::new(),
            request_id: String::new(),
            status_code: self.status().as_u16(),
        }
    }
}

impl From<db::Error> for Error {
    fn from(cause: db::Error) -> Self {
        Self::internal(cause)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Some(cause) = &self.cause {
            tracing::error!(error.id = %self.id, %cause, "request failed");
        }
        (self.status(), Json(self.to_wire())).into_response()
    }
}
