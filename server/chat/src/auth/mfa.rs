//! The second factor: a code of six digits from a phone, new every 30 seconds (RFC 6238).

use crate::Json;
use crate::audits::{self, By};
use crate::error::Kind;
use crate::keys::{MFA_PENDING, MFA_SECRET};
use crate::users::{self, credentials, me_or};
use crate::{Actor, Error, Result, Site, qr};
use axum::extract::{Path, State};
use db::Tx;
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Secret, Totp};
use wire::StatusOk;

/// Whether the site asks everybody for a second factor and this user has none. Programs have no phone, and who came in
/// through a login service was asked there.
pub fn mfa_is_missing(site: &Site, actor: &Actor) -> bool {
    site.config().accounts.enforce_mfa && !actor.mfa_active && !actor.is_bot && !super::entry::by_service(actor)
}

/// The calls that set up a second factor, and the one a client finds out with who it is.
pub fn open_without_mfa(path: &str) -> bool {
    path.ends_with("/mfa") || path.ends_with("/mfa/generate") || path == "/api/v4/users/me"
}

/// 401, which clients answer by showing the set-up.
pub fn mfa_required() -> Error {
    let message = "This site asks for multi-factor authentication. Set it up to go on.";
    Error::new(Kind::Unauthorized, "api.context.mfa_required.app_error", message)
}

/// The right password, and now a code is wanted.
pub fn code_wanted() -> Error {
    Error::new(Kind::Unauthorized, "mfa.validate_token.authenticate.app_error", "Invalid MFA token.")
}

fn totp(secret: Secret, site_name: &str, account: &str) -> Result<Totp> {
    // A colon separates the two in the address, so that neither may have one.
    let plain = |text: &str| text.replace(':', " ");
    let builder = Builder::new().with_secret(secret).with_issuer(Some(plain(site_name)));
    builder.with_account_name(plain(account)).build().map_err(Error::internal)
}

/// The time step that `code` belongs to, if it is one of this secret; one step to either side is let pass.
fn step_of(secret: &str, code: &str, now_ms: i64) -> Result<Option<i64>> {
    let secret = Secret::try_from_base32(secret).map_err(|_| Error::internal("a stored secret is not base 32"))?;
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = u64::try_from(now_ms / 1000).unwrap_or(0);
    Ok(totp(secret, "", "user")?.check(&digits, seconds).and_then(|step| i64::try_from(step).ok()))
}

/// Whether `code` opens the account now. Each code does so once.
///
/// # Errors
/// When the database fails.
pub async fn spend_code(tx: &mut Tx, user_id: &str, secret: &str, code: &str, now_ms: i64) -> Result<bool> {
    match step_of(secret, code, now_ms)? {
        Some(step) => Ok(credentials::use_step(tx, user_id, step).await?),
        None => Ok(false),
    }
}

/// What is shown once, to be scanned.
#[derive(Debug, Serialize)]
pub struct Shown {
    secret: String,
    /// PNG, base 64.
    qr_code: String,
}

/// POST /users/{id}/mfa/generate: a new secret. The old one, if any, opens the account until the new one is confirmed.
pub async fn generate(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Shown>> {
    let id = me_or(&actor, &id)?;
    let user = users::get(&mut site.db.read().await?, &id).await?.filter(|u| !u.is_bot).ok_or_else(users::missing)?;
    let secret = Secret::generate();
    let text = secret.to_base32();
    let link = totp(secret, &site.config().site_name, &user.email)?.to_url().map_err(Error::internal)?;
    let shown = Shown { qr_code: qr::base64(&link)?, secret: text };
    let mut tx = site.db.write().await?;
    credentials::set_pending(&mut tx, &id, &site.keys.close(&MFA_PENDING, &id, &shown.secret)?).await?;
    let action = format!("/api/v4/users/{id}/mfa/generate");
    audits::record(&site, &mut tx, &actor, &action, &format!("user_id={id}")).await?;
    tx.commit().await?;
    Ok(Json(shown))
}

/// Body of PUT /users/{id}/mfa.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    activate: Option<bool>,
    code: String,
}

/// PUT /users/{id}/mfa: on with a code of the new secret, off without (an administrator for whoever lost the phone).
pub async fn set(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(body): Json<Wanted>,
) -> Result<Json<StatusOk>> {
    let id = me_or(&actor, &id)?;
    let activate = body.activate.ok_or_else(|| Error::invalid_body("activate", "true or false is wanted"))?;
    if activate && body.code.trim().is_empty() {
        return Err(Error::invalid_body("code", "a code of the authenticator is wanted"));
    }
    let now = site.clock.now_ms();
    let mut tx = site.db.write().await?;
    let known = credentials::get(&mut tx, &id).await?.ok_or_else(users::missing)?;
    if activate {
        // 400, not upstream's 401: a client that hears 401 logs out, and here only the digits are wrong.
        let refused = || Error::invalid("mfa.activate.bad_token.app_error", "Invalid MFA token.");
        if known.mfa_pending.is_empty() {
            return Err(refused());
        }
        let secret = site.keys.open(&MFA_PENDING, &id, &known.mfa_pending)?;
        let step = step_of(&secret, &body.code, now)?.ok_or_else(refused)?;
        let sealed = site.keys.close(&MFA_SECRET, &id, &secret)?;
        credentials::activate(&mut tx, &id, &sealed, step, now).await?;
    } else {
        credentials::deactivate(&mut tx, &id, now).await?;
    }
    let user = users::get(&mut tx, &id).await?.ok_or_else(users::missing)?;
    users::announce(&site, &mut tx, user).await?;
    let info = format!("user_id={id} activate={activate}");
    audits::record(&site, &mut tx, By::from(&actor), &format!("/api/v4/users/{id}/mfa"), &info).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = data_encoding::BASE32_NOPAD.encode(b"12345678901234567890");
        assert_eq!(step_of(&secret, "287082", 59_000).unwrap(), Some(1));
        assert_eq!(step_of(&secret, "081 804", 1_111_111_109_000).unwrap(), Some(37_037_036), "people write a gap");
        assert_eq!(step_of(&secret, "287082", 59_000 + 30_000).unwrap(), Some(1), "a clock may be a step off");
        assert_eq!(step_of(&secret, "287082", 59_000 + 61_000).unwrap(), None);
        assert_eq!(step_of(&secret, "", 59_000).unwrap(), None);
    }
}
