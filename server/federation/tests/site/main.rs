//! Partner sites on both engines.

mod cut;
mod spoof;
mod story;
mod support;
