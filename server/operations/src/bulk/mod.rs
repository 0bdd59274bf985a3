//! Bulk import and export in Mattermost's format: a whole site moves in or out as JSONL, with its files in a zip.

mod check;
mod export;
mod import;
mod job;
pub mod line;
mod memberships;
mod names;
mod people;
mod pictures;
mod places;
mod posts;
mod powers;
mod reading;
mod routes;
mod source;
mod store;
mod zipped;

pub use check::Problem;
pub use export::{Wanted, Written, run as export};
pub use import::{Progress, Summary, run as import};
pub use job::{EXPORTS, register};
pub use routes::router;
pub use source::{Source, open};
