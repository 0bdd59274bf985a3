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
const PAGE: Sql = select!("ORDER BY u.username LIMIT $1 OFFSET $2");
const IN_CHANNEL: Sql = select!(
    "JOIN channel_members m ON m.user_id = u.id WHERE m.channel_id = $1 ORDER BY u.username LIMIT $2 OFFSET $3"
);
const IN_TEAM: Sql = select!(
    "JOIN team_members m ON m.user_id = u.id WHERE m.team_id = $1 AND m.delete_at = 0 ORDER BY u.username LIMIT $2 OFFSET $3"
);
const NOT_IN_CHANNEL: Sql = select!(
    "JOIN team_members m ON m.user_id = u.id WHERE m.team_id = $1 AND m.delete_at = 0
     AND u.id NOT IN (SELECT c.user_id FROM channel_members c WHERE c.channel_id = $2) ORDER BY u.username LIMIT $3 OFFSET $4"
);
const SEARCH: Sql = select!(
    "WHERE u.delete_at = 0 AND (LOWER(u.username) LIKE $1 OR LOWER(u.first_name) LIKE $1 OR LOWER(u.last_name) LIKE $1
     OR LOWER(u.nickname) LIKE $1 OR LOWER(u.email) LIKE $1) ORDER BY u.username LIMIT $2"
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
const PASSWORD: Sql = Sql::new("SELECT password, failed_attempts FROM users WHERE id = $1");
const SET_PASSWORD: Sql =
    Sql::new("UPDATE users SET password = $2, last_password_update = $3, failed_attempts = 0 WHERE id = $1");
const LOGIN_OK: Sql = Sql::new("UPDATE users SET failed_attempts = 0, last_login = $2 WHERE id = $1");
const LOGIN_FAILED: Sql = Sql::new("UPDATE users SET failed_attempts = failed_attempts + 1 WHERE id = $1");

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

pub async fn page(conn: &mut Conn, limit: i64, offset: i64) -> Result<Vec<User>> {
    conn.fetch(&PAGE, params![limit, offset], user).await
}

pub async fn in_channel(conn: &mut Conn, channel: &str, limit: i64, offset: i64) -> Result<Vec<User>> {
    conn.fetch(&IN_CHANNEL, params![channel, limit, offset], user).await
}

pub async fn in_team(conn: &mut Conn, team: &str, limit: i64, offset: i64) -> Result<Vec<User>> {
    conn.fetch(&IN_TEAM, params![team, limit, offset], user).await
}

pub async fn not_in_channel(conn: &mut Conn, team: &str, channel: &str, limit: i64, offset: i64) -> Result<Vec<User>> {
    conn.fetch(&NOT_IN_CHANNEL, params![team, channel, limit, offset], user).await
}

/// Active users with a name or address that begins with `term`.
pub async fn search(conn: &mut Conn, term: &str, limit: i64) -> Result<Vec<User>> {
    let pattern = format!("{}%", term.trim().trim_start_matches('@').to_lowercase().replace(['%', '_'], ""));
    conn.fetch(&SEARCH, params![pattern, limit], user).await
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

/// The password hash and how many logins failed since the last good one.
pub async fn password_of(conn: &mut Conn, id: &str) -> Result<Option<(String, i64)>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    conn.fetch_optional(&PASSWORD, params![id], decode).await
}

pub async fn set_password(tx: &mut Tx, id: &str, hash: &str, now: i64) -> Result<()> {
    tx.execute(&SET_PASSWORD, params![id, hash, now]).await?;
    Ok(())
}

pub async fn record_login(tx: &mut Tx, id: &str, succeeded: bool, now: i64) -> Result<()> {
    if succeeded {
        tx.execute(&LOGIN_OK, params![id, now]).await?;
    } else {
        tx.execute(&LOGIN_FAILED, params![id]).await?;
    }
    Ok(())
}
