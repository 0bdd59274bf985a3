//! Small things that clients ask for once: time zones, and features that are there but
//! empty on this site.

use crate::Json;
use crate::{Actor, Result, Site, channels, posts};
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use serde_json::{Value, json};
use wire::{Post, StatusOk};

/// Routes of these.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/system/timezones", get(timezones))
        .route("/notifications/test", post(test_notification))
        .route("/agents", get(agents))
        .route("/agents/status", get(agents_status))
}

async fn timezones(_: Actor) -> Json<Vec<String>> {
    let mut names: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
    names.sort_unstable();
    Json(names)
}

/// A message to oneself, to see whether notifications come through.
async fn test_notification(State(site): State<Site>, actor: Actor) -> Result<Json<StatusOk>> {
    let bot = super::bot(&site, &actor.user_id).await?;
    let channel = channels::direct(&site, &bot.user_id, &actor.user_id).await?;
    let message = "If you received this test notification, it worked!".to_owned();
    posts::create(&site, &bot, Post { channel_id: channel.id, message, ..Post::default() }).await?;
    Ok(Json(StatusOk::default()))
}

/// Agents answer as bots here, not through upstream's bridge.
async fn agents(_: Actor) -> Json<Value> {
    Json(json!({"agents": []}))
}

async fn agents_status(_: Actor) -> Json<Value> {
    Json(json!({"available": false}))
}
