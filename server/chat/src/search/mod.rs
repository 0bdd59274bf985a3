//! Finding posts and files, by the search terms that clients send as one line of text.
//!
//! * [`grammar`] reads the line: words, phrases, tags, `from:`, `in:`, dates, exclusions.
//! * [`condition`] turns it into one SQL condition for both engines. Words are found as substrings, so that those of
//!   languages without spaces (Chinese, Japanese, Korean, Thai) are found like any other.

mod condition;
pub mod grammar;
mod routes;
mod scope;

pub use condition::escaped;
pub use routes::router;
