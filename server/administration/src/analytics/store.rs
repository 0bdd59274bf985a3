//! The questions behind the numbers. Those by day go through the indexes that posts have by channel and by user, so that
//! they touch no older posts.

use db::{Conn, Result, Row, Sql, params};

const DAY_MS: i64 = 24 * 3_600_000;

/// What is counted by day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daily {
    Posts,
    BotPosts,
    /// People who wrote something.
    Writers,
}

/// Of one team, or of all with direct messages when $2 is empty.
const POSTS: Sql = Sql::new(
    "SELECT p.create_at / 86400000 AS day, COUNT(*) FROM channels c
     JOIN posts p ON p.channel_id = c.id AND p.delete_at = 0 AND p.create_at >= $1
     WHERE ($2 = '' OR c.team_id = $2) GROUP BY day ORDER BY day DESC",
);
const BOT_POSTS: Sql = Sql::new(
    "SELECT p.create_at / 86400000 AS day, COUNT(*) FROM users u
     JOIN posts p ON p.user_id = u.id AND p.create_at >= $1 AND p.delete_at = 0
     JOIN channels c ON c.id = p.channel_id
     WHERE u.is_bot = TRUE AND ($2 = '' OR c.team_id = $2) GROUP BY day ORDER BY day DESC",
);
const WRITERS: Sql = Sql::new(
    "SELECT p.create_at / 86400000 AS day, COUNT(DISTINCT p.user_id) FROM channels c
     JOIN posts p ON p.channel_id = c.id AND p.delete_at = 0 AND p.create_at >= $1
     WHERE ($2 = '' OR c.team_id = $2) GROUP BY day ORDER BY day DESC",
);

/// Numbers of the last `days` days, the newest first: days since 1970 with their count; days without any are left out.
pub async fn daily(conn: &mut Conn, what: Daily, team_id: &str, now: i64, days: i64) -> Result<Vec<(i64, i64)>> {
    let sql = match what {
        Daily::Posts => &POSTS,
        Daily::BotPosts => &BOT_POSTS,
        Daily::Writers => &WRITERS,
    };
    let since = (now / DAY_MS - days + 1) * DAY_MS;
    conn.fetch(sql, params![since, team_id], |row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    })
    .await
}

macro_rules! ask {
    ($name:literal, $sql:literal) => {
        ($name, Sql::new($sql))
    };
}

/// $1 is a team or empty.
static STANDARD: &[(&str, Sql)] = &[
    ask!(
        "channel_open_count",
        "SELECT COUNT(*) FROM channels WHERE type = 'O' AND delete_at = 0 AND ($1 = '' OR team_id = $1)"
    ),
    ask!(
        "channel_private_count",
        "SELECT COUNT(*) FROM channels WHERE type = 'P' AND delete_at = 0 AND ($1 = '' OR team_id = $1)"
    ),
    ask!(
        "post_count",
        "SELECT CAST(COALESCE(SUM(total_msg_count), 0) AS BIGINT) FROM channels WHERE ($1 = '' OR team_id = $1)"
    ),
    ask!(
        "unique_user_count",
        "SELECT COUNT(*) FROM users u WHERE u.delete_at = 0 AND u.is_bot = FALSE AND ($1 = '' OR EXISTS
         (SELECT 1 FROM team_members m WHERE m.user_id = u.id AND m.team_id = $1 AND m.delete_at = 0))"
    ),
    ask!("team_count", "SELECT COUNT(*) FROM teams WHERE delete_at = 0 AND ($1 = '' OR id = $1)"),
    ask!("inactive_user_count", "SELECT COUNT(*) FROM users WHERE delete_at > 0 AND is_bot = FALSE AND $1 = $1"),
];
const ACTIVE: Sql = Sql::new(
    "SELECT COUNT(*) FROM users u JOIN statuses s ON s.user_id = u.id
     WHERE u.delete_at = 0 AND u.is_bot = FALSE AND s.last_activity_at >= $1",
);
static EXTRA: &[(&str, Sql)] = &[
    ask!(
        "incoming_webhook_count",
        "SELECT COUNT(*) FROM incoming_webhooks WHERE delete_at = 0 AND ($1 = '' OR team_id = $1)"
    ),
    ask!(
        "outgoing_webhook_count",
        "SELECT COUNT(*) FROM outgoing_webhooks WHERE delete_at = 0 AND ($1 = '' OR team_id = $1)"
    ),
    ask!("command_count", "SELECT COUNT(*) FROM commands WHERE delete_at = 0 AND ($1 = '' OR team_id = $1)"),
    ask!("session_count", "SELECT COUNT(*) FROM sessions WHERE $1 = $1"),
    ask!("file_count", "SELECT COUNT(*) FROM file_infos WHERE delete_at = 0 AND $1 = $1"),
];

/// A list of names with their number.
pub type Counts = Vec<(&'static str, i64)>;

async fn ask_all(conn: &mut Conn, all: &'static [(&'static str, Sql)], team_id: &str) -> Result<Counts> {
    let mut out = Vec::with_capacity(all.len());
    for (name, sql) in all {
        out.push((*name, conn.fetch_optional(sql, params![team_id], Row::only::<i64>).await?.unwrap_or(0)));
    }
    Ok(out)
}

/// What there is, and who was active in the last day and month (Unix milliseconds `now`).
pub async fn counts(conn: &mut Conn, team_id: &str, now: i64) -> Result<Counts> {
    let mut out = ask_all(conn, STANDARD, team_id).await?;
    for (name, days) in [("daily_active_users", 1), ("monthly_active_users", 31)] {
        let since = now - days * DAY_MS;
        out.push((name, conn.fetch_optional(&ACTIVE, params![since], Row::only::<i64>).await?.unwrap_or(0)));
    }
    Ok(out)
}

/// Integrations, sessions, files.
pub async fn extra(conn: &mut Conn, team_id: &str) -> Result<Counts> {
    ask_all(conn, EXTRA, team_id).await
}
