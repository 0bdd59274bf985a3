//! Reports about accounts: page by page for the console, and as a file.

mod export;
mod query;
mod routes;
mod store;

pub use export::register;
pub use routes::router;
