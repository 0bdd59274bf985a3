//! POST /users/login/switch between a password and the directory: both passwords are proved, so nobody need be logged in.

use super::directory::{Person, not_available};
use super::login::{failed, inactive, take_attempt, wrong};
use super::services::Switch;
use super::{Address, end_others, mfa, password};
use crate::audits::{self, By};
use crate::keys::MFA_SECRET;
use crate::users::credentials::{self, Credentials};
use crate::users::{self, vouched};
use crate::{Error, Result, Site};
use db::Tx;
use wire::User;

const ACTION: &str = "/api/v4/users/login/switch";

/// The account of the address, which opens by `service`, after an attempt was counted.
async fn account(site: &Site, email: &str, service: &str, address: Address) -> Result<(User, Credentials)> {
    site.throttle().check(address, site.clock.now_ms())?;
    let mut conn = site.db.read().await?;
    let found =
        users::by_login(&mut conn, email).await?.filter(|u| u.email == email.trim().to_lowercase() && !u.is_bot);
    let Some(user) = found.filter(|u| u.auth_service == service) else {
        site.throttle().failed(address, site.clock.now_ms());
        return Err(wrong());
    };
    let known = credentials::get(&mut conn, &user.id).await?.ok_or_else(users::missing)?;
    drop(conn);
    take_attempt(site, &user.id, address).await?;
    Ok((user, known))
}

async fn prove_code(site: &Site, tx: &mut Tx, user: &User, known: &Credentials, code: &str) -> Result<()> {
    if !known.mfa_active {
        return Ok(());
    }
    let secret = site.keys.open(&MFA_SECRET, &user.id, &known.mfa_secret)?;
    if code.is_empty() || !mfa::spend_code(tx, &user.id, &secret, code, site.clock.now_ms()).await? {
        return Err(mfa::code_wanted());
    }
    Ok(())
}

async fn done(site: &Site, mut tx: Tx, user: &User, address: Address, what: &str) -> Result<()> {
    credentials::forget_attempts(&mut tx, &user.id).await?;
    end_others(site, &mut tx, &user.id, "").await?;
    let by = By { user_id: user.id.clone(), address, ..By::default() };
    audits::record(site, &mut tx, by, ACTION, what).await?;
    Ok(tx.commit().await?)
}

/// From a password to the directory: `password` opens the account, `new_password` the entry `ldap_id` of the directory.
pub(super) async fn to_directory(site: &Site, body: &Switch, address: Address) -> Result<()> {
    let directory = site.directory().ok_or_else(not_available)?;
    let (user, known) = account(site, &body.email, "", address).await?;
    if !password::verify(body.password.clone(), known.password.clone()).await? {
        return Err(failed(site, &user.id, address, "wrong password", wrong()).await?);
    }
    if user.delete_at != 0 {
        return Err(inactive());
    }
    let person: Option<Person> =
        if body.ldap_id.trim().is_empty() { None } else { directory.find(body.ldap_id.trim()).await? };
    let Some(person) = person else {
        return Err(failed(site, &user.id, address, "unknown in the directory", unknown()).await?);
    };
    if body.new_password.is_empty() || !directory.proves(&person, &body.new_password).await? {
        return Err(failed(site, &user.id, address, "wrong password of the directory", unknown()).await?);
    }
    let mut tx = site.db.write().await?;
    prove_code(site, &mut tx, &user, &known, &body.mfa_code).await?;
    vouched::hand_over(site, &mut tx, &user, directory.service(), &person.vouched.id).await?;
    let user = users::get(&mut tx, &user.id).await?.ok_or_else(users::missing)?;
    vouched::refresh(site, &mut tx, &user, &person.vouched).await?;
    done(site, tx, &user, address, "to the directory").await?;
    directory.admitted(site, &user, &person).await;
    Ok(())
}

/// From the directory to a password: `password` is that of the directory.
pub(super) async fn to_password(site: &Site, body: &Switch, address: Address) -> Result<()> {
    let directory = site.directory().ok_or_else(not_available)?;
    users::check_password(&body.new_password, &site.config().accounts)?;
    let (user, known) = account(site, &body.email, directory.service(), address).await?;
    let person = directory.by_id(&user.auth_data).await?;
    let proved = match &person {
        Some(person) if !body.password.is_empty() => directory.proves(person, &body.password).await?,
        _ => false,
    };
    if !proved {
        return Err(failed(site, &user.id, address, "wrong password of the directory", wrong()).await?);
    }
    if user.delete_at != 0 {
        return Err(inactive());
    }
    let hash = password::hash(body.new_password.clone()).await?;
    let mut tx = site.db.write().await?;
    prove_code(site, &mut tx, &user, &known, &body.mfa_code).await?;
    let now = site.clock.now_ms();
    credentials::set_service(&mut tx, &user.id, "", "", now).await?;
    credentials::set_password(&mut tx, &user.id, &hash, now).await?;
    done(site, tx, &user, address, "to a password").await
}

fn unknown() -> Error {
    let message = "The directory does not know that name and password.";
    Error::new(crate::error::Kind::Unauthorized, "ent.ldap.do_login.invalid_password.app_error", message)
}
