//! Reply counts and followers of a thread.

use super::store;
use db::{Conn, Result, Row, Sql, Tx, params};
use wire::Post;

const COUNTS: Sql = Sql::new("SELECT post_id, reply_count, last_reply_at FROM threads WHERE post_id IN LIST($1)");
const REPLIED: Sql = Sql::new(
    "INSERT INTO threads (post_id, channel_id, reply_count, last_reply_at, participants) VALUES ($1, $2, 1, $3, $4)
     ON CONFLICT (post_id) DO UPDATE SET reply_count = threads.reply_count + 1, last_reply_at = excluded.last_reply_at",
);
const UNREPLIED: Sql = Sql::new("UPDATE threads SET reply_count = reply_count - 1 WHERE post_id = $1 AND reply_count > 0");
const FOLLOW: Sql = Sql::new(
    "INSERT INTO thread_memberships (post_id, user_id, following, last_viewed_at, last_update_at) VALUES ($1, $2, TRUE, $3, $4)
     ON CONFLICT (post_id, user_id) DO UPDATE SET last_update_at = excluded.last_update_at",
);
const FOLLOWERS: Sql = Sql::new("SELECT user_id FROM thread_memberships WHERE post_id = $1 AND following = TRUE");

/// (root id, replies, time of the last one) of those posts that have replies.
pub async fn counts(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, i64, i64)>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?, r.get()?))
    };
    conn.fetch(&COUNTS, params![ids], decode).await
}

/// Counts a reply; its author, the root's author and who is mentioned follow the thread. The followers.
pub async fn replied(tx: &mut Tx, reply: &Post, mentioned: &[String]) -> Result<Vec<String>> {
    let none = serde_json::json!([]);
    tx.execute(&REPLIED, params![&reply.root_id, &reply.channel_id, reply.create_at, none]).await?;
    let root = store::get(tx, &reply.root_id).await?;
    let mut users: Vec<String> = mentioned.to_vec();
    users.extend(root.map(|r| r.user_id));
    for user in &users {
        tx.execute(&FOLLOW, params![&reply.root_id, user, 0_i64, reply.create_at]).await?;
    }
    tx.execute(&FOLLOW, params![&reply.root_id, &reply.user_id, reply.create_at, reply.create_at]).await?;
    tx.fetch(&FOLLOWERS, params![&reply.root_id], Row::only).await
}

/// A reply was deleted.
pub async fn unreplied(tx: &mut Tx, root_id: &str) -> Result<()> {
    tx.execute(&UNREPLIED, params![root_id]).await?;
    Ok(())
}
