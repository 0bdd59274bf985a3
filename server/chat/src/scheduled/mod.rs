//! Scheduled posts: written now, sent by the server when their time has come, also after a restart.

mod deliver;
mod repeat;
mod routes;
mod store;

pub use deliver::{deliver_due, run};
pub use routes::router;
