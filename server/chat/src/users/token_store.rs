//! Every statement on `user_access_tokens` but the one that opens the door with a token (`crate::actor`).

use db::{Conn, Result, Row, Sql, Tx, params};
use wire::UserAccessToken;

macro_rules! select {
    ($rest:literal) => {
        Sql::new(concat!(
            "SELECT t.id, t.user_id, t.description, t.is_active, t.expires_at FROM user_access_tokens t ",
            $rest
        ))
    };
}

const BY_ID: Sql = select!("WHERE t.id = $1");
const OF_USER: Sql = select!("WHERE t.user_id = $1 ORDER BY t.create_at, t.id LIMIT $2 OFFSET $3");
const ALL: Sql = select!("ORDER BY t.create_at, t.id LIMIT $1 OFFSET $2");
const FOUND: Sql = select!(
    "JOIN users u ON u.id = t.user_id WHERE t.id = $1 OR t.user_id = $1 OR u.username LIKE $2 ESCAPE '\\'
     ORDER BY u.username, t.create_at, t.id LIMIT $3 OFFSET $4"
);
const TOO_LONG: Sql = select!(
    "JOIN users u ON u.id = t.user_id WHERE u.is_bot = FALSE AND (t.expires_at = 0 OR t.expires_at > $1) ORDER BY t.id"
);
const INSERT: Sql = Sql::new(
    "INSERT INTO user_access_tokens (id, token_hash, user_id, description, create_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
);
const DELETE: Sql = Sql::new("DELETE FROM user_access_tokens WHERE id = $1");
const SET_ACTIVE: Sql = Sql::new("UPDATE user_access_tokens SET is_active = $2 WHERE id = $1");
const SET_SECRET: Sql = Sql::new("UPDATE user_access_tokens SET token_hash = $2, expires_at = $3 WHERE id = $1");

fn token(row: Row) -> Result<UserAccessToken> {
    let mut r = row.read();
    Ok(UserAccessToken {
        id: r.get()?,
        user_id: r.get()?,
        description: r.get()?,
        is_active: r.get()?,
        expires_at: r.get()?,
        ..UserAccessToken::default()
    })
}

/// Whose tokens a list is about.
pub enum Of<'a> {
    Everybody,
    User(&'a str),
    /// An id of a token or user, or the beginning of a username.
    Found(&'a str),
}

pub async fn page(conn: &mut Conn, of: Of<'_>, (limit, offset): (i64, i64)) -> Result<Vec<UserAccessToken>> {
    match of {
        Of::Everybody => conn.fetch(&ALL, params![limit, offset], token).await,
        Of::User(id) => conn.fetch(&OF_USER, params![id, limit, offset], token).await,
        Of::Found(term) => {
            let term = term.trim().to_lowercase();
            let pattern = format!("{}%", crate::search::escaped(&term));
            conn.fetch(&FOUND, params![&term, pattern, limit, offset], token).await
        }
    }
}

pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<UserAccessToken>> {
    conn.fetch_optional(&BY_ID, params![id], token).await
}

/// Tokens of people that last longer than until `end` (Unix milliseconds).
pub async fn too_long(conn: &mut Conn, end: i64) -> Result<Vec<UserAccessToken>> {
    conn.fetch(&TOO_LONG, params![end], token).await
}

pub async fn insert(tx: &mut Tx, t: &UserAccessToken, hash: &str, now: i64) -> Result<()> {
    tx.execute(&INSERT, params![&t.id, hash, &t.user_id, &t.description, now, t.expires_at]).await?;
    Ok(())
}

pub async fn delete(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute(&DELETE, params![id]).await?;
    Ok(())
}

pub async fn set_active(tx: &mut Tx, id: &str, active: bool) -> Result<()> {
    tx.execute(&SET_ACTIVE, params![id, active]).await?;
    Ok(())
}

pub async fn set_secret(tx: &mut Tx, id: &str, hash: &str, expires_at: i64) -> Result<()> {
    tx.execute(&SET_SECRET, params![id, hash, expires_at]).await?;
    Ok(())
}
