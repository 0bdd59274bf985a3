//! Drafts: what a user has begun to write, kept on the server so that it follows them to other devices.

mod routes;
mod store;

pub use routes::{of_team, router};
