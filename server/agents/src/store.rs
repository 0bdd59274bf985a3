//! Every statement on `agent_runs`: who asked what, when, and how it ended.

use crate::task::Task;
use db::{Conn, Result, Row, Sql, Tx, params};

const INSERT: Sql = Sql::new(
    "INSERT INTO agent_runs (id, post_id, user_id, bot_id, create_at, kind, prompt) VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
const FINISH: Sql = Sql::new("UPDATE agent_runs SET end_at = $2, outcome = $3 WHERE id = $1");
const LAST: Sql = Sql::new("SELECT prompt FROM agent_runs WHERE post_id = $1 ORDER BY create_at DESC, id DESC LIMIT 1");
const UNFINISHED: Sql = Sql::new("SELECT id, post_id FROM agent_runs WHERE bot_id = $1 AND end_at = 0");

/// A run that begins.
pub struct Begun<'a> {
    pub id: &'a str,
    pub post_id: &'a str,
    pub user_id: &'a str,
    pub bot_id: &'a str,
    pub at: i64,
}

pub async fn begin(tx: &mut Tx, run: &Begun<'_>, task: &Task) -> Result<()> {
    let prompt = serde_json::json!(task);
    let values = params![run.id, run.post_id, run.user_id, run.bot_id, run.at, task.kind(), prompt];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn finish(tx: &mut Tx, id: &str, at: i64, outcome: &str) -> Result<()> {
    tx.execute(&FINISH, params![id, at, outcome]).await?;
    Ok(())
}

/// What the last run of a post had to do.
pub async fn last_task(conn: &mut Conn, post_id: &str) -> Result<Option<Task>> {
    let stored: Option<serde_json::Value> = conn.fetch_optional(&LAST, params![post_id], Row::only).await?;
    // A task of a version that is gone cannot be done again.
    Ok(stored.and_then(|task| serde_json::from_value(task).ok()))
}

/// (run, post) of runs that never ended.
pub async fn unfinished(conn: &mut Conn, bot_id: &str) -> Result<Vec<(String, String)>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    conn.fetch(&UNFINISHED, params![bot_id], decode).await
}
