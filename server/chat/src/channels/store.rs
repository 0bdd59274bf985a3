//! Every statement on `channels`.

use db::{Conn, Result, Row, RowReader, Sql, Tx, params};
use wire::{Channel, ChannelStats, TeamUnread};

/// What [`read`] reads.
macro_rules! columns {
    () => {
        "c.id, c.create_at, c.update_at, c.delete_at, c.team_id, c.type, c.display_name, c.name, c.header, \
         c.purpose, c.last_post_at, c.total_msg_count, c.creator_id, c.props, c.total_msg_count_root, \
         c.last_root_post_at, c.autotranslation, c.scheme_id, c.banner_info, c.group_constrained, c.shared"
    };
}
macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!("SELECT ", columns!(), " FROM channels c ", $rest))
    };
}

/// Every public and private channel with the names of its team, for the console.
const EVERY: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    ", t.display_name, t.name, t.update_at FROM channels c JOIN teams t ON t.id = c.team_id
     WHERE c.type IN ('O', 'P') AND ($1 OR c.delete_at = 0) ORDER BY c.display_name, c.id LIMIT $2 OFFSET $3",
));
const COUNT_EVERY: Sql = Sql::new(
    "SELECT COUNT(*) FROM channels c JOIN teams t ON t.id = c.team_id WHERE c.type IN ('O', 'P') AND ($1 OR c.delete_at = 0)",
);
const BY_ID: Sql = select!("WHERE c.id = $1");
const BY_NAME: Sql = select!("WHERE c.team_id = $1 AND c.name = $2");
const OF_USER: Sql =
    select!("JOIN channel_members m ON m.channel_id = c.id WHERE m.user_id = $1 ORDER BY c.display_name");
const PUBLIC: Sql =
    select!("WHERE c.team_id = $1 AND c.type = 'O' AND c.delete_at = 0 ORDER BY c.display_name LIMIT $2 OFFSET $3");
const ARCHIVED: Sql = select!(
    "WHERE c.team_id = $1 AND c.delete_at > 0 AND (c.type = 'O' OR c.id IN (SELECT m.channel_id FROM channel_members m WHERE m.user_id = $2))
     ORDER BY c.display_name LIMIT $3 OFFSET $4"
);
const BY_IDS: Sql = select!("WHERE c.id IN LIST($1) ORDER BY c.display_name");
const SEARCH: Sql = select!(
    "WHERE c.team_id = $1 AND c.type IN ('O', 'P') AND (c.delete_at > 0) = $3
     AND (LOWER(c.display_name) LIKE $2 ESCAPE '\\' OR c.name LIKE $2 ESCAPE '\\' OR LOWER(c.purpose) LIKE $2 ESCAPE '\\')
     ORDER BY c.display_name LIMIT 100"
);
const SEARCH_ALL: Sql = select!(
    "WHERE c.type IN ('O', 'P') AND (LOWER(c.display_name) LIKE $1 ESCAPE '\\' OR c.name LIKE $1 ESCAPE '\\' OR c.id = $2)
     ORDER BY c.display_name, c.id LIMIT 10000"
);
const OF_ANY: Sql = Sql::new("SELECT DISTINCT channel_id FROM channel_members WHERE user_id IN LIST($1)");
const INSERT: Sql = Sql::new(
    "INSERT INTO channels (id, create_at, update_at, team_id, type, display_name, name, header, purpose, creator_id, props)
     VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
const UPDATE: Sql = Sql::new(
    "UPDATE channels SET update_at = $2, delete_at = $3, type = $4, display_name = $5, name = $6, header = $7, purpose = $8,
     banner_info = $9, group_constrained = $10, autotranslation = $11 WHERE id = $1",
);
const CONVERT: Sql = Sql::new(
    "UPDATE channels SET type = 'P', team_id = $2, name = $3, display_name = $4, update_at = $5 WHERE id = $1",
);
const UNPLACE: Sql = Sql::new("DELETE FROM sidebar_channels WHERE channel_id = $1");
const LOCK: Sql = Sql::new("UPDATE channels SET total_msg_count = total_msg_count WHERE id = $1");
/// The time of a new post in the channel: now, or just after the last post's. A last post more than an hour ahead has its
/// time from a bulk file or a wrong clock, and is not followed.
macro_rules! next_post_at {
    () => {
        "CASE WHEN last_post_at >= $2 AND last_post_at < $2 + 3600000 THEN last_post_at + 1 ELSE $2 END"
    };
}
const BUMP: Sql = Sql::new(concat!(
    "UPDATE channels SET last_post_at = ",
    next_post_at!(),
    ", total_msg_count = total_msg_count + $3, total_msg_count_root = total_msg_count_root + $4, ",
    "last_root_post_at = CASE WHEN $4 > 0 THEN ",
    next_post_at!(),
    " ELSE last_root_post_at END WHERE id = $1 RETURNING last_post_at",
));
const STATS: Sql = Sql::new(
    "SELECT (SELECT COUNT(*) FROM channel_members m WHERE m.channel_id = $1),
     (SELECT COUNT(*) FROM channel_members m WHERE m.channel_id = $1 AND m.scheme_guest = TRUE),
     (SELECT COUNT(*) FROM posts p WHERE p.channel_id = $1 AND p.is_pinned = TRUE AND p.delete_at = 0),
     (SELECT COUNT(*) FROM file_infos f WHERE f.channel_id = $1 AND f.delete_at = 0 AND f.post_id <> '')",
);
const TEAM_UNREAD: Sql = Sql::new(
    "SELECT CAST(COALESCE(SUM(c.total_msg_count - m.msg_count), 0) AS BIGINT), CAST(COALESCE(SUM(m.mention_count), 0) AS BIGINT),
     CAST(COALESCE(SUM(m.mention_count_root), 0) AS BIGINT), CAST(COALESCE(SUM(c.total_msg_count_root - m.msg_count_root), 0) AS BIGINT)
     FROM channel_members m JOIN channels c ON c.id = m.channel_id WHERE m.user_id = $1 AND c.team_id = $2 AND c.delete_at = 0",
);

fn channel(row: Row) -> Result<Channel> {
    read(&mut row.read())
}

fn read(r: &mut RowReader) -> Result<Channel> {
    Ok(Channel {
        id: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        team_id: r.get()?,
        kind: r.get()?,
        display_name: r.get()?,
        name: r.get()?,
        header: r.get()?,
        purpose: r.get()?,
        last_post_at: r.get()?,
        total_msg_count: r.get()?,
        creator_id: r.get()?,
        props: serde_json::from_value(r.get()?).ok(),
        total_msg_count_root: r.get()?,
        last_root_post_at: r.get()?,
        autotranslation: r.get()?,
        scheme_id: r.get()?,
        banner_info: r.get::<Option<serde_json::Value>>()?.and_then(|v| serde_json::from_value(v).ok()),
        group_constrained: r.get()?,
        shared: r.get::<bool>()?.then_some(true),
        ..Channel::default()
    })
}

/// A page of all channels, each with its team's display name, name and time of the last change; also archived ones with
/// `archived`.
pub async fn every(
    conn: &mut Conn,
    archived: bool,
    limit: i64,
    offset: i64,
) -> Result<Vec<(Channel, (String, String, i64))>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((read(&mut r)?, (r.get()?, r.get()?, r.get()?)))
    };
    conn.fetch(&EVERY, params![archived, limit, offset], decode).await
}

pub async fn count_every(conn: &mut Conn, archived: bool) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT_EVERY, params![archived], Row::only).await?.unwrap_or(0))
}

pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<Channel>> {
    conn.fetch_optional(&BY_ID, params![id], channel).await
}

pub async fn by_name(conn: &mut Conn, team: &str, name: &str) -> Result<Option<Channel>> {
    conn.fetch_optional(&BY_NAME, params![team, name], channel).await
}

pub async fn of_user(conn: &mut Conn, user: &str) -> Result<Vec<Channel>> {
    conn.fetch(&OF_USER, params![user], channel).await
}

pub async fn public(conn: &mut Conn, team: &str, limit: i64, offset: i64) -> Result<Vec<Channel>> {
    conn.fetch(&PUBLIC, params![team, limit, offset], channel).await
}

fn pattern(term: &str) -> String {
    format!("%{}%", crate::search::escaped(&term.trim().trim_start_matches('~').to_lowercase()))
}

/// Archived channels of a team: public ones, and private ones that the user is in.
pub async fn archived(conn: &mut Conn, team: &str, user: &str, limit: i64, offset: i64) -> Result<Vec<Channel>> {
    conn.fetch(&ARCHIVED, params![team, user, limit, offset], channel).await
}

pub async fn by_ids(conn: &mut Conn, ids: &[String]) -> Result<Vec<Channel>> {
    conn.fetch(&BY_IDS, params![ids], channel).await
}

/// Public and private channels of a team with `term` in their names or purpose; live ones or archived ones.
pub async fn search(conn: &mut Conn, team: &str, term: &str, archived: bool) -> Result<Vec<Channel>> {
    conn.fetch(&SEARCH, params![team, pattern(term), archived], channel).await
}

/// Public and private channels of every team with `term` in their names, or with that id.
pub async fn search_all(conn: &mut Conn, term: &str) -> Result<Vec<Channel>> {
    conn.fetch(&SEARCH_ALL, params![pattern(term), term.trim()], channel).await
}

/// Ids of the channels that any of the users is in.
pub async fn of_any_member(conn: &mut Conn, users: &[String]) -> Result<Vec<String>> {
    conn.fetch(&OF_ANY, params![users], Row::only).await
}

pub async fn insert(tx: &mut Tx, c: &Channel) -> Result<()> {
    let props = serde_json::json!(c.props.clone().unwrap_or_default());
    let values = params![
        &c.id,
        c.create_at,
        &c.team_id,
        &c.kind,
        &c.display_name,
        &c.name,
        &c.header,
        &c.purpose,
        &c.creator_id,
        props
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, c: &Channel) -> Result<()> {
    let banner = c.banner_info.as_ref().map(|b| serde_json::json!(b));
    let values = params![
        &c.id,
        c.update_at,
        c.delete_at,
        &c.kind,
        &c.display_name,
        &c.name,
        &c.header,
        &c.purpose,
        banner,
        c.group_constrained,
        c.autotranslation
    ];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}

const SET_SHARED: Sql = Sql::new("UPDATE channels SET shared = $2, update_at = $3 WHERE id = $1");

pub async fn set_shared(tx: &mut Tx, id: &str, shared: bool, now: i64) -> Result<()> {
    tx.execute(&SET_SHARED, params![id, shared, now]).await?;
    Ok(())
}

/// Makes a group message a private channel of a team; its members find it among their channels.
pub async fn convert(tx: &mut Tx, id: &str, team: &str, name: &str, display_name: &str, now: i64) -> Result<()> {
    tx.execute(&CONVERT, params![id, team, name, display_name, now]).await?;
    tx.execute(&UNPLACE, params![id]).await?;
    Ok(())
}

/// Makes other writers of the channel's messages wait until the transaction ends, so that what is counted anew after it
/// is all there is. Comes before any message is changed: who writes a new one takes the same lock first.
pub async fn lock(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute(&LOCK, params![id]).await?;
    Ok(())
}

/// Counts a new post that is written at `now`; `counted` 0 for join and leave messages, `root` 1 when it starts a thread.
/// The time that the post gets, later than every other's in the channel: clients ask for what is newer than the newest that
/// they know. Other writers of the channel wait until the transaction ends. `None` when there is no such channel.
pub async fn bump(tx: &mut Tx, id: &str, now: i64, counted: i64, root: i64) -> Result<Option<i64>> {
    tx.fetch_optional(&BUMP, params![id, now, counted, root], Row::only).await
}

pub async fn stats(conn: &mut Conn, channel: &str) -> Result<ChannelStats> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(ChannelStats {
            channel_id: channel.into(),
            member_count: r.get()?,
            guest_count: r.get()?,
            pinnedpost_count: r.get()?,
            files_count: r.get()?,
        })
    };
    Ok(conn.fetch_optional(&STATS, params![channel], decode).await?.unwrap_or_default())
}

pub async fn team_unread(conn: &mut Conn, team: &str, user: &str) -> Result<TeamUnread> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(TeamUnread {
            team_id: team.into(),
            msg_count: r.get()?,
            mention_count: r.get()?,
            mention_count_root: r.get()?,
            msg_count_root: r.get()?,
            ..TeamUnread::default()
        })
    };
    Ok(conn.fetch_optional(&TEAM_UNREAD, params![user, team], decode).await?.unwrap_or_default())
}
