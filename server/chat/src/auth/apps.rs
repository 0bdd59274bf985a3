//! Sessions of other programs that a user lets act for them (OAuth 2).

use super::sessions::Made;
use crate::actor::hash_token;
use crate::{Result, Site};
use axum::http::Method;
use db::{Sql, Tx, params};
use wire::User;

const INSERT: Sql = Sql::new(
    "INSERT INTO sessions (id, token_hash, user_id, create_at, expires_at, last_activity_at, roles, is_oauth, props)
     VALUES ($1, $2, $3, $4, $5, $4, $6, TRUE, $7)",
);

/// What follows `/users/{id}/` in the paths of changes that only the user makes: with them a program could stay after its
/// session is taken back.
const ONLY_THE_USER: [&str; 7] = ["active", "auth", "email", "mfa", "password", "sessions", "tokens"];

/// Whether a program that acts for a user may make this request.
pub fn open_to_apps(method: &Method, path: &str) -> bool {
    let mut parts = path.strip_prefix("/api/v4").unwrap_or(path).trim_matches('/').split('/');
    match (parts.next(), parts.next(), parts.next()) {
        _ if method == Method::GET => true,
        (Some("oauth"), ..) => false,
        (Some("users"), Some("tokens" | "sessions" | "mfa"), _) => false,
        (Some("users"), _, Some(what)) => !ONLY_THE_USER.contains(&what),
        _ => true,
    }
}

/// The program that gets a session.
#[derive(Clone, Copy, Debug)]
pub struct ForApp<'a> {
    pub id: &'a str,
    /// As the user's list of sessions shows it.
    pub name: &'a str,
    /// Unix milliseconds; use does not move it.
    pub expires_at: i64,
}

/// Makes a session of `user` for a program.
///
/// # Errors
/// When the database fails.
pub async fn session_for_app(site: &Site, tx: &mut Tx, user: &User, app: ForApp<'_>) -> Result<Made> {
    let made = Made { id: kit::id::new(), token: kit::id::new(), csrf: kit::id::new() };
    let props = serde_json::json!({
        "csrf": made.csrf, "is_guest": user.roles.contains("system_guest").to_string(), "platform": app.name,
        "os": "OAuth2", "browser": "OAuth2", "oauth_app_id": app.id,
    });
    let (now, hash) = (site.clock.now_ms(), hash_token(&made.token));
    tx.execute(&INSERT, params![&made.id, hash, &user.id, now, app.expires_at, &user.roles, props]).await?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_cannot_make_itself_at_home() {
        for (path, open) in [
            ("/api/v4/posts", true),
            ("/api/v4/users/me/status", true),
            ("/api/v4/users/me/tokens", false),
            ("/api/v4/users/tokens/enable", false),
            ("/api/v4/users/me/mfa/generate", false),
            ("/api/v4/users/me/sessions/revoke/all", false),
            ("/api/v4/oauth/apps", false),
            ("/oauth/authorize", false),
        ] {
            assert_eq!(open_to_apps(&Method::POST, path), open, "{path}");
        }
        assert!(open_to_apps(&Method::GET, "/api/v4/users/me/sessions"));
    }
}
