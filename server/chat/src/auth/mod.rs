//! Logging in and out, and the sessions of a user.

mod device;
mod login;
pub mod password;
mod sessions;
mod unoffered;

pub use sessions::{bot_token, end_all, end_old_bot_sessions};

use crate::Site;
use axum::Router;
use axum::routing::{get, post, put};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/users/login", post(login::login))
        .route("/users/login/type", post(unoffered::login_type))
        .route("/users/login/desktop_token", post(unoffered::desktop_token))
        .route("/users/password/reset", post(unoffered::reset))
        .route("/users/password/reset/send", post(unoffered::send_reset))
        .route("/users/sessions/device", put(device::attach))
        .route("/users/logout", post(login::logout))
        .route("/users/{user_id}/sessions", get(sessions::list))
        .route("/users/{user_id}/sessions/revoke", post(sessions::revoke))
        .route("/users/{user_id}/sessions/revoke/all", post(sessions::revoke_all))
}
