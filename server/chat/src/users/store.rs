//! Every statement on `users`, `bots` and the password column.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::User;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT u.id, u.create_at, u.update_at, u.delete_at, u.username, u.email, u.auth_service, u.email_verified, ",
            "u.nickname, u.first_name, u.last_name, u.position, u.roles, u.props, u.notify_props, u.timezone, u.locale, ",
            "u.last_password_update, u.last_picture_update, u.mfa_active, u.is_bot, u.remote_id FROM users u ",
            $rest
        ))
    };
}

const BY_ID: Sql = select!("WHERE u.id = $1");
const BY_IDS: Sql = select!("WHERE u.id IN LIST($1) ORDER BY u.username");
const BY_USERNAMES: Sql = select!("WHERE u.username IN LIST($1) ORDER BY u.username");
const BY_LOGIN: Sql = select!("WHERE u.username = $1 OR u.email = $1");
const IN_CHANNEL: Sql = select!(
    "JOIN channel_members m ON m.user_id = u.id WHERE m.channel_id = $1 ORDER BY u.username LIMIT $2 OFFSET $3"
);
/// Every filter of GET /users; an empty text or FALSE leaves a filter out.
macro_rules! filters {
    () => {
        "WHERE ($1 = '' OR u.id IN (SELECT m.user_id FROM team_members m WHERE m.team_id = $1 AND m.delete_at = 0))
         AND ($2 = '' OR u.id NOT IN (SELECT m.user_id FROM team_members m WHERE m.team_id = $2 AND m.delete_at = 0))
         AND ($3 = '' OR u.id IN (SELECT m.user_id FROM channel_members m WHERE m.channel_id = $3))
         AND ($4 = '' OR u.id NOT IN (SELECT m.user_id FROM channel_members m WHERE m.channel_id = $4))
         AND (NOT $5 OR u.id NOT IN (SELECT m.user_id FROM team_members m WHERE m.delete_at = 0))
         AND (NOT $6 OR u.delete_at = 0) AND (NOT $7 OR u.delete_at > 0)
         AND ($8 = '' OR (' ' || u.roles || ' ') LIKE $8)
         AND ($9 = '' OR u.id = $9 OR u.id IN (SELECT o.user_id FROM channel_members o
              WHERE o.channel_id IN (SELECT m.channel_id FROM channel_members m WHERE m.user_id = $9))) "
    };
}
macro_rules! filtered {
    ($order:literal) => {
        Sql::new(concat!(
            "SELECT u.id, u.create_at, u.update_at, u.delete_at, u.username, u.email, u.auth_service, u.email_verified, ",
            "u.nickname, u.first_name, u.last_name, u.position, u.roles, u.props, u.notify_props, u.timezone, u.locale, ",
            "u.last_password_update, u.last_picture_update, u.mfa_active, u.is_bot, u.remote_id FROM users u ",
            filters!(),
            "ORDER BY ",
            $order,
            " LIMIT $10 OFFSET $11"
        ))
    };
}
const BY_USERNAME: Sql = filtered!("u.username");
const NEWEST_FIRST: Sql = filtered!("u.create_at DESC, u.username");
const RECENT_FIRST: Sql =
    filtered!("(SELECT COALESCE(MAX(s.last_activity_at), 0) FROM statuses s WHERE s.user_id = u.id) DESC, u.username");
const COUNT_FILTERED: Sql = Sql::new(concat!("SELECT COUNT(*) FROM users u ", filters!()));
const KNOWN: Sql = Sql::new(
    "SELECT DISTINCT o.user_id FROM channel_members o WHERE o.user_id <> $1
     AND o.channel_id IN (SELECT m.channel_id FROM channel_members m WHERE m.user_id = $1)",
);
const SET_PROPS: Sql = Sql::new("UPDATE users SET props = $2, update_at = $3 WHERE id = $1");
const SEARCH: Sql = select!(
    "WHERE (u.delete_at = 0 OR $3) AND (LOWER(u.username) LIKE $1 ESCAPE '\\' OR LOWER(u.first_name) LIKE $1 ESCAPE '\\'
     OR LOWER(u.last_name) LIKE $1 ESCAPE '\\' OR LOWER(u.nickname) LIKE $1 ESCAPE '\\' OR LOWER(u.email) LIKE $1 ESCAPE '\\'
     OR LOWER(u.first_name || ' ' || u.last_name) LIKE $1 ESCAPE '\\') ORDER BY u.username LIMIT $2"
);
const COUNT: Sql = Sql::new("SELECT COUNT(*) FROM users");
const COUNT_PEOPLE: Sql = Sql::new("SELECT COUNT(*) FROM users WHERE is_bot = FALSE");
const COUNT_ADMINS: Sql =
    Sql::new("SELECT COUNT(*) FROM users WHERE delete_at = 0 AND is_bot = FALSE AND roles LIKE '%system_admin%'");
const SET_DELETE_AT: Sql = Sql::new("UPDATE users SET delete_at = $2, update_at = $3 WHERE id = $1");
const SET_ROLES: Sql = Sql::new("UPDATE users SET roles = $2, update_at = $3 WHERE id = $1");
const INSERT: Sql = Sql::new(
    "INSERT INTO users (id, create_at, update_at, username, email, password, nickname, first_name, last_name, position,
     roles, props, notify_props, timezone, locale, last_password_update, is_bot, email_verified)
     VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $2, $15, $15)",
);
const INSERT_BOT: Sql =
    Sql::new("INSERT INTO bots (user_id, description, owner_id, create_at, update_at) VALUES ($1, $2, $3, $4, $4)");
const UPDATE: Sql = Sql::new(
    "UPDATE users SET update_at = $2, username = $3, email = $4, nickname = $5, first_name = $6, last_name = $7,
     position = $8, props = $9, notify_props = $10, timezone = $11, locale = $12 WHERE id = $1",
);
fn user(row: Row) -> Result<User> {
    let mut r = row.read();
    Ok(User {
        id: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        delete_at: r.get()?,
        username: r.get()?,
        email: r.get()?,
        auth_service: r.get()?,
        email_verified: r.get()?,
        nickname: r.get()?,
        first_name: r.get()?,
        last_name: r.get()?,
        position: r.get()?,
        roles: r.get()?,
        props: serde_json::from_value(r.get()?).ok(),
        notify_props: serde_json::from_value(r.get()?).ok(),
        timezone: serde_json::from_value(r.get()?).ok(),
        locale: r.get()?,
        last_password_update: r.get()?,
        last_picture_update: r.get()?,
        mfa_active: r.get()?,
        is_bot: r.get()?,
        remote_id: r.get()?,
        ..User::default()
    })
}

pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<User>> {
    conn.fetch_optional(&BY_ID, params![id], user).await
}

pub async fn by_ids(conn: &mut Conn, ids: &[String]) -> Result<Vec<User>> {
    conn.fetch(&BY_IDS, params![ids], user).await
}

pub async fn by_usernames(conn: &mut Conn, names: &[String]) -> Result<Vec<User>> {
    conn.fetch(&BY_USERNAMES, params![names], user).await
}

/// By username or e-mail, both stored in lower case.
pub async fn by_login(conn: &mut Conn, login: &str) -> Result<Option<User>> {
    conn.fetch_optional(&BY_LOGIN, params![login.trim().to_lowercase()], user).await
}

/// Which users a list is about; an empty field asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub in_team: String,
    pub not_in_team: String,
    pub in_channel: String,
    pub not_in_channel: String,
    pub without_team: bool,
    pub active: bool,
    pub inactive: bool,
    pub role: String,
    /// `create_at`, `last_activity_at`; by username otherwise.
    pub sort: String,
    /// Only those who share a channel with this user.
    pub seen_by: String,
}

impl Wanted {
    /// Whether anything at all is asked for.
    pub fn is_filter(&self) -> bool {
        let texts = [&self.in_team, &self.not_in_team, &self.in_channel, &self.not_in_channel, &self.role];
        texts.iter().any(|t| !t.is_empty()) || self.without_team || self.active || self.inactive
    }

    fn values(&self) -> Vec<db::Value> {
        let role = if self.role.is_empty() { String::new() } else { format!("% {} %", self.role) };
        params![
            &self.in_team,
            &self.not_in_team,
            &self.in_channel,
            &self.not_in_channel,
            self.without_team,
            self.active,
            self.inactive,
            role,
            &self.seen_by
        ]
    }
}

pub async fn filtered(conn: &mut Conn, wanted: &Wanted, limit: i64, offset: i64) -> Result<Vec<User>> {
    let sql = match wanted.sort.as_str() {
        "create_at" => &NEWEST_FIRST,
        "last_activity_at" => &RECENT_FIRST,
        _ => &BY_USERNAME,
    };
    let mut values = wanted.values();
    values.extend(params![limit, offset]);
    conn.fetch(sql, values, user).await
}

pub async fn count_filtered(conn: &mut Conn, wanted: &Wanted) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT_FILTERED, wanted.values(), Row::only).await?.unwrap_or(0))
}

/// Everybody who shares a channel with the user.
pub async fn known(conn: &mut Conn, id: &str) -> Result<Vec<String>> {
    conn.fetch(&KNOWN, params![id], Row::only).await
}

pub async fn set_props(tx: &mut Tx, id: &str, props: &wire::Props, now: i64) -> Result<()> {
    tx.execute(&SET_PROPS, params![id, serde_json::json!(props), now]).await?;
    Ok(())
}

pub async fn in_channel(conn: &mut Conn, channel: &str, limit: i64, offset: i64) -> Result<Vec<User>> {
    conn.fetch(&IN_CHANNEL, params![channel, limit, offset], user).await
}

/// Active users with a name or address that begins with `term`.
pub async fn search(conn: &mut Conn, term: &str, limit: i64) -> Result<Vec<User>> {
    search_all(conn, term, false, limit).await
}

/// [`search`], deactivated users too on wish.
pub async fn search_all(conn: &mut Conn, term: &str, inactive: bool, limit: i64) -> Result<Vec<User>> {
    let term = term.trim().trim_start_matches('@').to_lowercase();
    let pattern = format!("{}%", crate::search::escaped(&term));
    conn.fetch(&SEARCH, params![pattern, limit, inactive], user).await
}

pub async fn count(conn: &mut Conn) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT, vec![], Row::only).await?.unwrap_or(0))
}

pub async fn count_people(conn: &mut Conn) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT_PEOPLE, vec![], Row::only).await?.unwrap_or(0))
}

/// Active people who administer the system.
pub async fn count_admins(conn: &mut Conn) -> Result<i64> {
    Ok(conn.fetch_optional(&COUNT_ADMINS, vec![], Row::only).await?.unwrap_or(0))
}

pub async fn set_delete_at(tx: &mut Tx, id: &str, delete_at: i64, now: i64) -> Result<()> {
    tx.execute(&SET_DELETE_AT, params![id, delete_at, now]).await?;
    Ok(())
}

pub async fn set_roles(tx: &mut Tx, id: &str, roles: &str, now: i64) -> Result<()> {
    tx.execute(&SET_ROLES, params![id, roles, now]).await?;
    Ok(())
}

pub async fn insert(tx: &mut Tx, u: &User, password_hash: &str) -> Result<()> {
    tx.execute(
        &INSERT,
        params![
            &u.id,
            u.create_at,
            &u.username,
            &u.email,
            password_hash,
            &u.nickname,
            &u.first_name,
            &u.last_name,
            &u.position,
            &u.roles,
            serde_json::json!(u.props.clone().unwrap_or_default()),
            serde_json::json!(u.notify_props.clone().unwrap_or_default()),
            serde_json::json!(u.timezone.clone().unwrap_or_default()),
            &u.locale,
            u.is_bot
        ],
    )
    .await?;
    Ok(())
}

pub async fn insert_bot(tx: &mut Tx, user_id: &str, description: &str, owner: &str, now: i64) -> Result<()> {
    tx.execute(&INSERT_BOT, params![user_id, description, owner, now]).await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, u: &User) -> Result<()> {
    let object = |v| serde_json::to_value(v).unwrap_or_else(|_| serde_json::json!({}));
    tx.execute(
        &UPDATE,
        params![
            &u.id,
            u.update_at,
            &u.username,
            &u.email,
            &u.nickname,
            &u.first_name,
            &u.last_name,
            &u.position,
            serde_json::json!(u.props.clone().unwrap_or_default()),
            object(u.notify_props.clone().unwrap_or_default()),
            object(u.timezone.clone().unwrap_or_default()),
            &u.locale
        ],
    )
    .await?;
    Ok(())
}
