//! Signing up: the first account administers the site; an invite id also joins the team.

use super::{credentials, rules, store};
use crate::Json;
use crate::actor::Asker;
use crate::audits::{self, By};
use crate::auth::{Address, password};
use crate::{Error, Result, Site, invitations, teams};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use db::Tx;
use serde::Deserialize;
use std::collections::BTreeSet;
use wire::{Event, NewUser, StringMap, User};

/// `iid` is a team's invite id, `t` the token of an invitation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Invite {
    iid: String,
    t: String,
}

/// POST /users
pub async fn handler(
    State(site): State<Site>,
    address: Address,
    Asker(asker): Asker,
    Query(invite): Query<Invite>,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, Json<User>)> {
    let by_admin = asker.is_some_and(|actor| actor.is_system_admin());
    Ok((StatusCode::CREATED, Json(sign_up(&site, new, &invite, address, by_admin).await?)))
}

/// Administrators need no invitation.
async fn sign_up(site: &Site, mut new: NewUser, invite: &Invite, address: Address, by_admin: bool) -> Result<User> {
    new.username = new.username.trim().to_lowercase();
    new.email = new.email.trim().to_lowercase();
    let invitation = match invite.t.as_str() {
        "" => None,
        token => Some(invitations::open(site, &mut site.db.read().await?, token, address).await?),
    };
    if invitation.as_ref().is_some_and(|i| i.magic) {
        let message = "This invitation needs no account: open its link.";
        return Err(Error::invalid("api.user.create_user.signup_link_invalid.app_error", message));
    }
    let mailed_to = invitation.as_ref().map(|i| i.email.clone()).filter(|email| !email.is_empty());
    if let Some(email) = &mailed_to {
        new.email.clone_from(email);
    }
    rules::check_new(&new, &site.config().accounts)?;
    // Hashing takes tens of milliseconds on purpose; it must not happen while the writer is held.
    let hash = password::hash(new.password.clone()).await?;
    let mut tx = site.db.write().await?;
    let team = match invite.iid.as_str() {
        "" => None,
        id => Some(teams::by_invite(&mut tx, id).await?),
    };
    let first = store::count_people(&mut tx).await? == 0;
    if !first && team.is_none() && invitation.is_none() && !by_admin && !site.config().open_signup {
        let message = "This site creates accounts by invitation only; ask for an invite link.";
        return Err(Error::new(crate::error::Kind::Forbidden, "api.user.create_user.no_open_server", message));
    }
    let roles = match &invitation {
        _ if first => "system_admin system_user",
        Some(i) if i.guest => "system_guest",
        _ => "system_user",
    };
    let mut user = account(site, new, roles);
    insert_checked(&mut tx, &user, &hash).await?;
    if mailed_to.is_some() {
        // Only whoever reads the mail has the token.
        credentials::set_verified(&mut tx, &user.id, true, user.update_at).await?;
        user.email_verified = true;
    }
    // A guest sees nobody who is in no channel yet.
    site.emit(&mut tx, Event::new("new_user").with("user_id", user.id.as_str()).seen_by(BTreeSet::new()));
    if let Some(team) = team {
        teams::join(site, &mut tx, &team, &user, false, &user.id).await?;
    }
    if let Some(invitation) = invitation {
        invitations::admit(site, &mut tx, &invitation, &user).await?;
    }
    let by = By { user_id: user.id.clone(), address, ..By::default() };
    audits::record(site, &mut tx, by, "/api/v4/users", &format!("user_id={}", user.id)).await?;
    tx.commit().await?;
    Ok(user)
}

pub(super) fn account(site: &Site, new: NewUser, roles: &str) -> User {
    User {
        id: kit::id::new(),
        create_at: site.clock.now_ms(),
        update_at: site.clock.now_ms(),
        username: new.username,
        email: new.email,
        nickname: new.nickname,
        first_name: new.first_name,
        last_name: new.last_name,
        position: new.position,
        roles: roles.into(),
        props: Some(new.props.unwrap_or_default()),
        notify_props: Some(default_notify_props(new.notify_props.unwrap_or_default())),
        timezone: Some(new.timezone.unwrap_or_else(default_timezone)),
        locale: if new.locale.is_empty() { "en".into() } else { new.locale },
        ..User::default()
    }
}

/// The account of a guest who comes by a link to `email` and has no password; named after the address.
pub(crate) async fn guest_by_mail(site: &Site, tx: &mut Tx, email: &str) -> Result<User> {
    let username = free_name(tx, &name_of(email, "guest")).await?;
    let new = NewUser { username, email: email.into(), ..NewUser::default() };
    keep_for_service(site, tx, account(site, new, "system_guest"), crate::auth::MAGIC_SERVICE, "", true).await
}

/// What a login service says of somebody who has no account yet.
#[derive(Clone, Debug, Default)]
pub struct Newcomer {
    pub service: String,
    /// What the service knows the user by.
    pub data: String,
    /// The name or address that the username is made of.
    pub name: String,
    pub email: String,
    /// The service says that the address is the user's.
    pub email_verified: bool,
    pub first_name: String,
    pub last_name: String,
    pub nickname: String,
    pub guest: bool,
    pub admin: bool,
}

/// The account of somebody whom a login service vouches for. As everywhere, the first one administers the site.
///
/// # Errors
/// 400 when the address is none or another account has it.
pub async fn make_for_service(site: &Site, tx: &mut Tx, new: Newcomer) -> Result<User> {
    let email = new.email.trim().to_lowercase();
    rules::check_email(&email)?;
    let roles = match () {
        () if new.admin || store::count_people(tx).await? == 0 => "system_admin system_user",
        () if new.guest => "system_guest",
        () => "system_user",
    };
    let username = free_name(tx, &name_of(if new.name.is_empty() { &email } else { &new.name }, "user")).await?;
    let Newcomer { first_name, last_name, nickname, .. } = new;
    let wanted = NewUser { username, email, first_name, last_name, nickname, ..NewUser::default() };
    keep_for_service(site, tx, account(site, wanted, roles), &new.service, &new.data, new.email_verified).await
}

/// Keeps an account that no password opens.
async fn keep_for_service(
    site: &Site,
    tx: &mut Tx,
    mut user: User,
    service: &str,
    data: &str,
    verified: bool,
) -> Result<User> {
    insert_checked(tx, &user, "").await?;
    user.auth_service = service.into();
    user.auth_data = data.into();
    user.email_verified = verified;
    credentials::set_service(tx, &user.id, service, data, user.update_at).await?;
    credentials::set_verified(tx, &user.id, verified, user.update_at).await?;
    site.emit(tx, Event::new("new_user").with("user_id", user.id.as_str()).seen_by(BTreeSet::new()));
    Ok(user)
}

/// `wanted`, or it with the first number behind it that nobody has.
async fn free_name(tx: &mut Tx, wanted: &str) -> Result<String> {
    let mut username = wanted.to_owned();
    let mut number = 1;
    while store::by_login(tx, &username).await?.is_some() || rules::check_username(&username).is_err() {
        number += 1;
        username = format!("{wanted}{number}");
    }
    Ok(username)
}

/// A username from an address; short enough for a number behind it. What is too short gets `kind` before it.
fn name_of(email: &str, kind: &str) -> String {
    let local = email.split('@').next().unwrap_or_default().to_lowercase();
    let allowed = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '.' };
    let name: String = local.chars().map(allowed).skip_while(|c| !c.is_ascii_lowercase()).take(40).collect();
    let name = name.trim_end_matches('.');
    if name.len() < 3 { format!("{kind}.{name}").trim_end_matches('.').to_owned() } else { name.to_owned() }
}

async fn insert_checked(tx: &mut Tx, user: &User, hash: &str) -> Result<()> {
    if store::by_login(tx, &user.username).await?.is_some() {
        let message = "An account with that username already exists.";
        return Err(Error::invalid("app.user.save.username_exists.app_error", message));
    }
    if store::by_login(tx, &user.email).await?.is_some() {
        return Err(Error::invalid(
            "app.user.save.email_exists.app_error",
            "An account with that email already exists.",
        ));
    }
    Ok(store::insert(tx, user, hash).await?)
}

/// What a new account is told of, beside what was `given`.
pub fn default_notify_props(mut given: StringMap) -> StringMap {
    for (key, value) in [
        ("email", "true"),
        ("push", "mention"),
        ("desktop", "mention"),
        ("desktop_sound", "true"),
        ("mention_keys", ""),
        ("channel", "true"),
        ("push_status", "online"),
        ("comments", "never"),
        ("first_name", "false"),
        ("desktop_threads", "all"),
        ("email_threads", "all"),
        ("push_threads", "all"),
    ] {
        given.entry(key.into()).or_insert_with(|| value.into());
    }
    given
}

/// The time zone of a new account: that of its device.
pub fn default_timezone() -> StringMap {
    [("useAutomaticTimezone", "true"), ("automaticTimezone", ""), ("manualTimezone", "")]
        .map(|(k, v)| (k.into(), v.into()))
        .into()
}

/// The bot account `username`, made when it does not exist yet.
///
/// # Errors
/// When a person already has that name.
pub async fn ensure_bot(
    site: &Site,
    username: &str,
    display_name: &str,
    description: &str,
    owner: &str,
) -> Result<User> {
    let mut tx = site.db.write().await?;
    if let Some(user) = store::by_login(&mut tx, username).await? {
        if user.is_bot {
            return Ok(user);
        }
        let message = format!("The name {username} is taken by a person; choose another name for the bot.");
        return Err(Error::invalid("app.bot.createbot.internal_error", message));
    }
    let now = site.clock.now_ms();
    let user = User {
        id: kit::id::new(),
        create_at: now,
        update_at: now,
        username: username.into(),
        email: format!("{username}@localhost"),
        first_name: display_name.into(),
        roles: "system_user".into(),
        props: Some(wire::Props::new()),
        notify_props: Some(default_notify_props(StringMap::new())),
        timezone: Some(default_timezone()),
        locale: "en".into(),
        is_bot: true,
        bot_description: description.into(),
        ..User::default()
    };
    store::insert(&mut tx, &user, "").await?;
    store::insert_bot(&mut tx, &user.id, description, owner, now).await?;
    tx.commit().await?;
    Ok(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_a_name_that_an_account_can_have() {
        for (email, name) in [
            ("Ana.Lopez+field@clinic.example", "ana.lopez.field"),
            ("7up@clinic.example", "guest.up"),
            ("\u{17e}@clinic.example", "guest"),
        ] {
            assert_eq!(name_of(email, "guest"), name);
            rules::check_username(name).unwrap();
        }
    }
}
