//! Making a bot of a person's account, and a person's of a bot's. Posts and memberships stay.

use super::bots::{check_name, get, note};
use super::{admin, credentials, me_or, missing, rules, store};
use crate::Json;
use crate::{Actor, Error, Result, Site, auth};
use axum::extract::{Path, Query, State};
use db::{Sql, params};
use serde::Deserialize;
use wire::{Bot, StatusOk, User};

const DELETE: Sql = Sql::new("DELETE FROM bots WHERE user_id = $1");
const SET_IS_BOT: Sql = Sql::new("UPDATE users SET is_bot = $2, update_at = $3 WHERE id = $1");

/// POST /users/{id}/convert_to_bot: nobody logs in as it any more.
pub async fn convert_to_bot(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Bot>> {
    if !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    let id = me_or(&actor, &id)?;
    let now = site.clock.now_ms();
    let mut tx = site.db.write().await?;
    let user = store::get(&mut tx, &id).await?.filter(|u| !u.is_bot).ok_or_else(missing)?;
    store::insert_bot(&mut tx, &id, "", &actor.user_id, now).await?;
    tx.execute(&SET_IS_BOT, params![&id, true, now]).await?;
    admin::require_an_admin_left(&mut tx).await?;
    credentials::set_password(&mut tx, &id, "", now).await?;
    credentials::deactivate(&mut tx, &id, now).await?;
    auth::end_all(&site, &mut tx, &id).await?;
    admin::announce(&site, &mut tx, User { is_bot: true, update_at: now, ..user }).await?;
    let made = get(&mut tx, &id).await?;
    note(&site, tx, &actor, &format!("/api/v4/users/{id}/convert_to_bot"), &made).await?;
    Ok(Json(made))
}

/// Body of POST /bots/{id}/convert_to_user: what the account is from now on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Person {
    email: Option<String>,
    username: Option<String>,
    password: String,
    first_name: Option<String>,
    last_name: Option<String>,
    nickname: Option<String>,
    locale: Option<String>,
    position: Option<String>,
}

/// Query of POST /bots/{id}/convert_to_user.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Promotion {
    set_system_admin: bool,
}

/// POST /bots/{id}/convert_to_user
pub async fn convert_to_user(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<Promotion>,
    Json(new): Json<Person>,
) -> Result<Json<StatusOk>> {
    if !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    rules::check_password(&new.password, &site.config().accounts)?;
    let hash = auth::password::hash(new.password).await?;
    let now = site.clock.now_ms();
    let mut tx = site.db.write().await?;
    let known = get(&mut tx, &id).await?;
    let mut user = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    if let Some(name) = new.username.map(|n| n.trim().to_lowercase()).filter(|n| *n != user.username) {
        check_name(&mut tx, &name).await?;
        user.username = name;
    }
    if let Some(email) = new.email.map(|e| e.trim().to_lowercase()).filter(|e| *e != user.email) {
        rules::check_email(&email)?;
        if store::by_login(&mut tx, &email).await?.is_some() {
            let message = "An account with that email already exists.";
            return Err(Error::invalid("app.user.save.email_exists.app_error", message));
        }
        user.email = email;
    }
    for (field, value) in [
        (&mut user.first_name, new.first_name),
        (&mut user.last_name, new.last_name),
        (&mut user.nickname, new.nickname),
        (&mut user.locale, new.locale),
        (&mut user.position, new.position),
    ] {
        if let Some(value) = value {
            *field = value.chars().take(128).collect();
        }
    }
    user.update_at = now;
    user.is_bot = false;
    store::update(&mut tx, &user).await?;
    credentials::set_password(&mut tx, &id, &hash, now).await?;
    tx.execute(&SET_IS_BOT, params![&id, false, now]).await?;
    tx.execute(&DELETE, params![&id]).await?;
    if q.set_system_admin {
        user.roles = "system_admin system_user".into();
        store::set_roles(&mut tx, &id, &user.roles, now).await?;
    }
    admin::announce(&site, &mut tx, user).await?;
    note(&site, tx, &actor, &format!("/api/v4/bots/{id}/convert_to_user"), &known).await?;
    Ok(Json(StatusOk::default()))
}
