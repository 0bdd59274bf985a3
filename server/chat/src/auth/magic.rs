//! Guests who log in by a link in a mail. The first one comes with an invitation and makes the account; when the guest comes
//! again, the login page sends another. Each is good once and for a while, and only its hash is kept.

use super::{Address, codes};
use crate::error::Kind;
use crate::mail::{self, Mail};
use crate::users::{self, credentials};
use crate::{Error, Json, Result, Site, invitations};
use axum::extract::State;
use db::Tx;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::User;

/// The service of accounts that are opened by a link.
pub const SERVICE: &str = "magic_link";
/// A guest gets one mail within this time, milliseconds.
const PAUSE_MS: i64 = 60 * 1000;

/// Where clients take such links.
pub fn path(token: &str) -> String {
    format!("/login/one_time_link?t={token}")
}

fn invalid() -> Error {
    let message = "The link is not valid any more. Ask for another one on the login page.";
    Error::new(Kind::Unauthorized, "api.user.login_with_magic_link.invalid_token.app_error", message)
}

/// Body of POST /users/login/type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LoginId {
    id: String,
    login_id: String,
}

/// POST /users/login/type: a guest who has no password is told so, and gets a link by mail. Of everybody else nothing is
/// told, whether they exist or not.
pub async fn login_type(State(site): State<Site>, address: Address, Json(who): Json<LoginId>) -> Result<Json<Value>> {
    if who.login_id.trim().is_empty() && who.id.is_empty() {
        return Err(Error::invalid_body("login_id", "a username or an e-mail address is wanted"));
    }
    let now = site.clock.now_ms();
    site.throttle().check(address, now)?;
    let nothing = Json(json!({"auth_service": ""}));
    if !mail::is_on(&site) {
        return Ok(nothing);
    }
    let mut tx = site.db.write().await?;
    let found = match who.id.as_str() {
        "" => users::by_login(&mut tx, &who.login_id).await?,
        id => users::get(&mut tx, id).await?,
    };
    let Some(user) = found.filter(comes_by_link) else { return Ok(nothing) };
    if now - codes::newest(&mut tx, &user.id, codes::MAGIC).await? >= PAUSE_MS {
        let expires_at = now + site.config().accounts.reset_link_ms();
        let code = codes::make(&mut tx, codes::MAGIC, &user, "", now, expires_at).await?;
        tx.commit().await?;
        let text = format!(
            "Open this link to log in to {}. It works once:\n{}{}\n",
            site.config().site_name,
            site.config().site_url,
            path(&code)
        );
        mail::send(&site, Mail { to: user.email, subject: format!("Log in to {}", site.config().site_name), text })?;
    }
    Ok(Json(json!({"auth_service": SERVICE})))
}

fn comes_by_link(user: &User) -> bool {
    user.auth_service == SERVICE && user.delete_at == 0 && crate::roles::is_guest(&user.roles)
}

/// The guest whom the link is for; it is used up. With `code_given` false the link of somebody who has a second factor
/// stays as it is, because that code is asked for first.
pub(super) async fn redeem(
    site: &Site,
    token: &str,
    address: Address,
    code_given: bool,
) -> Result<(User, credentials::Credentials)> {
    let now = site.clock.now_ms();
    site.throttle().check(address, now)?;
    let mut tx = site.db.write().await?;
    let Some(user) = holder(site, &mut tx, token, address, now).await? else {
        drop(tx);
        site.throttle().failed(address, now);
        return Err(invalid());
    };
    let known = credentials::get(&mut tx, &user.id).await?.ok_or_else(invalid)?;
    if known.mfa_active && !code_given {
        return Err(super::mfa::code_wanted());
    }
    tx.commit().await?;
    Ok((user, known))
}

/// Uses the link up in `tx`.
async fn holder(site: &Site, tx: &mut Tx, token: &str, address: Address, now: i64) -> Result<Option<User>> {
    if let Some(id) = codes::spend(tx, token, codes::MAGIC, now).await? {
        return Ok(users::get(tx, &id).await?.filter(comes_by_link));
    }
    let invitation = match invitations::open_magic(site, tx, token, address).await {
        Ok(Some(invitation)) => invitation,
        Ok(None) => return Ok(None),
        // Used, withdrawn or too old.
        Err(error) if error.kind == Kind::Invalid => return Ok(None),
        Err(error) => return Err(error),
    };
    let user = match users::by_login(tx, &invitation.email).await? {
        Some(user) if comes_by_link(&user) => user,
        // Somebody made an account with a password in the meantime; a link does not open it.
        Some(_) => return Ok(None),
        None => users::guest_by_mail(site, tx, &invitation.email).await?,
    };
    invitations::admit(site, tx, &invitation, &user).await?;
    Ok(Some(user))
}
