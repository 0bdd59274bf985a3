//! Every statement on `user_groups` and `group_members`.

use super::link_store::Kind;
use db::{Conn, Result, Row, Sql, Tx, params};
use std::collections::HashMap;
use wire::{Group, GroupMember};

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT g.id, g.name, g.display_name, g.description, g.allow_reference, g.create_at, g.update_at, g.delete_at, ",
            "g.source, g.remote_id, EXISTS (SELECT 1 FROM group_links h WHERE h.group_id = g.id AND h.delete_at = 0) ",
            "FROM user_groups g ",
            $rest
        ))
    };
}

const BY_ID: Sql = select!("WHERE g.id = $1");
const BY_NAME: Sql = select!("WHERE g.name = $1");
const BY_NAMES: Sql = select!("WHERE g.name IN LIST($1) AND g.delete_at = 0 ORDER BY g.display_name, g.id");
const OF_USER: Sql = select!(
    "JOIN group_members m ON m.group_id = g.id WHERE m.user_id = $1 AND g.delete_at = 0 ORDER BY g.display_name, g.id"
);
const FILTERED: Sql = select!(
    "WHERE (LOWER(g.name) LIKE $1 ESCAPE '\\' OR LOWER(g.display_name) LIKE $1 ESCAPE '\\') AND (NOT $2 OR g.allow_reference = TRUE)
     AND g.update_at >= $3 AND (($4 AND g.delete_at > 0) OR (NOT $4 AND (g.delete_at = 0 OR $5)))
     AND ($6 = '' OR EXISTS (SELECT 1 FROM group_members m WHERE m.group_id = g.id AND m.user_id = $6))
     AND ($9 = '' OR NOT EXISTS (SELECT 1 FROM group_links l WHERE l.group_id = g.id AND l.place_id = $9 AND l.delete_at = 0))
     ORDER BY g.display_name, g.id LIMIT $7 OFFSET $8"
);
const BY_REMOTE: Sql = select!("WHERE g.source = $1 AND g.remote_id = $2");
const OF_SOURCE: Sql = select!("WHERE g.source = $1 AND g.delete_at = 0 ORDER BY g.display_name, g.id");
const LINKED: Sql = select!(
    "JOIN group_links l ON l.group_id = g.id AND l.delete_at = 0 WHERE l.place_id = $1 AND g.delete_at = 0
     AND (NOT $2 OR g.allow_reference = TRUE)
     AND (LOWER(g.name) LIKE $3 ESCAPE '\\' OR LOWER(g.display_name) LIKE $3 ESCAPE '\\')
     ORDER BY g.display_name, g.id LIMIT $4 OFFSET $5"
);
const COUNT_LINKED: Sql = Sql::new(
    "SELECT COUNT(*) FROM user_groups g JOIN group_links l ON l.group_id = g.id AND l.delete_at = 0
     WHERE l.place_id = $1 AND g.delete_at = 0 AND (NOT $2 OR g.allow_reference = TRUE)
     AND (LOWER(g.name) LIKE $3 ESCAPE '\\' OR LOWER(g.display_name) LIKE $3 ESCAPE '\\')",
);
const ADMINISTERING: Sql =
    Sql::new("SELECT group_id FROM group_links WHERE place_id = $1 AND scheme_admin = TRUE AND delete_at = 0");
const BY_IDS: Sql = select!("WHERE g.id IN LIST($1) AND g.delete_at = 0 ORDER BY g.display_name, g.id");
const EVERYBODY: Sql = Sql::new("SELECT user_id FROM group_members WHERE group_id = $1");
macro_rules! outside_of {
    ($what:literal, $members:literal, $rest:literal) => {
        Sql::new(concat!(
            "SELECT ",
            $what,
            " FROM users u JOIN ",
            $members,
            " WHERE u.is_bot = FALSE AND u.delete_at = 0 AND NOT EXISTS (SELECT 1 FROM group_members o
               WHERE o.user_id = u.id AND o.group_id IN LIST($2)) ",
            $rest
        ))
    };
}
const OUTSIDE_IN_TEAM: Sql = outside_of!(
    "u.id",
    "team_members m ON m.user_id = u.id AND m.delete_at = 0 AND m.team_id = $1",
    "ORDER BY u.username LIMIT $3 OFFSET $4"
);
const OUTSIDE_IN_CHANNEL: Sql = outside_of!(
    "u.id",
    "channel_members m ON m.user_id = u.id AND m.channel_id = $1",
    "ORDER BY u.username LIMIT $3 OFFSET $4"
);
const COUNT_OUTSIDE_TEAM: Sql =
    outside_of!("COUNT(*)", "team_members m ON m.user_id = u.id AND m.delete_at = 0 AND m.team_id = $1", "");
const COUNT_OUTSIDE_CHANNEL: Sql =
    outside_of!("COUNT(*)", "channel_members m ON m.user_id = u.id AND m.channel_id = $1", "");
const INSERT: Sql = Sql::new(
    "INSERT INTO user_groups (id, name, display_name, description, allow_reference, create_at, update_at, source, remote_id)
     VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)",
);
const UPDATE: Sql = Sql::new(
    "UPDATE user_groups SET name = $2, display_name = $3, description = $4, allow_reference = $5, update_at = $6, delete_at = $7
     WHERE id = $1",
);
const COUNTS: Sql = Sql::new(
    "SELECT m.group_id, COUNT(*) FROM group_members m JOIN users u ON u.id = m.user_id AND u.delete_at = 0
     WHERE m.group_id IN LIST($1) GROUP BY m.group_id",
);
const MEMBERS: Sql = Sql::new(
    "SELECT m.user_id FROM group_members m JOIN users u ON u.id = m.user_id AND u.delete_at = 0 WHERE m.group_id = $1
     ORDER BY u.username LIMIT $2 OFFSET $3",
);
const OF_NAMED: Sql = Sql::new(
    "SELECT DISTINCT m.user_id FROM group_members m JOIN user_groups g ON g.id = m.group_id
     JOIN users u ON u.id = m.user_id AND u.delete_at = 0
     WHERE g.name IN LIST($1) AND g.delete_at = 0 AND g.allow_reference = TRUE",
);
const IN_CHANNEL: Sql = Sql::new(
    "SELECT m.group_id, m.user_id FROM group_members m JOIN user_groups g ON g.id = m.group_id AND g.delete_at = 0
     JOIN channel_members c ON c.user_id = m.user_id AND c.channel_id = $1",
);
const JOIN: Sql = Sql::new(
    "INSERT INTO group_members (group_id, user_id, create_at) VALUES ($1, $2, $3) ON CONFLICT (group_id, user_id) DO NOTHING",
);
const LEAVE: Sql = Sql::new("DELETE FROM group_members WHERE group_id = $1 AND user_id = $2 RETURNING create_at");

fn group(row: Row) -> Result<Group> {
    let mut r = row.read();
    Ok(Group {
        id: r.get()?,
        name: r.get()?,
        display_name: r.get()?,
        description: r.get()?,
        allow_reference: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        source: r.get()?,
        remote_id: r.get()?,
        has_syncables: r.get()?,
        ..Group::default()
    })
}

/// Which groups a list is about.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// A part of the name.
    pub term: String,
    pub only_referable: bool,
    /// Changed at or after this time.
    pub since: i64,
    pub only_archived: bool,
    pub with_archived: bool,
    /// Only those that this user is in.
    pub member: String,
    /// Only those that are not linked to this team or channel.
    pub not_linked_to: String,
}

pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<Group>> {
    conn.fetch_optional(&BY_ID, params![id], group).await
}

pub async fn by_name(conn: &mut Conn, name: &str) -> Result<Option<Group>> {
    conn.fetch_optional(&BY_NAME, params![name], group).await
}

pub async fn by_names(conn: &mut Conn, names: &[String]) -> Result<Vec<Group>> {
    conn.fetch(&BY_NAMES, params![names], group).await
}

pub async fn of_user(conn: &mut Conn, user: &str) -> Result<Vec<Group>> {
    conn.fetch(&OF_USER, params![user], group).await
}

pub async fn filtered(conn: &mut Conn, w: &Wanted, limit: i64, offset: i64) -> Result<Vec<Group>> {
    let pattern = format!("%{}%", crate::search::escaped(&w.term.trim().to_lowercase()));
    let values = params![
        pattern,
        w.only_referable,
        w.since,
        w.only_archived,
        w.with_archived,
        &w.member,
        limit,
        offset,
        &w.not_linked_to
    ];
    conn.fetch(&FILTERED, values, group).await
}

pub async fn by_ids(conn: &mut Conn, ids: &[String]) -> Result<Vec<Group>> {
    conn.fetch(&BY_IDS, params![ids], group).await
}

/// The group that `source` knows by this id, archived or not.
pub async fn by_remote(conn: &mut Conn, source: &str, remote_id: &str) -> Result<Option<Group>> {
    conn.fetch_optional(&BY_REMOTE, params![source, remote_id], group).await
}

pub async fn of_source(conn: &mut Conn, source: &str) -> Result<Vec<Group>> {
    conn.fetch(&OF_SOURCE, params![source], group).await
}

/// Groups that are linked to a team or channel, with `term` in their names, and how many there are.
pub async fn linked(
    conn: &mut Conn,
    place: &str,
    only_referable: bool,
    term: &str,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Group>, i64)> {
    let pattern = format!("%{}%", crate::search::escaped(&term.trim().to_lowercase()));
    let mut found = conn.fetch(&LINKED, params![place, only_referable, &pattern, limit, offset], group).await?;
    let admins: Vec<String> = conn.fetch(&ADMINISTERING, params![place], Row::only).await?;
    for group in &mut found {
        group.scheme_admin = Some(admins.contains(&group.id));
    }
    let total = conn.fetch_optional(&COUNT_LINKED, params![place, only_referable, &pattern], Row::only).await?;
    Ok((found, total.unwrap_or(0)))
}

/// Members of a team or channel who are in none of the groups, by username.
pub async fn outside_of(
    conn: &mut Conn,
    kind: Kind,
    place: &str,
    groups: &[String],
    limit: i64,
    offset: i64,
) -> Result<Vec<String>> {
    let sql = match kind {
        Kind::Team => &OUTSIDE_IN_TEAM,
        Kind::Channel => &OUTSIDE_IN_CHANNEL,
    };
    conn.fetch(sql, params![place, groups, limit, offset], Row::only).await
}

pub async fn count_outside_of(conn: &mut Conn, kind: Kind, place: &str, groups: &[String]) -> Result<i64> {
    let sql = match kind {
        Kind::Team => &COUNT_OUTSIDE_TEAM,
        Kind::Channel => &COUNT_OUTSIDE_CHANNEL,
    };
    Ok(conn.fetch_optional(sql, params![place, groups], Row::only).await?.unwrap_or(0))
}

/// All members, deactivated ones too.
pub async fn everybody(conn: &mut Conn, group: &str) -> Result<Vec<String>> {
    conn.fetch(&EVERYBODY, params![group], Row::only).await
}

pub async fn insert(tx: &mut Tx, g: &Group) -> Result<()> {
    let values = params![
        &g.id,
        &g.name,
        &g.display_name,
        &g.description,
        g.allow_reference,
        g.create_at,
        &g.source,
        g.remote_id.as_deref()
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, g: &Group) -> Result<()> {
    let values = params![&g.id, &g.name, &g.display_name, &g.description, g.allow_reference, g.update_at, g.delete_at];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}

/// How many active members each group has; groups without any are left out.
pub async fn counts(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, i64>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get::<String>()?, r.get::<i64>()?))
    };
    Ok(conn.fetch(&COUNTS, params![ids], decode).await?.into_iter().collect())
}

/// A page of the active members, by username.
pub async fn member_ids(conn: &mut Conn, group: &str, limit: i64, offset: i64) -> Result<Vec<String>> {
    conn.fetch(&MEMBERS, params![group, limit, offset], Row::only).await
}

/// Members of the groups with these names that may be mentioned.
pub async fn members_of_named(conn: &mut Conn, names: &[String]) -> Result<Vec<String>> {
    conn.fetch(&OF_NAMED, params![names], Row::only).await
}

/// Which members of which group are in the channel.
pub async fn in_channel(conn: &mut Conn, channel: &str) -> Result<Vec<(String, String)>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    conn.fetch(&IN_CHANNEL, params![channel], decode).await
}

/// False when the user is in it already.
pub async fn join(tx: &mut Tx, group: &str, user: &str, now: i64) -> Result<bool> {
    Ok(tx.execute(&JOIN, params![group, user, now]).await? > 0)
}

/// `None` when the user was not in it.
pub async fn leave(tx: &mut Tx, group: &str, user: &str, now: i64) -> Result<Option<GroupMember>> {
    let at: Option<i64> = tx.fetch_optional(&LEAVE, params![group, user], Row::only).await?;
    let gone = |create_at| GroupMember { group_id: group.into(), user_id: user.into(), create_at, delete_at: now };
    Ok(at.map(gone))
}
