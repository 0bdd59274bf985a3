//! Every statement on `jobs`.

use super::state::{Status, Step};
use super::{Data, Job};
use db::{Conn, Result, Row, Sql, Tx, params};

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, type, priority, create_at, start_at, last_activity_at, status, progress, data FROM jobs ",
            $rest
        ))
    };
}

const BY_ID: Sql = select!("WHERE id = $1");
const PAGE: Sql =
    select!("WHERE ($1 = '' OR type = $1) AND ($2 = '' OR status = $2) ORDER BY create_at DESC, id LIMIT $3 OFFSET $4");
const WAITING: Sql = select!("WHERE status = 'pending' ORDER BY priority, create_at, id LIMIT 1");
const RUNNING: Sql = select!("WHERE status IN ('in_progress', 'cancel_requested') ORDER BY create_at, id");
const INSERT: Sql = Sql::new(
    "INSERT INTO jobs (id, type, create_at, last_activity_at, status, data) VALUES ($1, $2, $3, $3, 'pending', $4)",
);
const MOVE: Sql = Sql::new(
    "UPDATE jobs SET status = $3, last_activity_at = $4, start_at = CASE WHEN $3 = 'in_progress' THEN $4 ELSE start_at END
     WHERE id = $1 AND status = $2",
);
// An ended job keeps what it ended with, whatever comes late.
const REPORT: Sql = Sql::new(
    "UPDATE jobs SET progress = $2, data = $3, last_activity_at = $4
     WHERE id = $1 AND status IN ('pending', 'in_progress', 'cancel_requested')",
);

fn row(row: Row) -> Result<Job> {
    let mut r = row.read();
    Ok(Job {
        id: r.get()?,
        kind: r.get()?,
        priority: r.get()?,
        create_at: r.get()?,
        start_at: r.get()?,
        last_activity_at: r.get()?,
        status: Status::of_name(&r.get::<String>()?).unwrap_or(Status::Error),
        progress: r.get()?,
        data: serde_json::from_value(r.get()?).unwrap_or_default(),
    })
}

pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<Job>> {
    conn.fetch_optional(&BY_ID, params![id], row).await
}

/// Newest first; an empty type or status leaves that filter out.
pub async fn page(conn: &mut Conn, kind: &str, status: &str, limit: i64, offset: i64) -> Result<Vec<Job>> {
    conn.fetch(&PAGE, params![kind, status, limit, offset], row).await
}

/// The job whose turn it is.
pub async fn waiting(conn: &mut Conn) -> Result<Option<Job>> {
    conn.fetch_optional(&WAITING, params![], row).await
}

/// Jobs that somebody works on, or did.
pub async fn running(conn: &mut Conn) -> Result<Vec<Job>> {
    conn.fetch(&RUNNING, params![], row).await
}

pub async fn insert(tx: &mut Tx, id: &str, kind: &str, data: &Data, now: i64) -> Result<()> {
    tx.execute(&INSERT, params![id, kind, now, serde_json::json!(data)]).await?;
    Ok(())
}

/// Moves a job that is still in `from`; whether it was, and the step is possible.
pub async fn step(tx: &mut Tx, id: &str, from: Status, step: Step, now: i64) -> Result<bool> {
    match from.after(step) {
        Some(to) => set(tx, id, from, to, now).await,
        None => Ok(false),
    }
}

/// Moves a job by force.
pub async fn set(tx: &mut Tx, id: &str, from: Status, to: Status, now: i64) -> Result<bool> {
    Ok(tx.execute(&MOVE, params![id, from.name(), to.name(), now]).await? == 1)
}

pub async fn report(tx: &mut Tx, id: &str, progress: i64, data: &Data, now: i64) -> Result<()> {
    tx.execute(&REPORT, params![id, progress, serde_json::json!(data), now]).await?;
    Ok(())
}
