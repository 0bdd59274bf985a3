//! Which team and which channel has which scheme.

use super::{end, missing, store, tell_channel, tell_team};
use crate::roles::Permission;
use crate::{Actor, Error, Json, Result, Site, channels, teams};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::put;
use db::Tx;
use wire::{SchemeId, StatusOk, Team};

/// Routes of this file.
pub fn router() -> Router<Site> {
    Router::new().route("/teams/{team_id}/scheme", put(of_team)).route("/channels/{channel_id}/scheme", put(of_channel))
}

/// The scheme that a team or channel is to have; `None` takes it away.
///
/// # Errors
/// 404 when there is none of that id; 400 when it is of another scope.
async fn named(tx: &mut Tx, wanted: &SchemeId, scope: &str) -> Result<Option<String>> {
    if wanted.scheme_id.is_empty() {
        return Ok(None);
    }
    let scheme = store::get(tx, &wanted.scheme_id).await?.filter(|s| s.delete_at == 0).ok_or_else(missing)?;
    if scheme.scope != scope {
        let id = format!("api.{scope}.update_{scope}_scheme.scheme_scope.error");
        return Err(Error::invalid(&id, format!("The scheme is not one for {scope}s.")));
    }
    Ok(Some(scheme.id))
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
    let scheme_id = named(&mut tx, &wanted, "team").await?;
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
    let scheme_id = named(&mut tx, &wanted, "channel").await?;
    if let Some(own) = own.filter(|own| scheme_id.as_ref() != Some(&own.id)) {
        end(&site, &mut tx, &own).await?;
    }
    store::set_of_channel(&mut tx, &id, scheme_id.as_deref(), site.clock.now_ms()).await?;
    site.roles.changed(&mut tx).await?;
    tell_channel(&site, &mut tx, &id);
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
