//! Preferences: stored verbatim per user, category and name; unknown ones too.

use crate::Json;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site, sidebar};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use db::{Conn, Row, Sql, Tx, params};
use wire::{Event, Preference, StatusOk};

/// Most preferences in one request.
const MAX_AT_ONCE: usize = 100;

const ALL: Sql =
    Sql::new("SELECT user_id, category, name, value FROM preferences WHERE user_id = $1 ORDER BY category, name");
const ONE: Sql = Sql::new("SELECT value FROM preferences WHERE user_id = $1 AND category = $2 AND name = $3");
const UPSERT: Sql = Sql::new(
    "INSERT INTO preferences (user_id, category, name, value) VALUES ($1, $2, $3, $4)
     ON CONFLICT (user_id, category, name) DO UPDATE SET value = excluded.value",
);
const DELETE: Sql = Sql::new("DELETE FROM preferences WHERE user_id = $1 AND category = $2 AND name = $3");

fn row(row: Row) -> db::Result<Preference> {
    let mut r = row.read();
    Ok(Preference { user_id: r.get()?, category: r.get()?, name: r.get()?, value: r.get()? })
}

/// The value of one preference.
///
/// # Errors
/// When the database fails.
pub async fn get_value(conn: &mut Conn, user_id: &str, category: &str, name: &str) -> Result<Option<String>> {
    Ok(conn.fetch_optional(&ONE, params![user_id, category, name], Row::only).await?)
}

/// Stores one preference.
///
/// # Errors
/// When the database fails.
pub async fn set(tx: &mut Tx, p: &Preference) -> Result<()> {
    tx.execute(&UPSERT, params![&p.user_id, &p.category, &p.name, &p.value]).await?;
    Ok(())
}

/// Forgets one preference.
///
/// # Errors
/// When the database fails.
pub async fn unset(tx: &mut Tx, p: &Preference) -> Result<()> {
    tx.execute(&DELETE, params![&p.user_id, &p.category, &p.name]).await?;
    Ok(())
}

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/users/{user_id}/preferences", get(list).put(save))
        .route("/users/{user_id}/preferences/delete", post(delete))
        .route("/users/{user_id}/preferences/{category}", get(by_category))
        .route("/users/{user_id}/preferences/{category}/name/{name}", get(by_name))
}

fn missing() -> Error {
    Error::not_found("app.preference.get.app_error", "There is no such preference.")
}

/// Everything of a user.
///
/// # Errors
/// When the database fails.
pub async fn of_user(conn: &mut Conn, user_id: &str) -> Result<Vec<Preference>> {
    Ok(conn.fetch(&ALL, params![user_id], row).await?)
}

async fn load(site: &Site, actor: &Actor, user_id: &str) -> Result<Vec<Preference>> {
    let user_id = me_or(actor, user_id)?;
    of_user(&mut site.db.read().await?, &user_id).await
}

async fn list(State(site): State<Site>, actor: Actor, Path(user_id): Path<String>) -> Result<Json<Vec<Preference>>> {
    load(&site, &actor, &user_id).await.map(Json)
}

async fn by_category(
    State(site): State<Site>,
    actor: Actor,
    Path((user_id, category)): Path<(String, String)>,
) -> Result<Json<Vec<Preference>>> {
    let mut all = load(&site, &actor, &user_id).await?;
    all.retain(|p| p.category == category);
    if all.is_empty() {
        return Err(missing());
    }
    Ok(Json(all))
}

async fn by_name(
    State(site): State<Site>,
    actor: Actor,
    Path((user_id, category, name)): Path<(String, String, String)>,
) -> Result<Json<Preference>> {
    let all = load(&site, &actor, &user_id).await?;
    all.into_iter().find(|p| p.category == category && p.name == name).map(Json).ok_or_else(missing)
}

fn check(actor: &Actor, user_id: &str, list: &[Preference]) -> Result<String> {
    let user_id = me_or(actor, user_id)?;
    if list.is_empty() || list.len() > MAX_AT_ONCE {
        return Err(Error::invalid_body("preferences", &format!("1 to {MAX_AT_ONCE} are wanted")));
    }
    for p in list {
        if p.user_id != user_id {
            return Err(Error::forbidden());
        }
        if p.category.is_empty() || p.category.len() > 32 || p.name.len() > 32 || p.value.len() > 20_000 {
            return Err(Error::invalid_body(
                "preference",
                "category and name have at most 32, the value 20000 characters",
            ));
        }
    }
    Ok(user_id)
}

async fn save(
    State(site): State<Site>,
    actor: Actor,
    Path(user_id): Path<String>,
    Json(list): Json<Vec<Preference>>,
) -> Result<Json<StatusOk>> {
    let user_id = check(&actor, &user_id, &list)?;
    let mut tx = site.db.write().await?;
    for p in &list {
        set(&mut tx, p).await?;
        if p.category == sidebar::FAVOURITE {
            sidebar::follow_preference(&mut tx, &user_id, &p.name, p.value == "true").await?;
        }
    }
    site.emit(&mut tx, Event::new("preferences_changed").with_encoded("preferences", &list).to_user(&user_id));
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

async fn delete(
    State(site): State<Site>,
    actor: Actor,
    Path(user_id): Path<String>,
    Json(list): Json<Vec<Preference>>,
) -> Result<Json<StatusOk>> {
    let user_id = check(&actor, &user_id, &list)?;
    let mut tx = site.db.write().await?;
    for p in &list {
        unset(&mut tx, p).await?;
        if p.category == sidebar::FAVOURITE {
            sidebar::follow_preference(&mut tx, &user_id, &p.name, false).await?;
        }
    }
    site.emit(&mut tx, Event::new("preferences_deleted").with_encoded("preferences", &list).to_user(&user_id));
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
