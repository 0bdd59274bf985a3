//! Every statement on `teams` and `team_members`.

use crate::roles::{self, account_is_guest};
use db::{Conn, Result, Row, Sql, Tx, params};
use wire::{Team, TeamMember};

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT t.id, t.create_at, t.update_at, t.delete_at, t.display_name, t.name, t.description, t.email, t.type, ",
            "t.company_name, t.allowed_domains, t.invite_id, t.allow_open_invite, t.last_team_icon_update, t.scheme_id, t.group_constrained FROM teams t ",
            $rest
        ))
    };
}

const BY_ID: Sql = select!("WHERE t.id = $1");
const BY_NAME: Sql = select!("WHERE t.name = $1");
const BY_INVITE: Sql = select!("WHERE t.invite_id = $1 AND t.delete_at = 0");
const OF_USER: Sql = select!(
    "JOIN team_members m ON m.team_id = t.id WHERE m.user_id = $1 AND m.delete_at = 0 AND t.delete_at = 0 ORDER BY t.display_name"
);
const LISTED: Sql = select!(
    "WHERE (t.delete_at = 0 OR $3) AND (t.allow_open_invite = TRUE OR $1) AND (LOWER(t.display_name) LIKE $2 ESCAPE '\\' OR t.name LIKE $2 ESCAPE '\\')
     ORDER BY t.display_name, t.id LIMIT $4 OFFSET $5"
);
const COUNT_LISTED: Sql = Sql::new(
    "SELECT COUNT(*) FROM teams t
     WHERE (t.delete_at = 0 OR $3) AND (t.allow_open_invite = TRUE OR $1) AND (LOWER(t.display_name) LIKE $2 ESCAPE '\\' OR t.name LIKE $2 ESCAPE '\\')",
);
const INSERT: Sql = Sql::new(
    "INSERT INTO teams (id, create_at, update_at, display_name, name, description, type, invite_id, allow_open_invite)
     VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8)",
);
const UPDATE: Sql = Sql::new(
    "UPDATE teams SET update_at = $2, delete_at = $3, display_name = $4, description = $5, invite_id = $6, allow_open_invite = $7, type = $8, company_name = $9, allowed_domains = $10, group_constrained = $11
     WHERE id = $1",
);
/// With the names that the team's scheme has for the roles of its members.
macro_rules! members {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT m.team_id, m.user_id, m.roles, m.delete_at, m.scheme_guest, m.scheme_user, m.scheme_admin, ",
            "COALESCE(s.team_guest_role, 'team_guest'), COALESCE(s.team_user_role, 'team_user'), ",
            "COALESCE(s.team_admin_role, 'team_admin') FROM team_members m ",
            "LEFT JOIN teams t ON t.id = m.team_id LEFT JOIN schemes s ON s.id = t.scheme_id ",
            $rest
        ))
    };
}
const SET_ICON: Sql = Sql::new("UPDATE teams SET last_team_icon_update = $2 WHERE id = $1");
const MEMBER: Sql = members!("WHERE m.team_id = $1 AND m.user_id = $2");
const MEMBERS: Sql = members!(
    "WHERE m.team_id = $1 AND m.delete_at = 0 AND ($4 = '' OR m.user_id = $4 OR m.user_id IN (
       SELECT o.user_id FROM channel_members o WHERE o.channel_id IN (SELECT i.channel_id FROM channel_members i WHERE i.user_id = $4)))
     ORDER BY m.user_id LIMIT $2 OFFSET $3"
);
const MEMBERS_BY_IDS: Sql =
    members!("WHERE m.team_id = $1 AND m.delete_at = 0 AND m.user_id IN LIST($2) ORDER BY m.user_id");
const SET_ROLES: Sql =
    Sql::new("UPDATE team_members SET scheme_admin = $3, roles = $4 WHERE team_id = $1 AND user_id = $2");
const COUNT_MEMBERS: Sql = Sql::new(
    "SELECT COUNT(*) FROM team_members m WHERE m.team_id = $1 AND m.delete_at = 0 AND ($2 = '' OR m.user_id = $2 OR m.user_id IN (
       SELECT o.user_id FROM channel_members o WHERE o.channel_id IN (SELECT i.channel_id FROM channel_members i WHERE i.user_id = $2)))",
);
const NAMES: Sql = Sql::new(
    "SELECT s.team_guest_role, s.team_user_role, s.team_admin_role
     FROM teams t LEFT JOIN schemes s ON s.id = t.scheme_id WHERE t.id = $1",
);
/// What guests, users and administrators of a team without a scheme are.
pub const ROLE_NAMES: [&str; 3] = ["team_guest", "team_user", "team_admin"];
const MEMBERSHIPS: Sql = members!("WHERE m.user_id = $1 AND m.delete_at = 0");
/// The account says whether the member is a guest; a guest administers nothing.
const UPSERT_MEMBER: Sql = Sql::new(concat!(
    "INSERT INTO team_members (team_id, user_id, create_at, scheme_guest, scheme_user, scheme_admin) VALUES ($1, $2, $4, ",
    account_is_guest!(),
    ", NOT ",
    account_is_guest!(),
    ", $3 AND NOT ",
    account_is_guest!(),
    ") ON CONFLICT (team_id, user_id) DO UPDATE SET delete_at = 0, roles = '', scheme_guest = excluded.scheme_guest, ",
    "scheme_user = excluded.scheme_user, scheme_admin = excluded.scheme_admin",
));
const SET_GUEST: Sql = Sql::new(
    "UPDATE team_members SET scheme_guest = $2, scheme_user = NOT $2, scheme_admin = scheme_admin AND NOT $2, roles = ''
     WHERE user_id = $1",
);
const LEAVE: Sql = Sql::new("UPDATE team_members SET delete_at = $3 WHERE team_id = $1 AND user_id = $2");

fn team(row: Row) -> Result<Team> {
    let mut r = row.read();
    Ok(Team {
        id: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        display_name: r.get()?,
        name: r.get()?,
        description: r.get()?,
        email: r.get()?,
        kind: r.get()?,
        company_name: r.get()?,
        allowed_domains: r.get()?,
        invite_id: r.get()?,
        allow_open_invite: r.get()?,
        last_team_icon_update: r.get()?,
        scheme_id: r.get()?,
        group_constrained: r.get()?,
        ..Team::default()
    })
}

fn member_row(row: Row) -> Result<TeamMember> {
    let mut r = row.read();
    let mut m = TeamMember {
        team_id: r.get()?,
        user_id: r.get()?,
        explicit_roles: r.get()?,
        delete_at: r.get()?,
        scheme_guest: r.get()?,
        scheme_user: r.get()?,
        scheme_admin: r.get()?,
        ..TeamMember::default()
    };
    let names: [String; 3] = [r.get()?, r.get()?, r.get()?];
    let names = names.each_ref().map(String::as_str);
    m.roles = roles::effective(names, m.scheme_guest, m.scheme_user, m.scheme_admin, &m.explicit_roles);
    Ok(m)
}

pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<Team>> {
    conn.fetch_optional(&BY_ID, params![id], team).await
}

pub async fn by_name(conn: &mut Conn, name: &str) -> Result<Option<Team>> {
    conn.fetch_optional(&BY_NAME, params![name], team).await
}

pub async fn by_invite(conn: &mut Conn, id: &str) -> Result<Option<Team>> {
    conn.fetch_optional(&BY_INVITE, params![id], team).await
}

pub async fn of_user(conn: &mut Conn, user: &str) -> Result<Vec<Team>> {
    conn.fetch(&OF_USER, params![user], team).await
}

pub async fn ids_of(conn: &mut Conn, user: &str) -> Result<Vec<String>> {
    Ok(memberships(conn, user).await?.into_iter().map(|m| m.team_id).collect())
}

/// Which teams a list has.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Those that nobody can join openly, too.
    pub private: bool,
    /// Archived ones too.
    pub archived: bool,
    /// A part of the name.
    pub term: &'a str,
}

/// The teams that are wanted, and how many there are.
pub async fn listed(conn: &mut Conn, wanted: Wanted<'_>, limit: i64, offset: i64) -> Result<(Vec<Team>, i64)> {
    let Wanted { private, archived, term } = wanted;
    let pattern = format!("%{}%", crate::search::escaped(&term.trim().to_lowercase()));
    let found = conn.fetch(&LISTED, params![private, &pattern, archived, limit, offset], team).await?;
    let total = conn.fetch_optional(&COUNT_LISTED, params![private, &pattern, archived], Row::only).await?.unwrap_or(0);
    Ok((found, total))
}

pub async fn members_by_ids(conn: &mut Conn, team: &str, users: &[String]) -> Result<Vec<TeamMember>> {
    conn.fetch(&MEMBERS_BY_IDS, params![team, users], member_row).await
}

/// `at`: when the picture was set; 0 for none.
pub async fn set_icon(tx: &mut Tx, id: &str, at: i64) -> Result<()> {
    tx.execute(&SET_ICON, params![id, at]).await?;
    Ok(())
}

/// `explicit`: the roles given one by one, names with spaces between.
pub async fn set_roles(tx: &mut Tx, team: &str, user: &str, admin: bool, explicit: &str) -> Result<()> {
    tx.execute(&SET_ROLES, params![team, user, admin, explicit]).await?;
    Ok(())
}

/// Makes every membership of a user that of a guest, or of a full member.
pub async fn set_guest(tx: &mut Tx, user: &str, guest: bool) -> Result<()> {
    tx.execute(&SET_GUEST, params![user, guest]).await?;
    Ok(())
}

pub async fn insert(tx: &mut Tx, t: &Team) -> Result<()> {
    let values = params![
        &t.id,
        t.create_at,
        &t.display_name,
        &t.name,
        &t.description,
        &t.kind,
        &t.invite_id,
        t.allow_open_invite
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, t: &Team) -> Result<()> {
    let values = params![
        &t.id,
        t.update_at,
        t.delete_at,
        &t.display_name,
        &t.description,
        &t.invite_id,
        t.allow_open_invite,
        &t.kind,
        &t.company_name,
        &t.allowed_domains,
        t.group_constrained
    ];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}

pub async fn member(conn: &mut Conn, team: &str, user: &str) -> Result<Option<TeamMember>> {
    conn.fetch_optional(&MEMBER, params![team, user], member_row).await
}

/// `seen_by` is empty, or the user with whom they must share a channel.
pub async fn members(conn: &mut Conn, team: &str, seen_by: &str, limit: i64, offset: i64) -> Result<Vec<TeamMember>> {
    conn.fetch(&MEMBERS, params![team, limit, offset, seen_by], member_row).await
}

/// What guests, users and administrators of the team are; `None` when there is no such team.
pub async fn role_names(conn: &mut Conn, team: &str) -> Result<Option<[String; 3]>> {
    let names = |row: Row| {
        let mut r = row.read();
        let of_scheme: [Option<String>; 3] = [r.get()?, r.get()?, r.get()?];
        let mut built_in = ROLE_NAMES.into_iter();
        Ok(of_scheme.map(|name| name.unwrap_or_else(|| built_in.next().unwrap_or_default().to_owned())))
    };
    conn.fetch_optional(&NAMES, params![team], names).await
}

/// How many members a team has; `seen_by` as in [`members`].
pub async fn member_count(conn: &mut Conn, team: &str, seen_by: &str) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT_MEMBERS, params![team, seen_by], Row::only).await?.unwrap_or(0))
}

pub async fn memberships(conn: &mut Conn, user: &str) -> Result<Vec<TeamMember>> {
    conn.fetch(&MEMBERSHIPS, params![user], member_row).await
}

pub async fn upsert_member(tx: &mut Tx, team: &str, user: &str, admin: bool, now: i64) -> Result<()> {
    tx.execute(&UPSERT_MEMBER, params![team, user, admin, now]).await?;
    Ok(())
}

pub async fn leave(tx: &mut Tx, team: &str, user: &str, now: i64) -> Result<()> {
    tx.execute(&LEAVE, params![team, user, now]).await?;
    Ok(())
}
