//! The one place that knows which engine runs.

use crate::{Error, Result, Row, Sql, Value, postgres, sqlite};
use deadpool_postgres::{Object, Pool};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;

/// Which engine, and how.
#[derive(Clone, Debug)]
pub enum Options {
    /// A file; `readers` threads beside the writer. `full_sync`: every commit survives a power cut.
    Sqlite { path: PathBuf, readers: usize, max_waiting: usize, full_sync: bool },
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
            Options::Sqlite { path, readers, max_waiting, full_sync } => {
                Inner::Sqlite(sqlite::Sqlite::open(path, *readers, *max_waiting, *full_sync)?)
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
            Inner::Postgres(pool) => Link::Postgres(Some(pool.get().await?)),
        }))
    }

    /// Begins a transaction; on SQLite this waits for the single writer.
    ///
    /// # Errors
    /// When no connection can be had or BEGIN is refused.
    pub async fn write(&self) -> Result<Tx> {
        let link = match &*self.0 {
            Inner::Sqlite(sqlite) => {
                let lease = sqlite.lease().await;
                sqlite::run(&lease, |c| Ok(c.execute_batch("BEGIN IMMEDIATE")?)).await?;
                Link::Writer(lease)
            }
            Inner::Postgres(pool) => {
                let client = pool.get().await?;
                client.batch_execute("BEGIN").await?;
                Link::Postgres(Some(client))
            }
        };
        Ok(Tx { conn: Conn(link), open: true, after_commit: Vec::new() })
    }

    /// A connection whose queries all see the database as it is now, whatever is written meanwhile. For copying the whole
    /// site; it holds back cleaning up (SQLite's write-ahead log grows) for as long as it lives.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let link = match &*self.0 {
            Inner::Sqlite(sqlite) => {
                let lease = sqlite.own_connection().await?;
                // SQLite takes its view with the first read, not with BEGIN.
                let begin = "BEGIN; SELECT COUNT(*) FROM sqlite_master;";
                sqlite::run(&lease, move |c| Ok(c.execute_batch(begin)?)).await?;
                Link::Writer(lease)
            }
            Inner::Postgres(pool) => {
                let client = pool.get().await?;
                // Nor does PostgreSQL.
                client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1").await?;
                Link::Postgres(Some(client))
            }
        };
        Ok(Snapshot(Tx { conn: Conn(link), open: true, after_commit: Vec::new() }))
    }

    /// Runs a script of several statements outside any transaction of ours (migrations, tests).
    ///
    /// # Errors
    /// When a statement is refused.
    pub(crate) async fn script(&self, text: &str) -> Result<()> {
        match &*self.0 {
            Inner::Sqlite(sqlite) => {
                let lease = sqlite.lease().await;
                let text = text.to_owned();
                sqlite::run(&lease, move |c| {
                    let done = c.execute_batch(&text);
                    if done.is_err() && !c.is_autocommit() {
                        c.execute_batch("ROLLBACK")?;
                    }
                    Ok(done?)
                })
                .await
            }
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
                let lease = sqlite.lease().await;
                let path = path.to_string_lossy().into_owned();
                sqlite::run(&lease, move |c| Ok(c.execute("VACUUM INTO ?1", [path]).map(|_| ())?)).await
            }
            Inner::Postgres(_) => Err(Error::Settings("a PostgreSQL database is copied with pg_dump".into())),
        }
    }
}

enum Link {
    Reader(Db),
    Writer(sqlite::Lease),
    Postgres(Option<Object>),
}

/// A connection for queries.
pub struct Conn(Link);

impl Conn {
    /// All rows.
    ///
    /// # Errors
    /// When the statement is refused.
    pub async fn query(&mut self, sql: &Sql, params: Vec<Value>) -> Result<Vec<Row>> {
        match &self.0 {
            Link::Reader(db) => match &*db.0 {
                Inner::Sqlite(sqlite) => sqlite.read(sql.for_sqlite(), params).await,
                Inner::Postgres(_) => Err(Error::Closed),
            },
            Link::Writer(lease) => {
                let text = sql.for_sqlite();
                sqlite::run(lease, move |c| sqlite::query(c, &text, &params)).await
            }
            Link::Postgres(Some(client)) => postgres::query(client, &sql.for_postgres(), &params).await,
            Link::Postgres(None) => Err(Error::Closed),
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

type AfterCommit = Box<dyn FnOnce() + Send>;

/// A transaction. Dropped without [`Tx::commit`] it is rolled back and tells nobody anything.
pub struct Tx {
    conn: Conn,
    open: bool,
    after_commit: Vec<AfterCommit>,
}

impl Tx {
    /// Runs a changing statement; the number of rows it touched.
    ///
    /// # Errors
    /// When the statement is refused. On PostgreSQL the transaction is then lost.
    pub async fn execute(&mut self, sql: &Sql, params: Vec<Value>) -> Result<u64> {
        match &self.conn.0 {
            Link::Writer(lease) => {
                let text = sql.for_sqlite();
                sqlite::run(lease, move |c| sqlite::execute(c, &text, &params)).await
            }
            Link::Postgres(Some(client)) => postgres::execute(client, &sql.for_postgres(), &params).await,
            Link::Reader(_) | Link::Postgres(None) => Err(Error::Closed),
        }
    }

    /// Queues `tell` to run right after the commit, in order, before the next transaction may begin on SQLite.
    pub fn after_commit(&mut self, tell: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(tell));
    }

    /// Makes the changes durable, then runs what [`Tx::after_commit`] queued.
    ///
    /// # Errors
    /// When the commit is refused; nothing was written then.
    pub async fn commit(mut self) -> Result<()> {
        match &self.conn.0 {
            Link::Writer(lease) => sqlite::run(lease, |c| Ok(c.execute_batch("COMMIT")?)).await?,
            Link::Postgres(Some(client)) => client.batch_execute("COMMIT").await?,
            Link::Reader(_) | Link::Postgres(None) => return Err(Error::Closed),
        }
        self.open = false;
        for tell in std::mem::take(&mut self.after_commit) {
            tell();
        }
        Ok(())
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
        if !self.open {
            return;
        }
        match &mut self.conn.0 {
            Link::Writer(lease) => sqlite::rollback_later(lease),
            Link::Postgres(client) => {
                if let Some(client) = client.take() {
                    tokio::spawn(async move {
                        if let Err(error) = client.batch_execute("ROLLBACK").await {
                            tracing::warn!(%error, "rolling back an abandoned transaction");
                            drop(Object::take(client));
                        }
                    });
                }
            }
            Link::Reader(_) => {}
        }
    }
}
