//! Every statement on `channel_members`.

use crate::roles::{self, account_is_guest};
use db::{Conn, Result, Row, Sql, Tx, params};
use wire::{Channel, ChannelMember};

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
/// The last post may be a little ahead of the clock, see `BUMP` of the store of channels.
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

pub async fn ids_of(conn: &mut Conn, user: &str) -> Result<Vec<String>> {
    Ok(memberships(conn, user).await?.into_iter().map(|m| m.channel_id).collect())
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
