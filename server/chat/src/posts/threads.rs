//! Reply counts and followers of a thread.

use super::{store, with_metadata};
use crate::users::me_or;
use crate::{Actor, Site};
use axum::Json;
use axum::extract::{Path, State};
use db::{Conn, Result, Row, Sql, Tx, params};
use wire::{Event, Post, StatusOk, Thread, Threads};

/// Most threads of one list.
const MAX_THREADS: i64 = 200;

const COUNTS: Sql = Sql::new("SELECT post_id, reply_count, last_reply_at FROM threads WHERE post_id IN LIST($1)");
const REPLIED: Sql = Sql::new(
    "INSERT INTO threads (post_id, channel_id, reply_count, last_reply_at, participants) VALUES ($1, $2, 1, $3, $4)
     ON CONFLICT (post_id) DO UPDATE SET reply_count = threads.reply_count + 1, last_reply_at = excluded.last_reply_at",
);
const UNREPLIED: Sql =
    Sql::new("UPDATE threads SET reply_count = reply_count - 1 WHERE post_id = $1 AND reply_count > 0");
const FOLLOW: Sql = Sql::new(
    "INSERT INTO thread_memberships (post_id, user_id, following, last_viewed_at, last_update_at) VALUES ($1, $2, TRUE, $3, $4)
     ON CONFLICT (post_id, user_id) DO UPDATE SET last_update_at = excluded.last_update_at, last_viewed_at =
     CASE WHEN excluded.last_viewed_at > 0 THEN excluded.last_viewed_at ELSE thread_memberships.last_viewed_at END",
);
const FOLLOWED: Sql = Sql::new(
    "SELECT m.post_id, t.reply_count, t.last_reply_at, m.last_viewed_at,
     (SELECT COUNT(*) FROM posts p WHERE p.root_id = m.post_id AND p.create_at > m.last_viewed_at AND p.delete_at = 0)
     FROM thread_memberships m JOIN threads t ON t.post_id = m.post_id JOIN channels c ON c.id = t.channel_id
     JOIN channel_members cm ON cm.channel_id = c.id AND cm.user_id = m.user_id
     WHERE m.user_id = $1 AND m.following = TRUE AND (c.team_id = $2 OR c.team_id = '') ORDER BY t.last_reply_at DESC LIMIT $3",
);
const READ: Sql = Sql::new(
    "UPDATE thread_memberships SET last_viewed_at = $3, unread_mentions = 0 WHERE post_id = $1 AND user_id = $2",
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

/// GET /users/{user}/teams/{team}/threads: what the user follows, newest reply first.
pub async fn followed(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
) -> crate::Result<Json<Threads>> {
    let user = me_or(&actor, &user)?;
    let mut conn = site.db.read().await?;
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Thread {
            id: r.get()?,
            reply_count: r.get()?,
            last_reply_at: r.get()?,
            last_viewed_at: r.get()?,
            unread_replies: r.get()?,
            is_following: true,
            ..Thread::default()
        })
    };
    let found: Vec<Thread> = conn.fetch(&FOLLOWED, params![&user, &team, MAX_THREADS], decode).await?;
    let ids: Vec<String> = found.iter().map(|t| t.id.clone()).collect();
    let mut posts = store::by_ids(&mut conn, &ids).await?;
    with_metadata(&mut conn, &mut posts).await?;
    let with_post = |mut t: Thread| {
        t.post = posts.iter().find(|p| p.id == t.id)?.clone();
        Some(t)
    };
    let threads: Vec<Thread> = found.into_iter().filter_map(with_post).collect();
    let unread = threads.iter().filter(|t| t.unread_replies > 0).count();
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(Json(Threads {
        total: count(threads.len()),
        total_unread_threads: count(unread),
        threads,
        ..Threads::default()
    }))
}

/// PUT …/threads/{thread}/read/{timestamp}
pub async fn read(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team, thread, at)): Path<(String, String, String, i64)>,
) -> crate::Result<Json<StatusOk>> {
    let user = me_or(&actor, &user)?;
    let mut tx = site.db.write().await?;
    tx.execute(&READ, params![&thread, &user, at]).await?;
    let event =
        Event::new("thread_read_changed").with("thread_id", thread).with("timestamp", at).with("unread_replies", 0);
    site.emit(&mut tx, event.with("unread_mentions", 0).to_team(&team).to_user(&user));
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
