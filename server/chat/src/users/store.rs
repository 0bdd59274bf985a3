//! Every statement on `users`, `bots` and the password column.

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::User;

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT u.id, u.create_at, u.update_at, u.delete_at, u.username, u.email, u.auth_service, u.email_verified, ",
            "u.nickname, u.first_name, u.last_name, u.position, u.roles, u.props, u.notify_props, u.timezone, u.locale, ",
            "u.last_password_update, u.last_picture_update, u.mfa_active, u.is_bot, u.remote_id, u.auth_data FROM users u ",
            $rest
        )
    };
}
macro_rules! select {
    ($rest:literal) => {
        Sql::new(columns!($rest))
    };
}
/// Of [`user`], for a query that is put together.
pub(super) const SELECT: &str = columns!("");

const BY_ID: Sql = select!("WHERE u.id = $1");
const BY_IDS: Sql = select!("WHERE u.id IN LIST($1) ORDER BY u.username");
const BY_USERNAMES: Sql = select!("WHERE u.username IN LIST($1) ORDER BY u.username");
const BY_AUTH: Sql = select!("WHERE u.auth_service = $1 AND u.auth_data = $2 AND u.auth_data <> ''");
const OF_SERVICE: Sql = select!("WHERE u.auth_service = $1 AND u.is_bot = FALSE AND u.id > $2 ORDER BY u.id LIMIT $3");
const BY_LOGIN: Sql = select!("WHERE u.username = $1 OR u.email = $1");
const IN_CHANNEL: Sql = select!(
    "JOIN channel_members m ON m.user_id = u.id WHERE m.channel_id = $1 ORDER BY u.username LIMIT $2 OFFSET $3"
);
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
const ADMIN_IDS: Sql = Sql::new(
    "SELECT id FROM users WHERE delete_at = 0 AND is_bot = FALSE AND ' ' || roles || ' ' LIKE '% system_admin %'",
);
const SET_DELETE_AT: Sql = Sql::new("UPDATE users SET delete_at = $2, update_at = $3 WHERE id = $1");
const SET_ROLES: Sql = Sql::new("UPDATE users SET roles = $2, update_at = $3 WHERE id = $1");
const INSERT: Sql = Sql::new(
    "INSERT INTO users (id, create_at, update_at, username, email, password, nickname, first_name, last_name, position,
     roles, props, notify_props, timezone, locale, last_password_update, is_bot, email_verified, remote_id)
     VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $2, $15, $15, $16)",
);
const INSERT_BOT: Sql =
    Sql::new("INSERT INTO bots (user_id, description, owner_id, create_at, update_at) VALUES ($1, $2, $3, $4, $4)");
const UPDATE: Sql = Sql::new(
    "UPDATE users SET update_at = $2, username = $3, email = $4, nickname = $5, first_name = $6, last_name = $7,
     position = $8, props = $9, notify_props = $10, timezone = $11, locale = $12 WHERE id = $1",
);

pub(super) fn user(row: Row) -> Result<User> {
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
        auth_data: r.get()?,
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

/// The account that a login service knows by this id.
pub async fn by_auth(conn: &mut Conn, service: &str, data: &str) -> Result<Option<User>> {
    conn.fetch_optional(&BY_AUTH, params![service, data], user).await
}

/// A page of the accounts that a login service answers for, after the id `after`.
pub async fn of_service(conn: &mut Conn, service: &str, after: &str, limit: i64) -> Result<Vec<User>> {
    conn.fetch(&OF_SERVICE, params![service, after, limit], user).await
}

/// By username or e-mail, both stored in lower case.
pub async fn by_login(conn: &mut Conn, login: &str) -> Result<Option<User>> {
    conn.fetch_optional(&BY_LOGIN, params![login.trim().to_lowercase()], user).await
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

/// Ids of the active people who administer the system.
pub async fn admin_ids(conn: &mut Conn) -> Result<Vec<String>> {
    conn.fetch(&ADMIN_IDS, vec![], Row::only).await
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
            u.is_bot,
            u.remote_id.clone()
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
