//! Changing one's own profile and password.

use super::{admin, create, credentials, me_or, missing, rules, store};
use crate::Json;
use crate::auth::password as hashing;
use crate::{Actor, Error, Result, Site, audits, auth};
use axum::extract::{Path, State};
use serde::Deserialize;
use wire::{Props, StatusOk, StringMap, User};

/// The fields that PUT /users/{id}/patch may change.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Patch {
    email: Option<String>,
    username: Option<String>,
    nickname: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    position: Option<String>,
    locale: Option<String>,
    props: Option<Props>,
    notify_props: Option<StringMap>,
    timezone: Option<StringMap>,
    /// The current one, for another address of one's own.
    password: Option<String>,
}

/// PUT /users/{id}/patch: what is absent stays.
pub async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(p): Json<Patch>,
) -> Result<Json<User>> {
    let id = me_or(&actor, &id)?;
    change(&site, &actor, &id, p, false).await.map(Json)
}

/// Body of PUT /users/{id}.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Whole {
    id: String,
    #[serde(flatten)]
    fields: Patch,
}

/// PUT /users/{id}: what is absent becomes empty.
pub async fn replace(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(whole): Json<Whole>,
) -> Result<Json<User>> {
    let id = me_or(&actor, &id)?;
    if whole.id != id {
        return Err(Error::invalid_body("id", "the id of the address is wanted"));
    }
    let p = whole.fields;
    for (name, value) in [("email", &p.email), ("username", &p.username)] {
        if value.as_ref().is_none_or(String::is_empty) {
            return Err(Error::invalid_body(name, "it is wanted when a profile is replaced"));
        }
    }
    let given = |text: Option<String>| Some(text.unwrap_or_default());
    let filled = Patch {
        nickname: given(p.nickname),
        first_name: given(p.first_name),
        last_name: given(p.last_name),
        position: given(p.position),
        locale: p.locale.filter(|l| !l.is_empty()).or_else(|| Some("en".into())),
        props: Some(p.props.unwrap_or_default()),
        notify_props: Some(create::default_notify_props(p.notify_props.unwrap_or_default())),
        timezone: Some(p.timezone.unwrap_or_else(create::default_timezone)),
        ..p
    };
    change(&site, &actor, &id, filled, true).await.map(Json)
}

/// Whoever found an open browser must not take the account away by another address.
async fn prove_oneself(site: &Site, id: &str, password: Option<String>) -> Result<()> {
    let Some(password) = password else {
        return Err(Error::invalid_body("password", "the current one is wanted for another address"));
    };
    let known = credentials::get(&mut site.db.read().await?, id).await?.ok_or_else(missing)?;
    if hashing::verify(password, known.password).await? {
        return Ok(());
    }
    Err(Error::invalid("api.user.check_user_password.invalid.app_error", "The current password is wrong."))
}

/// What a directory says of somebody is changed there.
fn require_own_fields(site: &Site, user: &User, p: &Patch) -> Result<()> {
    let Some(directory) = site.directory().filter(|d| d.service() == user.auth_service) else { return Ok(()) };
    let differs = |new: &Option<String>, old: &str| new.as_ref().is_some_and(|new| new.trim() != old);
    let changed = [
        ("email", differs(&p.email, &user.email)),
        ("username", differs(&p.username, &user.username)),
        ("first_name", differs(&p.first_name, &user.first_name)),
        ("last_name", differs(&p.last_name, &user.last_name)),
        ("nickname", differs(&p.nickname, &user.nickname)),
        ("position", differs(&p.position, &user.position)),
    ];
    match changed.into_iter().find(|(field, differs)| *differs && directory.keeps(field)) {
        Some((field, _)) => {
            let message = format!("{field} is set by the directory that you log in by; it is changed there.");
            let id = "api.user.update_user.login_provider_attribute_set.app_error";
            Err(Error::new(crate::error::Kind::Conflict, id, message))
        }
        None => Ok(()),
    }
}

/// `whole`: the notification settings are replaced, not added to.
async fn change(site: &Site, actor: &Actor, id: &str, p: Patch, whole: bool) -> Result<User> {
    let known = store::get(&mut site.db.read().await?, id).await?.ok_or_else(missing)?;
    require_own_fields(site, &known, &p)?;
    let email = p.email.map(|e| e.trim().to_lowercase());
    let email = email.filter(|e| *e != known.email);
    if email.is_some() && id == actor.user_id && !actor.is_bot {
        prove_oneself(site, id, p.password).await?;
    }
    let mut tx = site.db.write().await?;
    let mut user = store::get(&mut tx, id).await?.ok_or_else(missing)?;
    let now = site.clock.now_ms();
    if let Some(name) = p.username.map(|n| n.trim().to_lowercase()).filter(|n| *n != user.username) {
        rules::check_username(&name)?;
        if store::by_login(&mut tx, &name).await?.is_some() {
            let message = "An account with that username already exists.";
            return Err(Error::invalid("app.user.save.username_exists.app_error", message));
        }
        user.username = name;
    }
    if let Some(email) = email {
        rules::check_email(&email)?;
        if store::by_login(&mut tx, &email).await?.is_some() {
            let message = "An account with that email already exists.";
            return Err(Error::invalid("app.user.save.email_exists.app_error", message));
        }
        user.email = email;
        user.email_verified = false;
        credentials::set_verified(&mut tx, id, false, now).await?;
        let action = format!("/api/v4/users/{id}/patch");
        audits::record(site, &mut tx, actor, &action, &format!("user_id={id} email")).await?;
    }
    let set = |field: &mut String, value: Option<String>| {
        if let Some(value) = value {
            *field = value.chars().take(128).collect();
        }
    };
    set(&mut user.nickname, p.nickname);
    set(&mut user.first_name, p.first_name);
    set(&mut user.last_name, p.last_name);
    set(&mut user.position, p.position);
    set(&mut user.locale, p.locale);
    user.props = p.props.or(user.props);
    user.timezone = p.timezone.or(user.timezone);
    if whole {
        user.notify_props = p.notify_props;
    } else if let Some(changed) = p.notify_props {
        user.notify_props.get_or_insert_default().extend(changed);
    }
    user.update_at = now;
    store::update(&mut tx, &user).await?;
    admin::announce(site, &mut tx, user.clone()).await?;
    tx.commit().await?;
    Ok(user)
}

/// Body of PUT /users/{id}/password.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewPassword {
    current_password: String,
    new_password: String,
}

/// PUT /users/{id}/password: one's own with the old one, anybody's as administrator. Other sessions end.
pub async fn password(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(body): Json<NewPassword>,
) -> Result<Json<StatusOk>> {
    let id = me_or(&actor, &id)?;
    rules::check_password(&body.new_password, &site.config().accounts)?;
    let user = store::get(&mut site.db.read().await?, &id).await?.ok_or_else(missing)?;
    if site.directory().is_some_and(|d| d.service() == user.auth_service) {
        let message = "The directory that opens this account keeps its password.";
        return Err(Error::invalid("api.user.update_password.oauth.app_error", message));
    }
    let known = credentials::get(&mut site.db.read().await?, &id).await?.ok_or_else(missing)?;
    if id == actor.user_id && !hashing::verify(body.current_password, known.password).await? {
        let message = "The current password is wrong.";
        return Err(Error::invalid("api.user.update_password.incorrect.app_error", message));
    }
    let hash = hashing::hash(body.new_password).await?;
    let mut tx = site.db.write().await?;
    credentials::set_password(&mut tx, &id, &hash, site.clock.now_ms()).await?;
    auth::end_others(&site, &mut tx, &id, &actor.session_id).await?;
    let action = format!("/api/v4/users/{id}/password");
    audits::record(&site, &mut tx, &actor, &action, &format!("user_id={id}")).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
