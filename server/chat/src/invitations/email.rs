//! Invitations that the protocol sends by mail. This site sends none: the calls answer what Mattermost answers when
//! e-mail invitations are off, and links are made under `/muster` instead.

use super::routes::{check_channels, permission};
use super::store;
use crate::error::Kind;
use crate::roles::Permission;
use crate::users::check_email;
use crate::{Actor, Error, Result, Site, audits, teams};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use wire::StatusOk;

/// Most addresses in one request.
const MAX_ADDRESSES: usize = 20;

fn disabled() -> Error {
    let message = "Email invitations are disabled. Make an invite link or a QR code instead.";
    Error::new(Kind::NotImplemented, "api.team.invite_members.disabled.app_error", message)
}

fn check_addresses(emails: &[String]) -> Result<()> {
    if emails.is_empty() || emails.len() > MAX_ADDRESSES {
        return Err(Error::invalid_body("user_email", &format!("1 to {MAX_ADDRESSES} addresses are wanted")));
    }
    emails.iter().try_for_each(|email| check_email(email))
}

/// POST /teams/{id}/invite/email
pub async fn members(
    State(site): State<Site>,
    actor: Actor,
    Path(team_id): Path<String>,
    Json(emails): Json<Vec<String>>,
) -> Result<Json<StatusOk>> {
    let mut conn = site.db.read().await?;
    teams::require(&mut conn, &actor, &team_id, permission(false)).await?;
    teams::require(&mut conn, &actor, &team_id, Permission::ADD_USER_TO_TEAM).await?;
    check_addresses(&emails)?;
    Err(disabled())
}

/// Body of POST /teams/{id}/invite-guests/email.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Guests {
    emails: Vec<String>,
    channels: Vec<String>,
}

/// POST /teams/{id}/invite-guests/email
pub async fn guests(
    State(site): State<Site>,
    actor: Actor,
    Path(team_id): Path<String>,
    Json(body): Json<Guests>,
) -> Result<Json<StatusOk>> {
    let mut conn = site.db.read().await?;
    teams::require(&mut conn, &actor, &team_id, permission(true)).await?;
    check_addresses(&body.emails)?;
    if body.channels.is_empty() {
        return Err(Error::invalid_body("channels", "a guest needs at least one channel"));
    }
    check_channels(&mut conn, &actor, &team_id, &body.channels).await?;
    Err(disabled())
}

/// DELETE /teams/invites/email: every mailed invitation that is still open ends.
pub async fn revoke_all(State(site): State<Site>, actor: Actor) -> Result<Json<StatusOk>> {
    if !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    let mut tx = site.db.write().await?;
    store::revoke_mailed(&mut tx, site.clock.now_ms()).await?;
    audits::record(&site, &mut tx, &actor, "/api/v4/teams/invites/email", "").await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
