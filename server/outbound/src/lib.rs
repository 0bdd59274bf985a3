//! Calls to other programs whose addresses users chose: only where the configuration allows, each with a deadline, a
//! largest answer and a place in a bounded number of calls at the same time.
//!
//! * [`Rules`] say which addresses may be called.
//! * [`Client`] calls them: [`Client::send`] asks a program once, [`Client::fetch`] reads a page or a picture and follows
//!   redirects, each judged like the first address.

mod addresses;
mod client;
mod fetch;

pub use addresses::{BadAddress, Rules};
pub use client::{Answer, Client, Failure, Settings};
pub use fetch::{Fetched, Wanted};
