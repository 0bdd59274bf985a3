//! Slash commands: what a user types after `/` in the message box, carried out by the server itself or by another program.

mod builtin;
mod custom;
mod execute;
mod routes;

pub use builtin::is_builtin;
pub use custom::Custom;
pub use routes::router;
