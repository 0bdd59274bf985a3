//! Custom profile attributes: fields that administrators add to every profile, and what users fill in.

mod routes;
mod rules;
mod store;

pub use routes::router;
