//! POST /users/{id}/typing: for clients whose socket is asleep.

use super::me_or;
use crate::Json;
use crate::{Actor, Result, Site, ws};
use axum::extract::{Path, State};
use serde::Deserialize;
use wire::StatusOk;

/// Where somebody types; `parent_id` names a thread.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typing {
    channel_id: String,
    parent_id: String,
}

pub async fn typing(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Json(t): Json<Typing>,
) -> Result<Json<StatusOk>> {
    let user = me_or(&actor, &user)?;
    ws::typing(&site, &actor, &user, &t.channel_id, &t.parent_id).await?;
    Ok(Json(StatusOk::default()))
}
