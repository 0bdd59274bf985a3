//! Telling programs of posts, and posting what they reply.

use super::rules::{FORM, JSON, triggered};
use crate::incoming::parse;
use crate::posting::{self, Speech};
use crate::{Answer, Failure, Integrations};
use chat::{Result, Site, channels, teams};
use reqwest::Method;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use wire::{Event, HookMessage, OutgoingPayload, OutgoingWebhook, Post};

/// Hears every post of the site until `stop`.
pub async fn run(
    site: Site,
    integrations: Integrations,
    mut events: mpsc::Receiver<Arc<Event>>,
    stop: CancellationToken,
) {
    let waiting = Arc::new(Semaphore::new(integrations.config.max_waiting));
    while let Some(Some(event)) = stop.run_until_cancelled(events.recv()).await {
        let Some((post, team_id)) = heard(&event) else { continue };
        if !site.config().features.outgoing_webhooks {
            continue;
        }
        let all = match integrations.outgoing.all(&site).await {
            Ok(all) => all,
            Err(error) => {
                tracing::error!(%error, "outgoing webhooks cannot be read");
                continue;
            }
        };
        for hook in all.iter().filter(|h| h.team_id == team_id) {
            let Some(word) = triggered(hook, &post.channel_id, &post.message) else { continue };
            for address in &hook.callback_urls {
                let Ok(place) = waiting.clone().try_acquire_owned() else {
                    tracing::warn!(hook.id, post.id, "too many posts wait for outgoing webhooks; one was dropped");
                    continue;
                };
                let task = tell(
                    site.clone(),
                    integrations.clone(),
                    hook.clone(),
                    address.clone(),
                    post.clone(),
                    word.clone(),
                    event.clone(),
                );
                let stop = stop.clone();
                tokio::spawn(async move {
                    stop.run_until_cancelled(task).await;
                    drop(place);
                });
            }
        }
    }
}

/// A post of a person or a bot in a public channel, and its team; what webhooks say tells none of them.
fn heard(event: &Event) -> Option<(Post, String)> {
    let text = |key: &str| event.data.get(key).and_then(Value::as_str);
    if event.event != "posted" || text("channel_type") != Some("O") {
        return None;
    }
    let post: Post = serde_json::from_str(text("post")?).ok()?;
    let own = post.kind.starts_with("system_") || post.props.get("from_webhook").is_some_and(|v| v == "true");
    (!own).then(|| (post, text("team_id").unwrap_or_default().to_owned()))
}

async fn tell(
    site: Site,
    integrations: Integrations,
    hook: OutgoingWebhook,
    address: String,
    post: Post,
    word: String,
    event: Arc<Event>,
) {
    let payload = match payload(&site, &hook, &post, word, &event).await {
        Ok(payload) => payload,
        Err(error) => {
            tracing::error!(hook.id, %error, "an outgoing webhook was not told of a post");
            return;
        }
    };
    match ask(&integrations, &hook, &address, &payload).await {
        Ok(answer) if answer.ok() => {
            if let Err(error) = reply(&site, &hook, &post, &answer).await {
                tracing::warn!(hook.id, %error, "the reply of an outgoing webhook could not be posted");
            }
        }
        Ok(answer) => tracing::warn!(hook.id, status = %answer.status, "an outgoing webhook was refused"),
        Err(error) => tracing::warn!(hook.id, %error, "an outgoing webhook failed"),
    }
}

async fn payload(
    site: &Site,
    hook: &OutgoingWebhook,
    post: &Post,
    word: String,
    event: &Event,
) -> Result<OutgoingPayload> {
    let team = teams::get(&mut site.db.read().await?, &hook.team_id).await?;
    let text = |key: &str| event.data.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(OutgoingPayload {
        token: hook.token.clone(),
        team_id: hook.team_id.clone(),
        team_domain: team.map(|t| t.name).unwrap_or_default(),
        channel_id: post.channel_id.clone(),
        channel_name: text("channel_name"),
        timestamp: post.create_at,
        user_id: post.user_id.clone(),
        user_name: text("sender_name").trim_start_matches('@').to_owned(),
        post_id: post.id.clone(),
        text: post.message.clone(),
        trigger_word: word,
        file_ids: post.file_ids.join(","),
    })
}

async fn ask(
    integrations: &Integrations,
    hook: &OutgoingWebhook,
    address: &str,
    payload: &OutgoingPayload,
) -> std::result::Result<Answer, Failure> {
    let request = integrations.client.request(Method::POST, address)?;
    let request = match hook.content_type.as_str() {
        JSON => request.json(payload),
        _ => request.header("content-type", FORM).body(form(payload)),
    };
    integrations.client.send(request).await
}

fn form(payload: &OutgoingPayload) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    let fields = serde_json::to_value(payload).unwrap_or_default();
    for (key, value) in fields.as_object().into_iter().flatten() {
        form.append_pair(key, &value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    form.finish()
}

/// What the program says is said in the channel, in the name of the webhook's creator.
async fn reply(site: &Site, hook: &OutgoingWebhook, post: &Post, answer: &Answer) -> Result<()> {
    let text = String::from_utf8_lossy(&answer.body);
    if text.trim().is_empty() {
        return Ok(());
    }
    // A program that only says "thanks" in words is content.
    let Ok(message) = parse::<HookMessage>(&text) else { return Ok(()) };
    let comment = message.response_type == "comment";
    let mut conn = site.db.read().await?;
    let said = message.text.as_deref().unwrap_or_default();
    let people = posting::people(&mut conn, said, message.attachments.as_deref().unwrap_or_default()).await?;
    let channel = channels::get(&mut conn, &post.channel_id).await?;
    drop(conn);
    let mut speech = Speech::of(message, &people, &hook.username, &hook.icon_url)?;
    let Some(channel) = channel.filter(|_| !speech.is_empty()) else { return Ok(()) };
    speech.display_name.clone_from(&hook.display_name);
    if comment {
        let root = if post.root_id.is_empty() { &post.id } else { &post.root_id };
        speech.root_id.clone_from(root);
    }
    posting::write(site, &channel, &hook.creator_id, speech).await?;
    Ok(())
}
