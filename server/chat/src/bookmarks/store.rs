//! Every statement on `channel_bookmarks`.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::Bookmark;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, create_at, update_at, delete_at, channel_id, owner_id, file_id, display_name, sort_order, ",
            "link_url, image_url, emoji, type FROM channel_bookmarks ",
            $rest
        ))
    };
}

const OF_CHANNEL: Sql = select!("WHERE channel_id = $1 AND delete_at = 0 ORDER BY sort_order, create_at, id");
const CHANGED: Sql = select!("WHERE channel_id = $1 AND update_at > $2 ORDER BY sort_order, create_at, id");
const ONE: Sql = select!("WHERE channel_id = $1 AND id = $2 AND delete_at = 0");
const OF_FILES: Sql = select!("WHERE file_id IN LIST($1) AND delete_at = 0 ORDER BY id");
const INSERT: Sql = Sql::new(
    "INSERT INTO channel_bookmarks (id, create_at, update_at, channel_id, owner_id, file_id, display_name, sort_order, link_url, image_url, emoji, type)
     VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
);
const UPDATE: Sql = Sql::new(
    "UPDATE channel_bookmarks SET update_at = $2, display_name = $3, link_url = $4, image_url = $5, emoji = $6, delete_at = $7, file_id = $8
     WHERE id = $1",
);
const SET_PLACE: Sql =
    Sql::new("UPDATE channel_bookmarks SET sort_order = $2, update_at = $3 WHERE id = $1 AND sort_order <> $2");

fn row(row: Row) -> Result<Bookmark> {
    let mut r = row.read();
    Ok(Bookmark {
        id: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        channel_id: r.get()?,
        owner_id: r.get()?,
        file_id: r.get()?,
        display_name: r.get()?,
        sort_order: r.get()?,
        link_url: r.get()?,
        image_url: r.get()?,
        emoji: r.get()?,
        kind: r.get()?,
        ..Bookmark::default()
    })
}

/// In the order in which they are shown.
pub async fn of_channel(conn: &mut Conn, channel: &str) -> Result<Vec<Bookmark>> {
    conn.fetch(&OF_CHANNEL, params![channel], row).await
}

/// Those that changed after `since`, deleted ones too.
pub async fn changed(conn: &mut Conn, channel: &str, since: i64) -> Result<Vec<Bookmark>> {
    conn.fetch(&CHANGED, params![channel, since], row).await
}

/// Those of these files.
pub async fn of_files(conn: &mut Conn, files: &[String]) -> Result<Vec<Bookmark>> {
    conn.fetch(&OF_FILES, params![files], row).await
}

pub async fn one(conn: &mut Conn, channel: &str, id: &str) -> Result<Option<Bookmark>> {
    conn.fetch_optional(&ONE, params![channel, id], row).await
}

pub async fn insert(tx: &mut Tx, b: &Bookmark) -> Result<()> {
    let values = params![
        &b.id,
        b.create_at,
        &b.channel_id,
        &b.owner_id,
        &b.file_id,
        &b.display_name,
        b.sort_order,
        &b.link_url,
        &b.image_url,
        &b.emoji,
        &b.kind
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, b: &Bookmark) -> Result<()> {
    let values =
        params![&b.id, b.update_at, &b.display_name, &b.link_url, &b.image_url, &b.emoji, b.delete_at, &b.file_id];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}

/// Numbers the bookmarks in this order.
pub async fn set_order(tx: &mut Tx, ids: &[String], now: i64) -> Result<()> {
    for (place, id) in (0_i64..).zip(ids) {
        tx.execute(&SET_PLACE, params![id, place, now]).await?;
    }
    Ok(())
}
