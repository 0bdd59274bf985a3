//! Speech to text without tokio, sockets or a clock: sound in, text with times out.
//!
//! Sound is always mono, 16,000 samples a second, `f32` from -1 to 1. [`Segmenter`] finds who-speaks-when in a stream
//! by voice activity; [`Model`] holds Whisper's weights once for the whole process; each [`Transcriber`] made from it
//! turns a piece of sound into a [`Transcript`]. [`transcribe_long`] joins both for a recording of any length.
//! Text that the model invents over noise is dropped by the rules of [`guard`].

pub mod guard;
mod language;
mod long;
mod segmenter;
mod whisper;

pub use language::LanguageTracker;
pub use long::transcribe_long;
pub use segmenter::{Event, Segmenter, SegmenterConfig, Utterance};
pub use whisper::{Model, Request, Segment, SpeechError, Transcriber, Transcript, Word, audio_context};

/// Samples a second of all sound in this crate.
pub const SAMPLE_RATE: usize = 16_000;

/// Milliseconds of a sample position, rounded down.
pub fn samples_to_ms(samples: u64) -> u64 {
    samples * 1000 / SAMPLE_RATE as u64
}

/// Sample position of a time in milliseconds.
pub fn ms_to_samples(ms: u64) -> u64 {
    ms * SAMPLE_RATE as u64 / 1000
}
