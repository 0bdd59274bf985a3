//! POST /users/{id}/typing: for clients whose socket is asleep.

use super::me_or;
use crate::Json;
use crate::roles::Permission;
use crate::{Actor, Result, Site, channels};
use axum::extract::{Path, State};
use serde::Deserialize;
use wire::{Event, StatusOk};

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
    channels::access(&mut site.db.read().await?, &actor, &t.channel_id, Permission::CREATE_POST).await?;
    let event = Event::new("typing").with("parent_id", t.parent_id).with("user_id", user.as_str());
    site.hub.publish(event.omitting_user(&user).to_channel(&t.channel_id));
    Ok(Json(StatusOk::default()))
}
