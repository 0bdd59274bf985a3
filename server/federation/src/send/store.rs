//! What a partner has to be told yet, and what it was told: every statement on `shared_channel_users` and
//! `shared_channel_marks`.

use db::{Conn, Result, Row, Sql, Tx, params};

/// People of a channel whom the partner does not know as they are now. $4: members are told, not only who writes.
const PEOPLE: Sql = Sql::new(
    "SELECT u.id FROM channel_members m JOIN users u ON u.id = m.user_id
     LEFT JOIN shared_channel_users k ON k.remote_id = $1 AND k.channel_id = $2 AND k.user_id = u.id
     WHERE m.channel_id = $2 AND COALESCE(u.remote_id, '') <> $1 AND u.delete_at = 0
     AND (k.user_id IS NULL AND $4 OR k.user_id IS NOT NULL AND (NOT k.member AND $4 OR k.user_at < u.update_at))
     ORDER BY u.id LIMIT $3",
);
const UNKNOWN: Sql = Sql::new(
    "SELECT u.id FROM users u LEFT JOIN shared_channel_users k ON k.remote_id = $1 AND k.channel_id = $2 AND k.user_id = u.id
     WHERE u.id IN LIST($3) AND COALESCE(u.remote_id, '') <> $1 AND (k.user_id IS NULL OR k.user_at < u.update_at)",
);
const GONE: Sql = Sql::new(
    "SELECT k.user_id FROM shared_channel_users k WHERE k.remote_id = $1 AND k.channel_id = $2 AND k.member
     AND NOT EXISTS (SELECT 1 FROM channel_members m WHERE m.channel_id = $2 AND m.user_id = k.user_id)
     ORDER BY k.user_id LIMIT $3",
);
const PICTURES: Sql = Sql::new(
    "SELECT u.id FROM shared_channel_users k JOIN users u ON u.id = k.user_id
     WHERE k.remote_id = $1 AND k.channel_id = $2 AND u.last_picture_update > k.picture_at ORDER BY u.id LIMIT $3",
);
const TOLD: Sql = Sql::new(
    "INSERT INTO shared_channel_users (remote_id, channel_id, user_id, user_at, picture_at, member) VALUES ($1, $2, $3, $4, 0, TRUE)
     ON CONFLICT (remote_id, channel_id, user_id) DO UPDATE SET user_at = excluded.user_at, member = TRUE",
);
const LEFT: Sql = Sql::new(
    "UPDATE shared_channel_users SET member = FALSE WHERE remote_id = $1 AND channel_id = $2 AND user_id IN LIST($3)",
);
/// A picture is somebody's, whatever the channel.
const SHOWN: Sql = Sql::new("UPDATE shared_channel_users SET picture_at = $3 WHERE remote_id = $1 AND user_id = $2");
const MARKS: Sql = Sql::new(
    "SELECT post_id, kind, user_id, name FROM shared_channel_marks WHERE remote_id = $1 AND post_id IN LIST($2)",
);
const MARK: Sql = Sql::new(
    "INSERT INTO shared_channel_marks (remote_id, post_id, kind, user_id, name) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (remote_id, post_id, kind, user_id, name) DO NOTHING",
);
const UNMARK: Sql = Sql::new(
    "DELETE FROM shared_channel_marks WHERE remote_id = $1 AND post_id = $2 AND kind = $3 AND user_id = $4 AND name = $5",
);

/// Ids of people to be told of.
pub async fn people(conn: &mut Conn, remote: &str, channel: &str, limit: i64, members: bool) -> Result<Vec<String>> {
    conn.fetch(&PEOPLE, params![remote, channel, limit, members], Row::only).await
}

/// Which of these people the partner does not know as they are now; never its own.
pub async fn unknown(conn: &mut Conn, remote: &str, channel: &str, ids: &[String]) -> Result<Vec<String>> {
    conn.fetch(&UNKNOWN, params![remote, channel, ids], Row::only).await
}

/// Ids of people who were told as members and are none any more.
pub async fn gone(conn: &mut Conn, remote: &str, channel: &str, limit: i64) -> Result<Vec<String>> {
    conn.fetch(&GONE, params![remote, channel, limit], Row::only).await
}

/// Ids of people whose picture the partner does not have.
pub async fn pictures(conn: &mut Conn, remote: &str, channel: &str, limit: i64) -> Result<Vec<String>> {
    conn.fetch(&PICTURES, params![remote, channel, limit], Row::only).await
}

/// The partner knows somebody as they were at `at`.
pub async fn told(tx: &mut Tx, remote: &str, channel: &str, user: &str, at: i64) -> Result<()> {
    tx.execute(&TOLD, params![remote, channel, user, at]).await?;
    Ok(())
}

pub async fn left(tx: &mut Tx, remote: &str, channel: &str, users: &[String]) -> Result<()> {
    tx.execute(&LEFT, params![remote, channel, users]).await?;
    Ok(())
}

pub async fn shown(tx: &mut Tx, remote: &str, user: &str, at: i64) -> Result<()> {
    tx.execute(&SHOWN, params![remote, user, at]).await?;
    Ok(())
}

/// Something about a post that the partner was told of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    pub post_id: String,
    /// `reaction`, `ack` or `file`.
    pub kind: String,
    /// Empty for a file.
    pub user_id: String,
    /// Of the emoji; the id of a file; empty for a confirmation.
    pub name: String,
}

impl Mark {
    pub fn new(kind: &str, post: &str, user: &str, name: &str) -> Self {
        Self { post_id: post.into(), kind: kind.into(), user_id: user.into(), name: name.into() }
    }
}

pub async fn marks(conn: &mut Conn, remote: &str, posts: &[String]) -> Result<Vec<Mark>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Mark { post_id: r.get()?, kind: r.get()?, user_id: r.get()?, name: r.get()? })
    };
    conn.fetch(&MARKS, params![remote, posts], decode).await
}

pub async fn mark(tx: &mut Tx, remote: &str, m: &Mark) -> Result<()> {
    tx.execute(&MARK, params![remote, &m.post_id, &m.kind, &m.user_id, &m.name]).await?;
    Ok(())
}

pub async fn unmark(tx: &mut Tx, remote: &str, m: &Mark) -> Result<()> {
    tx.execute(&UNMARK, params![remote, &m.post_id, &m.kind, &m.user_id, &m.name]).await?;
    Ok(())
}
