//! Buttons and selects in posts, and the forms that programs open for a user.

mod cookie;
pub mod trigger;
mod whisper;

pub use whisper::whisper;
