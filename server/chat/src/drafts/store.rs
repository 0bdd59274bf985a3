//! Every statement on `drafts`.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::Draft;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT d.create_at, d.update_at, d.user_id, d.channel_id, d.root_id, d.message, d.type, d.props, d.file_ids, ",
            "d.priority FROM drafts d ",
            $rest
        ))
    };
}

const OF_TEAM: Sql = select!(
    "JOIN channels c ON c.id = d.channel_id JOIN channel_members m ON m.channel_id = d.channel_id AND m.user_id = d.user_id
     WHERE d.user_id = $1 AND (c.team_id = $2 OR c.team_id = '') AND c.delete_at = 0 ORDER BY d.update_at DESC"
);
const ONE: Sql = select!("WHERE d.user_id = $1 AND d.channel_id = $2 AND d.root_id = $3");
const UPSERT: Sql = Sql::new(
    "INSERT INTO drafts (user_id, channel_id, root_id, create_at, update_at, message, type, props, file_ids, priority)
     VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (user_id, channel_id, root_id) DO UPDATE SET update_at = excluded.update_at, message = excluded.message,
     type = excluded.type, props = excluded.props, file_ids = excluded.file_ids, priority = excluded.priority",
);
const DELETE: Sql = Sql::new("DELETE FROM drafts WHERE user_id = $1 AND channel_id = $2 AND root_id = $3");

fn row(row: Row) -> Result<Draft> {
    let mut r = row.read();
    Ok(Draft {
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
        ..Draft::default()
    })
}

/// Drafts in the live channels of a team that the user is in, and in direct and group channels.
pub async fn of_team(conn: &mut Conn, user: &str, team: &str) -> Result<Vec<Draft>> {
    conn.fetch(&OF_TEAM, params![user, team], row).await
}

pub async fn one(conn: &mut Conn, user: &str, channel: &str, root: &str) -> Result<Option<Draft>> {
    conn.fetch_optional(&ONE, params![user, channel, root], row).await
}

pub async fn upsert(tx: &mut Tx, d: &Draft) -> Result<()> {
    let values = params![
        &d.user_id,
        &d.channel_id,
        &d.root_id,
        d.update_at,
        &d.message,
        &d.kind,
        serde_json::json!(d.props),
        serde_json::json!(d.file_ids),
        d.priority.as_ref().map(|p| serde_json::json!(p))
    ];
    tx.execute(&UPSERT, values).await?;
    Ok(())
}

pub async fn delete(tx: &mut Tx, user: &str, channel: &str, root: &str) -> Result<()> {
    tx.execute(&DELETE, params![user, channel, root]).await?;
    Ok(())
}
