//! Every statement on `outgoing_webhooks`.

use chat::Result;
use chat::keys::{Keys, OUTGOING_TOKEN};
use db::{Conn, Row, Sql, Tx, params};
use serde_json::json;
use wire::OutgoingWebhook;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, token, create_at, update_at, delete_at, creator_id, channel_id, team_id, trigger_words, trigger_when, ",
            "callback_urls, display_name, description, content_type, username, icon_url FROM outgoing_webhooks ",
            $rest
        ))
    };
}

const ONE: Sql = select!("WHERE id = $1 AND delete_at = 0");
const ALL: Sql = select!("WHERE delete_at = 0 ORDER BY create_at, id");
const LIST: Sql = select!(
    "WHERE delete_at = 0 AND ($1 = '' OR team_id = $1) AND ($2 = '' OR channel_id = $2) AND ($3 = '' OR creator_id = $3)
     ORDER BY create_at, id LIMIT $4 OFFSET $5"
);
const INSERT: Sql = Sql::new(
    "INSERT INTO outgoing_webhooks (id, token, create_at, update_at, creator_id, channel_id, team_id, trigger_words,
     trigger_when, callback_urls, display_name, description, content_type, username, icon_url)
     VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
);
const UPDATE: Sql = Sql::new(
    "UPDATE outgoing_webhooks SET token = $2, update_at = $3, delete_at = $4, channel_id = $5, trigger_words = $6,
     trigger_when = $7, callback_urls = $8, display_name = $9, description = $10, content_type = $11, username = $12,
     icon_url = $13 WHERE id = $1",
);

fn hook(row: Row) -> db::Result<OutgoingWebhook> {
    let mut r = row.read();
    Ok(OutgoingWebhook {
        id: r.get()?,
        token: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        creator_id: r.get()?,
        channel_id: r.get()?,
        team_id: r.get()?,
        trigger_words: serde_json::from_value(r.get()?).unwrap_or_default(),
        trigger_when: r.get()?,
        callback_urls: serde_json::from_value(r.get()?).unwrap_or_default(),
        display_name: r.get()?,
        description: r.get()?,
        content_type: r.get()?,
        username: r.get()?,
        icon_url: r.get()?,
    })
}

fn opened(keys: &Keys, mut hook: OutgoingWebhook) -> Result<OutgoingWebhook> {
    hook.token = keys.open(&OUTGOING_TOKEN, &hook.id, &hook.token)?;
    Ok(hook)
}

/// The webhook, unless it was deleted.
pub async fn get(conn: &mut Conn, keys: &Keys, id: &str) -> Result<Option<OutgoingWebhook>> {
    conn.fetch_optional(&ONE, params![id], hook).await?.map(|hook| opened(keys, hook)).transpose()
}

pub async fn all(conn: &mut Conn, keys: &Keys) -> Result<Vec<OutgoingWebhook>> {
    conn.fetch(&ALL, params![], hook).await?.into_iter().map(|hook| opened(keys, hook)).collect()
}

/// Of a team, a channel and an owner, each of which may be empty.
pub async fn list(
    conn: &mut Conn,
    keys: &Keys,
    team: &str,
    channel: &str,
    owner: &str,
    (limit, offset): (i64, i64),
) -> Result<Vec<OutgoingWebhook>> {
    let all = conn.fetch(&LIST, params![team, channel, owner, limit, offset], hook).await?;
    all.into_iter().map(|hook| opened(keys, hook)).collect()
}

pub async fn insert(tx: &mut Tx, keys: &Keys, h: &OutgoingWebhook) -> Result<()> {
    let values = params![
        &h.id,
        keys.close(&OUTGOING_TOKEN, &h.id, &h.token)?,
        h.create_at,
        &h.creator_id,
        &h.channel_id,
        &h.team_id,
        json!(h.trigger_words),
        h.trigger_when,
        json!(h.callback_urls),
        &h.display_name,
        &h.description,
        &h.content_type,
        &h.username,
        &h.icon_url
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, keys: &Keys, h: &OutgoingWebhook) -> Result<()> {
    let values = params![
        &h.id,
        keys.close(&OUTGOING_TOKEN, &h.id, &h.token)?,
        h.update_at,
        h.delete_at,
        &h.channel_id,
        json!(h.trigger_words),
        h.trigger_when,
        json!(h.callback_urls),
        &h.display_name,
        &h.description,
        &h.content_type,
        &h.username,
        &h.icon_url
    ];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}
