//! Calls to other programs whose addresses users chose: only where the configuration allows, each with a deadline, a
//! largest answer and a place in a bounded number of calls at the same time.

mod addresses;
mod client;

pub use addresses::{BadAddress, Rules};
pub use client::{Answer, Client, Failure};
