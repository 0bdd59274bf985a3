//! Managing outgoing webhooks.

use super::{rules, store};
use crate::Integrations;
use crate::paging::Page;
use crate::rights::OUTGOING;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chat::Json;
use chat::error::Kind;
use chat::{Actor, Error, Result, Site, channels, teams, users};
use db::{Conn, Tx};
use wire::{OutgoingWebhook, StatusOk};

fn missing() -> Error {
    Error::not_found("app.webhooks.get_outgoing.app_error", "Unable to get the webhook.")
}

/// A webhook's channel is public and of its team; nothing else of the team answers to the same posts the same way.
async fn check(site: &Site, conn: &mut Conn, integrations: &Integrations, hook: &OutgoingWebhook) -> Result<()> {
    rules::check(hook)?;
    for address in &hook.callback_urls {
        integrations.check_address("callback_urls", address)?;
    }
    if !hook.channel_id.is_empty() {
        let channel = channels::get(conn, &hook.channel_id).await?;
        let channel = channel.ok_or_else(|| Error::invalid_body("channel_id", "there is no such channel"))?;
        let refused = |what: &str, message: &str| {
            Err(Error::new(Kind::Forbidden, format!("api.webhook.create_outgoing.{what}.app_error"), message))
        };
        if channel.kind != "O" {
            return refused("not_open", "Outgoing webhooks can only be created for public channels.");
        }
        if channel.team_id != hook.team_id {
            return refused("permissions", "The channel is not of this team.");
        }
    }
    let others = store::list(conn, &site.keys, &hook.team_id, "", "", (i64::MAX, 0)).await?;
    if others.iter().any(|other| rules::collide(hook, other)) {
        let message = "Outgoing webhooks from the same channel cannot have the same trigger words/callback URLs.";
        return Err(Error::invalid("api.webhook.create_outgoing.intersect.app_error", message));
    }
    Ok(())
}

/// POST /hooks/outgoing
pub async fn create(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    actor: Actor,
    Json(new): Json<OutgoingWebhook>,
) -> Result<(StatusCode, Json<OutgoingWebhook>)> {
    let mut tx = site.db.write().await?;
    if teams::get(&mut tx, &new.team_id).await?.is_none() {
        return Err(Error::invalid_body("team_id", "it is the id of a team"));
    }
    let creator = if new.creator_id.is_empty() { actor.user_id.clone() } else { new.creator_id.clone() };
    OUTGOING.require_over(&mut tx, &actor, &new.team_id, &creator).await?;
    if users::get(&mut tx, &creator).await?.is_none() {
        return Err(Error::invalid_body("creator_id", "there is no such user"));
    }
    let now = site.clock.now_ms();
    let hook = OutgoingWebhook {
        id: kit::id::new(),
        token: kit::id::new(),
        create_at: now,
        update_at: now,
        delete_at: 0,
        creator_id: creator,
        ..new
    };
    check(&site, &mut tx, &integrations, &hook).await?;
    store::insert(&mut tx, &site.keys, &hook).await?;
    integrations.outgoing.changed(&mut tx);
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(hook)))
}

/// GET /hooks/outgoing: of a channel, of a team or of the whole site; who may not see those of others gets their own.
pub async fn list(State(site): State<Site>, actor: Actor, Query(q): Query<Page>) -> Result<Json<Vec<OutgoingWebhook>>> {
    let mut conn = site.db.read().await?;
    let mut team = q.team_id.clone();
    if !q.channel_id.is_empty() {
        let channel = channels::get(&mut conn, &q.channel_id).await?;
        team = channel.ok_or_else(|| Error::invalid_param("channel_id"))?.team_id;
    }
    OUTGOING.require(&mut conn, &actor, &team).await?;
    let all = OUTGOING.over_others(&mut conn, &actor, &team).await;
    let owner = if all { "" } else { actor.user_id.as_str() };
    Ok(Json(store::list(&mut conn, &site.keys, &team, &q.channel_id, owner, q.range()).await?))
}

/// A webhook that the actor may manage.
async fn own(site: &Site, conn: &mut Conn, actor: &Actor, id: &str) -> Result<OutgoingWebhook> {
    let hook = store::get(conn, &site.keys, id).await?.ok_or_else(missing)?;
    OUTGOING.require_over(conn, actor, &hook.team_id, &hook.creator_id).await?;
    Ok(hook)
}

/// GET /hooks/outgoing/{id}
pub async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<OutgoingWebhook>> {
    own(&site, &mut site.db.read().await?, &actor, &id).await.map(Json)
}

async fn save(
    site: &Site,
    integrations: &Integrations,
    mut tx: Tx,
    mut hook: OutgoingWebhook,
) -> Result<OutgoingWebhook> {
    hook.update_at = site.clock.now_ms();
    store::update(&mut tx, &site.keys, &hook).await?;
    integrations.outgoing.changed(&mut tx);
    tx.commit().await?;
    Ok(hook)
}

/// PUT /hooks/outgoing/{id}
pub async fn update(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<OutgoingWebhook>,
) -> Result<Json<OutgoingWebhook>> {
    if new.id != id {
        return Err(Error::invalid_body("hook_id", "it is not the one of the address"));
    }
    let mut tx = site.db.write().await?;
    let old = own(&site, &mut tx, &actor, &id).await?;
    if !new.team_id.is_empty() && new.team_id != old.team_id {
        let message = "Unable to update webhook across teams.";
        return Err(Error::invalid("api.webhook.team_mismatch.app_error", message));
    }
    let hook = OutgoingWebhook {
        id: old.id,
        token: old.token,
        create_at: old.create_at,
        delete_at: 0,
        creator_id: old.creator_id,
        team_id: old.team_id,
        ..new
    };
    check(&site, &mut tx, &integrations, &hook).await?;
    save(&site, &integrations, tx, hook).await.map(Json)
}

/// DELETE /hooks/outgoing/{id}
pub async fn delete(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    actor: Actor,
    Path(id): Path<String>,
) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let mut hook = own(&site, &mut tx, &actor, &id).await?;
    hook.delete_at = site.clock.now_ms();
    save(&site, &integrations, tx, hook).await?;
    Ok(Json(StatusOk::default()))
}

/// POST /hooks/outgoing/{id}/regen_token
pub async fn regen_token(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    actor: Actor,
    Path(id): Path<String>,
) -> Result<Json<OutgoingWebhook>> {
    let mut tx = site.db.write().await?;
    let mut hook = own(&site, &mut tx, &actor, &id).await?;
    hook.token = kit::id::new();
    save(&site, &integrations, tx, hook).await.map(Json)
}
