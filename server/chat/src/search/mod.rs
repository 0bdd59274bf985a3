//! Finding posts and files, by the search terms that clients send as one line of text.
//!
//! * [`grammar`] reads the line: words, phrases, tags, `from:`, `in:`, dates, exclusions.
//! * [`words`] says what a word is, [`expression`] what a search wants of them.
//! * [`index`] fills an index behind the writer; [`store`] knows both engines' kinds of it.
//! * [`find`] asks the index, and looks through what is not in it yet, so that a post is found when it is written.
//! * [`condition`] is the rest of a search in SQL: who may be found, and when.

mod condition;
mod expression;
mod find;
pub mod grammar;
mod index;
mod routes;
mod scope;
mod store;
pub mod words;

pub use condition::escaped;
pub use index::{do_some, run, waiting};
pub use routes::router;
