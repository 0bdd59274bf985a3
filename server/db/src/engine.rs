//! The one place that knows which engine runs.

use crate::journal::Tell;
use crate::{Error, Result, Row, Sql, Value, postgres, sqlite};
use deadpool_postgres::{Object, Pool};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;

/// Which engine, and how.
#[derive(Clone, Debug)]
pub enum Options {
    /// A file; `readers` connections beside the writer. `full_sync`: every commit survives a power cut.
    Sqlite { path: PathBuf, readers: usize, full_sync: bool },
    /// A connection string (`postgres://user:password@host/db`) and the size of the pool.
    Postgres { url: String, pool_size: usize },
}

/// Names of the engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

enum Inner {
    Sqlite(sqlite::Sqlite),
    Postgres(Pool),
}

/// A database; cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

impl Db {
    /// Opens the database and checks that it answers.
    ///
    /// # Errors
    /// When the file or server cannot be reached or the settings are wrong.
    pub async fn open(options: &Options) -> Result<Self> {
        let inner = match options {
            Options::Sqlite { path, readers, full_sync } => {
                Inner::Sqlite(sqlite::Sqlite::open(path, *readers, *full_sync)?)
            }
            Options::Postgres { url, pool_size } => Inner::Postgres(postgres::pool(url, *pool_size)?),
        };
        let db = Self(Arc::new(inner));
        const ALIVE: Sql = Sql::new("SELECT 1");
        db.read().await?.query(&ALIVE, vec![]).await?;
        Ok(db)
    }

    /// Which engine this is; for operators' eyes (`SQLDriverName`), not for branching in stores.
    pub fn engine(&self) -> Engine {
        match &*self.0 {
            Inner::Sqlite(_) => Engine::Sqlite,
            Inner::Postgres(_) => Engine::Postgres,
        }
    }

    /// A connection for reading. Two queries on it may see different states.
    ///
    /// # Errors
    /// When no PostgreSQL connection is free in time.
    pub async fn read(&self) -> Result<Conn> {
        Ok(Conn(match &*self.0 {
            Inner::Sqlite(_) => Link::Reader(self.clone()),
            Inner::Postgres(pool) => Link::Postgres(pool.get().await?),
        }))
    }

    /// Begins a transaction; on SQLite this waits for the single writer.
    ///
    /// # Errors
    /// When no connection can be had or BEGIN is refused.
    pub async fn write(&self) -> Result<Tx> {
        let link = match &*self.0 {
            Inner::Sqlite(sqlite) => Link::Writer(sqlite.lease().await.begin().await?),
            Inner::Postgres(pool) => {
                let client = pool.get().await?;
                client.batch_execute("BEGIN").await?;
                Link::Postgres(client)
            }
        };
        Ok(Tx { conn: Conn(link), after_commit: Vec::new() })
    }

    /// A connection whose queries all see the database as it is now, whatever is written meanwhile. For copying the whole
    /// site; it holds back cleaning up (SQLite's write-ahead log grows) for as long as it lives.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let link = match &*self.0 {
            Inner::Sqlite(sqlite) => {
                let lease = sqlite.own_connection()?;
                // SQLite takes its view with the first read, not with BEGIN.
                lease.execute_batch("BEGIN; SELECT COUNT(*) FROM sqlite_master;").map_err(Error::from)?;
                Link::Snapshot(lease)
            }
            Inner::Postgres(pool) => {
                let client = pool.get().await?;
                // Nor does PostgreSQL.
                client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1").await?;
                Link::Postgres(client)
            }
        };
        Ok(Snapshot(Tx { conn: Conn(link), after_commit: Vec::new() }))
    }

    /// Runs a script of several statements outside any transaction of ours (migrations, tests).
    ///
    /// # Errors
    /// When a statement is refused.
    pub(crate) async fn script(&self, text: &str) -> Result<()> {
        match &*self.0 {
            Inner::Sqlite(sqlite) => sqlite.lease().await.script(text.to_owned()).await,
            Inner::Postgres(pool) => Ok(pool.get().await?.batch_execute(text).await?),
        }
    }

    /// Writes a consistent copy of an SQLite database to `path` while it is in use.
    ///
    /// # Errors
    /// On PostgreSQL (use pg_dump) and when the copy cannot be written.
    pub async fn backup_to(&self, path: &std::path::Path) -> Result<()> {
        match &*self.0 {
            Inner::Sqlite(sqlite) => {
                let path = path.to_string_lossy().into_owned();
                let copy = sqlite.lease().await.patiently(move |c| Ok(c.execute("VACUUM INTO ?1", [path])?));
                copy.await.map(drop)
            }
            Inner::Postgres(_) => Err(Error::Settings("a PostgreSQL database is copied with pg_dump".into())),
        }
    }
}

enum Link {
    Reader(Db),
    Writer(sqlite::Lease),
    Snapshot(sqlite::Lease),
    Postgres(Object),
    /// Committed, or lost with a call that was abandoned.
    Gone,
}

impl Link {
    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Gone)
    }
}

/// A connection for queries.
pub struct Conn(Link);

impl Conn {
    /// All rows.
    ///
    /// # Errors
    /// When the statement is refused.
    pub async fn query(&mut self, sql: &Sql, params: Vec<Value>) -> Result<Vec<Row>> {
        match &mut self.0 {
            Link::Reader(db) => match &*db.0 {
                Inner::Sqlite(sqlite) => sqlite.read(sql.for_sqlite(), params).await,
                Inner::Postgres(_) => Err(Error::Closed),
            },
            Link::Writer(lease) => sqlite::query(lease, &sql.for_sqlite(), &params),
            Link::Snapshot(_) => {
                let Link::Snapshot(lease) = self.0.take() else { return Err(Error::Closed) };
                let text = sql.for_sqlite();
                let (lease, rows) = lease.patiently(move |c| sqlite::query(c, &text, &params)).await?;
                self.0 = Link::Snapshot(lease);
                Ok(rows)
            }
            Link::Postgres(client) => postgres::query(client, &sql.for_postgres(), &params).await,
            Link::Gone => Err(Error::Closed),
        }
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// When the statement is refused.
    pub async fn optional(&mut self, sql: &Sql, params: Vec<Value>) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// All rows, each decoded by `decode`.
    ///
    /// # Errors
    /// When the statement is refused or a row does not decode.
    pub async fn fetch<T>(
        &mut self,
        sql: &Sql,
        params: Vec<Value>,
        decode: impl Fn(Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.query(sql, params).await?.into_iter().map(decode).collect()
    }

    /// The first row, decoded.
    ///
    /// # Errors
    /// When the statement is refused or the row does not decode.
    pub async fn fetch_optional<T>(
        &mut self,
        sql: &Sql,
        params: Vec<Value>,
        decode: impl Fn(Row) -> Result<T>,
    ) -> Result<Option<T>> {
        self.optional(sql, params).await?.map(decode).transpose()
    }
}

/// A transaction. Dropped without [`Tx::commit`] it is rolled back and tells nobody anything.
pub struct Tx {
    conn: Conn,
    after_commit: Vec<Tell>,
}

impl Tx {
    /// Runs a changing statement; the number of rows it touched.
    ///
    /// # Errors
    /// When the statement is refused. On PostgreSQL the transaction is then lost.
    pub async fn execute(&mut self, sql: &Sql, params: Vec<Value>) -> Result<u64> {
        match &mut self.conn.0 {
            Link::Writer(lease) => sqlite::execute(lease, &sql.for_sqlite(), &params),
            Link::Postgres(client) => postgres::execute(client, &sql.for_postgres(), &params).await,
            Link::Reader(_) | Link::Snapshot(_) | Link::Gone => Err(Error::Closed),
        }
    }

    /// The same for a statement that touches many rows: it stalls nobody but the other writers.
    ///
    /// # Errors
    /// As [`Tx::execute`]; on SQLite too the transaction is then lost.
    pub async fn execute_many(&mut self, sql: &Sql, params: Vec<Value>) -> Result<u64> {
        if !matches!(self.conn.0, Link::Writer(_)) {
            return self.execute(sql, params).await;
        }
        let Link::Writer(lease) = self.conn.0.take() else { return Err(Error::Closed) };
        let text = sql.for_sqlite();
        let (lease, rows) = lease.patiently(move |c| sqlite::execute(c, &text, &params)).await?;
        self.conn.0 = Link::Writer(lease);
        Ok(rows)
    }

    /// Queues `tell` to run when the commit is durable. On SQLite the commits of this process are told in their order; a
    /// later transaction may have begun meanwhile.
    pub fn after_commit(&mut self, tell: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(tell));
    }

    /// Makes the changes durable, then runs what [`Tx::after_commit`] queued. Both happen or neither, also when the caller
    /// goes away meanwhile.
    ///
    /// # Errors
    /// When the commit is refused; nothing was written then.
    pub async fn commit(mut self) -> Result<()> {
        let tells = std::mem::take(&mut self.after_commit);
        match self.conn.0.take() {
            Link::Writer(lease) => lease.commit(tells).await,
            Link::Postgres(client) => tokio::spawn(async move {
                client.batch_execute("COMMIT").await?;
                tells.into_iter().for_each(|tell| tell());
                Ok(())
            })
            .await
            .map_err(|_| Error::Closed)?,
            Link::Reader(_) | Link::Snapshot(_) | Link::Gone => Err(Error::Closed),
        }
    }
}

/// See [`Db::snapshot`].
pub struct Snapshot(Tx);

impl Deref for Snapshot {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.0.conn
    }
}

impl DerefMut for Snapshot {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0.conn
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        // SQLite's lease rolls back by itself.
        if let Link::Postgres(client) = self.conn.0.take() {
            tokio::spawn(async move {
                if let Err(error) = client.batch_execute("ROLLBACK").await {
                    tracing::warn!(%error, "rolling back an abandoned transaction");
                    drop(Object::take(client));
                }
            });
        }
    }
}
