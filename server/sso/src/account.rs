//! Which account somebody has whom a provider vouches for. An account is found by what the provider knows the user by and
//! by nothing else: an address says nothing about who may read the messages of the one who had it here first.

use crate::claims::Person;
use crate::config::Provider;
use crate::trouble::Trouble;
use chat::audits::{self, By};
use chat::auth::{self, Address};
use chat::users::{self, Newcomer};
use chat::{Error, Site};
use db::Tx;
use wire::User;

/// Path of a login in the audit.
pub const ACTION: &str = "/api/v4/users/login";

/// The account, made when there is none and the provider's users may have one.
///
/// # Errors
/// When there is none and none is made, or it is deactivated.
pub async fn find_or_make(
    site: &Site,
    tx: &mut Tx,
    provider: &Provider,
    service: &str,
    person: Person,
    address: Address,
) -> Result<User, Trouble> {
    if let Some(user) = users::by_auth(tx, service, &person.id).await? {
        return if user.delete_at == 0 { Ok(user) } else { Err(Trouble::Inactive) };
    }
    if !provider.allow_sign_up {
        return Err(Trouble::NoAccount);
    }
    if person.email.is_empty() {
        return Err(Trouble::NoEmail);
    }
    if users::by_login(tx, &person.email).await?.is_some() {
        return Err(Trouble::EmailTaken);
    }
    let Person { id, name, email, email_verified, first_name, last_name, nickname, admin, guest } = person;
    let newcomer = Newcomer {
        service: service.to_owned(),
        data: id,
        name,
        email,
        email_verified,
        first_name,
        last_name,
        nickname,
        guest: guest && !admin && site.config().features.guests,
        admin,
    };
    let user = users::make_for_service(site, tx, newcomer).await?;
    let by = By { user_id: user.id.clone(), address, ..By::default() };
    audits::record(site, tx, by, "/api/v4/users", &format!("user_id={} service={service}", user.id)).await?;
    Ok(user)
}

/// From now on the provider's user opens the account of whoever began this with its password.
///
/// # Errors
/// When the provider's user opens another account, or this one cannot be switched any more.
pub async fn switch(
    site: &Site,
    tx: &mut Tx,
    user_id: &str,
    service: &str,
    person: &Person,
    address: Address,
) -> Result<(), Trouble> {
    if users::by_auth(tx, service, &person.id).await?.is_some() {
        return Err(Trouble::Taken);
    }
    let user = users::get(tx, user_id).await?.filter(|u| u.delete_at == 0).ok_or(Trouble::Inactive)?;
    if !user.auth_service.is_empty() {
        return Err(Trouble::State);
    }
    Ok(auth::switch_to(site, tx, &user, service, &person.id, address).await?)
}

/// Notes a refusal under the account that it concerns, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn note(
    site: &Site,
    service: &str,
    person_id: &str,
    email: &str,
    trouble: &Trouble,
    address: Address,
) -> Result<(), Error> {
    let mut tx = site.db.write().await?;
    let user = match users::by_auth(&mut tx, service, person_id).await? {
        None if email.is_empty() => None,
        None => users::by_login(&mut tx, email).await?,
        found => found,
    };
    let by = By { user_id: user.map(|u| u.id).unwrap_or_default(), address, ..By::default() };
    audits::record(site, &mut tx, by, ACTION, &format!("fail: {} service={service}", trouble.word())).await?;
    Ok(tx.commit().await?)
}
