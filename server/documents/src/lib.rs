//! Text inside attached documents (PDF, Word, OpenDocument, spreadsheets, slides, plain text), so that search finds them.
//! Pure: bytes in, text out.
//!
//! Documents come from anybody, so that every amount is bounded by [`Limits`]: what is read, what it may unpack to, how
//! deep it nests, how much text comes out. A parser that panics costs its document only. What no library can promise,
//! that a parser ends, and within some memory, is the caller's: it runs this in a process of its own with a deadline.

mod office;
mod pdf;
mod plain;
mod sink;

use sink::Sink;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a document may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest document, bytes.
    pub max_input: usize,
    /// Text that is kept, characters; the rest of a longer document is not searched.
    pub max_chars: usize,
    /// Pages, sheets, slides and other parts that are read.
    pub max_parts: usize,
    /// Bytes that the parts of a compressed document may unpack to together.
    pub max_unpacked: u64,
    /// How many times its own size a compressed document may unpack to (beyond the first megabyte).
    pub max_ratio: u64,
    /// Depth of nested elements.
    pub max_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_input: 64 << 20,
            max_chars: 1_000_000,
            max_parts: 2000,
            max_unpacked: 256 << 20,
            max_ratio: 200,
            max_depth: 256,
        }
    }
}

/// Why a document gave no text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    #[error("it has {size} bytes; at most {most} are read")]
    TooLarge { size: usize, most: usize },
    #[error("it unpacks to more than is allowed")]
    Bomb,
    #[error("it is nested too deep")]
    TooDeep,
    #[error("it is encrypted")]
    Encrypted,
    #[error("it cannot be read: {0}")]
    Broken(String),
}

/// How a document is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Pdf,
    /// DOCX.
    Word,
    /// XLSX.
    Sheets,
    /// PPTX.
    Slides,
    /// ODT, ODS, ODP.
    OpenDocument,
    /// Text, Markdown, tables with separators, subtitles, and other files that a person reads as they are.
    Plain,
}

impl Kind {
    /// The kind of a file by its extension (lower case, without the dot); `None` when there is no text to expect.
    pub fn of(extension: &str) -> Option<Self> {
        Some(match extension {
            "pdf" => Self::Pdf,
            "docx" | "docm" | "dotx" => Self::Word,
            "xlsx" | "xlsm" | "xltx" => Self::Sheets,
            "pptx" | "pptm" | "ppsx" => Self::Slides,
            "odt" | "ods" | "odp" | "ott" | "ots" | "otp" => Self::OpenDocument,
            "txt" | "text" | "md" | "markdown" | "rst" | "csv" | "tsv" | "json" | "yaml" | "yml" | "toml" | "xml"
            | "html" | "htm" | "log" | "vtt" | "srt" | "ics" | "vcf" | "tex" | "org" => Self::Plain,
            _ => return None,
        })
    }
}

/// The text of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    /// Words in reading order; white space is one space or one line end.
    pub text: String,
    /// Whether there was more than the limits let through.
    pub cut: bool,
}

/// Reads the text of a document.
///
/// # Errors
/// When it is too large, encrypted, hostile or broken. What could be read before a break is kept.
pub fn extract(bytes: &[u8], kind: Kind, limits: &Limits) -> Result<Extracted, Error> {
    if bytes.len() > limits.max_input {
        return Err(Error::TooLarge { size: bytes.len(), most: limits.max_input });
    }
    let mut sink = Sink::new(limits.max_chars);
    let read = catch_unwind(AssertUnwindSafe(|| match kind {
        Kind::Pdf => pdf::read(bytes, limits, &mut sink),
        Kind::Plain => plain::read(bytes, &mut sink),
        office => office::read(bytes, office, limits, &mut sink),
    }));
    let read = read.unwrap_or_else(|_| Err(Error::Broken("the reader gave up on it".into())));
    let found = sink.finish();
    match read {
        Err(error) if found.text.is_empty() => Err(error),
        Err(_) => Ok(Extracted { cut: true, ..found }),
        Ok(()) => Ok(found),
    }
}
