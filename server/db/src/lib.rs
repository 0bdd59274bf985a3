//! One SQL text for SQLite and PostgreSQL.
//!
//! * [`Db::read`] gives a [`Conn`] for queries, [`Db::write`] a [`Tx`] for changes. A store function takes `&mut Conn`
//!   when it only reads (a `&mut Tx` coerces) and `&mut Tx` when it writes, so that its caller decides the transaction.
//! * SQLite has one writing connection and N readers in WAL mode, so "database is locked" cannot happen inside one process.
//!   While a `Tx` is open nothing may be awaited but SQL: no HTTP, no file; the single writer would stall everybody.
//! * Statements are `const`, with parameters `$1…$n`; a list parameter is written `IN LIST($1)`. Where the engines
//!   truly differ the statement is [`Sql::forked`].
//! * Rows are read by position, in the order of the SELECT list: `let mut r = row.read(); (r.get()?, r.get()?)`.
//! * [`Tx::after_commit`] queues what must be told to the world; a dropped `Tx` tells nothing.

mod bulk;
mod engine;
mod journal;
mod migrate;
mod postgres;
mod row;
mod sql;
mod sqlite;
pub mod testing;
mod value;

pub use engine::{Conn, Db, Engine, Options, Snapshot, Tx};
pub use migrate::{Migration, migrate};
pub use row::{Cell, FromCell, Row, RowReader};
pub use sql::Sql;
pub use value::Value;

/// What can go wrong between a store function and its database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refused the statement.
    #[error("sqlite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused the statement.
    #[error("postgres: {}", pg_message(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// No connection to PostgreSQL could be had.
    #[error("postgres pool: {0}")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// The connection settings cannot be used.
    #[error("database settings: {0}")]
    Settings(String),
    /// A column does not hold what the reader expects.
    #[error("column {column}: expected {expected}, found {found}")]
    Decode { column: usize, expected: &'static str, found: String },
    /// The disk refused to make a commit durable. It can be read, and a power cut may take it back.
    #[error("a commit was written and could not be made durable: {0}")]
    Sync(std::io::Error),
    /// The database threads are gone (shutdown).
    #[error("the database is closed")]
    Closed,
    /// A migration failed, or the database is newer than this program.
    #[error("migration {version} {name}: {reason}")]
    Migration { version: i64, name: String, reason: String },
}

impl Error {
    /// Whether a UNIQUE or PRIMARY KEY constraint refused the row.
    pub fn is_unique_violation(&self) -> bool {
        match self {
            Self::Sqlite(rusqlite::Error::SqliteFailure(e, _)) => matches!(
                e.extended_code,
                rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            ),
            Self::Postgres(e) => e.code() == Some(&tokio_postgres::error::SqlState::UNIQUE_VIOLATION),
            _ => false,
        }
    }
}

fn pg_message(e: &tokio_postgres::Error) -> String {
    e.as_db_error().map_or_else(|| e.to_string(), |d| format!("{} ({})", d.message(), d.code().code()))
}

/// Result of everything here.
pub type Result<T> = std::result::Result<T, Error>;

/// Parameters of a statement: `params![id, 5_i64, true, None::<String>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::Value::from($value)),*] };
}
