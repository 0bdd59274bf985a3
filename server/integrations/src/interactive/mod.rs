//! Buttons and selects in posts, and the forms that programs open for a user.

mod cookie;
mod dialogs;
mod links;
mod press;
pub mod trigger;
mod update;
mod whisper;

pub use whisper::whisper;

use axum::Router;
use axum::routing::post;
use chat::Site;

/// Routes under `/api/v4`.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/posts/{post_id}/actions/{action_id}", post(press::handler))
        .route("/actions/dialogs/open", post(dialogs::open))
        .route("/actions/dialogs/submit", post(dialogs::submit))
        .route("/actions/dialogs/lookup", post(dialogs::lookup))
        .route("/actions/dialogs/execute", post(dialogs::execute))
}
