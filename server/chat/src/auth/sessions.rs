//! Sessions: made at login, listed, revoked. The token itself is never stored.

use crate::Json;
use crate::actor::hash_token;
use crate::users::{self, me_or};
use crate::{Actor, Error, Result, Site, audits};
use axum::extract::{Path, State};
use db::{Row, Sql, Tx, params};
use serde::Deserialize;
use wire::{Session, StatusOk, User};

const INSERT: Sql = Sql::new(
    "INSERT INTO sessions (id, token_hash, user_id, create_at, expires_at, last_activity_at, device_id, roles, props)
     VALUES ($1, $2, $3, $4, $5, $4, $6, $7, $8)",
);
const OF_USER: Sql = Sql::new(
    "SELECT id, create_at, expires_at, last_activity_at, user_id, device_id, roles, is_oauth, props
     FROM sessions WHERE user_id = $1 ORDER BY last_activity_at DESC",
);
const OTHERS: Sql = Sql::new("SELECT id FROM sessions WHERE user_id = $1 AND id <> $2");
const EVERYBODY: Sql = Sql::new("SELECT DISTINCT user_id FROM sessions");
const DELETE: Sql = Sql::new("DELETE FROM sessions WHERE user_id = $1 AND id = $2");
const DELETE_OLD: Sql = Sql::new("DELETE FROM sessions WHERE user_id = $1 AND create_at < $2");
const DELETE_ALL: Sql = Sql::new("DELETE FROM sessions WHERE user_id = $1");

const PROPS: Sql = Sql::new("SELECT id, props FROM sessions WHERE user_id = $1");
const SET_ROLES: Sql = Sql::new("UPDATE sessions SET roles = $2, props = $3 WHERE id = $1");

/// What a login hands out.
pub struct Made {
    pub id: String,
    pub token: String,
    pub csrf: String,
}

/// What a client says of itself, as lists of sessions show it.
fn client(user_agent: &str) -> (&'static str, &'static str) {
    let has = |word: &str| user_agent.contains(word);
    let system = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iOS"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let program = [
        ("Mattermost Mobile", "Mobile app"),
        ("rnbeta", "Mobile app"),
        ("Mattermost/", "Desktop app"),
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let first = |list: &[(&str, &'static str)]| list.iter().find(|(word, _)| has(word)).map_or("", |(_, name)| *name);
    (first(&system), first(&program))
}

/// Makes a session for `user`.
pub async fn create(site: &Site, tx: &mut Tx, user: &User, device_id: &str, user_agent: &str) -> Result<Made> {
    create_with(site, tx, user, device_id, user_agent, &[]).await
}

/// [`create`], with properties of the session beside those that the client's own words give.
pub async fn create_with(
    site: &Site,
    tx: &mut Tx,
    user: &User,
    device_id: &str,
    user_agent: &str,
    more: &[(&str, &str)],
) -> Result<Made> {
    let made = Made { id: kit::id::new(), token: kit::id::new(), csrf: kit::id::new() };
    let now = site.clock.now_ms();
    let (os, browser) = client(user_agent);
    let mut props = serde_json::json!({
        "csrf": made.csrf, "is_guest": crate::roles::is_guest(&user.roles).to_string(), "platform": os, "os": os,
        "browser": browser, "isMobile": (browser == "Mobile app" || !device_id.is_empty()).to_string(),
    });
    for (name, value) in more {
        props[*name] = (*value).into();
    }
    let length = site.config().session_length_ms;
    let expires = now + site.config().accounts.session_max_ms().map_or(length, |most| most.min(length));
    tx.execute(
        &INSERT,
        params![&made.id, hash_token(&made.token), &user.id, now, expires, device_id, &user.roles, props],
    )
    .await?;
    Ok(made)
}

/// A session token for a bot that does not expire, for workers of the products.
///
/// # Errors
/// 404 when there is no such user.
pub async fn bot_token(site: &Site, user_id: &str) -> Result<String> {
    let mut tx = site.db.write().await?;
    let user = users::get(&mut tx, user_id).await?.ok_or_else(users::missing)?;
    let token = kit::id::new();
    let props = serde_json::json!({"is_bot": "true"});
    let now = site.clock.now_ms();
    tx.execute(&INSERT, params![kit::id::new(), hash_token(&token), user_id, now, 0_i64, "", &user.roles, props])
        .await?;
    tx.commit().await?;
    Ok(token)
}

/// Ends the sessions of a bot that were made before `before` (Unix milliseconds), whose workers have long finished.
///
/// # Errors
/// When the database fails.
pub async fn end_old_bot_sessions(site: &Site, user_id: &str, before: i64) -> Result<()> {
    let mut tx = site.db.write().await?;
    tx.execute(&DELETE_OLD, params![user_id, before]).await?;
    Ok(tx.commit().await?)
}

/// The user's open sessions say the roles that the account has now.
///
/// # Errors
/// When the database fails.
pub async fn set_roles(tx: &mut Tx, user_id: &str, roles: &str, guest: bool) -> Result<()> {
    let pair = |row: Row| {
        let mut r = row.read();
        Ok((r.get::<String>()?, r.get::<serde_json::Value>()?))
    };
    for (id, mut props) in tx.fetch(&PROPS, params![user_id], pair).await? {
        props["is_guest"] = guest.to_string().into();
        tx.execute(&SET_ROLES, params![id, roles, props]).await?;
    }
    Ok(())
}

/// Ends one session and its sockets.
///
/// # Errors
/// When the database fails.
pub async fn end(site: &Site, tx: &mut Tx, user_id: &str, id: &str) -> Result<()> {
    tx.execute(&DELETE, params![user_id, id]).await?;
    let (hub, user, id) = (site.hub.clone(), user_id.to_owned(), id.to_owned());
    tx.after_commit(move || hub.end_sessions(&user, Some(&id)));
    Ok(())
}

/// Ends every session of a user but `kept`, with their sockets: whoever knew the old password is out.
///
/// # Errors
/// When the database fails.
pub async fn end_others(site: &Site, tx: &mut Tx, user_id: &str, kept: &str) -> Result<()> {
    let ids: Vec<String> = tx.fetch(&OTHERS, params![user_id, kept], Row::only).await?;
    for id in ids {
        end(site, tx, user_id, &id).await?;
    }
    Ok(())
}

/// Ends every session and socket of a user.
///
/// # Errors
/// When the database fails.
pub async fn end_all(site: &Site, tx: &mut Tx, user_id: &str) -> Result<()> {
    tx.execute(&DELETE_ALL, params![user_id]).await?;
    let (hub, user) = (site.hub.clone(), user_id.to_owned());
    tx.after_commit(move || hub.end_sessions(&user, None));
    Ok(())
}

fn session(row: Row) -> db::Result<Session> {
    let mut r = row.read();
    let session = Session {
        id: r.get()?,
        create_at: r.get()?,
        expires_at: r.get()?,
        last_activity_at: r.get()?,
        user_id: r.get()?,
        device_id: r.get()?,
        roles: r.get()?,
        is_oauth: r.get()?,
        props: serde_json::from_value(r.get()?).unwrap_or_default(),
        ..Session::default()
    };
    let voip_device_id = session.props.get(super::device::VOIP).cloned().unwrap_or_default();
    Ok(Session { voip_device_id, ..session })
}

pub async fn list(State(site): State<Site>, actor: Actor, Path(user_id): Path<String>) -> Result<Json<Vec<Session>>> {
    let user_id = me_or(&actor, &user_id)?;
    Ok(Json(site.db.read().await?.fetch(&OF_USER, params![user_id], session).await?))
}

/// Body of POST …/sessions/revoke.
#[derive(Debug, Deserialize)]
pub struct Revoke {
    session_id: String,
}

/// POST /users/{id}/sessions/revoke
pub async fn revoke(
    State(site): State<Site>,
    actor: Actor,
    Path(user_id): Path<String>,
    Json(body): Json<Revoke>,
) -> Result<Json<StatusOk>> {
    let user_id = me_or(&actor, &user_id)?;
    let mut tx = site.db.write().await?;
    end(&site, &mut tx, &user_id, &body.session_id).await?;
    let info = format!("user_id={user_id} revoked_session_id={}", body.session_id);
    audits::record(&site, &mut tx, &actor, &format!("/api/v4/users/{user_id}/sessions/revoke"), &info).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// POST /users/{id}/sessions/revoke/all
pub async fn revoke_all(State(site): State<Site>, actor: Actor, Path(user_id): Path<String>) -> Result<Json<StatusOk>> {
    let user_id = me_or(&actor, &user_id)?;
    let mut tx = site.db.write().await?;
    end_all(&site, &mut tx, &user_id).await?;
    let action = format!("/api/v4/users/{user_id}/sessions/revoke/all");
    audits::record(&site, &mut tx, &actor, &action, &format!("user_id={user_id}")).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// POST /users/sessions/revoke/all: everybody has to log in again, programs with access tokens excepted.
pub async fn revoke_everybodys(State(site): State<Site>, actor: Actor) -> Result<Json<StatusOk>> {
    if !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    let mut tx = site.db.write().await?;
    let everybody: Vec<String> = tx.fetch(&EVERYBODY, params![], Row::only).await?;
    for user_id in everybody {
        end_others(&site, &mut tx, &user_id, "").await?;
    }
    audits::record(&site, &mut tx, &actor, "/api/v4/users/sessions/revoke/all", "").await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
