//! What clients ask of the server itself: is it there, what can it do, how is it configured.

mod client;
mod ping;
mod small;

pub use client::told;
pub(crate) use client::{licence_for, mark, told_here};

use crate::Json;
use crate::keys::SYSTEM_SECRET;
use crate::{Actor, Result, Site, users};
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use db::{Conn, Row, Sql, Tx, params};
use serde_json::{Value, json};

const GET: Sql = Sql::new("SELECT value FROM system WHERE name = $1");
const SET: Sql = Sql::new(
    "INSERT INTO system (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
);

/// A stored value of the installation (ids, keys).
///
/// # Errors
/// When the database fails.
pub async fn value(conn: &mut Conn, name: &str) -> Result<Option<String>> {
    Ok(conn.fetch_optional(&GET, params![name], Row::only).await?)
}

/// Stores a value of the installation.
///
/// # Errors
/// When the database fails.
pub async fn set_value(tx: &mut Tx, name: &str, value: &str) -> Result<()> {
    tx.execute(&SET, params![name, value]).await?;
    Ok(())
}

/// A secret of the installation, made of so many signs when there is none. Its name has to end with `Key`, which is how
/// [`crate::keys::SYSTEM_SECRET`] knows it.
///
/// # Errors
/// When the database fails or the site's key is missing.
pub async fn secret(site: &Site, name: &str, signs: usize) -> Result<String> {
    if let Some(stored) = value(&mut site.db.read().await?, name).await? {
        return site.keys.open(&SYSTEM_SECRET, name, &stored);
    }
    let mut tx = site.db.write().await?;
    if let Some(stored) = value(&mut tx, name).await? {
        return site.keys.open(&SYSTEM_SECRET, name, &stored);
    }
    let made = kit::id::secret(signs);
    set_value(&mut tx, name, &site.keys.close(&SYSTEM_SECRET, name, &made)?).await?;
    tx.commit().await?;
    Ok(made)
}

/// The account in whose name the server itself writes to a user; made the first time, owned by who caused it.
///
/// # Errors
/// When a person has its name.
pub async fn bot(site: &Site, owner: &str) -> Result<Actor> {
    let bot = users::ensure_bot(site, "system-bot", "System", "Messages of the server itself", owner).await?;
    users::actor_of(site, &bot.id).await
}

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/system/ping", get(ping::ping))
        .route("/config/client", get(client::config))
        .route("/license/client", get(client::licence))
        .route("/limits/server", get(limits))
        .route("/logs", post(log))
        .merge(small::router())
}

/// A client's own error report goes to the server's log.
async fn log(actor: Actor, Json(body): Json<Value>) -> Json<Value> {
    let message = body.get("message").and_then(Value::as_str).unwrap_or_default();
    tracing::info!(user.id = %actor.user_id, message = %message.chars().take(500).collect::<String>(), "client log");
    Json(body)
}

async fn limits(State(site): State<Site>, _: Actor) -> Result<Json<Value>> {
    let count = users::count(&mut site.db.read().await?).await?;
    Ok(Json(
        json!({"maxUsersLimit": 0, "maxUsersHardLimit": 0, "activeUserCount": count, "lastAccessiblePostTime": 0, "postHistoryLimit": 0}),
    ))
}
