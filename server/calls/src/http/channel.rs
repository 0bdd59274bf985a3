//! The calls of channels: which go on, where they are allowed, and not being told of one any more.

use super::{Body, Caller, failed, forbidden, no_call, success};
use crate::call::{Audience, Notice};
use crate::service::Calls;
use crate::{events, store};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chat::roles::Permission;
use chat::{Actor, channels, teams};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wire::{Channel, Props};

/// Proves that the actor may read the channel; the bot may read every one.
pub async fn readable(calls: &Calls, actor: &Actor, channel_id: &str) -> Result<Channel, Response> {
    let mut conn = calls.site.db.read().await.map_err(|e| failed(e.into()))?;
    if actor.user_id == calls.bot_id {
        return channels::get(&mut conn, channel_id).await.map_err(|e| failed(e.into()))?.ok_or_else(forbidden);
    }
    channels::access(&mut conn, actor, channel_id, Permission::READ_CHANNEL).await.map_err(|_| forbidden())
}

/// GET /channels: where somebody has said whether calls are allowed, and where a call goes on.
pub async fn list(State(calls): State<Calls>, Caller(actor): Caller) -> Result<Json<Vec<Value>>, Response> {
    let mut conn = calls.site.db.read().await.map_err(|e| failed(e.into()))?;
    let mine = channels::ids_of(&mut conn, &actor.user_id).await.map_err(|e| failed(e.into()))?;
    let said = store::enabled_of(&mut conn, &mine).await.map_err(|e| failed(e.into()))?;
    drop(conn);
    let mut entries: BTreeMap<String, Value> =
        said.into_iter().map(|(id, enabled)| (id.clone(), json!({"channel_id": id, "enabled": enabled}))).collect();
    for channel_id in calls.rooms.channels().into_iter().filter(|id| mine.contains(id)) {
        let user_id = actor.user_id.clone();
        let Some(call) = calls.rooms.with(&channel_id, move |call, _| call.view(&user_id)).await else { continue };
        let entry = entries.entry(channel_id.clone()).or_insert_with(|| json!({"channel_id": channel_id}));
        entry["call"] = call;
    }
    Ok(Json(entries.into_values().collect()))
}

/// GET /{channel_id}
pub async fn one(
    State(calls): State<Calls>,
    Caller(actor): Caller,
    Path(channel_id): Path<String>,
) -> Result<Json<Value>, Response> {
    readable(&calls, &actor, &channel_id).await?;
    let said = {
        let mut conn = calls.site.db.read().await.map_err(|e| failed(e.into()))?;
        store::enabled(&mut conn, &channel_id).await.map_err(|e| failed(e.into()))?
    };
    let enabled = said.unwrap_or(calls.config.default_enabled);
    let mut entry = json!({"channel_id": channel_id, "enabled": enabled});
    if let Some(call) = calls.rooms.with(&channel_id, move |call, _| call.view(&actor.user_id)).await {
        entry["call"] = call;
    }
    Ok(Json(entry))
}

/// Body of POST /{channel_id}.
#[derive(Debug, Deserialize)]
pub struct Enabled {
    enabled: bool,
}

/// POST /{channel_id}: turns calls on or off.
pub async fn set_enabled(
    State(calls): State<Calls>,
    Caller(actor): Caller,
    Path(channel_id): Path<String>,
    Body(body): Body<Enabled>,
) -> Result<Json<Value>, Response> {
    let channel = readable(&calls, &actor, &channel_id).await?;
    if !may_set(&calls, &actor, &channel).await? {
        return Err(forbidden());
    }
    let set = async {
        let mut tx = calls.site.db.write().await?;
        store::set_enabled(&mut tx, &channel_id, body.enabled).await?;
        let name = if body.enabled { "channel_enable_voice" } else { "channel_disable_voice" };
        let notice = Notice { name, data: Props::new(), to: Audience::Channel };
        for event in events::of(notice, &channel_id, &calls.bot_id) {
            calls.site.emit(&mut tx, event);
        }
        tx.commit().await
    };
    set.await.map_err(|e| failed(e.into()))?;
    Ok(Json(json!({"enabled": body.enabled})))
}

/// Administrators of system, team and channel; in direct and group channels everybody; the latter three only where calls
/// are allowed by default.
async fn may_set(calls: &Calls, actor: &Actor, channel: &Channel) -> Result<bool, Response> {
    if actor.is_system_admin() {
        return Ok(true);
    }
    if !calls.config.default_enabled {
        return Ok(false);
    }
    let mut conn = calls.site.db.read().await.map_err(|e| failed(e.into()))?;
    let Some(member) = channels::member(&mut conn, &channel.id, &actor.user_id).await.map_err(|e| failed(e.into()))?
    else {
        return Ok(false);
    };
    if member.scheme_admin || matches!(channel.kind.as_str(), "D" | "G") {
        return Ok(true);
    }
    Ok(teams::require(&mut conn, actor, &channel.team_id, Permission::MANAGE_TEAM).await.is_ok())
}

/// GET /calls/{channel_id}/active
pub async fn active(
    State(calls): State<Calls>,
    Caller(actor): Caller,
    Path(channel_id): Path<String>,
) -> Result<Json<Value>, Response> {
    readable(&calls, &actor, &channel_id).await?;
    let active = calls.rooms.with(&channel_id, |call, _| call.end_at == 0).await.unwrap_or(false);
    Ok(Json(json!({"active": active})))
}

/// POST /calls/{channel_id}/dismiss-notification
pub async fn dismiss(State(calls): State<Calls>, Caller(actor): Caller, Path(channel_id): Path<String>) -> Response {
    if let Err(refused) = readable(&calls, &actor, &channel_id).await {
        return refused;
    }
    match calls.rooms.with(&channel_id, move |call, _| call.dismiss(&actor.user_id)).await {
        Some(()) => success(),
        None => no_call().into_response(),
    }
}
