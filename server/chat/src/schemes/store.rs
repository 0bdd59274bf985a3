//! Every statement on `schemes`, and on who has one.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::{Channel, Scheme, Team};

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT id, name, display_name, description, create_at, update_at, delete_at, scope, COALESCE(team_admin_role, ''), ",
            "COALESCE(team_user_role, ''), COALESCE(team_guest_role, ''), channel_admin_role, channel_user_role, ",
            "channel_guest_role, COALESCE(playbook_admin_role, ''), COALESCE(playbook_member_role, ''), ",
            "COALESCE(run_admin_role, ''), COALESCE(run_member_role, '') FROM schemes ",
            $rest
        ))
    };
}

const BY_ID: Sql = select!("WHERE id = $1");
const MADE_FOR: Sql = select!("WHERE made_for = $1 AND delete_at = 0");
const LIST: Sql =
    select!("WHERE delete_at = 0 AND ($1 = '' OR scope = $1) ORDER BY create_at DESC, id LIMIT $2 OFFSET $3");
const BY_NAME: Sql = select!("WHERE name = $1");
const ALL: Sql = select!("WHERE delete_at = 0");
const INSERT: Sql = Sql::new(
    "INSERT INTO schemes (id, name, display_name, description, create_at, update_at, scope, team_admin_role, team_user_role,
     team_guest_role, channel_admin_role, channel_user_role, channel_guest_role, playbook_admin_role, playbook_member_role,
     run_admin_role, run_member_role, made_for)
     VALUES ($1, $2, $3, $4, $5, $6, $7, NULLIF($8, ''), NULLIF($9, ''), NULLIF($10, ''), $11, $12, $13, NULLIF($14, ''),
     NULLIF($15, ''), NULLIF($16, ''), NULLIF($17, ''), $18)",
);
const UPDATE: Sql =
    Sql::new("UPDATE schemes SET name = $2, display_name = $3, description = $4, update_at = $5 WHERE id = $1");
const END: Sql = Sql::new("UPDATE schemes SET delete_at = $2, update_at = $2, made_for = NULL WHERE id = $1");
const LEAVE_TEAMS: Sql = Sql::new("UPDATE teams SET scheme_id = NULL, update_at = $2 WHERE scheme_id = $1");
const LEAVE_CHANNELS: Sql = Sql::new("UPDATE channels SET scheme_id = NULL, update_at = $2 WHERE scheme_id = $1");
const OF_TEAM: Sql = Sql::new("UPDATE teams SET scheme_id = $2, update_at = $3 WHERE id = $1");
const OF_CHANNEL: Sql = Sql::new("UPDATE channels SET scheme_id = $2, update_at = $3 WHERE id = $1");
const TEAMS: Sql = Sql::new("SELECT id FROM teams WHERE scheme_id = $1 ORDER BY display_name, id LIMIT $2 OFFSET $3");
const CHANNELS: Sql =
    Sql::new("SELECT id FROM channels WHERE scheme_id = $1 ORDER BY display_name, id LIMIT $2 OFFSET $3");
/// The channel roles of the team's scheme, or the built-in ones.
const ABOVE: Sql = Sql::new(
    "SELECT COALESCE(s.channel_guest_role, 'channel_guest'), COALESCE(s.channel_user_role, 'channel_user')
     FROM channels c LEFT JOIN teams t ON t.id = c.team_id LEFT JOIN schemes s ON s.id = t.scheme_id WHERE c.id = $1",
);

fn scheme(row: Row) -> Result<Scheme> {
    let mut r = row.read();
    Ok(Scheme {
        id: r.get()?,
        name: r.get()?,
        display_name: r.get()?,
        description: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        scope: r.get()?,
        default_team_admin_role: r.get()?,
        default_team_user_role: r.get()?,
        default_team_guest_role: r.get()?,
        default_channel_admin_role: r.get()?,
        default_channel_user_role: r.get()?,
        default_channel_guest_role: r.get()?,
        default_playbook_admin_role: r.get()?,
        default_playbook_member_role: r.get()?,
        default_run_admin_role: r.get()?,
        default_run_member_role: r.get()?,
    })
}

/// Also a deleted one.
pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<Scheme>> {
    conn.fetch_optional(&BY_ID, params![id], scheme).await
}

/// The scheme that is a channel's moderation.
pub async fn made_for(conn: &mut Conn, channel: &str) -> Result<Option<Scheme>> {
    conn.fetch_optional(&MADE_FOR, params![channel], scheme).await
}

/// Live ones of a scope, or of both when it is empty; the newest first.
pub async fn list(conn: &mut Conn, scope: &str, limit: i64, offset: i64) -> Result<Vec<Scheme>> {
    conn.fetch(&LIST, params![scope, limit, offset], scheme).await
}

/// Also by a deleted one.
pub async fn name_taken(conn: &mut Conn, name: &str) -> Result<bool> {
    Ok(by_name(conn, name).await?.is_some())
}

/// Also a deleted one.
pub async fn by_name(conn: &mut Conn, name: &str) -> Result<Option<Scheme>> {
    conn.fetch_optional(&BY_NAME, params![name], scheme).await
}

/// Every live one.
pub async fn all(conn: &mut Conn) -> Result<Vec<Scheme>> {
    conn.fetch(&ALL, params![], scheme).await
}

pub async fn insert(tx: &mut Tx, s: &Scheme, made_for: Option<&str>) -> Result<()> {
    let values = params![
        &s.id,
        &s.name,
        &s.display_name,
        &s.description,
        s.create_at,
        s.update_at,
        &s.scope,
        &s.default_team_admin_role,
        &s.default_team_user_role,
        &s.default_team_guest_role,
        &s.default_channel_admin_role,
        &s.default_channel_user_role,
        &s.default_channel_guest_role,
        &s.default_playbook_admin_role,
        &s.default_playbook_member_role,
        &s.default_run_admin_role,
        &s.default_run_member_role,
        made_for.map(str::to_owned)
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, s: &Scheme) -> Result<()> {
    tx.execute(&UPDATE, params![&s.id, &s.name, &s.display_name, &s.description, s.update_at]).await?;
    Ok(())
}

/// Deletes the scheme, and takes it from every team and channel.
pub async fn end(tx: &mut Tx, id: &str, now: i64) -> Result<()> {
    for statement in [&END, &LEAVE_TEAMS, &LEAVE_CHANNELS] {
        tx.execute(statement, params![id, now]).await?;
    }
    Ok(())
}

pub async fn set_of_team(tx: &mut Tx, team: &str, scheme: Option<&str>, now: i64) -> Result<()> {
    tx.execute(&OF_TEAM, params![team, scheme.map(str::to_owned), now]).await?;
    Ok(())
}

pub async fn set_of_channel(tx: &mut Tx, channel: &str, scheme: Option<&str>, now: i64) -> Result<()> {
    tx.execute(&OF_CHANNEL, params![channel, scheme.map(str::to_owned), now]).await?;
    Ok(())
}

/// The teams that have the scheme.
pub async fn teams(conn: &mut Conn, id: &str, limit: i64, offset: i64) -> Result<Vec<Team>> {
    let mut teams = Vec::new();
    for id in conn.fetch(&TEAMS, params![id, limit, offset], Row::only::<String>).await? {
        teams.extend(crate::teams::get(conn, &id).await?);
    }
    Ok(teams)
}

/// The channels that have the scheme.
pub async fn channels(conn: &mut Conn, id: &str, limit: i64, offset: i64) -> Result<Vec<Channel>> {
    let mut channels = Vec::new();
    for id in conn.fetch(&CHANNELS, params![id, limit, offset], Row::only::<String>).await? {
        channels.extend(crate::channels::get(conn, &id).await?);
    }
    Ok(channels)
}

/// Names of the roles of guests and members that a channel would have without a scheme of its own.
pub async fn above(conn: &mut Conn, channel: &str) -> Result<Option<[String; 2]>> {
    let names = |row: Row| {
        let mut r = row.read();
        Ok([r.get()?, r.get()?])
    };
    conn.fetch_optional(&ABOVE, params![channel], names).await
}
