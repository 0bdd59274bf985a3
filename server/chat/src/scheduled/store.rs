//! Every statement on `scheduled_posts`.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::ScheduledPost;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT s.id, s.create_at, s.update_at, s.user_id, s.channel_id, s.root_id, s.message, s.type, s.props, ",
            "s.file_ids, s.priority, s.scheduled_at, s.processed_at, s.error_code, s.repeat_type, s.repeat_timezone FROM scheduled_posts s ",
            $rest
        ))
    };
}

const OF_TEAM: Sql = select!(
    "JOIN channels c ON c.id = s.channel_id WHERE s.user_id = $1 AND c.team_id = $2 ORDER BY s.scheduled_at, s.id"
);
const BY_ID: Sql = select!("WHERE s.id = $1");
const DUE: Sql = select!("WHERE s.processed_at = 0 AND s.scheduled_at <= $1 ORDER BY s.scheduled_at, s.id LIMIT $2");
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM scheduled_posts WHERE user_id = $1 AND processed_at = 0");
const INSERT: Sql = Sql::new(
    "INSERT INTO scheduled_posts (id, create_at, update_at, user_id, channel_id, root_id, message, type, props, file_ids, priority, scheduled_at, repeat_type, repeat_timezone)
     VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
);
const UPDATE: Sql = Sql::new(
    "UPDATE scheduled_posts SET update_at = $2, message = $3, props = $4, file_ids = $5, priority = $6, scheduled_at = $7,
     processed_at = $8, error_code = $9, repeat_type = $10, repeat_timezone = $11 WHERE id = $1",
);
/// Unless it was changed or withdrawn in the meantime.
const PUT_OFF: Sql = Sql::new(
    "UPDATE scheduled_posts SET scheduled_at = $3, update_at = $4 WHERE id = $1 AND update_at = $2 AND processed_at = 0",
);
const DELETE: Sql = Sql::new("DELETE FROM scheduled_posts WHERE id = $1");

fn row(row: Row) -> Result<ScheduledPost> {
    let mut r = row.read();
    Ok(ScheduledPost {
        id: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        user_id: r.get()?,
        channel_id: r.get()?,
        root_id: r.get()?,
        message: r.get()?,
        kind: r.get()?,
        props: serde_json::from_value(r.get()?).unwrap_or_default(),
        file_ids: serde_json::from_value(r.get()?).unwrap_or_default(),
        priority: r.get::<Option<serde_json::Value>>()?.and_then(|v| serde_json::from_value(v).ok()),
        scheduled_at: r.get()?,
        processed_at: r.get()?,
        error_code: r.get()?,
        repeat_type: r.get()?,
        repeat_timezone: r.get()?,
        ..ScheduledPost::default()
    })
}

/// Those of a team; `team` empty gives those of direct and group channels.
pub async fn of_team(conn: &mut Conn, user: &str, team: &str) -> Result<Vec<ScheduledPost>> {
    conn.fetch(&OF_TEAM, params![user, team], row).await
}

pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<ScheduledPost>> {
    conn.fetch_optional(&BY_ID, params![id], row).await
}

/// Those whose time has come, oldest first.
pub async fn due(conn: &mut Conn, now: i64, limit: i64) -> Result<Vec<ScheduledPost>> {
    conn.fetch(&DUE, params![now, limit], row).await
}

/// How many of a user's posts wait.
pub async fn waiting(conn: &mut Conn, user: &str) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT, params![user], Row::only).await?.unwrap_or(0))
}

pub async fn insert(tx: &mut Tx, s: &ScheduledPost) -> Result<()> {
    let values = params![
        &s.id,
        s.create_at,
        &s.user_id,
        &s.channel_id,
        &s.root_id,
        &s.message,
        &s.kind,
        serde_json::json!(s.props),
        serde_json::json!(s.file_ids),
        s.priority.as_ref().map(|p| serde_json::json!(p)),
        s.scheduled_at,
        &s.repeat_type,
        &s.repeat_timezone
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, s: &ScheduledPost) -> Result<()> {
    let values = params![
        &s.id,
        s.update_at,
        &s.message,
        serde_json::json!(s.props),
        serde_json::json!(s.file_ids),
        s.priority.as_ref().map(|p| serde_json::json!(p)),
        s.scheduled_at,
        s.processed_at,
        &s.error_code,
        &s.repeat_type,
        &s.repeat_timezone
    ];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}

/// Sends it again at `at`; false when it was changed, deleted or sent already.
pub async fn put_off(tx: &mut Tx, plan: &ScheduledPost, at: i64, now: i64) -> Result<bool> {
    Ok(tx.execute(&PUT_OFF, params![&plan.id, plan.update_at, at, now]).await? > 0)
}

/// False when it was deleted or sent already.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.execute(&DELETE, params![id]).await? > 0)
}
