//! PUT /users/sessions/device: a mobile app tells which device its session is on, each time it starts.

use crate::{Actor, Error, Result, Site};
use axum::Json;
use axum::extract::State;
use db::{Row, Sql, params};
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

/// A device has one session: an older one on the same device ends.
pub async fn attach(State(site): State<Site>, actor: Actor, Json(device): Json<Device>) -> Result<Json<StatusOk>> {
    if device.device_id.len() > 512 {
        return Err(Error::invalid_body("device_id", "at most 512 characters are wanted"));
    }
    let mut tx = site.db.write().await?;
    if !device.device_id.is_empty() {
        let others: Vec<String> =
            tx.fetch(&OTHERS, params![&actor.user_id, &device.device_id, &actor.session_id], Row::only).await?;
        for id in others {
            super::sessions::delete(&mut tx, &actor.user_id, &id).await?;
            let (hub, user) = (site.hub.clone(), actor.user_id.clone());
            tx.after_commit(move || hub.end_sessions(&user, Some(&id)));
        }
        tx.execute(&SET, params![&actor.user_id, &actor.session_id, &device.device_id]).await?;
    }
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
