//! What crosses processes. The stories run the real binaries; nothing of theirs is linked in here.
//!
//! `browser/` holds the story in real browsers, `sdk/` the client libraries, `tests/` the Rust ones.
