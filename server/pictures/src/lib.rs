//! Attached pictures: thumbnails and previews, formats that browsers do not show, and what a picture tells about a place.
//! Pure: bytes in, bytes out.
//!
//! Pictures come from anybody: what is decoded is bounded by [`Limits`], and a decoder that panics costs its picture only.
//! That a decoder ends is the caller's to enforce, by a process of its own with a deadline.

mod avif;
mod decode;
mod format;
mod place;
mod small;
mod svg;

pub use format::{Format, HEAD};
pub use place::forget_place;
pub use small::{Small, small_versions};

/// What a picture may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest side, pixels.
    pub max_side: u32,
    /// Width times height, pixels.
    pub max_pixels: u64,
    /// Memory that a decoder may ask for, bytes, where the decoder can be told.
    pub max_memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_side: 16_384, max_pixels: 120_000_000, max_memory: 768 << 20 }
    }
}

/// Why a picture has no small versions.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    #[error("it is no picture of a kind that is read here")]
    Unknown,
    #[error("it has {width} x {height} pixels, more than are decoded")]
    TooLarge { width: u32, height: u32 },
    #[error("it cannot be decoded: {0}")]
    Broken(String),
}

impl Error {
    fn broken(error: impl std::fmt::Display) -> Self {
        Self::Broken(error.to_string())
    }
}

impl Limits {
    fn check(&self, width: u32, height: u32) -> Result<(), Error> {
        let pixels = u64::from(width) * u64::from(height);
        if width > self.max_side || height > self.max_side || pixels > self.max_pixels || pixels == 0 {
            return Err(Error::TooLarge { width, height });
        }
        Ok(())
    }
}
