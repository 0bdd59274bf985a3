//! Slash commands that people made for their team, carried out by another program.

mod answer;
mod ask;
mod later;
mod routes;
mod rules;
mod store;

pub use ask::Keeper;

use axum::Router;
use axum::routing::{get, post, put};
use chat::Site;

/// Routes under `/api/v4`; lists and execution are chat's.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/commands", post(routes::create))
        .route("/commands/{command_id}", get(routes::one).put(routes::update).delete(routes::delete))
        .route("/commands/{command_id}/move", put(routes::relocate))
        .route("/commands/{command_id}/regen_token", put(routes::regen_token))
}

/// Where programs answer later.
pub fn outside() -> Router<Site> {
    Router::new().route("/hooks/commands/{response_id}", post(later::handler))
}
