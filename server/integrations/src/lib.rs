//! What other programs do in channels: webhooks, custom slash commands, buttons and dialogs, OAuth 2 applications.

use axum::Router;
use chat::Site;

/// Routes under `/api/v4`.
pub fn router() -> Router<Site> {
    Router::new()
}
