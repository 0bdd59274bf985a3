//! Managing incoming webhooks.

use super::store;
use crate::paging::Page;
use crate::rights::{INCOMING, check_length};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chat::Json;
use chat::roles::Permission;
use chat::{Actor, Error, Result, Site, channels};
use db::Conn;
use serde_json::{Value, json};
use wire::{Channel, IncomingWebhook, StatusOk};

fn missing() -> Error {
    Error::not_found("app.webhooks.get_incoming.app_error", "Unable to get the webhook.")
}

fn check(hook: &IncomingWebhook) -> Result<()> {
    let model = "incoming_hook";
    check_length(model, "display_name", &hook.display_name, 64)?;
    check_length(model, "description", &hook.description, 500)?;
    check_length(model, "username", &hook.username, 64)?;
    check_length(model, "icon_url", &hook.icon_url, 1024)
}

/// The channel that a webhook is made for: of a team, and seen by who makes it.
async fn target(conn: &mut Conn, actor: &Actor, channel_id: &str) -> Result<Channel> {
    if !kit::id::is_valid(channel_id) {
        return Err(Error::invalid_body("channel_id", "it is the id of a channel"));
    }
    let channel = channels::access(conn, actor, channel_id, Permission::READ_CHANNEL).await?;
    if channel.team_id.is_empty() {
        return Err(Error::invalid_body("channel_id", "direct and group messages have no webhooks"));
    }
    Ok(channel)
}

/// POST /hooks/incoming
pub async fn create(
    State(site): State<Site>,
    actor: Actor,
    Json(mut hook): Json<IncomingWebhook>,
) -> Result<(StatusCode, Json<IncomingWebhook>)> {
    let mut tx = site.db.write().await?;
    let channel = target(&mut tx, &actor, &hook.channel_id).await?;
    if hook.user_id.is_empty() {
        hook.user_id.clone_from(&actor.user_id);
    }
    INCOMING.require_over(&mut tx, &actor, &channel.team_id, &hook.user_id).await?;
    if chat::users::get(&mut tx, &hook.user_id).await?.is_none() {
        return Err(Error::invalid_body("user_id", "there is no such user"));
    }
    check(&hook)?;
    let now = site.clock.now_ms();
    hook = IncomingWebhook {
        id: kit::id::new(),
        create_at: now,
        update_at: now,
        delete_at: 0,
        team_id: channel.team_id,
        last_used: 0,
        ..hook
    };
    store::insert(&mut tx, &hook).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(hook)))
}

/// GET /hooks/incoming: of a team or of the whole site; who may not see those of others gets their own.
pub async fn list(State(site): State<Site>, actor: Actor, Query(q): Query<Page>) -> Result<Json<Value>> {
    let mut conn = site.db.read().await?;
    INCOMING.require(&mut conn, &actor, &q.team_id).await?;
    let all = INCOMING.over_others(&mut conn, &actor, &q.team_id).await;
    let owner = if all { "" } else { actor.user_id.as_str() };
    let (limit, offset) = q.range();
    let hooks = store::list(&mut conn, &q.team_id, owner, limit, offset).await?;
    if !q.include_total_count {
        return Ok(Json(json!(hooks)));
    }
    let count = store::count(&mut conn, &q.team_id, owner).await?;
    Ok(Json(json!({"incoming_webhooks": hooks, "total_count": count})))
}

/// A webhook that the actor may manage.
async fn own(conn: &mut Conn, actor: &Actor, id: &str) -> Result<IncomingWebhook> {
    let hook = store::get(conn, id).await?.ok_or_else(missing)?;
    INCOMING.require_over(conn, actor, &hook.team_id, &hook.user_id).await?;
    Ok(hook)
}

/// GET /hooks/incoming/{id}
pub async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<IncomingWebhook>> {
    own(&mut site.db.read().await?, &actor, &id).await.map(Json)
}

/// PUT /hooks/incoming/{id}
pub async fn update(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<IncomingWebhook>,
) -> Result<Json<IncomingWebhook>> {
    if new.id != id {
        return Err(Error::invalid_body("hook_id", "it is not the one of the address"));
    }
    let mut tx = site.db.write().await?;
    let old = own(&mut tx, &actor, &id).await?;
    if !new.team_id.is_empty() && new.team_id != old.team_id {
        let message = "Unable to update webhook across teams.";
        return Err(Error::invalid("api.webhook.team_mismatch.app_error", message));
    }
    let channel_id = if new.channel_id.is_empty() { old.channel_id.clone() } else { new.channel_id };
    if channel_id != old.channel_id && target(&mut tx, &actor, &channel_id).await?.team_id != old.team_id {
        let message = "Unable to update webhook across teams.";
        return Err(Error::invalid("api.webhook.team_mismatch.app_error", message));
    }
    let hook = IncomingWebhook {
        update_at: site.clock.now_ms(),
        channel_id,
        display_name: new.display_name,
        description: new.description,
        username: new.username,
        icon_url: new.icon_url,
        channel_locked: new.channel_locked,
        ..old
    };
    check(&hook)?;
    store::update(&mut tx, &hook).await?;
    tx.commit().await?;
    Ok(Json(hook))
}

/// DELETE /hooks/incoming/{id}
pub async fn delete(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let mut hook = own(&mut tx, &actor, &id).await?;
    hook.update_at = site.clock.now_ms();
    hook.delete_at = hook.update_at;
    store::update(&mut tx, &hook).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
