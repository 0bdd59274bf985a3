//! Changing one's own profile and password.

use super::{credentials, me_or, missing, rules, store};
use crate::auth::password as hashing;
use crate::{Actor, Error, Result, Site, audits, auth};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use wire::{Event, Props, StatusOk, StringMap, User};

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
}

pub async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(p): Json<Patch>,
) -> Result<Json<User>> {
    let id = me_or(&actor, &id)?;
    let mut tx = site.db.write().await?;
    let mut user = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    if let Some(name) = p.username.map(|n| n.to_lowercase()).filter(|n| *n != user.username) {
        rules::check_username(&name)?;
        if store::by_login(&mut tx, &name).await?.is_some() {
            let message = "An account with that username already exists.";
            return Err(Error::invalid("app.user.save.username_exists.app_error", message));
        }
        user.username = name;
    }
    if let Some(email) = p.email.map(|e| e.to_lowercase()).filter(|e| *e != user.email) {
        rules::check_email(&email)?;
        if store::by_login(&mut tx, &email).await?.is_some() {
            return Err(Error::invalid(
                "app.user.save.email_exists.app_error",
                "An account with that email already exists.",
            ));
        }
        user.email = email;
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
    if let Some(changed) = p.notify_props {
        user.notify_props.get_or_insert_default().extend(changed);
    }
    user.update_at = site.clock.now_ms();
    store::update(&mut tx, &user).await?;
    let stranger = Actor::default();
    let seen = serde_json::to_value(super::sanitized(user.clone(), &stranger)).unwrap_or_default();
    site.emit(&mut tx, Event::new("user_updated").with("user", seen));
    tx.commit().await?;
    Ok(Json(user))
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
    rules::check_password(&body.new_password, &site.config.accounts)?;
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
