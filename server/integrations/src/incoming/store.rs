//! Every statement on `incoming_webhooks`.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::IncomingWebhook;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, create_at, update_at, delete_at, user_id, channel_id, team_id, display_name, description, ",
            "username, icon_url, channel_locked, last_used FROM incoming_webhooks ",
            $rest
        ))
    };
}

const ONE: Sql = select!("WHERE id = $1 AND delete_at = 0");
const LIST: Sql = select!(
    "WHERE delete_at = 0 AND ($1 = '' OR team_id = $1) AND ($2 = '' OR user_id = $2) ORDER BY create_at, id LIMIT $3 OFFSET $4"
);
const COUNT: Sql = Sql::new(
    "SELECT COUNT(*) FROM incoming_webhooks WHERE delete_at = 0 AND ($1 = '' OR team_id = $1) AND ($2 = '' OR user_id = $2)",
);
const INSERT: Sql = Sql::new(
    "INSERT INTO incoming_webhooks (id, create_at, update_at, user_id, channel_id, team_id, display_name, description, username, icon_url, channel_locked)
     VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
const UPDATE: Sql = Sql::new(
    "UPDATE incoming_webhooks SET update_at = $2, delete_at = $3, channel_id = $4, display_name = $5, description = $6,
     username = $7, icon_url = $8, channel_locked = $9 WHERE id = $1",
);
const USED: Sql = Sql::new("UPDATE incoming_webhooks SET last_used = $2 WHERE id = $1");

fn hook(row: Row) -> Result<IncomingWebhook> {
    let mut r = row.read();
    Ok(IncomingWebhook {
        id: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        user_id: r.get()?,
        channel_id: r.get()?,
        team_id: r.get()?,
        display_name: r.get()?,
        description: r.get()?,
        username: r.get()?,
        icon_url: r.get()?,
        channel_locked: r.get()?,
        last_used: r.get()?,
    })
}

/// The webhook, unless it was deleted.
pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<IncomingWebhook>> {
    conn.fetch_optional(&ONE, params![id], hook).await
}

/// Of a team and an owner, either of which may be empty.
pub async fn list(conn: &mut Conn, team: &str, owner: &str, limit: i64, offset: i64) -> Result<Vec<IncomingWebhook>> {
    conn.fetch(&LIST, params![team, owner, limit, offset], hook).await
}

/// How many [`list`] has in all.
pub async fn count(conn: &mut Conn, team: &str, owner: &str) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT, params![team, owner], Row::only).await?.unwrap_or_default())
}

pub async fn insert(tx: &mut Tx, h: &IncomingWebhook) -> Result<()> {
    let values = params![
        &h.id,
        h.create_at,
        &h.user_id,
        &h.channel_id,
        &h.team_id,
        &h.display_name,
        &h.description,
        &h.username,
        &h.icon_url,
        h.channel_locked
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, h: &IncomingWebhook) -> Result<()> {
    let values = params![
        &h.id,
        h.update_at,
        h.delete_at,
        &h.channel_id,
        &h.display_name,
        &h.description,
        &h.username,
        &h.icon_url,
        h.channel_locked
    ];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}

/// It spoke at `now`.
pub async fn used(tx: &mut Tx, id: &str, now: i64) -> Result<()> {
    tx.execute(&USED, params![id, now]).await?;
    Ok(())
}
