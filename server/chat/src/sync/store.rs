//! What of a user's world changed, oldest change first.

use db::{Conn, Result, Row, Sql, params};
use wire::Status;

const CHANNELS: Sql = Sql::new(
    "SELECT c.id FROM channels c JOIN channel_members m ON m.channel_id = c.id
     WHERE m.user_id = $1 AND ($2 = '' OR c.team_id = $2 OR c.team_id = '')
     AND (c.update_at > $3 OR c.last_post_at > $3 OR m.last_update_at > $3
          OR EXISTS (SELECT 1 FROM posts p WHERE p.channel_id = c.id AND p.update_at > $3)) ORDER BY c.id",
);
const THREADS: Sql = Sql::new(
    "SELECT m.post_id FROM thread_memberships m JOIN threads t ON t.post_id = m.post_id JOIN channels c ON c.id = t.channel_id
     JOIN channel_members cm ON cm.channel_id = c.id AND cm.user_id = m.user_id
     WHERE m.user_id = $1 AND ($2 = '' OR c.team_id = $2 OR c.team_id = '')
     AND (m.last_update_at > $3 OR t.last_reply_at > $3 OR t.delete_at > $3
          OR EXISTS (SELECT 1 FROM posts p WHERE p.root_id = m.post_id AND p.update_at > $3)) ORDER BY m.post_id LIMIT $4",
);
const STATUSES: Sql = Sql::new(
    "SELECT s.user_id, s.status, s.manual, s.last_activity_at, s.dnd_end_time FROM statuses s
     WHERE s.last_activity_at > $2 AND s.user_id IN (
       SELECT o.user_id FROM channel_members m JOIN channel_members o ON o.channel_id = m.channel_id WHERE m.user_id = $1)
     ORDER BY s.user_id LIMIT $3",
);

/// Ids of the user's channels that changed, in which a post changed, or which were read.
pub async fn channels(conn: &mut Conn, user: &str, team: &str, since: i64) -> Result<Vec<String>> {
    conn.fetch(&CHANNELS, params![user, team, since], Row::only).await
}

/// Ids of threads that changed for the user.
pub async fn threads(conn: &mut Conn, user: &str, team: &str, since: i64, limit: i64) -> Result<Vec<String>> {
    conn.fetch(&THREADS, params![user, team, since, limit], Row::only).await
}

/// Statuses that people who share a channel with the user set since then.
pub async fn statuses(conn: &mut Conn, user: &str, since: i64, limit: i64) -> Result<Vec<Status>> {
    conn.fetch(&STATUSES, params![user, since, limit], crate::status::row).await
}
