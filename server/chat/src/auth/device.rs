//! A device has one session. A mobile app names its device at login and each time it starts.

use super::sessions;
use crate::Json;
use crate::{Actor, Error, Result, Site};
use axum::extract::State;
use db::{Row, Sql, Tx, params};
use serde::Deserialize;
use wire::StatusOk;

const OTHERS: Sql = Sql::new("SELECT id FROM sessions WHERE user_id = $1 AND device_id = $2 AND id <> $3");
const SET: Sql = Sql::new("UPDATE sessions SET device_id = $3 WHERE user_id = $1 AND id = $2");

/// What the device says of itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Device {
    device_id: String,
}

/// # Errors
/// 400 when the id is too long.
pub fn check(device_id: &str) -> Result<()> {
    if device_id.len() > 512 {
        return Err(Error::invalid_body("device_id", "at most 512 characters are wanted"));
    }
    Ok(())
}

/// PUT /users/sessions/device
pub async fn attach(State(site): State<Site>, actor: Actor, Json(device): Json<Device>) -> Result<Json<StatusOk>> {
    check(&device.device_id)?;
    let mut tx = site.db.write().await?;
    if !device.device_id.is_empty() {
        end_others(&site, &mut tx, &actor.user_id, &actor.session_id, &device.device_id).await?;
        tx.execute(&SET, params![&actor.user_id, &actor.session_id, &device.device_id]).await?;
    }
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// Ends the user's other sessions on this device; none when the device is not named.
///
/// # Errors
/// When the database fails.
pub async fn end_others(site: &Site, tx: &mut Tx, user_id: &str, session_id: &str, device_id: &str) -> Result<()> {
    if device_id.is_empty() {
        return Ok(());
    }
    let others: Vec<String> = tx.fetch(&OTHERS, params![user_id, device_id, session_id], Row::only).await?;
    for id in others {
        sessions::end(site, tx, user_id, &id).await?;
    }
    Ok(())
}
