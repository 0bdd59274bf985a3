//! Numbers about the site for its administrators.

mod routes;
mod store;

pub use routes::router;
pub use store::counts;
