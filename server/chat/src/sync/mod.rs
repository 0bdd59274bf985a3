//! What changed since a time, for a client whose link was gone for longer than its socket can be resumed: one request and
//! its pages, instead of asking for every channel again.

mod routes;
mod sections;
mod store;

pub use routes::router;
