//! Every statement on `retention_policies`, `retention_teams` and `retention_channels`.

use crate::effective::Said;
use db::{Conn, Result, Row, Sql, Tx, params};
use serde::Serialize;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT p.id, p.display_name, p.post_duration, ",
            "(SELECT COUNT(*) FROM retention_teams t WHERE t.policy_id = p.id), ",
            "(SELECT COUNT(*) FROM retention_channels c WHERE c.policy_id = p.id) FROM retention_policies p ",
            $rest
        ))
    };
}

const ONE: Sql = select!("WHERE p.id = $1");
const PAGE: Sql = select!("ORDER BY p.display_name, p.id LIMIT $1 OFFSET $2");
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM retention_policies");
const INSERT: Sql =
    Sql::new("INSERT INTO retention_policies (id, display_name, post_duration, create_at) VALUES ($1, $2, $3, $4)");
const UPDATE: Sql = Sql::new("UPDATE retention_policies SET display_name = $2, post_duration = $3 WHERE id = $1");
const DELETE: Sql = Sql::new("DELETE FROM retention_policies WHERE id = $1");
const TEAM_POLICIES: Sql = Sql::new(
    "SELECT r.team_id, p.post_duration FROM retention_teams r JOIN retention_policies p ON p.id = r.policy_id
     JOIN team_members m ON m.team_id = r.team_id AND m.delete_at = 0 WHERE m.user_id = $1 ORDER BY r.team_id",
);
const CHANNEL_POLICIES: Sql = Sql::new(
    "SELECT r.channel_id, p.post_duration FROM retention_channels r JOIN retention_policies p ON p.id = r.policy_id
     JOIN channel_members m ON m.channel_id = r.channel_id WHERE m.user_id = $1 ORDER BY r.channel_id",
);
const CHANNELS: Sql = Sql::new(
    "SELECT c.id, cp.post_duration, tp.post_duration FROM channels c
     LEFT JOIN retention_channels rc ON rc.channel_id = c.id LEFT JOIN retention_policies cp ON cp.id = rc.policy_id
     LEFT JOIN retention_teams rt ON rt.team_id = c.team_id LEFT JOIN retention_policies tp ON tp.id = rt.policy_id
     WHERE c.id > $1 ORDER BY c.id LIMIT $2",
);
const COUNT_CHANNELS: Sql =
    Sql::new("SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN id <= $1 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM channels");

/// A policy as clients see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Policy {
    pub id: String,
    pub display_name: String,
    /// Days; -1 for ever.
    pub post_duration: i64,
    pub team_count: i64,
    pub channel_count: i64,
}

/// What a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Team,
    Channel,
}

impl Place {
    /// Table, column and table of the places themselves.
    fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Team => ("retention_teams", "team_id", "teams"),
            Self::Channel => ("retention_channels", "channel_id", "channels"),
        }
    }

    fn sql(self, text: &str) -> Sql {
        let (table, column, of) = self.names();
        Sql::built(text.replace("{table}", table).replace("{column}", column).replace("{of}", of))
    }
}

fn policy(row: Row) -> Result<Policy> {
    let mut r = row.read();
    Ok(Policy {
        id: r.get()?,
        display_name: r.get()?,
        post_duration: r.get()?,
        team_count: r.get()?,
        channel_count: r.get()?,
    })
}

pub async fn one(conn: &mut Conn, id: &str) -> Result<Option<Policy>> {
    conn.fetch_optional(&ONE, params![id], policy).await
}

pub async fn page(conn: &mut Conn, limit: i64, offset: i64) -> Result<Vec<Policy>> {
    conn.fetch(&PAGE, params![limit, offset], policy).await
}

pub async fn count(conn: &mut Conn) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT, params![], Row::only).await?.unwrap_or(0))
}

pub async fn insert(tx: &mut Tx, id: &str, name: &str, days: i64, now: i64) -> Result<()> {
    tx.execute(&INSERT, params![id, name, days, now]).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, id: &str, name: &str, days: i64) -> Result<()> {
    tx.execute(&UPDATE, params![id, name, days]).await?;
    Ok(())
}

/// Takes a policy away; its teams and channels have none then.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<()> {
    for place in [Place::Team, Place::Channel] {
        clear(tx, place, id).await?;
    }
    tx.execute(&DELETE, params![id]).await?;
    Ok(())
}

/// Which of `ids` are teams or channels; direct and group messages have no policies of their own.
pub async fn existing(conn: &mut Conn, place: Place, ids: &[String]) -> Result<Vec<String>> {
    let only = if place == Place::Channel { " AND type IN ('O', 'P')" } else { "" };
    conn.fetch(&place.sql(&format!("SELECT id FROM {{of}} WHERE id IN LIST($1){only}")), params![ids], Row::only).await
}

/// Which of `ids` are in another policy than this one.
pub async fn elsewhere(conn: &mut Conn, place: Place, policy: &str, ids: &[String]) -> Result<Vec<String>> {
    let sql =
        place.sql("SELECT {column} FROM {table} WHERE {column} IN LIST($1) AND policy_id <> $2 ORDER BY {column}");
    conn.fetch(&sql, params![ids, policy], Row::only).await
}

pub async fn add(tx: &mut Tx, place: Place, policy: &str, ids: &[String]) -> Result<()> {
    let sql = place.sql("INSERT INTO {table} ({column}, policy_id) VALUES ($1, $2) ON CONFLICT ({column}) DO NOTHING");
    for id in ids {
        tx.execute(&sql, params![id, policy]).await?;
    }
    Ok(())
}

pub async fn remove(tx: &mut Tx, place: Place, policy: &str, ids: &[String]) -> Result<()> {
    let sql = place.sql("DELETE FROM {table} WHERE policy_id = $1 AND {column} IN LIST($2)");
    tx.execute(&sql, params![policy, ids]).await?;
    Ok(())
}

pub async fn clear(tx: &mut Tx, place: Place, policy: &str) -> Result<()> {
    tx.execute(&place.sql("DELETE FROM {table} WHERE policy_id = $1"), params![policy]).await?;
    Ok(())
}

/// Ids of the teams or channels of a policy, by the names that are shown.
pub async fn places(conn: &mut Conn, place: Place, policy: &str, limit: i64, offset: i64) -> Result<Vec<String>> {
    let sql = place.sql(
        "SELECT o.id FROM {table} r JOIN {of} o ON o.id = r.{column} WHERE r.policy_id = $1
         ORDER BY o.display_name, o.id LIMIT $2 OFFSET $3",
    );
    conn.fetch(&sql, params![policy, limit, offset], Row::only).await
}

/// Those whose name has `pattern` (of LIKE, in lower case).
pub async fn search(conn: &mut Conn, place: Place, policy: &str, pattern: &str, limit: i64) -> Result<Vec<String>> {
    let more = if place == Place::Channel { " OR LOWER(o.purpose) LIKE $2 ESCAPE '\\'" } else { "" };
    let sql = place.sql(&format!(
        "SELECT o.id FROM {{table}} r JOIN {{of}} o ON o.id = r.{{column}} WHERE r.policy_id = $1
         AND (LOWER(o.display_name) LIKE $2 ESCAPE '\\' OR LOWER(o.name) LIKE $2 ESCAPE '\\'{more})
         ORDER BY o.display_name, o.id LIMIT $3"
    ));
    conn.fetch(&sql, params![policy, pattern, limit], Row::only).await
}

/// Of the teams or channels that a user is in: id and days.
pub async fn of_user(conn: &mut Conn, place: Place, user: &str) -> Result<Vec<(String, i64)>> {
    let pair = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    let sql = if place == Place::Team { &TEAM_POLICIES } else { &CHANNEL_POLICIES };
    conn.fetch(sql, params![user], pair).await
}

/// The channels after `id`, deleted ones too, with the days of their policies.
pub async fn channels(conn: &mut Conn, id: &str, limit: i64, site: Option<i64>) -> Result<Vec<(String, Said)>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get::<String>()?, Said { channel: r.get()?, team: r.get()?, site }))
    };
    conn.fetch(&CHANNELS, params![id, limit], decode).await
}

/// How many channels there are, and how many up to `id`.
pub async fn count_channels(conn: &mut Conn, id: &str) -> Result<(i64, i64)> {
    let pair = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    Ok(conn.fetch_optional(&COUNT_CHANNELS, params![id], pair).await?.unwrap_or_default())
}
