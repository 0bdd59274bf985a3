//! Incoming webhooks: an address that another program posts messages to.

mod body;
mod deliver;
mod limit;
mod routes;
mod store;

pub use body::parse;
pub use limit::Limiter;

use crate::Integrations;
use axum::Router;
use axum::routing::{get, post};
use chat::Site;

/// Routes under `/api/v4`.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/hooks/incoming", get(routes::list).post(routes::create))
        .route("/hooks/incoming/{hook_id}", get(routes::one).put(routes::update).delete(routes::delete))
}

/// The addresses themselves.
pub fn outside(integrations: &Integrations) -> Router<Site> {
    let most = integrations.config.max_hook_body_kb << 10;
    Router::new().route("/hooks/{hook_id}", post(deliver::handler)).layer(axum::extract::DefaultBodyLimit::max(most))
}
