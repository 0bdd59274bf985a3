//! Which team and which channel has which scheme.

use super::{end, for_scope, store, tell_channel, tell_team};
use crate::roles::Permission;
use crate::{Actor, Error, Json, Result, Site, channels, teams};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::put;
use wire::{SchemeId, StatusOk, Team};

/// Routes of this file.
pub fn router() -> Router<Site> {
    Router::new().route("/teams/{team_id}/scheme", put(of_team)).route("/channels/{channel_id}/scheme", put(of_channel))
}

/// PUT /teams/{id}/scheme
async fn of_team(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(wanted): Json<SchemeId>,
) -> Result<Json<StatusOk>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    let mut tx = site.db.write().await?;
    let team = teams::get(&mut tx, &id).await?.ok_or_else(teams::missing)?;
    let mut scheme_id = None;
    if !wanted.scheme_id.is_empty() {
        let wrong = "api.team.update_team_scheme.scheme_scope.error";
        scheme_id = Some(for_scope(&mut tx, &wanted.scheme_id, "team", wrong).await?.id);
    }
    let now = site.clock.now_ms();
    store::set_of_team(&mut tx, &id, scheme_id.as_deref(), now).await?;
    site.roles.changed(&mut tx).await?;
    tell_team(&site, &mut tx, &Team { scheme_id, update_at: now, ..team });
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// PUT /channels/{id}/scheme: in place of the moderation that the channel had.
async fn of_channel(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(wanted): Json<SchemeId>,
) -> Result<Json<StatusOk>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    let mut tx = site.db.write().await?;
    let channel = channels::get(&mut tx, &id).await?.ok_or_else(channels::missing)?;
    if channel.team_id.is_empty() {
        return Err(Error::invalid_param("channel_id"));
    }
    let own = store::made_for(&mut tx, &id).await?;
    let mut scheme_id = None;
    if !wanted.scheme_id.is_empty() {
        let wrong = "api.channel.update_channel_scheme.scheme_scope.error";
        scheme_id = Some(for_scope(&mut tx, &wanted.scheme_id, "channel", wrong).await?.id);
    }
    if let Some(own) = own.filter(|own| scheme_id.as_ref() != Some(&own.id)) {
        end(&site, &mut tx, &own).await?;
    }
    store::set_of_channel(&mut tx, &id, scheme_id.as_deref(), site.clock.now_ms()).await?;
    site.roles.changed(&mut tx).await?;
    tell_channel(&site, &mut tx, &id);
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
