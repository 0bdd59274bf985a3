//! Why a login did not come about, and how its user learns of it.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A login that did not come about.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("there is no such login service")]
    NoService,
    #[error("the provider cannot be asked: {0}")]
    Unavailable(String),
    #[error("the provider refused: {0}")]
    Refused(String),
    /// Another browser, a second use, or too late.
    #[error("the answer belongs to no login that was begun in this browser")]
    State,
    #[error("the provider's word does not hold: {0}")]
    Token(String),
    #[error("the app's address is not one of app_schemes, or its challenge is not S256")]
    App,
    #[error("the provider says no e-mail address")]
    NoEmail,
    #[error("another account has this e-mail address")]
    EmailTaken,
    #[error("the provider's user has no account here, and none is made")]
    NoAccount,
    #[error("the account is deactivated")]
    Inactive,
    #[error("the provider's user opens another account")]
    Taken,
    #[error("{0}")]
    Site(#[from] chat::Error),
}

impl From<db::Error> for Trouble {
    fn from(error: db::Error) -> Self {
        Self::Site(error.into())
    }
}

impl Trouble {
    /// The word that the login page has a sentence for.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoService => "no_service",
            Self::Unavailable(_) => "unavailable",
            Self::Refused(_) => "refused",
            Self::State => "state",
            Self::Token(_) => "token",
            Self::App => "app",
            Self::NoEmail => "no_email",
            Self::EmailTaken => "email_taken",
            Self::NoAccount => "no_account",
            Self::Inactive => "inactive",
            Self::Taken => "taken",
            Self::Site(_) => "site",
        }
    }

    /// Sends the browser to the login page, which says what happened and what to do.
    pub fn shown(&self, service: &str) -> Response {
        match self {
            Self::Unavailable(_) | Self::Token(_) | Self::Site(_) => {
                tracing::warn!(service, error = %self, "a single sign-on failed");
            }
            _ => tracing::debug!(service, error = %self, "a single sign-on was refused"),
        }
        // The name comes from the address: only what a service could be called goes back into one.
        let service: String = service.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        to(&format!("/login?sso_error={}&service={service}", self.word()))
    }
}

/// Sends the browser elsewhere; nothing on the way may be kept.
pub fn to(address: &str) -> Response {
    let headers = [(header::LOCATION, address), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::FOUND, headers).into_response()
}
