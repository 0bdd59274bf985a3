//! Accounts of people for whom a login service vouches: made at the first login, and kept as the service says they are.
//! An account is known by the service's own id alone. A name or an address that somebody else's account has is never
//! taken as the same person.

use super::{admin, create, credentials, guests, rules, store};
use crate::error::Kind;
use crate::roles::{self, SYSTEM_ADMIN, SYSTEM_GUEST};
use crate::{Error, Result, Site};
use db::Tx;
use std::collections::BTreeSet;
use wire::{Event, NewUser, User};

/// What a service says somebody is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    Guest,
    Member,
    Admin,
}

/// What a service says of a person. What is `None` it does not say, and it stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Vouched {
    /// `auth_service`.
    pub service: &'static str,
    /// `auth_data`: what the service knows the person by, for good.
    pub id: String,
    pub username: String,
    pub email: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub nickname: Option<String>,
    pub position: Option<String>,
    /// A guest is never made a member by it.
    pub rank: Option<Rank>,
}

/// A name that accounts may have, as near as can be to the service's.
fn clean(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    let plain: String = name.trim().to_lowercase().chars().map(|c| if allowed(c) { c } else { '-' }).take(64).collect();
    if plain.starts_with(|c: char| c.is_ascii_lowercase()) {
        plain
    } else {
        format!("u{plain}").chars().take(64).collect()
    }
}

fn taken(what: &str) -> Error {
    let id = format!("ent.ldap.save_user.{what}_exists.ldap_app_error");
    let message = format!(
        "Another account of this site has that {what}. If it is yours, log in to it and switch how you log in; otherwise ask an administrator."
    );
    Error::invalid(&id, message)
}

/// The account of the person, made when there is none, with what the service says of it.
///
/// # Errors
/// 400 when another account has the name or the address, 401 for a guest where there are none.
pub async fn admit(site: &Site, tx: &mut Tx, v: &Vouched) -> Result<User> {
    if let Some(user) = store::by_auth(tx, v.service, &v.id).await? {
        refresh(site, tx, &user, v).await?;
        return store::get(tx, &user.id).await?.ok_or_else(super::missing);
    }
    make(site, tx, v).await
}

async fn make(site: &Site, tx: &mut Tx, v: &Vouched) -> Result<User> {
    let guest = v.rank == Some(Rank::Guest);
    if guest && !site.config().features.guests {
        let message = "Guest accounts are turned off on this server.";
        return Err(Error::new(Kind::Unauthorized, "api.user.login.guest_accounts.disabled.error", message));
    }
    let (username, email) = (clean(&v.username), v.email.trim().to_lowercase());
    rules::check_username(&username)?;
    rules::check_email(&email)?;
    if store::by_login(tx, &username).await?.is_some() {
        return Err(taken("username"));
    }
    if store::by_login(tx, &email).await?.is_some() {
        return Err(taken("email"));
    }
    let first = store::count_people(tx).await? == 0;
    let roles = match v.rank {
        Some(Rank::Guest) => SYSTEM_GUEST,
        Some(Rank::Admin) => "system_admin system_user",
        _ if first => "system_admin system_user",
        _ => "system_user",
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let new = NewUser {
        username,
        email,
        first_name: text(&v.first_name),
        last_name: text(&v.last_name),
        nickname: text(&v.nickname),
        position: text(&v.position),
        ..NewUser::default()
    };
    let mut user = create::account(site, new, roles);
    store::insert(tx, &user, "").await?;
    credentials::set_service(tx, &user.id, v.service, &v.id, user.update_at).await?;
    credentials::set_verified(tx, &user.id, true, user.update_at).await?;
    (user.auth_service, user.auth_data, user.email_verified) = (v.service.into(), v.id.clone(), true);
    site.emit(tx, Event::new("new_user").with("user_id", user.id.as_str()).seen_by(BTreeSet::new()));
    Ok(user)
}

/// Lets `service` answer for an account that something else opened so far. Sessions stay.
///
/// # Errors
/// 400 when it answers for another account with that id already.
pub async fn hand_over(site: &Site, tx: &mut Tx, user: &User, service: &str, id: &str) -> Result<()> {
    if store::by_auth(tx, service, id).await?.is_some_and(|other| other.id != user.id) {
        let message = "Another account of this site is opened by that entry already.";
        return Err(Error::invalid("ent.ldap.save_user.username_exists.ldap_app_error", message));
    }
    Ok(credentials::set_service(tx, &user.id, service, id, site.clock.now_ms()).await?)
}

/// Makes the account what the service says of it; whether anything differed. A name or address that another account has
/// stays away from this one.
///
/// # Errors
/// When the database fails.
pub async fn refresh(site: &Site, tx: &mut Tx, user: &User, v: &Vouched) -> Result<bool> {
    let mut now = user.clone();
    let name = clean(&v.username);
    if name != user.username && rules::check_username(&name).is_ok() {
        match store::by_login(tx, &name).await? {
            None => now.username = name,
            Some(_) => {
                tracing::warn!(user.id = %user.id, %name, "the name that the directory has is another account's")
            }
        }
    }
    let email = v.email.trim().to_lowercase();
    if email != user.email && rules::check_email(&email).is_ok() {
        match store::by_login(tx, &email).await? {
            None => now.email = email,
            Some(_) => tracing::warn!(user.id = %user.id, "the address that the directory has is another account's"),
        }
    }
    for (field, said) in [
        (&mut now.first_name, &v.first_name),
        (&mut now.last_name, &v.last_name),
        (&mut now.nickname, &v.nickname),
        (&mut now.position, &v.position),
    ] {
        if let Some(said) = said {
            *field = said.chars().take(128).collect();
        }
    }
    let mut changed = now != *user;
    if changed {
        now.update_at = site.clock.now_ms();
        store::update(tx, &now).await?;
        admin::announce(site, tx, now.clone()).await?;
    }
    if let Some(names) = wanted_roles(&now.roles, v.rank) {
        let was_admin = now.roles.split_whitespace().any(|r| r == SYSTEM_ADMIN);
        if was_admin && v.rank != Some(Rank::Admin) && now.delete_at == 0 && store::count_admins(tx).await? <= 1 {
            tracing::warn!(user.id = %user.id, "the last administrator stays one, whatever the directory says");
        } else {
            guests::take_roles(site, tx, now, &names).await?;
            changed = true;
        }
    }
    Ok(changed)
}

/// The roles of an account of that rank; `None` when they are right.
fn wanted_roles(roles: &str, rank: Option<Rank>) -> Option<String> {
    let admin = roles.split_whitespace().any(|r| r == SYSTEM_ADMIN);
    let guest = roles::is_guest(roles);
    match rank? {
        Rank::Guest if !guest => Some(SYSTEM_GUEST.into()),
        Rank::Admin if guest => Some("system_admin system_user".into()),
        Rank::Admin if !admin => Some(format!("{SYSTEM_ADMIN} {roles}")),
        Rank::Member if admin => {
            Some(roles.split_whitespace().filter(|r| *r != SYSTEM_ADMIN).collect::<Vec<_>>().join(" "))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_systems_become_names_of_accounts() {
        for (name, account) in [("Ana.Lopez", "ana.lopez"), ("müller", "m-ller"), ("007", "u007"), ("a b", "a-b")] {
            assert_eq!(clean(name), account);
        }
    }

    #[test]
    fn a_rank_changes_only_what_it_is_about() {
        let after = |roles: &str, rank| wanted_roles(roles, rank);
        assert_eq!(after("system_user archivist", None), None);
        assert_eq!(after("system_user archivist", Some(Rank::Member)), None);
        assert_eq!(after("system_admin system_user archivist", Some(Rank::Member)).unwrap(), "system_user archivist");
        assert_eq!(after("system_user archivist", Some(Rank::Admin)).unwrap(), "system_admin system_user archivist");
        assert_eq!(after("system_guest", Some(Rank::Member)), None, "a guest is promoted by hand");
        assert_eq!(after("system_user", Some(Rank::Guest)).unwrap(), "system_guest");
    }
}
