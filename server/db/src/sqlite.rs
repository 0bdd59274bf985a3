//! SQLite on its own threads: one writer, N readers, all in WAL mode with prepared statements kept.

use crate::row::{Cell, Row};
use crate::{Error, Result, Value};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, oneshot};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

pub(crate) struct Sqlite {
    readers: mpsc::Sender<Job>,
    writer: Arc<tokio::sync::Mutex<mpsc::Sender<Job>>>,
    /// Bounds how many reads wait for a reader.
    slots: Arc<tokio::sync::Semaphore>,
    path: PathBuf,
}

/// The writer, for as long as one transaction lasts.
pub(crate) type Lease = OwnedMutexGuard<mpsc::Sender<Job>>;

impl Sqlite {
    pub(crate) fn open(path: &Path, readers: usize, max_waiting: usize, full_sync: bool) -> Result<Self> {
        let writer = open_connection(path, full_sync)?;
        let (write, jobs) = mpsc::channel();
        spawn("sqlite-writer", writer, Arc::new(Mutex::new(jobs)))?;
        let (read, jobs) = mpsc::channel();
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..readers.max(1) {
            let connection = open_connection(path, full_sync)?;
            connection.pragma_update(None, "query_only", true)?;
            spawn("sqlite-reader", connection, jobs.clone())?;
        }
        Ok(Self {
            readers: read,
            writer: Arc::new(tokio::sync::Mutex::new(write)),
            slots: Arc::new(tokio::sync::Semaphore::new(max_waiting)),
            path: path.to_owned(),
        })
    }

    pub(crate) async fn read(&self, sql: Arc<str>, params: Vec<Value>) -> Result<Vec<Row>> {
        let _slot = self.slots.acquire().await.map_err(|_| Error::Closed)?;
        run(&self.readers, move |c| query(c, &sql, &params)).await
    }

    /// A reading connection that nobody else uses; it ends with the lease.
    pub(crate) async fn own_connection(&self) -> Result<Lease> {
        let connection = open_connection(&self.path, true)?;
        connection.pragma_update(None, "query_only", true)?;
        let (queue, jobs) = mpsc::channel();
        spawn("sqlite-snapshot", connection, Arc::new(Mutex::new(jobs)))?;
        Ok(Arc::new(tokio::sync::Mutex::new(queue)).lock_owned().await)
    }

    pub(crate) async fn lease(&self) -> Lease {
        self.writer.clone().lock_owned().await
    }
}

pub(crate) async fn run<T: Send + 'static>(
    queue: &mpsc::Sender<Job>,
    work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (reply, answer) = oneshot::channel();
    let job: Job = Box::new(move |connection| {
        // The asker may have gone away; the work is done all the same.
        drop(reply.send(work(connection)));
    });
    queue.send(job).map_err(|_| Error::Closed)?;
    answer.await.map_err(|_| Error::Closed)?
}

pub(crate) fn rollback_later(queue: &mpsc::Sender<Job>) {
    let job: Job = Box::new(|connection| {
        if let Err(error) = connection.execute_batch("ROLLBACK") {
            tracing::warn!(%error, "rolling back an abandoned transaction");
        }
    });
    drop(queue.send(job));
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

fn open_connection(path: &Path, full_sync: bool) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::default())?;
    // The timeout comes first: switching to WAL takes a lock that another connection may hold.
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", if full_sync { "FULL" } else { "NORMAL" })?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(512);
    Ok(connection)
}

fn spawn(name: &str, mut connection: Connection, jobs: Arc<Mutex<mpsc::Receiver<Job>>>) -> Result<()> {
    let body = move || {
        loop {
            // The lock is held only while waiting for the next job, never while one runs.
            let next = jobs.lock().map(|queue| queue.recv());
            match next {
                Ok(Ok(job)) => job(&mut connection),
                _ => return,
            }
        }
    };
    std::thread::Builder::new().name(name.into()).spawn(body).map_err(|e| Error::Settings(e.to_string()))?;
    Ok(())
}
