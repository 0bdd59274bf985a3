//! The text inside documents, read after the upload by a queue of rows: what waits is read after a restart too, and what
//! kills its reader three times is given up.

use super::spool::Spool;
use super::{read_error, stream, worker};
use crate::{Error, Result, Site};
use db::{Conn, Row, Sql, Tx, params};
use documents::Kind;
use futures::StreamExt;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wire::FileInfo;

/// How often the queue is looked at when nobody says that something has come.
const EVERY: Duration = Duration::from_secs(5);
/// Unused blobs are looked for once in this many rounds.
const SWEEP_EACH: u32 = 120;
/// Documents taken from the queue at a time.
const AT_ONCE: i64 = 16;
/// Times that a document is tried.
const ATTEMPTS: i64 = 3;

const WANT: Sql = Sql::new(
    "INSERT INTO file_texts (path, kind, state, next_at) VALUES ($1, $2, 0, $3) ON CONFLICT (path) DO NOTHING",
);
const DUE: Sql = Sql::new(
    "SELECT path, kind, attempts FROM file_texts WHERE state = 0 AND next_at <= $1 ORDER BY next_at, path LIMIT $2",
);
const TAKE: Sql =
    Sql::new("UPDATE file_texts SET attempts = attempts + 1, next_at = $3 WHERE path = $1 AND attempts = $2");
const END: Sql = Sql::new("UPDATE file_texts SET state = $2, content = $3, reason = $4 WHERE path = $1");
const WAITING: Sql = Sql::new("SELECT COUNT(*) FROM file_texts WHERE state = 0");

/// A document that waits.
struct Job {
    path: String,
    kind: String,
    attempts: i64,
}

/// Puts a file's document into the queue, with the transaction that makes the file known.
pub(super) async fn want(site: &Site, tx: &mut Tx, info: &FileInfo, path: &str) -> db::Result<()> {
    if Kind::of(&info.extension).is_some() && site.config().files.search_inside {
        tx.execute(&WANT, params![path, &info.extension, info.create_at]).await?;
        let site = site.clone();
        tx.after_commit(move || site.documents_came.notify_one());
    }
    Ok(())
}

/// Documents that wait to be read.
///
/// # Errors
/// When the database fails.
pub async fn waiting(conn: &mut Conn) -> Result<i64> {
    Ok(conn.fetch_optional(&WAITING, vec![], Row::only).await?.unwrap_or(0))
}

/// Reads documents and deletes unused files until `stop`.
pub async fn run(site: Site, stop: CancellationToken) {
    let mut round: u32 = 0;
    loop {
        let done = tokio::select! {
            () = stop.cancelled() => return,
            done = read_due(&site) => done,
        };
        match done {
            Ok(n) if n > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "documents could not be read; the next round tries again"),
        }
        if round.is_multiple_of(SWEEP_EACH)
            && let Err(error) = super::blobs::sweep(&site).await
        {
            tracing::warn!(%error, "unused files could not be deleted; a later round tries again");
        }
        round = round.wrapping_add(1);
        tokio::select! {
            () = stop.cancelled() => return,
            () = site.documents_came.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Reads the documents that wait, some at a time; how many were looked at.
///
/// # Errors
/// When the database fails.
pub async fn read_due(site: &Site) -> Result<usize> {
    let job = |row: Row| {
        let mut r = row.read();
        Ok(Job { path: r.get()?, kind: r.get()?, attempts: r.get()? })
    };
    let due = site.db.read().await?.fetch(&DUE, params![site.clock.now_ms(), AT_ONCE], job).await?;
    let count = due.len();
    let readers = site.config().files.readers.max(1);
    let mut work = futures::stream::iter(due).map(|job| one(site, job)).buffer_unordered(readers);
    while let Some(done) = work.next().await {
        done?;
    }
    Ok(count)
}

async fn one(site: &Site, job: Job) -> Result<()> {
    // Counted before it is tried: a document that takes the server with it is tried only so often.
    let patience = i64::try_from(site.config().files.worker_seconds).unwrap_or(60).saturating_mul(2000);
    let again = site.clock.now_ms() + patience * (1 << job.attempts.clamp(0, 8));
    let mut tx = site.db.write().await?;
    let mine = tx.execute(&TAKE, params![&job.path, job.attempts, again]).await? > 0;
    tx.commit().await?;
    if !mine {
        return Ok(());
    }
    let (state, content, reason) = match text(site, &job).await {
        Ok(found) => (1, found.text.to_lowercase(), if found.cut { "cut" } else { "" }.to_owned()),
        Err(reason) if job.attempts + 1 >= ATTEMPTS => {
            tracing::info!(path = %job.path, %reason, "the text of a document is not searched");
            (2, String::new(), reason)
        }
        Err(reason) => (0, String::new(), reason),
    };
    let mut tx = site.db.write().await?;
    tx.execute(&END, params![&job.path, state, content, reason]).await?;
    Ok(tx.commit().await?)
}

async fn text(site: &Site, job: &Job) -> std::result::Result<worker::Text, String> {
    let kind = Kind::of(&job.kind).ok_or("it is no document")?;
    let said = |error: Error| error.cause.as_ref().map_or_else(|| error.to_string(), ToString::to_string);
    let mut spool = Spool::new(site, site.config().files.max_document_bytes).await.map_err(said)?;
    let mut bytes = stream(site, &job.path, None).await.map_err(said)?;
    while let Some(piece) = bytes.next().await {
        spool.write(&piece.map_err(|e| said(read_error(e)))?).await.map_err(said)?;
    }
    let spooled = spool.done().await.map_err(said)?;
    worker::document(&site.config().files, spooled.path(), kind).await
}
