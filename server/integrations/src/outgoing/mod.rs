//! Outgoing webhooks: posts in public channels that another program is told of, and what it says to them.

mod deliver;
mod known;
mod routes;
mod rules;
mod store;

pub use deliver::run;
pub use known::Known;
pub use rules::is_address;

use axum::Router;
use axum::routing::{get, post};
use chat::Site;

/// Routes under `/api/v4`.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/hooks/outgoing", get(routes::list).post(routes::create))
        .route("/hooks/outgoing/{hook_id}", get(routes::one).put(routes::update).delete(routes::delete))
        .route("/hooks/outgoing/{hook_id}/regen_token", post(routes::regen_token))
}
