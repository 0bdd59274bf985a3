//! Answers that come later, at the `response_url` of a command.

use super::answer::{self, Given};
use super::store;
use crate::Integrations;
use axum::Extension;
use axum::extract::{Path, State};
use chat::{Error, Result, Site, users};
use wire::CommandResponse;

/// POST /hooks/commands/{id}: answers `ok`.
pub async fn handler(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    Path(id): Path<String>,
    body: String,
) -> Result<&'static str> {
    let response: CommandResponse = crate::incoming::parse(&body).map_err(|error| {
        let message = format!("Unable to parse incoming data: {error}.");
        Error::invalid("web.command_webhook.parse.app_error", message)
    })?;
    let missing = || Error::not_found("web.command_webhook.invalid.app_error", "Invalid webhook.");
    let oldest = site.clock.now_ms() - integrations.config.response_url_minutes * 60_000;
    let most = integrations.config.response_url_uses;
    let mut tx = site.db.write().await?;
    let place = store::place(&mut tx, &id, oldest).await?.ok_or_else(missing)?;
    let command = store::get(&mut tx, &site.keys, &place.command_id).await?.ok_or_else(missing)?;
    if !store::count_use(&mut tx, &id, most).await? {
        let message = format!("Invalid webhook: it was used {most} times already.");
        return Err(Error::invalid("app.command_webhook.try_use.invalid.app_error", message));
    }
    tx.commit().await?;
    let actor = users::actor_of(&site, &place.user_id).await?;
    let given = Given { integrations: &integrations, site: &site, command: &command, actor: &actor, place: &place };
    answer::show(&given, response).await?;
    Ok("ok")
}
