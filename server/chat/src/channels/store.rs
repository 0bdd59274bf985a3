//! Every statement on `channels` and `channel_members`.

use crate::roles::{self, account_is_guest};
use db::{Conn, Result, Row, Sql, Tx, params};
use wire::{Channel, ChannelMember, ChannelStats, TeamUnread};

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT c.id, c.create_at, c.update_at, c.delete_at, c.team_id, c.type, c.display_name, c.name, c.header, ",
            "c.purpose, c.last_post_at, c.total_msg_count, c.creator_id, c.props, c.total_msg_count_root, ",
            "c.last_root_post_at, c.autotranslation, c.scheme_id, c.banner_info, c.group_constrained FROM channels c ",
            $rest
        ))
    };
}

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
/// With the names that the scheme of the channel, or of its team, has for the roles of its members.
macro_rules! members {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT m.channel_id, m.user_id, m.roles, m.last_viewed_at, m.msg_count, m.mention_count, m.mention_count_root, ",
            "m.urgent_mention_count, m.msg_count_root, m.notify_props, m.last_update_at, m.scheme_guest, m.scheme_user, ",
            "m.scheme_admin, m.autotranslation_disabled, COALESCE(cs.channel_guest_role, ts.channel_guest_role, 'channel_guest'), ",
            "COALESCE(cs.channel_user_role, ts.channel_user_role, 'channel_user'), ",
            "COALESCE(cs.channel_admin_role, ts.channel_admin_role, 'channel_admin') FROM channel_members m ",
            "LEFT JOIN channels c ON c.id = m.channel_id LEFT JOIN schemes cs ON cs.id = c.scheme_id ",
            "LEFT JOIN teams t ON t.id = c.team_id LEFT JOIN schemes ts ON ts.id = t.scheme_id ",
            $rest
        ))
    };
}
const MEMBER: Sql = members!("WHERE m.channel_id = $1 AND m.user_id = $2");
const NAMES: Sql = Sql::new(
    "SELECT COALESCE(cs.channel_guest_role, ts.channel_guest_role, 'channel_guest'),
     COALESCE(cs.channel_user_role, ts.channel_user_role, 'channel_user'),
     COALESCE(cs.channel_admin_role, ts.channel_admin_role, 'channel_admin')
     FROM channels c LEFT JOIN schemes cs ON cs.id = c.scheme_id LEFT JOIN teams t ON t.id = c.team_id
     LEFT JOIN schemes ts ON ts.id = t.scheme_id WHERE c.id = $1",
);
/// What guests, users and administrators of a channel without a scheme are.
pub const ROLE_NAMES: [&str; 3] = ["channel_guest", "channel_user", "channel_admin"];
const MEMBERS: Sql = members!("WHERE m.channel_id = $1 ORDER BY m.user_id");
const MEMBERSHIPS: Sql = members!("WHERE m.user_id = $1");
/// The account says whether the member is a guest; a guest administers nothing.
const INSERT_MEMBER: Sql = Sql::new(concat!(
    "INSERT INTO channel_members (channel_id, user_id, last_viewed_at, msg_count, msg_count_root, notify_props, ",
    "last_update_at, scheme_guest, scheme_user, scheme_admin) VALUES ($1, $2, $3, $4, $5, $6, $3, ",
    account_is_guest!(),
    ", NOT ",
    account_is_guest!(),
    ", $7 AND NOT ",
    account_is_guest!(),
    ") ON CONFLICT (channel_id, user_id) DO NOTHING",
));
const SET_GUEST: Sql = Sql::new(
    "UPDATE channel_members SET scheme_guest = $2, scheme_user = NOT $2, scheme_admin = scheme_admin AND NOT $2, roles = '',
     last_update_at = $3 WHERE user_id = $1",
);
const DELETE_MEMBER: Sql = Sql::new("DELETE FROM channel_members WHERE channel_id = $1 AND user_id = $2");
/// The last post may be a little ahead of the clock, see [`BUMP`].
macro_rules! seen_at {
    () => {
        "(SELECT CASE WHEN c.last_post_at > $3 AND c.last_post_at < $3 + 3600000 THEN c.last_post_at ELSE $3 END FROM channels c WHERE c.id = $1)"
    };
}
const VIEWED: Sql = Sql::new(concat!(
    "UPDATE channel_members SET last_viewed_at = ",
    seen_at!(),
    ", last_update_at = ",
    seen_at!(),
    ", mention_count = 0, mention_count_root = 0, urgent_mention_count = 0,
     msg_count = (SELECT c.total_msg_count FROM channels c WHERE c.id = $1),
     msg_count_root = (SELECT c.total_msg_count_root FROM channels c WHERE c.id = $1)
     WHERE channel_id = $1 AND user_id = $2 RETURNING last_viewed_at",
));
const SET_VIEWED: Sql = Sql::new(
    "UPDATE channel_members SET last_viewed_at = $3, msg_count = $4, msg_count_root = $5, last_update_at = $6
     WHERE channel_id = $1 AND user_id = $2",
);
const SET_ROLES: Sql = Sql::new(
    "UPDATE channel_members SET scheme_admin = $3, roles = $4, last_update_at = $5 WHERE channel_id = $1 AND user_id = $2",
);
const AUTHOR: Sql = Sql::new(
    "UPDATE channel_members SET msg_count = msg_count + $3, msg_count_root = msg_count_root + $4, last_update_at = $5
     WHERE channel_id = $1 AND user_id = $2",
);
const MENTION: Sql = Sql::new(
    "UPDATE channel_members SET mention_count = mention_count + 1, mention_count_root = mention_count_root + $3,
     urgent_mention_count = urgent_mention_count + $5, last_update_at = $4
     WHERE channel_id = $1 AND user_id IN LIST($2)",
);
const NOTIFY: Sql = Sql::new(
    "UPDATE channel_members SET notify_props = $3, last_update_at = $4 WHERE channel_id = $1 AND user_id = $2",
);
const OPT_OUT: Sql = Sql::new(
    "UPDATE channel_members SET autotranslation_disabled = $3, last_update_at = $4 WHERE channel_id = $1 AND user_id = $2",
);
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM channel_members WHERE channel_id = $1");
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
    let mut r = row.read();
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
        ..Channel::default()
    })
}

fn member_row(row: Row) -> Result<ChannelMember> {
    let mut r = row.read();
    let mut m = ChannelMember {
        channel_id: r.get()?,
        user_id: r.get()?,
        explicit_roles: r.get()?,
        last_viewed_at: r.get()?,
        msg_count: r.get()?,
        mention_count: r.get()?,
        mention_count_root: r.get()?,
        urgent_mention_count: r.get()?,
        msg_count_root: r.get()?,
        notify_props: serde_json::from_value(r.get()?).unwrap_or_default(),
        last_update_at: r.get()?,
        scheme_guest: r.get()?,
        scheme_user: r.get()?,
        scheme_admin: r.get()?,
        autotranslation_disabled: r.get()?,
        ..ChannelMember::default()
    };
    let names: [String; 3] = [r.get()?, r.get()?, r.get()?];
    let names = names.each_ref().map(String::as_str);
    m.roles = roles::effective(names, m.scheme_guest, m.scheme_user, m.scheme_admin, &m.explicit_roles);
    Ok(m)
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

pub async fn ids_of(conn: &mut Conn, user: &str) -> Result<Vec<String>> {
    Ok(memberships(conn, user).await?.into_iter().map(|m| m.channel_id).collect())
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

pub async fn member(conn: &mut Conn, channel: &str, user: &str) -> Result<Option<ChannelMember>> {
    conn.fetch_optional(&MEMBER, params![channel, user], member_row).await
}

pub async fn members(conn: &mut Conn, channel: &str) -> Result<Vec<ChannelMember>> {
    conn.fetch(&MEMBERS, params![channel], member_row).await
}

/// What guests, users and administrators of the channel are; `None` when there is no such channel.
pub async fn role_names(conn: &mut Conn, channel: &str) -> Result<Option<[String; 3]>> {
    let names = |row: Row| {
        let mut r = row.read();
        Ok([r.get()?, r.get()?, r.get()?])
    };
    conn.fetch_optional(&NAMES, params![channel], names).await
}

pub async fn memberships(conn: &mut Conn, user: &str) -> Result<Vec<ChannelMember>> {
    conn.fetch(&MEMBERSHIPS, params![user], member_row).await
}

/// Adds a member who has read everything so far.
pub async fn insert_member(tx: &mut Tx, c: &Channel, user: &str, admin: bool, now: i64) -> Result<bool> {
    let notify = serde_json::json!({"desktop": "default", "email": "default", "push": "default", "mark_unread": "all",
        "ignore_channel_mentions": "default", "channel_auto_follow_threads": "off"});
    let values = params![&c.id, user, now, c.total_msg_count, c.total_msg_count_root, notify, admin];
    Ok(tx.execute(&INSERT_MEMBER, values).await? > 0)
}

pub async fn delete_member(tx: &mut Tx, channel: &str, user: &str) -> Result<bool> {
    Ok(tx.execute(&DELETE_MEMBER, params![channel, user]).await? > 0)
}

/// The member has read everything, as of the answered time; `None` when the user is no member.
pub async fn viewed(tx: &mut Tx, channel: &str, user: &str, now: i64) -> Result<Option<i64>> {
    tx.fetch_optional(&VIEWED, params![channel, user, now], Row::only).await
}

/// The member has read everything up to `at`: `read` posts in all, and roots.
pub async fn set_viewed(tx: &mut Tx, channel: &str, user: &str, at: i64, read: (i64, i64), now: i64) -> Result<()> {
    tx.execute(&SET_VIEWED, params![channel, user, at, read.0, read.1, now]).await?;
    Ok(())
}

/// `explicit`: the roles given one by one, names with spaces between.
pub async fn set_roles(tx: &mut Tx, m: &ChannelMember, admin: bool, explicit: &str, now: i64) -> Result<()> {
    tx.execute(&SET_ROLES, params![&m.channel_id, &m.user_id, admin, explicit, now]).await?;
    Ok(())
}

/// Makes every membership of a user that of a guest, or of a full member.
pub async fn set_guest(tx: &mut Tx, user: &str, guest: bool, now: i64) -> Result<()> {
    tx.execute(&SET_GUEST, params![user, guest, now]).await?;
    Ok(())
}

/// The author has read the own post.
pub async fn count_for_author(tx: &mut Tx, channel: &str, user: &str, counted: i64, root: i64, now: i64) -> Result<()> {
    tx.execute(&AUTHOR, params![channel, user, counted, root, now]).await?;
    Ok(())
}

/// Counts a mention of each of `users`; `root` 1 when the post begins a thread.
pub async fn mention(tx: &mut Tx, channel: &str, users: &[String], root: i64, urgent: bool, now: i64) -> Result<()> {
    tx.execute(&MENTION, params![channel, users, root, now, i64::from(urgent)]).await?;
    Ok(())
}

pub async fn set_notify_props(tx: &mut Tx, channel: &str, user: &str, props: &wire::StringMap, now: i64) -> Result<()> {
    tx.execute(&NOTIFY, params![channel, user, serde_json::json!(props), now]).await?;
    Ok(())
}

/// Stores whether the member reads the channel as it was written.
pub async fn set_opt_out(tx: &mut Tx, m: &ChannelMember) -> Result<()> {
    let values = params![&m.channel_id, &m.user_id, m.autotranslation_disabled, m.last_update_at];
    tx.execute(&OPT_OUT, values).await?;
    Ok(())
}

pub async fn member_count(conn: &mut Conn, channel: &str) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT, params![channel], Row::only).await?.unwrap_or(0))
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
