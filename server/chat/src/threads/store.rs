//! Every statement on `threads` and `thread_memberships`.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::TeamUnread;

/// What is shown of a thread beside its root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub post_id: String,
    pub reply_count: i64,
    pub last_reply_at: i64,
    /// Who replied, the latest last.
    pub participants: Vec<String>,
}

/// What one follower has not read of a thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    pub post_id: String,
    pub user_id: String,
    pub reply_count: i64,
    pub last_reply_at: i64,
    pub last_viewed_at: i64,
    pub delete_at: i64,
    pub following: bool,
    pub unread_replies: i64,
    pub unread_mentions: i64,
    pub participants: Vec<String>,
    /// The root is urgent.
    pub urgent: bool,
}

/// Numbers over all threads that a user follows in a team.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub total: i64,
    pub unread_threads: i64,
    pub unread_mentions: i64,
    /// Those in threads whose root is urgent.
    pub unread_urgent_mentions: i64,
}

/// Which page of the followed threads is wanted.
#[derive(Clone, Debug)]
pub struct Page {
    pub only_unread: bool,
    /// Threads whose root was deleted too.
    pub deleted: bool,
    /// Threads that changed after this time; 0 for all.
    pub since: i64,
    /// Threads with an older (`before`) or newer (`after`) last reply than this; 0 for none.
    pub before: i64,
    pub after: i64,
    pub limit: i64,
    pub offset: i64,
}

/// Replies after the last look, of a membership `m`.
macro_rules! unread {
    () => {
        "(SELECT COUNT(*) FROM posts p WHERE p.root_id = m.post_id AND p.delete_at = 0 AND p.create_at > m.last_viewed_at)"
    };
}
macro_rules! mentions {
    () => {
        "(SELECT COUNT(*) FROM post_mentions x WHERE x.root_id = m.post_id AND x.user_id = m.user_id AND x.create_at > m.last_viewed_at)"
    };
}
macro_rules! urgent {
    () => {
        "EXISTS (SELECT 1 FROM post_priority pp WHERE pp.post_id = m.post_id AND pp.priority = 'urgent')"
    };
}
macro_rules! followed {
    ($($rest:tt)*) => {
        Sql::new(concat!(
            "SELECT m.post_id, m.user_id, COALESCE(t.reply_count, 0), COALESCE(t.last_reply_at, 0), m.last_viewed_at, ",
            "COALESCE(t.delete_at, 0), m.following, ",
            unread!(),
            ", ",
            mentions!(),
            ", t.participants, CASE WHEN ",
            urgent!(),
            " THEN 1 ELSE 0 END FROM thread_memberships m ",
            $($rest)*
        ))
    };
}
/// Threads of the channels of a team, and of direct and group channels, that the user is in.
macro_rules! of_team {
    () => {
        "JOIN threads t ON t.post_id = m.post_id JOIN channels c ON c.id = t.channel_id
         JOIN channel_members cm ON cm.channel_id = c.id AND cm.user_id = m.user_id
         WHERE m.user_id = $1 AND m.following = TRUE AND (c.team_id = $2 OR c.team_id = '') AND c.delete_at = 0
         AND t.reply_count > 0 "
    };
}

const NEWEST: Sql = followed!(
    of_team!(),
    "AND (t.delete_at = 0 OR $3) AND (NOT $4 OR t.last_reply_at > m.last_viewed_at)
     AND (t.last_reply_at > $5 OR m.last_update_at > $5) AND (CAST($6 AS BIGINT) = 0 OR t.last_reply_at < $6)
     ORDER BY t.last_reply_at DESC, m.post_id DESC LIMIT $7 OFFSET $8"
);
const JUST_NEWER: Sql = followed!(
    of_team!(),
    "AND (t.delete_at = 0 OR $3) AND (NOT $4 OR t.last_reply_at > m.last_viewed_at)
     AND (t.last_reply_at > $5 OR m.last_update_at > $5) AND t.last_reply_at > $6
     ORDER BY t.last_reply_at, m.post_id LIMIT $7 OFFSET $8"
);
const ONE: Sql = followed!("LEFT JOIN threads t ON t.post_id = m.post_id WHERE m.post_id = $1 AND m.user_id = $2");
// Who has left the channel follows on and hears nothing.
const FOLLOWERS: Sql = followed!(
    "JOIN threads t ON t.post_id = m.post_id
     JOIN channel_members cm ON cm.channel_id = t.channel_id AND cm.user_id = m.user_id
     WHERE m.post_id = $1 AND m.following = TRUE"
);
const TOTALS: Sql = Sql::new(concat!(
    "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN q.replies > 0 THEN 1 ELSE 0 END), 0) AS BIGINT),
     CAST(COALESCE(SUM(q.mentions), 0) AS BIGINT),
     CAST(COALESCE(SUM(CASE WHEN q.urgent = 1 THEN q.mentions ELSE 0 END), 0) AS BIGINT) FROM (SELECT ",
    unread!(),
    " AS replies, ",
    mentions!(),
    " AS mentions, CASE WHEN ",
    urgent!(),
    " THEN 1 ELSE 0 END AS urgent FROM thread_memberships m ",
    of_team!(),
    "AND t.delete_at = 0) q"
));
const SUMMARIES: Sql = Sql::new(
    "SELECT post_id, reply_count, last_reply_at, participants FROM threads WHERE post_id IN LIST($1) AND reply_count > 0",
);
const FOLLOWING: Sql =
    Sql::new("SELECT post_id FROM thread_memberships WHERE user_id = $1 AND following = TRUE AND post_id IN LIST($2)");
const GROW: Sql = Sql::new(
    "INSERT INTO threads (post_id, channel_id, reply_count, last_reply_at, participants) VALUES ($1, $2, 1, $3, $4)
     ON CONFLICT (post_id) DO UPDATE SET reply_count = threads.reply_count + 1,
     last_reply_at = CASE WHEN excluded.last_reply_at > threads.last_reply_at THEN excluded.last_reply_at ELSE threads.last_reply_at END
     RETURNING participants",
);
const PARTICIPANTS: Sql = Sql::new("UPDATE threads SET participants = $2 WHERE post_id = $1");
const LOCK: Sql = Sql::new("UPDATE threads SET reply_count = reply_count WHERE post_id = $1");
const RECOUNT: Sql = Sql::new(
    "UPDATE threads SET reply_count = (SELECT COUNT(*) FROM posts p WHERE p.root_id = $1 AND p.delete_at = 0),
     last_reply_at = (SELECT COALESCE(MAX(p.create_at), 0) FROM posts p WHERE p.root_id = $1 AND p.delete_at = 0),
     participants = $2 WHERE post_id = $1",
);
const REPLIERS: Sql = Sql::new(
    "SELECT user_id FROM posts WHERE root_id = $1 AND delete_at = 0 GROUP BY user_id ORDER BY MAX(create_at), user_id",
);
const DELETED: Sql = Sql::new("UPDATE threads SET delete_at = $2 WHERE post_id = $1");
const JOIN: Sql = Sql::new(
    "INSERT INTO thread_memberships (post_id, user_id, following, last_viewed_at, last_update_at) VALUES ($1, $2, TRUE, $3, $4)
     ON CONFLICT (post_id, user_id) DO UPDATE SET last_update_at = excluded.last_update_at",
);
const READ_ONCE: Sql = Sql::new(
    "INSERT INTO thread_memberships (post_id, user_id, following, last_viewed_at, last_update_at) VALUES ($1, $2, FALSE, $3, $4)
     ON CONFLICT (post_id, user_id) DO UPDATE SET last_viewed_at = excluded.last_viewed_at, last_update_at = excluded.last_update_at",
);
const SET_FOLLOWING: Sql = Sql::new(
    "INSERT INTO thread_memberships (post_id, user_id, following, last_viewed_at, last_update_at) VALUES ($1, $2, $3, $4, $4)
     ON CONFLICT (post_id, user_id) DO UPDATE SET following = excluded.following, last_update_at = excluded.last_update_at",
);
const READ_TEAM: Sql = Sql::new(
    "UPDATE thread_memberships SET last_viewed_at = $3, last_update_at = $3 WHERE user_id = $1 AND following = TRUE
     AND post_id IN (SELECT t.post_id FROM threads t JOIN channels c ON c.id = t.channel_id WHERE c.team_id = $2 OR c.team_id = '')",
);
const READ_CHANNEL: Sql = Sql::new(
    "UPDATE thread_memberships SET last_viewed_at = $3, last_update_at = $3 WHERE user_id = $1
     AND post_id IN (SELECT t.post_id FROM threads t WHERE t.channel_id = $2)",
);

fn names(value: Option<serde_json::Value>) -> Vec<String> {
    value.and_then(|v| serde_json::from_value(v).ok()).unwrap_or_default()
}

fn row(row: Row) -> Result<Followed> {
    let mut r = row.read();
    Ok(Followed {
        post_id: r.get()?,
        user_id: r.get()?,
        reply_count: r.get()?,
        last_reply_at: r.get()?,
        last_viewed_at: r.get()?,
        delete_at: r.get()?,
        following: r.get()?,
        unread_replies: r.get()?,
        unread_mentions: r.get()?,
        participants: names(r.get()?),
        urgent: r.get::<i64>()? != 0,
    })
}

/// A page of the threads that `user` follows, newest reply first.
pub async fn page(conn: &mut Conn, user: &str, team: &str, p: &Page) -> Result<Vec<Followed>> {
    let bound = if p.after > 0 { p.after } else { p.before };
    let since = if p.since > 0 { p.since } else { -1 };
    let values = params![user, team, p.deleted, p.only_unread, since, bound, p.limit, p.offset];
    let sql = if p.after > 0 { &JUST_NEWER } else { &NEWEST };
    let mut found = conn.fetch(sql, values, row).await?;
    if p.after > 0 {
        found.reverse();
    }
    Ok(found)
}

/// One user's view of one thread; `None` when the user never followed it.
pub async fn one(conn: &mut Conn, post_id: &str, user: &str) -> Result<Option<Followed>> {
    conn.fetch_optional(&ONE, params![post_id, user], row).await
}

/// Everybody who follows the thread, with what each has not read.
pub async fn followers(conn: &mut Conn, post_id: &str) -> Result<Vec<Followed>> {
    conn.fetch(&FOLLOWERS, params![post_id], row).await
}

pub async fn totals(conn: &mut Conn, user: &str, team: &str) -> Result<Totals> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Totals {
            total: r.get()?,
            unread_threads: r.get()?,
            unread_mentions: r.get()?,
            unread_urgent_mentions: r.get()?,
        })
    };
    Ok(conn.fetch_optional(&TOTALS, params![user, team], decode).await?.unwrap_or_default())
}

/// Adds the numbers of threads to those of a team.
pub async fn team_totals(conn: &mut Conn, user: &str, mut unread: TeamUnread) -> Result<TeamUnread> {
    let totals = totals(conn, user, &unread.team_id).await?;
    unread.thread_count = totals.unread_threads;
    unread.thread_mention_count = totals.unread_mentions;
    unread.thread_urgent_mention_count = totals.unread_urgent_mentions;
    Ok(unread)
}

/// Of those posts that have replies.
pub async fn summaries(conn: &mut Conn, ids: &[String]) -> Result<Vec<Summary>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Summary { post_id: r.get()?, reply_count: r.get()?, last_reply_at: r.get()?, participants: names(r.get()?) })
    };
    conn.fetch(&SUMMARIES, params![ids], decode).await
}

/// Which of these roots the user follows.
pub async fn following(conn: &mut Conn, user: &str, ids: &[String]) -> Result<Vec<String>> {
    conn.fetch(&FOLLOWING, params![user, ids], Row::only).await
}

/// Counts one reply; the thread's row stays locked until the transaction ends.
pub async fn grow(tx: &mut Tx, root_id: &str, channel_id: &str, author: &str, at: i64) -> Result<()> {
    let first = serde_json::json!([author]);
    let kept = tx.fetch_optional(&GROW, params![root_id, channel_id, at, first], Row::only).await?;
    let mut participants = names(kept);
    if participants.last().is_none_or(|last| last != author) {
        participants.retain(|p| p != author);
        participants.push(author.to_owned());
        tx.execute(&PARTICIPANTS, params![root_id, serde_json::json!(participants)]).await?;
    }
    Ok(())
}

/// Counts a thread anew after replies were deleted. The lock comes first: what is counted after it is what is there.
pub async fn recount(tx: &mut Tx, root_id: &str) -> Result<()> {
    tx.execute(&LOCK, params![root_id]).await?;
    let repliers: Vec<String> = tx.fetch(&REPLIERS, params![root_id], Row::only).await?;
    tx.execute(&RECOUNT, params![root_id, serde_json::json!(repliers)]).await?;
    Ok(())
}

pub async fn set_deleted(tx: &mut Tx, root_id: &str, at: i64) -> Result<()> {
    tx.execute(&DELETED, params![root_id, at]).await?;
    Ok(())
}

/// Lets a user follow a thread, unless it was left on purpose.
pub async fn join(tx: &mut Tx, root_id: &str, user: &str, viewed_at: i64, now: i64) -> Result<()> {
    tx.execute(&JOIN, params![root_id, user, viewed_at, now]).await?;
    Ok(())
}

pub async fn set_following(tx: &mut Tx, root_id: &str, user: &str, following: bool, now: i64) -> Result<()> {
    tx.execute(&SET_FOLLOWING, params![root_id, user, following, now]).await?;
    Ok(())
}

/// The user has seen everything up to `at`; who does not follow the thread still does not.
pub async fn viewed(tx: &mut Tx, root_id: &str, user: &str, at: i64, now: i64) -> Result<()> {
    tx.execute(&READ_ONCE, params![root_id, user, at, now]).await?;
    Ok(())
}

pub async fn read_team(tx: &mut Tx, user: &str, team: &str, now: i64) -> Result<()> {
    tx.execute(&READ_TEAM, params![user, team, now]).await?;
    Ok(())
}

/// For clients that show replies in the channel: who saw the channel saw its threads.
pub async fn read_channel(tx: &mut Tx, user: &str, channel: &str, now: i64) -> Result<()> {
    tx.execute(&READ_CHANNEL, params![user, channel, now]).await?;
    Ok(())
}
