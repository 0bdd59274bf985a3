//! A message that another program posts to its address.

use super::{body, store};
use crate::Integrations;
use crate::posting::{self, Speech};
use axum::Extension;
use axum::extract::{Path, Request, State};
use chat::error::Kind;
use chat::roles::Permission;
use chat::{Error, Result, Site, channels, features, users};
use wire::{Channel, HookMessage, IncomingWebhook};

/// Who speaks when neither the webhook nor the message has a name.
const NAMELESS: &str = "webhook";

fn refused(kind: Kind, what: &str, message: impl Into<String>) -> Error {
    Error::new(kind, format!("web.incoming_webhook.{what}.app_error"), message)
}

/// POST /hooks/{id}: answers `ok`.
pub async fn handler(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    Path(id): Path<String>,
    request: Request,
) -> Result<&'static str> {
    if !site.config().features.incoming_webhooks {
        return Err(features::off("web.incoming_webhook.disabled.app_error", "Incoming webhooks"));
    }
    let found = store::get(&mut site.db.read().await?, &id).await?;
    let hook = found.ok_or_else(|| refused(Kind::Invalid, "invalid", "Invalid webhook."))?;
    if !integrations.limiter.admits(&hook.id) {
        let message = format!("More than {} messages in a minute.", integrations.config.hook_messages_per_minute);
        return Err(refused(Kind::TooMany, "rate_limited", message));
    }
    let message = body::read(request).await?;
    deliver(&site, &hook, message).await?;
    Ok("ok")
}

async fn deliver(site: &Site, hook: &IncomingWebhook, message: HookMessage) -> Result<()> {
    let nothing = message.text.as_deref().unwrap_or_default().trim().is_empty();
    if nothing && message.attachments.as_ref().is_none_or(Vec::is_empty) {
        return Err(refused(Kind::Invalid, "text", "No text specified."));
    }
    let owner = users::get(&mut site.db.read().await?, &hook.user_id).await?;
    if owner.is_none_or(|u| u.delete_at != 0) {
        return Err(refused(Kind::Forbidden, "user", "Couldn't find the user."));
    }
    let channel = channel(site, hook, &message.channel).await?;
    let mut conn = site.db.read().await?;
    let text = message.text.as_deref().unwrap_or_default();
    let attachments = message.attachments.as_deref().unwrap_or_default();
    let people = posting::people(&mut conn, text, attachments).await?;
    drop(conn);
    let mut speech = Speech::of(message, &people, &hook.username, &hook.icon_url)?;
    if speech.username.is_empty() {
        speech.username = NAMELESS.into();
    }
    speech.display_name.clone_from(&hook.display_name);
    posting::write(site, &channel, &hook.user_id, speech).await?;
    let mut tx = site.db.write().await?;
    store::used(&mut tx, &hook.id, site.clock.now_ms()).await?;
    Ok(tx.commit().await?)
}

/// Where the message goes: what it asks for if the webhook is not bound to its own channel and its owner may read there.
async fn channel(site: &Site, hook: &IncomingWebhook, wanted: &str) -> Result<Channel> {
    let nowhere = || refused(Kind::NotFound, "channel", "Couldn't find the channel.");
    let found = match wanted.trim() {
        "" => channels::get(&mut site.db.read().await?, &hook.channel_id).await?,
        name if name.starts_with('@') => {
            let name = name.trim_start_matches('@').to_lowercase();
            let mut named = users::by_usernames(&mut site.db.read().await?, &[name]).await?;
            let user = named.pop().ok_or_else(|| refused(Kind::Invalid, "user", "Couldn't find the user."))?;
            if hook.channel_locked {
                return Err(locked());
            }
            Some(channels::direct(site, &hook.user_id, &user.id).await?)
        }
        name => {
            let name = name.trim_start_matches('#').to_lowercase();
            let mut conn = site.db.read().await?;
            match channels::by_name(&mut conn, &hook.team_id, &name).await? {
                Some(channel) => Some(channel),
                None => channels::get(&mut conn, &name).await?.filter(|c| c.team_id == hook.team_id),
            }
        }
    };
    let channel = found.ok_or_else(nowhere)?;
    if hook.channel_locked && channel.id != hook.channel_id {
        return Err(locked());
    }
    if channel.kind != "O" {
        let owner = users::actor_of(site, &hook.user_id).await?;
        let allowed = channels::access(&mut site.db.read().await?, &owner, &channel.id, Permission::READ_CHANNEL).await;
        allowed.map_err(|_| refused(Kind::Forbidden, "permissions", "Inappropriate channel permissions."))?;
    }
    Ok(channel)
}

fn locked() -> Error {
    refused(Kind::Forbidden, "channel_locked", "This webhook is not permitted to post to the requested channel.")
}
