//! Every statement on `posts` and `pending_posts`.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::Post;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, create_at, update_at, edit_at, delete_at, is_pinned, user_id, channel_id, root_id, original_id, ",
            "message, type, props, hashtags, file_ids, has_reactions, remote_id FROM posts ",
            $rest
        ))
    };
}

const BY_ID: Sql = select!("WHERE id = $1");
const BY_IDS: Sql = select!("WHERE id IN LIST($1) AND delete_at = 0 ORDER BY create_at DESC");
const THREAD: Sql = select!("WHERE (id = $1 OR root_id = $1) AND delete_at = 0 ORDER BY create_at, id");
const LATEST: Sql = select!(
    "WHERE channel_id = $1 AND delete_at = 0 AND (root_id = '' OR $4) ORDER BY create_at DESC, id DESC LIMIT $2 OFFSET $3"
);
const BEFORE: Sql = select!(
    "WHERE channel_id = $1 AND delete_at = 0 AND (root_id = '' OR $5) AND (create_at < $2 OR (create_at = $2 AND id < $3)) ORDER BY create_at DESC, id DESC LIMIT $4"
);
const AFTER: Sql = select!(
    "WHERE channel_id = $1 AND delete_at = 0 AND (root_id = '' OR $5) AND (create_at > $2 OR (create_at = $2 AND id > $3)) ORDER BY create_at, id LIMIT $4"
);
const SINCE: Sql = select!("WHERE channel_id = $1 AND update_at > $2 ORDER BY create_at DESC, id DESC LIMIT $3");
const PINNED: Sql = select!("WHERE channel_id = $1 AND is_pinned = TRUE AND delete_at = 0 ORDER BY create_at DESC");
const SEARCH: Sql = select!(
    "WHERE delete_at = 0 AND channel_id IN LIST($1) AND LOWER(message) LIKE $2 ORDER BY create_at DESC LIMIT $3"
);
const INSERT: Sql = Sql::new(
    "INSERT INTO posts (id, create_at, update_at, is_pinned, user_id, channel_id, root_id, message, type, props, hashtags, file_ids)
     VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
);
const UPDATE: Sql = Sql::new(
    "UPDATE posts SET update_at = $2, edit_at = $3, is_pinned = $4, message = $5, type = $6, props = $7, hashtags = $8, has_reactions = $9, file_ids = $10
     WHERE id = $1",
);
const DELETE: Sql =
    Sql::new("UPDATE posts SET delete_at = $2, update_at = $2 WHERE (id = $1 OR root_id = $1) AND delete_at = 0");
const PENDING: Sql = Sql::new("SELECT post_id FROM pending_posts WHERE user_id = $1 AND pending_post_id = $2");
const REMEMBER: Sql =
    Sql::new("INSERT INTO pending_posts (user_id, pending_post_id, post_id, create_at) VALUES ($1, $2, $3, $4)");
const FORGET: Sql = Sql::new("DELETE FROM pending_posts WHERE create_at < $1");

fn post(row: Row) -> Result<Post> {
    let mut r = row.read();
    Ok(Post {
        id: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        edit_at: r.get()?,
        delete_at: r.get()?,
        is_pinned: r.get()?,
        user_id: r.get()?,
        channel_id: r.get()?,
        root_id: r.get()?,
        original_id: r.get()?,
        message: r.get()?,
        kind: r.get()?,
        props: serde_json::from_value(r.get()?).unwrap_or_default(),
        hashtags: r.get()?,
        file_ids: serde_json::from_value(r.get()?).unwrap_or_default(),
        has_reactions: r.get()?,
        remote_id: r.get()?,
        ..Post::default()
    })
}

/// The post, deleted or not.
pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<Post>> {
    conn.fetch_optional(&BY_ID, params![id], post).await
}

pub async fn by_ids(conn: &mut Conn, ids: &[String]) -> Result<Vec<Post>> {
    conn.fetch(&BY_IDS, params![ids], post).await
}

/// The root and its replies, oldest first.
pub async fn thread(conn: &mut Conn, root_id: &str) -> Result<Vec<Post>> {
    conn.fetch(&THREAD, params![root_id], post).await
}

/// Newest first; `replies` false leaves replies out.
pub async fn latest(conn: &mut Conn, channel: &str, limit: i64, offset: i64, replies: bool) -> Result<Vec<Post>> {
    conn.fetch(&LATEST, params![channel, limit, offset, replies], post).await
}

/// The posts just older than (`at`, `id`), newest first.
pub async fn before(conn: &mut Conn, channel: &str, at: i64, id: &str, limit: i64, replies: bool) -> Result<Vec<Post>> {
    conn.fetch(&BEFORE, params![channel, at, id, limit, replies], post).await
}

/// The posts just newer than (`at`, `id`), oldest first.
pub async fn after(conn: &mut Conn, channel: &str, at: i64, id: &str, limit: i64, replies: bool) -> Result<Vec<Post>> {
    conn.fetch(&AFTER, params![channel, at, id, limit, replies], post).await
}

/// What changed since `ms`, deleted posts included, newest first.
pub async fn since(conn: &mut Conn, channel: &str, ms: i64, limit: i64) -> Result<Vec<Post>> {
    conn.fetch(&SINCE, params![channel, ms, limit], post).await
}

pub async fn pinned(conn: &mut Conn, channel: &str) -> Result<Vec<Post>> {
    conn.fetch(&PINNED, params![channel], post).await
}

/// Posts of these channels whose message holds `text`, newest first.
pub async fn search(conn: &mut Conn, channels: &[String], text: &str, limit: i64) -> Result<Vec<Post>> {
    let pattern = format!("%{}%", text.to_lowercase().replace(['%', '_'], ""));
    conn.fetch(&SEARCH, params![channels, pattern, limit], post).await
}

pub async fn insert(tx: &mut Tx, p: &Post) -> Result<()> {
    let values = params![
        &p.id,
        p.create_at,
        p.is_pinned,
        &p.user_id,
        &p.channel_id,
        &p.root_id,
        &p.message,
        &p.kind,
        serde_json::json!(p.props),
        &p.hashtags,
        serde_json::json!(p.file_ids)
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, p: &Post) -> Result<()> {
    let values = params![
        &p.id,
        p.update_at,
        p.edit_at,
        p.is_pinned,
        &p.message,
        &p.kind,
        serde_json::json!(p.props),
        &p.hashtags,
        p.has_reactions,
        serde_json::json!(p.file_ids)
    ];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}

/// Deletes a post, and with a root its replies.
pub async fn delete(tx: &mut Tx, id: &str, now: i64) -> Result<()> {
    tx.execute(&DELETE, params![id, now]).await?;
    Ok(())
}

/// The post that an earlier try with the same pending id made.
pub async fn pending(conn: &mut Conn, user: &str, pending_id: &str) -> Result<Option<String>> {
    conn.fetch_optional(&PENDING, params![user, pending_id], Row::only).await
}

/// Remembers a pending id, and forgets those of more than a day ago.
pub async fn remember(tx: &mut Tx, user: &str, pending_id: &str, post_id: &str, now: i64) -> Result<()> {
    tx.execute(&FORGET, params![now - 24 * 3600 * 1000]).await?;
    tx.execute(&REMEMBER, params![user, pending_id, post_id, now]).await?;
    Ok(())
}
