//! What a client noted about a call that went wrong, sent to its own user by the bot.

use super::channel::readable;
use super::{Body, Caller, failed};
use crate::posts::author;
use crate::service::Calls;
use crate::wording::utc;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chat::{channels, files, posts};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::Post;

/// Body of POST /logs/upload.
#[derive(Debug, Deserialize)]
pub struct Logs {
    logs: String,
    channel_id: String,
}

/// POST /logs/upload
pub async fn upload(
    State(calls): State<Calls>,
    Caller(actor): Caller,
    Body(body): Body<Logs>,
) -> Result<Json<Value>, Response> {
    readable(&calls, &actor, &body.channel_id).await?;
    let name = format!("call_logs_{}.txt", utc(calls.site.clock.now_ms(), "%Y-%m-%d_%H-%M-%S"));
    let send = async {
        let direct = channels::direct(&calls.site, &actor.user_id, &calls.bot_id).await?;
        let bytes = body.logs.into_bytes().into();
        let file = files::store_bytes(&calls.site, &calls.bot_id, &direct.id, &name, bytes).await?;
        let post = Post { channel_id: direct.id, file_ids: vec![file.id], ..Post::default() };
        posts::create(&calls.site, &author(&calls.bot_id), post).await
    };
    send.await.map_err(failed)?;
    Ok(Json(json!({})))
}
