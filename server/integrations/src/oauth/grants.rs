//! Codes and refresh tokens, and the sessions that they are exchanged for.

use crate::Config;
use chat::actor::hash_token;
use chat::{Result, Site, auth, users};
use db::{Conn, Row, Sql, Tx, params};
use wire::{OAuthApp, OAuthToken};

/// A code is good for this long, milliseconds.
const CODE_MS: i64 = 10 * 60_000;

const INSERT_CODE: Sql = Sql::new(
    "INSERT INTO oauth_codes (code_hash, app_id, user_id, expires_at, redirect_uri, scope, code_challenge)
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
const CODE: Sql = Sql::new(
    "SELECT app_id, user_id, redirect_uri, scope, code_challenge FROM oauth_codes WHERE code_hash = $1 AND expires_at >= $2",
);
const DELETE_CODE: Sql = Sql::new("DELETE FROM oauth_codes WHERE code_hash = $1");
const FORGET_CODES: Sql = Sql::new("DELETE FROM oauth_codes WHERE expires_at < $1");
const DELETE_CODES: Sql = Sql::new("DELETE FROM oauth_codes WHERE app_id = $1 AND ($2 = '' OR user_id = $2)");
const INSERT_GRANT: Sql = Sql::new(
    "INSERT INTO oauth_grants (refresh_hash, app_id, user_id, session_id, expires_at, scope) VALUES ($1, $2, $3, $4, $5, $6)",
);
const GRANT: Sql = Sql::new(
    "SELECT app_id, user_id, session_id, scope FROM oauth_grants WHERE refresh_hash = $1 AND expires_at >= $2",
);
const DELETE_GRANT: Sql = Sql::new("DELETE FROM oauth_grants WHERE refresh_hash = $1");
const FORGET_GRANTS: Sql = Sql::new("DELETE FROM oauth_grants WHERE expires_at < $1");
const OF_APP: Sql =
    Sql::new("SELECT user_id, session_id FROM oauth_grants WHERE app_id = $1 AND ($2 = '' OR user_id = $2)");
const DELETE_GRANTS: Sql = Sql::new("DELETE FROM oauth_grants WHERE app_id = $1 AND ($2 = '' OR user_id = $2)");

/// What a user let an app do, on its way to a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    pub app_id: String,
    pub user_id: String,
    pub redirect_uri: String,
    pub scope: String,
    /// S256; empty when none was sent.
    pub code_challenge: String,
}

/// A new code for the browser to carry.
pub async fn new_code(tx: &mut Tx, code: &Code, now: i64) -> db::Result<String> {
    let secret = kit::id::secret(52);
    tx.execute(&FORGET_CODES, params![now]).await?;
    let Code { app_id, user_id, redirect_uri, scope, code_challenge } = code;
    let values = params![hash_token(&secret), app_id, user_id, now + CODE_MS, redirect_uri, scope, code_challenge];
    tx.execute(&INSERT_CODE, values).await?;
    Ok(secret)
}

/// The code, which is used up with that; false when another request was first.
pub async fn take_code(tx: &mut Tx, secret: &str, now: i64) -> db::Result<Option<Code>> {
    let hash = hash_token(secret);
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Code {
            app_id: r.get()?,
            user_id: r.get()?,
            redirect_uri: r.get()?,
            scope: r.get()?,
            code_challenge: r.get()?,
        })
    };
    let found = tx.fetch_optional(&CODE, params![&hash, now], decode).await?;
    let taken = tx.execute(&DELETE_CODE, params![&hash]).await? == 1;
    Ok(found.filter(|_| taken))
}

/// A grant behind a refresh token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    pub app_id: String,
    pub user_id: String,
    pub session_id: String,
    pub scope: String,
}

/// The grant, without using it up.
pub async fn grant(conn: &mut Conn, refresh: &str, now: i64) -> db::Result<Option<Grant>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Grant { app_id: r.get()?, user_id: r.get()?, session_id: r.get()?, scope: r.get()? })
    };
    conn.fetch_optional(&GRANT, params![hash_token(refresh), now], decode).await
}

/// Uses up a refresh token and ends the session that came with it; false when another request was first.
pub async fn use_up(site: &Site, tx: &mut Tx, refresh: &str, grant: &Grant) -> Result<bool> {
    auth::end(site, tx, &grant.user_id, &grant.session_id).await?;
    Ok(tx.execute(&DELETE_GRANT, params![hash_token(refresh)]).await? == 1)
}

/// A session of the user for the app, and a refresh token for the next one.
///
/// # Errors
/// 404 when the user is gone.
pub async fn issue(
    site: &Site,
    tx: &mut Tx,
    config: &Config,
    app: &OAuthApp,
    user_id: &str,
    scope: &str,
) -> Result<OAuthToken> {
    let user = users::get(tx, user_id)
        .await?
        .filter(|u| u.delete_at == 0)
        .ok_or_else(|| chat::Error::not_found("app.user.missing_account.const", "Unable to find the user."))?;
    let now = site.clock.now_ms();
    let expires_in = config.oauth_token_minutes * 60;
    let for_app = auth::ForApp { id: &app.id, name: &app.name, expires_at: now + expires_in * 1000 };
    let made = auth::session_for_app(site, tx, &user, for_app).await?;
    let refresh = kit::id::secret(52);
    let ends = now + config.oauth_refresh_days * 24 * 3_600_000;
    tx.execute(&FORGET_GRANTS, params![now]).await?;
    tx.execute(&INSERT_GRANT, params![hash_token(&refresh), &app.id, user_id, &made.id, ends, scope]).await?;
    Ok(OAuthToken {
        access_token: made.token,
        token_type: "bearer".into(),
        expires_in,
        scope: scope.into(),
        refresh_token: refresh,
    })
}

/// Ends everything that an app holds of a user, or of everybody when `user_id` is empty.
///
/// # Errors
/// When the database fails.
pub async fn revoke(site: &Site, tx: &mut Tx, app_id: &str, user_id: &str) -> Result<()> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok((r.get()?, r.get()?))
    };
    let sessions: Vec<(String, String)> = tx.fetch(&OF_APP, params![app_id, user_id], decode).await?;
    for (user, session) in sessions {
        auth::end(site, tx, &user, &session).await?;
    }
    tx.execute(&DELETE_GRANTS, params![app_id, user_id]).await?;
    tx.execute(&DELETE_CODES, params![app_id, user_id]).await?;
    Ok(())
}
