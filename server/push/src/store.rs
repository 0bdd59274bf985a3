//! Every statement on `push_posts`, `push_queue` and `push_shown`.

use chat::push::Seen;
use db::{Conn, Result, Row, Sql, Tx, Value, params};

// Nothing is written down on a site without phones.
const ADD_POST: Sql = Sql::new(
    "INSERT INTO push_posts (post_id, create_at, again)
     SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS BOOLEAN)
     WHERE EXISTS (SELECT 1 FROM sessions s WHERE s.device_id <> '')
     AND (SELECT COUNT(*) FROM push_posts p) < CAST($4 AS BIGINT) ON CONFLICT (post_id) DO NOTHING",
);
const POSTS: Sql = Sql::new("SELECT post_id, again FROM push_posts ORDER BY create_at, post_id LIMIT $1");
const POST_DONE: Sql = Sql::new("DELETE FROM push_posts WHERE post_id = $1");
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM push_queue");
const ADD: Sql = Sql::new(
    "INSERT INTO push_queue (id, kind, session_id, user_id, post_id, channel_id, root_id, create_at, next_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
);
const SHOW: Sql = Sql::new(
    "INSERT INTO push_shown (session_id, user_id, channel_id, root_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (session_id, channel_id, root_id) DO NOTHING",
);
const DUE: Sql = Sql::new(
    "SELECT q.id, q.kind, q.session_id, q.user_id, q.post_id, q.channel_id, q.root_id, q.attempts, q.refusals, s.device_id, s.props
     FROM push_queue q JOIN sessions s ON s.id = q.session_id JOIN users u ON u.id = q.user_id
     WHERE q.next_at <= $1 AND s.device_id <> '' AND (s.expires_at = 0 OR s.expires_at > $1) AND u.delete_at = 0
     ORDER BY q.next_at, q.create_at, q.id LIMIT $2",
);
const CLAIM: Sql = Sql::new(
    "UPDATE push_queue SET next_at = $3, attempts = attempts + 1 WHERE id IN LIST($1) AND next_at <= $2 RETURNING id",
);
const NEXT: Sql = Sql::new("SELECT MIN(next_at) FROM push_queue");
const DONE: Sql = Sql::new("DELETE FROM push_queue WHERE id = $1");
const LATER: Sql = Sql::new("UPDATE push_queue SET next_at = $2, refusals = refusals + $3 WHERE id = $1");
const DROP_DEVICE: Sql = Sql::new("UPDATE sessions SET device_id = '' WHERE id = $1 AND device_id = $2");
const DROP_WAITING: Sql = Sql::new("DELETE FROM push_queue WHERE session_id = $1");
const DROP_SHOWN: Sql = Sql::new("DELETE FROM push_shown WHERE session_id = $1");
const SWEEP_QUEUE: Sql = Sql::new(
    "DELETE FROM push_queue WHERE create_at < $1 OR NOT EXISTS (SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id
     WHERE s.id = push_queue.session_id AND s.device_id <> '' AND (s.expires_at = 0 OR s.expires_at > $2) AND u.delete_at = 0)",
);
const SWEEP_POSTS: Sql = Sql::new("DELETE FROM push_posts WHERE create_at < $1");
const SWEEP_SHOWN: Sql =
    Sql::new("DELETE FROM push_shown WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = push_shown.session_id)");
const SESSIONS: Sql = Sql::new(
    "SELECT id, user_id, device_id, props FROM sessions
     WHERE user_id IN LIST($1) AND device_id <> '' AND (expires_at = 0 OR expires_at > $2) ORDER BY id",
);
/// Members with a phone whom the post may be told to; [`crate::rules`] decides. JSON writes a quotation mark inside a value
/// as `\"`, so the patterns match settings only; the engines differ in the space.
const CANDIDATES: Sql = Sql::new(
    r#"SELECT q.id, q.account, q.channel, q.mentioned, q.follows FROM (
       SELECT u.id AS id, u.notify_props AS account, m.notify_props AS channel,
         CASE WHEN EXISTS (SELECT 1 FROM post_mentions x WHERE x.post_id = $2 AND x.user_id = u.id) THEN 1 ELSE 0 END AS mentioned,
         CASE WHEN EXISTS (SELECT 1 FROM thread_memberships t WHERE t.post_id = $3 AND t.user_id = u.id AND t.following = TRUE)
           THEN 1 ELSE 0 END AS follows,
         CASE WHEN CAST(u.notify_props AS TEXT) LIKE '%"push":"all"%' OR CAST(u.notify_props AS TEXT) LIKE '%"push": "all"%'
           OR CAST(m.notify_props AS TEXT) LIKE '%"push":"all"%' OR CAST(m.notify_props AS TEXT) LIKE '%"push": "all"%'
           THEN 1 ELSE 0 END AS every
       FROM channel_members m JOIN users u ON u.id = m.user_id
       WHERE m.channel_id = $1 AND u.delete_at = 0 AND u.id <> $4
         AND EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.device_id <> '' AND (s.expires_at = 0 OR s.expires_at > $5))
         AND (m.last_viewed_at <= $7 OR $3 <> '')
     ) q WHERE $6 OR q.mentioned = 1 OR q.follows = 1 OR q.every = 1 ORDER BY q.id"#,
);
const BADGE: Sql = Sql::new(
    "SELECT CAST((SELECT COALESCE(SUM(m.mention_count_root), 0) FROM channel_members m
       JOIN channels c ON c.id = m.channel_id AND c.delete_at = 0 WHERE m.user_id = $1)
     + (SELECT COUNT(*) FROM post_mentions x JOIN thread_memberships t ON t.post_id = x.root_id AND t.user_id = x.user_id
       WHERE x.user_id = $1 AND x.root_id <> '' AND t.following = TRUE AND x.create_at > t.last_viewed_at) AS BIGINT)",
);

/// A notification that waits, and the device that it is for.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    pub id: String,
    /// message or clear.
    pub kind: String,
    pub session_id: String,
    pub user_id: String,
    pub post_id: String,
    pub channel_id: String,
    pub root_id: String,
    pub attempts: i64,
    /// How often the proxy said that it could not.
    pub refusals: i64,
    pub device_id: String,
    pub props: serde_json::Value,
}

/// A member whom a post may be told to.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub user_id: String,
    pub account: serde_json::Value,
    pub channel: serde_json::Value,
    pub mentioned: bool,
    pub follows: bool,
}

/// A session with a device.
#[derive(Clone, Debug)]
pub struct Device {
    pub session_id: String,
    pub user_id: String,
    pub device_id: String,
    pub props: serde_json::Value,
}

/// Where a device shows notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub session_id: String,
    pub channel_id: String,
    pub root_id: String,
}

/// The post that candidates are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    pub post_id: &'a str,
    pub root_id: &'a str,
    pub channel_id: &'a str,
    /// Is not told; empty when everybody may be.
    pub author: &'a str,
    /// Everybody of the channel is looked at.
    pub group: bool,
    pub create_at: i64,
}

/// Writes down that a post is to be told, while there is room; whether it was written down.
pub async fn add_post(tx: &mut Tx, post: &str, again: bool, now: i64, room: i64) -> Result<bool> {
    Ok(tx.execute(&ADD_POST, params![post, now, again, room]).await? == 1)
}

/// Posts that are to be told, and whether each is told again.
pub async fn posts(conn: &mut Conn, limit: i64) -> Result<Vec<(String, bool)>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    conn.fetch(&POSTS, params![limit], decode).await
}

/// True for the one who takes the post.
pub async fn post_done(tx: &mut Tx, post: &str) -> Result<bool> {
    Ok(tx.execute(&POST_DONE, params![post]).await? == 1)
}

pub async fn candidates(conn: &mut Conn, post: Told<'_>, now: i64) -> Result<Vec<Candidate>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Candidate {
            user_id: r.get()?,
            account: r.get()?,
            channel: r.get()?,
            mentioned: r.get::<i64>()? == 1,
            follows: r.get::<i64>()? == 1,
        })
    };
    let Told { post_id, root_id, channel_id, author, group, create_at } = post;
    let values = params![channel_id, post_id, root_id, author, now, group, create_at];
    conn.fetch(&CANDIDATES, values, decode).await
}

/// The devices of these users.
pub async fn devices(conn: &mut Conn, users: &[String], now: i64) -> Result<Vec<Device>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Device { session_id: r.get()?, user_id: r.get()?, device_id: r.get()?, props: r.get()? })
    };
    conn.fetch(&SESSIONS, params![users, now], decode).await
}

/// How many notifications wait.
pub async fn count(conn: &mut Conn) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT, params![], Row::only).await?.unwrap_or(0))
}

/// Lets a device be told of a post.
pub async fn add_message(tx: &mut Tx, device: &Device, post: Told<'_>, now: i64) -> Result<()> {
    let Told { post_id, root_id, channel_id, .. } = post;
    let (session, user) = (&device.session_id, &device.user_id);
    let values = params![kit::id::new(), "message", session, user, post_id, channel_id, root_id, now];
    tx.execute(&ADD, values).await?;
    tx.execute(&SHOW, params![session, user, channel_id, root_id]).await?;
    Ok(())
}

/// Lets a device take away what it shows of a place.
pub async fn add_clear(tx: &mut Tx, user: &str, place: &Shown, now: i64) -> Result<()> {
    let Shown { session_id, channel_id, root_id } = place;
    tx.execute(&ADD, params![kit::id::new(), "clear", session_id, user, "", channel_id, root_id, now]).await?;
    Ok(())
}

/// What a user has read, as a condition with the user as `$1`.
fn condition(what: Seen<'_>) -> (&'static str, Vec<Value>) {
    match what {
        Seen::Channel { id, threads: false } => ("channel_id = $2 AND root_id = ''", params![id]),
        Seen::Channel { id, threads: true } => ("channel_id = $2", params![id]),
        Seen::Thread(root) => ("root_id = $2", params![root]),
        Seen::ThreadsOf { team } => (
            "root_id <> '' AND channel_id IN (SELECT c.id FROM channels c WHERE c.team_id = $2 OR c.team_id = '')",
            params![team],
        ),
    }
}

fn values(user: &str, rest: Vec<Value>) -> Vec<Value> {
    let mut all = params![user];
    all.extend(rest);
    all
}

/// Notifications of what was read are not sent any more.
pub async fn forget_seen(tx: &mut Tx, user: &str, what: Seen<'_>) -> Result<()> {
    let (place, rest) = condition(what);
    let sql = Sql::built(format!("DELETE FROM push_queue WHERE kind = 'message' AND user_id = $1 AND {place}"));
    tx.execute(&sql, values(user, rest)).await?;
    Ok(())
}

/// Which devices show what was read; from now on they count as not showing it.
pub async fn take_shown(tx: &mut Tx, user: &str, what: Seen<'_>) -> Result<Vec<Shown>> {
    let (place, rest) = condition(what);
    let sql =
        format!("DELETE FROM push_shown WHERE user_id = $1 AND {place} RETURNING session_id, channel_id, root_id");
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Shown { session_id: r.get()?, channel_id: r.get()?, root_id: r.get()? })
    };
    tx.fetch(&Sql::built(sql), values(user, rest), decode).await
}

fn waiting(row: Row) -> Result<Waiting> {
    let mut r = row.read();
    Ok(Waiting {
        id: r.get()?,
        kind: r.get()?,
        session_id: r.get()?,
        user_id: r.get()?,
        post_id: r.get()?,
        channel_id: r.get()?,
        root_id: r.get()?,
        attempts: r.get()?,
        refusals: r.get()?,
        device_id: r.get()?,
        props: r.get()?,
    })
}

/// Takes what is due, the longest waiting first. Until `until` nobody else takes it.
pub async fn take(tx: &mut Tx, limit: usize, now: i64, until: i64) -> Result<Vec<Waiting>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut due = tx.fetch(&DUE, params![now, limit], waiting).await?;
    let ids: Vec<String> = due.iter().map(|w| w.id.clone()).collect();
    let mine: Vec<String> = tx.fetch(&CLAIM, params![&ids, now, until], Row::only).await?;
    due.retain(|w| mine.contains(&w.id));
    Ok(due)
}

/// When the next one is due.
pub async fn next(conn: &mut Conn) -> Result<Option<i64>> {
    Ok(conn.fetch_optional(&NEXT, params![], Row::only::<Option<i64>>).await?.flatten())
}

pub async fn done(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute(&DONE, params![id]).await?;
    Ok(())
}

/// Puts one off.
pub async fn later(tx: &mut Tx, id: &str, at: i64, refused: bool) -> Result<()> {
    tx.execute(&LATER, params![id, at, i64::from(refused)]).await?;
    Ok(())
}

/// A device that does not have the app any more: its session has none from now on.
pub async fn drop_device(tx: &mut Tx, waiting: &Waiting) -> Result<()> {
    tx.execute(&DROP_DEVICE, params![&waiting.session_id, &waiting.device_id]).await?;
    tx.execute(&DROP_WAITING, params![&waiting.session_id]).await?;
    tx.execute(&DROP_SHOWN, params![&waiting.session_id]).await?;
    Ok(())
}

/// Forgets what is older than `before`, or is for sessions that have ended.
pub async fn sweep(tx: &mut Tx, before: i64, now: i64) -> Result<()> {
    tx.execute(&SWEEP_QUEUE, params![before, now]).await?;
    tx.execute(&SWEEP_POSTS, params![before]).await?;
    tx.execute(&SWEEP_SHOWN, params![]).await?;
    Ok(())
}

/// Unread mentions of a user, in channels and in threads.
pub async fn badge(conn: &mut Conn, user: &str) -> Result<i64> {
    Ok(conn.fetch_optional(&BADGE, params![user], Row::only).await?.unwrap_or(0))
}
