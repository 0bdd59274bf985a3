//! What a login is checked against: every statement on the password hash, the count of failures and the second factor.

use db::{Conn, Result, Row, Sql, Tx, params};

const GET: Sql = Sql::new("SELECT password, mfa_active, mfa_secret, mfa_pending FROM users WHERE id = $1");
const SET_PASSWORD: Sql = Sql::new(
    "UPDATE users SET password = $2, last_password_update = $3, update_at = $3, failed_attempts = 0, last_failed_at = 0
     WHERE id = $1",
);
const SET_SERVICE: Sql = Sql::new(
    "UPDATE users SET auth_service = $2, auth_data = $3, password = '', update_at = $4, last_password_update = $4,
     failed_attempts = 0, last_failed_at = 0 WHERE id = $1",
);
/// Failures that lie before $3 are forgotten.
const TAKE_ATTEMPT: Sql = Sql::new(
    "UPDATE users SET failed_attempts = CASE WHEN last_failed_at <= $3 THEN 1 ELSE failed_attempts + 1 END, last_failed_at = $2
     WHERE id = $1 AND (failed_attempts < $4 OR last_failed_at <= $3)",
);
const GIVE_BACK: Sql =
    Sql::new("UPDATE users SET failed_attempts = failed_attempts - 1 WHERE id = $1 AND failed_attempts > 0");
const FORGET_ATTEMPTS: Sql = Sql::new("UPDATE users SET failed_attempts = 0, last_failed_at = 0 WHERE id = $1");
const LOGGED_IN: Sql =
    Sql::new("UPDATE users SET failed_attempts = 0, last_failed_at = 0, last_login = $2 WHERE id = $1");
const SET_PENDING: Sql = Sql::new("UPDATE users SET mfa_pending = $2 WHERE id = $1");
const ACTIVATE: Sql = Sql::new(
    "UPDATE users SET mfa_active = TRUE, mfa_secret = $2, mfa_pending = '', mfa_last_step = $3, update_at = $4 WHERE id = $1",
);
const DEACTIVATE: Sql = Sql::new(
    "UPDATE users SET mfa_active = FALSE, mfa_secret = '', mfa_pending = '', mfa_last_step = 0, update_at = $2 WHERE id = $1",
);
const USE_STEP: Sql = Sql::new("UPDATE users SET mfa_last_step = $2 WHERE id = $1 AND mfa_last_step < $2");

const SET_PICTURE: Sql = Sql::new("UPDATE users SET last_picture_update = $2, update_at = $3 WHERE id = $1");
const SET_VERIFIED: Sql = Sql::new("UPDATE users SET email_verified = $2, update_at = $3 WHERE id = $1");

/// The secrets of an account. They are never shown.
#[derive(Clone, Default)]
pub struct Credentials {
    /// PHC string; empty: no password opens the account (bots).
    pub password: String,
    pub mfa_active: bool,
    /// Base 32, sealed.
    pub mfa_secret: String,
    /// Base 32, sealed; shown to the user and not yet confirmed with a code.
    pub mfa_pending: String,
}

pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<Credentials>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Credentials { password: r.get()?, mfa_active: r.get()?, mfa_secret: r.get()?, mfa_pending: r.get()? })
    };
    conn.fetch_optional(&GET, params![id], decode).await
}

pub async fn set_password(tx: &mut Tx, id: &str, hash: &str, now: i64) -> Result<()> {
    tx.execute(&SET_PASSWORD, params![id, hash, now]).await?;
    Ok(())
}

/// How the account is opened: `service` is empty for a password. Whatever opened it before opens it no longer.
pub async fn set_service(tx: &mut Tx, id: &str, service: &str, data: &str, now: i64) -> Result<()> {
    tx.execute(&SET_SERVICE, params![id, service, data, now]).await?;
    Ok(())
}

/// Counts an attempt before it is checked, so that many at the same moment are not more than many in a row. False when
/// the account has failed `most` times since `forgotten` (Unix milliseconds) and waits.
pub async fn take_attempt(tx: &mut Tx, id: &str, now: i64, forgotten: i64, most: i64) -> Result<bool> {
    Ok(tx.execute(&TAKE_ATTEMPT, params![id, now, forgotten, most]).await? > 0)
}

/// The attempt was no failure, and no login either.
pub async fn give_back(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute(&GIVE_BACK, params![id]).await?;
    Ok(())
}

pub async fn forget_attempts(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute(&FORGET_ATTEMPTS, params![id]).await?;
    Ok(())
}

pub async fn logged_in(tx: &mut Tx, id: &str, now: i64) -> Result<()> {
    tx.execute(&LOGGED_IN, params![id, now]).await?;
    Ok(())
}

pub async fn set_pending(tx: &mut Tx, id: &str, secret: &str) -> Result<()> {
    tx.execute(&SET_PENDING, params![id, secret]).await?;
    Ok(())
}

/// `at`: when the picture was set; 0 for none.
pub async fn set_picture(tx: &mut Tx, id: &str, at: i64, now: i64) -> Result<()> {
    tx.execute(&SET_PICTURE, params![id, at, now]).await?;
    Ok(())
}

/// Whether the address is known to be the user's.
pub async fn set_verified(tx: &mut Tx, id: &str, verified: bool, now: i64) -> Result<()> {
    tx.execute(&SET_VERIFIED, params![id, verified, now]).await?;
    Ok(())
}

/// `step` is the time step of the code that confirmed the secret.
pub async fn activate(tx: &mut Tx, id: &str, secret: &str, step: i64, now: i64) -> Result<()> {
    tx.execute(&ACTIVATE, params![id, secret, step, now]).await?;
    Ok(())
}

pub async fn deactivate(tx: &mut Tx, id: &str, now: i64) -> Result<()> {
    tx.execute(&DEACTIVATE, params![id, now]).await?;
    Ok(())
}

/// False when a code of this time step or a later one was used before.
pub async fn use_step(tx: &mut Tx, id: &str, step: i64) -> Result<bool> {
    Ok(tx.execute(&USE_STEP, params![id, step]).await? > 0)
}
