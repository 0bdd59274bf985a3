//! Jobs and clients in SQLite. The input of a job holds the bot's token, so the file is readable by this user alone.

use crate::jobs::{self, Event, Limits, Progress, State};
use db::{Conn, Db, Migration, Row, Sql, Tx, params};
use offloader_client::{CreateJob, Job, JobType};
use std::path::Path;

/// Why the table could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// A row that this program did not write.
    #[error("job {id}: {field} is not readable")]
    Damaged { id: String, field: &'static str },
    /// A transition that does not exist.
    #[error(transparent)]
    Illegal(#[from] jobs::Illegal),
}

/// A job with its course.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The job as it was asked for.
    pub job: Job,
    /// Its course.
    pub progress: Progress,
}

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "jobs_and_clients",
    sqlite: "CREATE TABLE jobs (id TEXT PRIMARY KEY, kind TEXT NOT NULL, runner TEXT NOT NULL, max_duration_sec BIGINT NOT NULL,
            input_data TEXT NOT NULL, start_at BIGINT NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL,
            due_at BIGINT NOT NULL, stop_at BIGINT NOT NULL, error TEXT NOT NULL);
        CREATE INDEX jobs_state ON jobs (state, due_at);
        CREATE TABLE clients (id TEXT PRIMARY KEY, key_hash TEXT NOT NULL)",
    postgres: "CREATE TABLE jobs (id TEXT PRIMARY KEY, kind TEXT NOT NULL, runner TEXT NOT NULL, max_duration_sec BIGINT NOT NULL,
            input_data TEXT NOT NULL, start_at BIGINT NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL,
            due_at BIGINT NOT NULL, stop_at BIGINT NOT NULL, error TEXT NOT NULL);
        CREATE INDEX jobs_state ON jobs (state, due_at);
        CREATE TABLE clients (id TEXT PRIMARY KEY, key_hash TEXT NOT NULL)",
}];

/// Opens the table in `folder`, which must exist.
///
/// # Errors
/// [`StoreError::Db`].
pub async fn open(folder: &Path) -> Result<Db, StoreError> {
    let path = folder.join("offloader.db");
    let db = Db::open(&db::Options::Sqlite { path, readers: 2, full_sync: true }).await?;
    db::migrate(&db, MIGRATIONS).await?;
    Ok(db)
}

const INSERT: Sql = Sql::new(
    "INSERT INTO jobs (id, kind, runner, max_duration_sec, input_data, start_at, state, attempts, due_at, stop_at, error)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
);

/// Adds a job unless `most` jobs are active; `None` when they are.
///
/// # Errors
/// [`StoreError::Db`].
pub async fn insert(tx: &mut Tx, ask: &CreateJob, now: i64, most: usize) -> Result<Option<Record>, StoreError> {
    if active(tx).await?.len() >= most {
        return Ok(None);
    }
    let job = Job {
        kind: ask.kind,
        max_duration_sec: ask.max_duration_sec,
        runner: ask.runner.clone(),
        input_data: ask.input_data.clone(),
        id: kit::id::new(),
        start_at: now,
        stop_at: 0,
        output_data: serde_json::Map::new(),
    };
    let progress = Progress::new(now);
    let values = params![
        job.id.clone(),
        job.kind.as_str().to_owned(),
        job.runner.clone(),
        job.max_duration_sec,
        serde_json::Value::Object(job.input_data.clone()).to_string(),
        job.start_at,
        progress.state.as_str().to_owned(),
        progress.attempts,
        progress.due_at,
        progress.stop_at,
        progress.error.clone()
    ];
    tx.execute(&INSERT, values).await?;
    Ok(Some(Record { job, progress }))
}

const GET: Sql = Sql::new(
    "SELECT id, kind, runner, max_duration_sec, input_data, start_at, state, attempts, due_at, stop_at, error
     FROM jobs WHERE id = $1",
);

/// A job by its id.
///
/// # Errors
/// [`StoreError`].
pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<Record>, StoreError> {
    conn.optional(&GET, params![id.to_owned()]).await?.map(record).transpose()
}

const ACTIVE: Sql = Sql::new(
    "SELECT id, kind, runner, max_duration_sec, input_data, start_at, state, attempts, due_at, stop_at, error
     FROM jobs WHERE state IN ('waiting', 'running') ORDER BY due_at, id",
);

/// Jobs that wait or run, those due first first.
///
/// # Errors
/// [`StoreError`].
pub async fn active(conn: &mut Conn) -> Result<Vec<Record>, StoreError> {
    conn.query(&ACTIVE, vec![]).await?.into_iter().map(record).collect()
}

const UPDATE: Sql =
    Sql::new("UPDATE jobs SET state = $2, attempts = $3, due_at = $4, stop_at = $5, error = $6 WHERE id = $1");

/// Takes a job one step further.
///
/// # Errors
/// [`StoreError::Illegal`] when its state does not allow that; the row is as before then.
pub async fn step(tx: &mut Tx, id: &str, event: Event, now: i64, limits: Limits) -> Result<Option<Record>, StoreError> {
    let Some(mut found) = get(tx, id).await? else { return Ok(None) };
    let progress = jobs::step(&found.progress, event, now, limits)?;
    let values = params![
        id.to_owned(),
        progress.state.as_str().to_owned(),
        progress.attempts,
        progress.due_at,
        progress.stop_at,
        progress.error.clone()
    ];
    tx.execute(&UPDATE, values).await?;
    found.job.stop_at = progress.stop_at;
    found.progress = progress;
    Ok(Some(found))
}

const DELETE: Sql = Sql::new("DELETE FROM jobs WHERE id = $1");

/// Forgets a job.
///
/// # Errors
/// [`StoreError::Db`].
pub async fn delete(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    tx.execute(&DELETE, params![id.to_owned()]).await?;
    Ok(())
}

const ENDED: Sql = Sql::new("SELECT id FROM jobs WHERE state = $1 AND stop_at < $2");

/// Ids of jobs that ended in `state` before `before` (Unix milliseconds).
///
/// # Errors
/// [`StoreError::Db`].
pub async fn ended(conn: &mut Conn, state: State, before: i64) -> Result<Vec<String>, StoreError> {
    Ok(conn.fetch(&ENDED, params![state.as_str().to_owned(), before], Row::only).await?)
}

const KEY_HASH: Sql = Sql::new("SELECT key_hash FROM clients WHERE id = $1");

/// The hash of a client's key.
///
/// # Errors
/// [`StoreError::Db`].
pub async fn key_hash(conn: &mut Conn, client_id: &str) -> Result<Option<String>, StoreError> {
    Ok(conn.fetch_optional(&KEY_HASH, params![client_id.to_owned()], Row::only).await?)
}

const ADD_CLIENT: Sql = Sql::new("INSERT INTO clients (id, key_hash) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING");

/// Adds a client; false when the id is taken.
///
/// # Errors
/// [`StoreError::Db`].
pub async fn add_client(tx: &mut Tx, client_id: &str, key_hash: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&ADD_CLIENT, params![client_id.to_owned(), key_hash.to_owned()]).await? == 1)
}

const REMOVE_CLIENT: Sql = Sql::new("DELETE FROM clients WHERE id = $1");

/// Removes a client; false when there is none.
///
/// # Errors
/// [`StoreError::Db`].
pub async fn remove_client(tx: &mut Tx, client_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&REMOVE_CLIENT, params![client_id.to_owned()]).await? == 1)
}

fn record(row: Row) -> Result<Record, StoreError> {
    let mut r = row.read();
    let id: String = r.get()?;
    let damaged = |field| StoreError::Damaged { id: id.clone(), field };
    let kind: String = r.get()?;
    let kind = [JobType::Recording, JobType::Transcribing].into_iter().find(|k| k.as_str() == kind);
    let kind = kind.ok_or_else(|| damaged("kind"))?;
    let (runner, max_duration_sec): (String, i64) = (r.get()?, r.get()?);
    let input: String = r.get()?;
    let input_data = serde_json::from_str(&input).map_err(|_| damaged("input_data"))?;
    let start_at: i64 = r.get()?;
    let state: String = r.get()?;
    let state = State::parse(&state).ok_or_else(|| damaged("state"))?;
    let (attempts, due_at, stop_at, error) = (r.get()?, r.get()?, r.get()?, r.get()?);
    let progress = Progress { state, attempts, due_at, stop_at, error };
    let output_data = serde_json::Map::new();
    let job = Job { kind, max_duration_sec, runner, input_data, id: id.clone(), start_at, stop_at, output_data };
    Ok(Record { job, progress })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::Exit;

    fn ask() -> CreateJob {
        let input_data = serde_json::from_str(r#"{"site_url":"http://127.0.0.1:8065","width":1280}"#).unwrap();
        CreateJob {
            kind: JobType::Recording,
            max_duration_sec: 60,
            runner: "x/calls-recorder:v0.8.13".into(),
            input_data,
        }
    }

    #[tokio::test]
    async fn a_job_survives_the_service_and_places_are_limited() {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits { max_attempts: 3, retry_ms: 1 };
        let db = open(folder.path()).await.unwrap();
        let mut tx = db.write().await.unwrap();
        let first = insert(&mut tx, &ask(), 100, 1).await.unwrap().unwrap();
        assert_eq!(insert(&mut tx, &ask(), 100, 1).await.unwrap(), None);
        step(&mut tx, &first.job.id, Event::Claim, 100, limits).await.unwrap();
        tx.commit().await.unwrap();
        drop(db);

        let db = open(folder.path()).await.unwrap();
        let found = active(&mut db.read().await.unwrap()).await.unwrap();
        assert_eq!((found.len(), found[0].progress.state), (1, State::Running));
        assert_eq!(found[0].job, first.job);
        let mut tx = db.write().await.unwrap();
        step(&mut tx, &first.job.id, Event::Orphaned, 200, limits).await.unwrap();
        step(&mut tx, &first.job.id, Event::Claim, 200, limits).await.unwrap();
        step(&mut tx, &first.job.id, Event::Exited(Exit::Success), 300, limits).await.unwrap();
        assert!(insert(&mut tx, &ask(), 300, 1).await.unwrap().is_some(), "the place is free again");
        tx.commit().await.unwrap();
        let done = ended(&mut db.read().await.unwrap(), State::Done, 301).await.unwrap();
        assert_eq!(done, [first.job.id]);
    }

    #[tokio::test]
    async fn a_client_id_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let db = open(folder.path()).await.unwrap();
        let mut tx = db.write().await.unwrap();
        assert!(add_client(&mut tx, "me", "hash").await.unwrap());
        assert!(!add_client(&mut tx, "me", "other").await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(key_hash(&mut db.read().await.unwrap(), "me").await.unwrap().as_deref(), Some("hash"));
    }
}
