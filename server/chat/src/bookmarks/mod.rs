//! Bookmarks: links and files that the members of a channel keep at its top.

mod routes;
mod rules;
mod store;

pub use routes::router;
