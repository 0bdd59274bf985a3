//! SQLite inside this process: one connection that writes, N that read, all in WAL mode with prepared statements kept.
//!
//! A statement takes some ten microseconds, less than handing it to another thread and being woken for the answer. So it
//! runs where it is asked for. What waits for the disk (see `journal`) or for others goes to a thread that may block, and
//! a reading statement that turns out to be long is stopped and begins again there.

use crate::journal::{Journal, Tell};
use crate::row::{Cell, Row};
use crate::{Error, Result, Value};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// How long another process (a backup, a command of the program) may hold the database.
const BUSY: Duration = Duration::from_secs(10);
/// Steps of SQLite's virtual machine between two looks at [`Reader::patience`]; about half a millisecond.
const STEPS: i32 = 10_000;

pub(crate) struct Sqlite {
    readers: Arc<Readers>,
    writer: Arc<tokio::sync::Mutex<Connection>>,
    journal: Arc<Journal>,
    path: PathBuf,
}

impl Sqlite {
    pub(crate) fn open(path: &Path, readers: usize, full_sync: bool) -> Result<Self> {
        let writer = open_connection(path)?;
        Journal::watch(&writer);
        let journal = Arc::new(Journal::new(path, open_connection(path)?, full_sync));
        let readers = readers.max(1);
        let idle: Result<Vec<Reader>> = (0..readers).map(|_| Reader::open(path)).collect();
        // It must not wait where it is asked, see `begin`.
        writer.busy_timeout(Duration::ZERO)?;
        Ok(Self {
            readers: Arc::new(Readers { idle: Mutex::new(idle?), free: Arc::new(Semaphore::new(readers)) }),
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            journal,
            path: path.to_owned(),
        })
    }

    pub(crate) async fn read(&self, sql: Arc<str>, params: Vec<Value>) -> Result<Vec<Row>> {
        let mut reader = self.readers.clone().take().await?;
        match reader.reader()?.hurry(&sql, &params) {
            Err(Error::Sqlite(error)) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {}
            done => return done,
        }
        blocking(move || query(&mut reader.reader()?.connection, &sql, &params)).await
    }

    /// A reading connection that nobody else uses; it ends with the lease.
    pub(crate) fn own_connection(&self) -> Result<Lease> {
        let connection = open_connection(&self.path)?;
        connection.pragma_update(None, "query_only", true)?;
        let own = Arc::new(tokio::sync::Mutex::new(connection)).try_lock_owned();
        // Nobody else knows of this lock.
        Ok(Lease { connection: own.map_err(|_| Error::Closed)?, journal: self.journal.clone() })
    }

    /// Waits for the writer.
    pub(crate) async fn lease(&self) -> Lease {
        Lease { connection: self.writer.clone().lock_owned().await, journal: self.journal.clone() }
    }
}

/// A connection, for as long as one transaction lasts; what is open when it ends is rolled back.
pub(crate) struct Lease {
    connection: OwnedMutexGuard<Connection>,
    journal: Arc<Journal>,
}

impl Lease {
    /// Begins a transaction.
    pub(crate) async fn begin(self) -> Result<Self> {
        match self.execute_batch("BEGIN IMMEDIATE") {
            Ok(()) => return Ok(self),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
            Err(error) => return Err(error.into()),
        }
        self.patiently(|c| Ok(c.execute_batch("BEGIN IMMEDIATE")?)).await.map(|(lease, ())| lease)
    }

    /// Commits, and returns when that is durable and `tells` have run, in the order of the commits. Both happen also when
    /// the caller goes away meanwhile. The next transaction begins before that.
    pub(crate) fn commit(self, tells: Vec<Tell>) -> impl Future<Output = Result<()>> + Send + use<> {
        let done = self.execute_batch("COMMIT").map(|()| self.journal.committed(tells));
        drop(self);
        async move { done?.await }
    }

    /// Runs a script with its own transactions; returns when it is durable.
    pub(crate) async fn script(self, text: String) -> Result<()> {
        let (lease, ()) = self.patiently(move |c| Ok(c.execute_batch(&text)?)).await?;
        let durable = lease.journal.committed(Vec::new());
        drop(lease);
        durable.await
    }

    /// Runs what may take long where that stalls nobody, and gives the lease back.
    pub(crate) async fn patiently<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<(Self, T)> {
        let mut lease = self;
        blocking(move || {
            lease.busy_timeout(BUSY)?;
            let done = work(&mut lease);
            lease.busy_timeout(Duration::ZERO)?;
            Ok((lease, done?))
        })
        .await
    }
}

impl Deref for Lease {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.is_autocommit() {
            return;
        }
        if let Err(error) = self.execute_batch("ROLLBACK") {
            tracing::warn!(%error, "rolling back an abandoned transaction");
        }
    }
}

/// The reading connections that are not in use.
struct Readers {
    idle: Mutex<Vec<Reader>>,
    free: Arc<Semaphore>,
}

impl Readers {
    async fn take(self: Arc<Self>) -> Result<Taken> {
        let permit = self.free.clone().acquire_owned().await.map_err(|_| Error::Closed)?;
        // The last one that came back has its statements and pages at hand.
        let reader = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or(Error::Closed)?;
        Ok(Taken { reader: Some(reader), readers: self, _permit: permit })
    }
}

struct Reader {
    connection: Connection,
    /// How often a statement may still be asked whether it goes on; 0: as long as it likes.
    patience: Arc<AtomicU8>,
}

impl Reader {
    fn open(path: &Path) -> Result<Self> {
        let connection = open_connection(path)?;
        connection.pragma_update(None, "query_only", true)?;
        let patience = Arc::new(AtomicU8::new(0));
        let left = patience.clone();
        connection.progress_handler(
            STEPS,
            Some(move || match left.load(Ordering::Relaxed) {
                0 => false,
                1 => true,
                more => {
                    left.store(more - 1, Ordering::Relaxed);
                    false
                }
            }),
        )?;
        Ok(Self { connection, patience })
    }

    /// Runs a statement that is stopped when it takes long.
    fn hurry(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        // SQLite counts the steps of a prepared statement over all its runs: the first look may come at once.
        self.patience.store(2, Ordering::Relaxed);
        let done = query(&mut self.connection, sql, params);
        self.patience.store(0, Ordering::Relaxed);
        done
    }
}

/// A reader on loan.
struct Taken {
    /// There until it is dropped.
    reader: Option<Reader>,
    readers: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl Taken {
    fn reader(&mut self) -> Result<&mut Reader> {
        self.reader.as_mut().ok_or(Error::Closed)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let back = self.reader.take();
        self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(back);
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Closed)?
}

pub(crate) fn query(connection: &mut Connection, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(params))?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let cells: rusqlite::Result<Vec<Cell>> = (0..columns).map(|i| row.get_ref(i).map(cell)).collect();
        out.push(Row(cells?));
    }
    Ok(out)
}

pub(crate) fn execute(connection: &mut Connection, sql: &str, params: &[Value]) -> Result<u64> {
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.execute(rusqlite::params_from_iter(params))? as u64)
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(v) => Cell::Int(v),
        ValueRef::Real(v) => Cell::Real(v),
        ValueRef::Text(v) => Cell::Text(String::from_utf8_lossy(v).into_owned()),
        ValueRef::Blob(v) => Cell::Bytes(v.to_vec()),
    }
}

fn open_connection(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::default())?;
    // The timeout comes first: switching to WAL takes a lock that another connection may hold.
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Commits are made durable by the journal.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(512);
    Ok(connection)
}
