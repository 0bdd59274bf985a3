//! Slash commands of the server itself: what a user types after `/` in the message box.

mod builtin;
mod execute;
mod routes;

pub use routes::router;
