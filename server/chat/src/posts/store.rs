//! Every statement on `posts` and `pending_posts`.

use super::rules::COMING_AND_GOING;
use db::{Conn, Result, Row, Sql, Tx, params};
use wire::{Post, PostMetadata, Props};

/// Beyond every id in every collation: with it, posts of the very same time count as seen.
pub const LAST_ID: &str = "zzzzzzzzzzzzzzzzzzzzzzzzzzz";

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
const ROOTS: Sql = select!("WHERE id IN LIST($1) AND (delete_at = 0 OR $2)");
const REPLIES_AFTER: Sql = select!(
    "WHERE root_id = $1 AND delete_at = 0 AND create_at >= $2 AND (create_at > $2 OR id > $3) ORDER BY create_at, id LIMIT $4"
);
const REPLIES_BEFORE: Sql = select!(
    "WHERE root_id = $1 AND delete_at = 0 AND create_at <= $2 AND (create_at < $2 OR id < $3) ORDER BY create_at DESC, id DESC LIMIT $4"
);
const REPLIES_CHANGED: Sql = select!(
    "WHERE root_id = $1 AND delete_at = 0 AND (update_at > $2 OR (update_at = $2 AND id > $3)) ORDER BY update_at, id LIMIT $4"
);
const FLAGGED: Sql = select!(
    "WHERE delete_at = 0 AND id IN (SELECT f.name FROM preferences f WHERE f.user_id = $1 AND f.category = 'flagged_post' AND f.value = 'true')
     AND channel_id IN (SELECT m.channel_id FROM channel_members m JOIN channels c ON c.id = m.channel_id WHERE m.user_id = $1
                        AND ($2 = '' OR c.team_id = $2 OR c.team_id = '') AND ($3 = '' OR c.id = $3))
     ORDER BY create_at DESC, id DESC LIMIT $4 OFFSET $5"
);
const UNREAD_FROM: Sql = Sql::new(
    "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN root_id = '' THEN 1 ELSE 0 END), 0) AS BIGINT) FROM posts
     WHERE channel_id = $1 AND create_at >= $2 AND delete_at = 0 AND type NOT IN LIST($3)",
);
const TOUCH: Sql = Sql::new("UPDATE posts SET update_at = $2 WHERE id = $1 AND update_at < $2");
const THREAD: Sql = select!("WHERE (id = $1 OR root_id = $1) AND delete_at = 0 ORDER BY create_at, id");
const LATEST: Sql = select!(
    "WHERE channel_id = $1 AND delete_at = 0 AND (root_id = '' OR $4) ORDER BY create_at DESC, id DESC LIMIT $2 OFFSET $3"
);
// The bound stands alone, so that PostgreSQL begins there in the index and does not read down to it.
const BEFORE: Sql = select!(
    "WHERE channel_id = $1 AND delete_at = 0 AND (root_id = '' OR $5) AND create_at <= $2 AND (create_at < $2 OR id < $3) ORDER BY create_at DESC, id DESC LIMIT $4"
);
const AFTER: Sql = select!(
    "WHERE channel_id = $1 AND delete_at = 0 AND (root_id = '' OR $5) AND create_at >= $2 AND (create_at > $2 OR id > $3) ORDER BY create_at, id LIMIT $4"
);
const SINCE: Sql = select!(
    "WHERE channel_id = $1 AND update_at > $2 AND (root_id = '' OR $4) ORDER BY create_at DESC, id DESC LIMIT $3"
);
const CHANGED_FOR: Sql = select!(
    "WHERE channel_id IN (SELECT m.channel_id FROM channel_members m JOIN channels c ON c.id = m.channel_id
                          WHERE m.user_id = $1 AND ($2 = '' OR c.team_id = $2 OR c.team_id = ''))
     AND (update_at > $3 OR (update_at = $3 AND id > $4)) ORDER BY update_at, id LIMIT $5"
);
const CHANGED_IN: Sql = select!(
    "WHERE channel_id = $1 AND update_at >= $2 AND (update_at > $2 OR id > $3) AND update_at <= $4 ORDER BY update_at, id LIMIT $5"
);
const PINNED: Sql = select!("WHERE channel_id = $1 AND is_pinned = TRUE AND delete_at = 0 ORDER BY create_at DESC");
const INSERT: Sql = Sql::new(
    "INSERT INTO posts (id, create_at, update_at, is_pinned, user_id, channel_id, root_id, message, type, props, hashtags, file_ids, edit_at, remote_id)
     VALUES ($1, $2, $12, $3, $4, $5, $6, $7, $8, $9, $10, $11, $13, $14)",
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

/// Leaves that a post was deleted, not what it said.
pub fn silence(post: &mut Post) {
    post.message.clear();
    post.message_source.clear();
    post.props = Props::default();
    post.hashtags.clear();
    post.file_ids.clear();
    post.metadata = Some(PostMetadata::default());
}

/// The one way from the table to a post: a deleted one says nothing, whoever asks.
fn post(row: Row) -> Result<Post> {
    let mut r = row.read();
    let mut post = Post {
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
    };
    if post.delete_at != 0 {
        silence(&mut post);
    }
    Ok(post)
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
    changed(conn, channel, ms, limit, true).await
}

/// [`since`], without replies on wish.
pub async fn changed(conn: &mut Conn, channel: &str, ms: i64, limit: i64, replies: bool) -> Result<Vec<Post>> {
    conn.fetch(&SINCE, params![channel, ms, limit, replies], post).await
}

/// Posts of all channels that the user is in, of one team or of all, that changed after (`at`, `id`); deleted ones too, in
/// the order of their last change.
pub async fn changed_for(conn: &mut Conn, user: &str, team: &str, at: i64, id: &str, limit: i64) -> Result<Vec<Post>> {
    conn.fetch(&CHANGED_FOR, params![user, team, at, id, limit], post).await
}

/// Posts of a channel that changed after (`at`, `id`) and not after `until`, deleted ones too, in the order of their last
/// change.
pub async fn changed_in(
    conn: &mut Conn,
    channel: &str,
    at: i64,
    id: &str,
    until: i64,
    limit: i64,
) -> Result<Vec<Post>> {
    conn.fetch(&CHANGED_IN, params![channel, at, id, until, limit], post).await
}

pub async fn pinned(conn: &mut Conn, channel: &str) -> Result<Vec<Post>> {
    conn.fetch(&PINNED, params![channel], post).await
}

/// Posts by ids; `deleted` ones too.
pub async fn roots(conn: &mut Conn, ids: &[String], deleted: bool) -> Result<Vec<Post>> {
    conn.fetch(&ROOTS, params![ids, deleted], post).await
}

/// Which part of a thread's replies is wanted; `id` breaks ties of the time.
#[derive(Clone, Copy, Debug)]
pub enum Replies {
    After,
    Before,
    /// By time of the last change.
    Changed,
}

pub async fn replies(conn: &mut Conn, root: &str, part: Replies, at: i64, id: &str, limit: i64) -> Result<Vec<Post>> {
    let sql = match part {
        Replies::After => &REPLIES_AFTER,
        Replies::Before => &REPLIES_BEFORE,
        Replies::Changed => &REPLIES_CHANGED,
    };
    conn.fetch(sql, params![root, at, id, limit], post).await
}

/// Posts that the user saved, in channels that the user is in; `team` and `channel` may be empty.
pub async fn flagged(
    conn: &mut Conn,
    user: &str,
    team: &str,
    channel: &str,
    limit: i64,
    offset: i64,
) -> Result<Vec<Post>> {
    conn.fetch(&FLAGGED, params![user, team, channel, limit, offset], post).await
}

/// How many posts from `at` on count as unread, and how many of them are roots.
pub async fn unread_from(conn: &mut Conn, channel: &str, at: i64) -> Result<(i64, i64)> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    let uncounted: Vec<String> = COMING_AND_GOING.map(str::to_owned).to_vec();
    Ok(conn.fetch_optional(&UNREAD_FROM, params![channel, at, uncounted], decode).await?.unwrap_or_default())
}

/// A root counts as changed when it gets a reply, so that clients that ask for changes hear of it.
pub async fn touch(tx: &mut Tx, id: &str, now: i64) -> Result<()> {
    tx.execute(&TOUCH, params![id, now]).await?;
    Ok(())
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
        serde_json::json!(p.file_ids),
        p.update_at,
        p.edit_at,
        p.remote_id.clone()
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
