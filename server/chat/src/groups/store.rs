//! Every statement on `user_groups` and `group_members`.

use db::{Conn, Result, Row, Sql, Tx, params};
use std::collections::HashMap;
use wire::{Group, GroupMember};

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT g.id, g.name, g.display_name, g.description, g.allow_reference, g.create_at, g.update_at, g.delete_at ",
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
     ORDER BY g.display_name, g.id LIMIT $7 OFFSET $8"
);
const INSERT: Sql = Sql::new(
    "INSERT INTO user_groups (id, name, display_name, description, allow_reference, create_at, update_at)
     VALUES ($1, $2, $3, $4, $5, $6, $6)",
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
        source: "custom".into(),
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
    let values =
        params![pattern, w.only_referable, w.since, w.only_archived, w.with_archived, &w.member, limit, offset];
    conn.fetch(&FILTERED, values, group).await
}

pub async fn insert(tx: &mut Tx, g: &Group) -> Result<()> {
    let values = params![&g.id, &g.name, &g.display_name, &g.description, g.allow_reference, g.create_at];
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
