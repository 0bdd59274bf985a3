//! Showing what a program answers: to the user alone, or in the channel in the user's name.

use super::store::Place;
use crate::Integrations;
use crate::interactive::whisper;
use crate::posting::{self, Speech};
use chat::error::Kind;
use chat::roles::Permission;
use chat::{Actor, Error, Result, Site, channels};
use wire::{Command, CommandResponse, HookMessage};

/// Most further responses of one answer.
const MAX_EXTRA: usize = 10;

/// The command that was given, by whom and where.
pub struct Given<'a> {
    pub integrations: &'a Integrations,
    pub site: &'a Site,
    pub command: &'a Command,
    pub actor: &'a Actor,
    pub place: &'a Place,
}

/// Shows an answer and its further ones; what the client is told.
///
/// # Errors
/// 400 for what cannot be shown, 403 for a channel where the user may not post.
pub async fn show(given: &Given<'_>, mut response: CommandResponse) -> Result<CommandResponse> {
    let extra = response.extra_responses.take().unwrap_or_default();
    let told = CommandResponse {
        response_type: if response.response_type.is_empty() {
            "ephemeral".into()
        } else {
            response.response_type.clone()
        },
        text: response.text.clone(),
        goto_location: response.goto_location.clone(),
        ..CommandResponse::default()
    };
    show_one(given, response).await?;
    for response in extra.into_iter().take(MAX_EXTRA) {
        show_one(given, response).await?;
    }
    Ok(told)
}

async fn show_one(given: &Given<'_>, response: CommandResponse) -> Result<()> {
    let Given { integrations, site, command, actor, place } = given;
    let in_channel = response.response_type == "in_channel";
    let elsewhere = Some(response.channel_id.clone()).filter(|id| !id.is_empty() && *id != place.channel_id);
    let raw = response.skip_slack_parsing.then(|| (response.text.clone(), response.attachments.clone()));
    let message = HookMessage {
        text: Some(response.text),
        // The command's own name and picture come before those of an answer.
        username: if command.username.is_empty() { response.username } else { String::new() },
        icon_url: if command.icon_url.is_empty() { response.icon_url } else { String::new() },
        props: Some(response.props),
        attachments: response.attachments,
        kind: response.kind,
        ..HookMessage::default()
    };
    let mut conn = site.db.read().await?;
    let (text, attachments) = (message.text.as_deref().unwrap_or_default(), message.attachments.as_deref());
    let people = posting::people(&mut conn, text, attachments.unwrap_or_default()).await?;
    let permission = if in_channel { Permission::CREATE_POST } else { Permission::READ_CHANNEL };
    let channel_id = elsewhere.as_ref().unwrap_or(&place.channel_id);
    let channel = channels::access(&mut conn, actor, channel_id, permission).await.map_err(|_| {
        let message = "You do not have the appropriate permissions to post in this channel.";
        Error::new(Kind::Forbidden, "api.command.command_post.forbidden.app_error", message)
    })?;
    drop(conn);
    let mut speech = Speech::of(message, &people, &command.username, &command.icon_url)?;
    if let Some((text, attachments)) = raw {
        speech.text = text;
        speech.attachments = attachments.unwrap_or_default();
    }
    if speech.is_empty() {
        return Ok(());
    }
    if elsewhere.is_none() {
        speech.root_id.clone_from(&place.root_id);
    }
    if in_channel {
        posting::write(site, &channel, &place.user_id, speech).await?;
        return Ok(());
    }
    whisper(site, integrations, (&place.user_id, &place.user_id), &channel.id, speech)
}
