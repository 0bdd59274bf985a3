//! Copies of a whole site: into another database, into an archive and back.
//!
//! A copy is logical: rows by column name, read from one consistent view. So it goes from either engine to either.

mod archive;
pub mod backup;
pub mod catalogue;
mod cells;
pub mod migrate;
pub mod restore;

/// Why a copy was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Database(#[from] db::Error),
    /// Something stands against it; the text says what.
    #[error("{0}")]
    Refused(String),
    #[error("table {table}: {reason}")]
    Row { table: String, reason: String },
    #[error("table {table}: {expected} rows expected, {found} found; nothing was changed")]
    Count { table: String, expected: i64, found: i64 },
    #[error("the archive is damaged: {0}")]
    Damaged(String),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("file storage: {0}")]
    Storage(#[from] object_store::Error),
}

/// Result of everything here.
pub type Result<T> = std::result::Result<T, Error>;
