//! Invitations by mail. Without a mail server the calls answer what Mattermost answers when e-mail invitations are off, and
//! links are made under `/muster` instead.

use super::routes::{Wanted, check_channels, insert, permission};
use super::{path, store};
use crate::Json;
use crate::auth::{MAGIC_SERVICE, magic_path};
use crate::error::Kind;
use crate::mail::{self, Mail};
use crate::roles::Permission;
use crate::users::check_email;
use crate::{Actor, Error, Result, Site, audits, teams, users};
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
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

/// Query of both calls.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Answer with a list that tells of each address what happened.
    graceful: bool,
    /// Guests come in by the link alone, without a password.
    guest_magic_link: bool,
}

/// POST /teams/{id}/invite/email
pub async fn members(
    State(site): State<Site>,
    actor: Actor,
    Path(team_id): Path<String>,
    Query(q): Query<Options>,
    Json(emails): Json<Vec<String>>,
) -> Result<Json<Value>> {
    let mut conn = site.db.read().await?;
    teams::require(&mut conn, &actor, &team_id, permission(false)).await?;
    teams::require(&mut conn, &actor, &team_id, Permission::ADD_USER_TO_TEAM).await?;
    drop(conn);
    check_addresses(&emails)?;
    invite(&site, &actor, &team_id, &emails, &Wanted::default(), "", false).await?;
    Ok(Json(answer(q.graceful, &emails)))
}

fn answer(graceful: bool, emails: &[String]) -> Value {
    if graceful { emails.iter().map(|e| json!({"email": e, "error": null})).collect() } else { json!({"status": "OK"}) }
}

/// Body of POST /teams/{id}/invite-guests/email.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Guests {
    emails: Vec<String>,
    channels: Vec<String>,
    message: String,
}

/// POST /teams/{id}/invite-guests/email
pub async fn guests(
    State(site): State<Site>,
    actor: Actor,
    Path(team_id): Path<String>,
    Query(q): Query<Options>,
    Json(body): Json<Guests>,
) -> Result<Json<Value>> {
    let mut conn = site.db.read().await?;
    teams::require(&mut conn, &actor, &team_id, permission(true)).await?;
    check_addresses(&body.emails)?;
    if body.channels.is_empty() {
        return Err(Error::invalid_body("channels", "a guest needs at least one channel"));
    }
    check_channels(&mut conn, &actor, &team_id, &body.channels).await?;
    drop(conn);
    let wanted = Wanted { guest: true, channel_ids: body.channels, ..Wanted::default() };
    if q.guest_magic_link {
        check_can_come(&site, &body.emails).await?;
    }
    invite(&site, &actor, &team_id, &body.emails, &wanted, &body.message, q.guest_magic_link).await?;
    Ok(Json(answer(q.graceful, &body.emails)))
}

/// A link opens only accounts that have no password: whoever has one logs in with it.
async fn check_can_come(site: &Site, emails: &[String]) -> Result<()> {
    let mut conn = site.db.read().await?;
    for email in emails {
        let found = users::by_login(&mut conn, email).await?;
        if found.is_some_and(|u| u.auth_service != MAGIC_SERVICE || u.delete_at != 0) {
            let message = format!("{email} has an account already, which no link opens.");
            return Err(Error::invalid("api.team.invite_guests_to_channels.magic_link.app_error", message));
        }
    }
    Ok(())
}

/// An invitation for each address, good once.
async fn invite(
    site: &Site,
    actor: &Actor,
    team_id: &str,
    emails: &[String],
    wanted: &Wanted,
    message: &str,
    magic: bool,
) -> Result<()> {
    if !mail::is_on(site) || !site.config().features.email_invitations {
        return Err(disabled());
    }
    let mut mails = Vec::with_capacity(emails.len());
    let mut tx = site.db.write().await?;
    let team = teams::get(&mut tx, team_id).await?.filter(|t| t.delete_at == 0).ok_or_else(teams::missing)?;
    let sender = users::get(&mut tx, &actor.user_id).await?.ok_or_else(users::missing)?;
    for email in emails {
        let mut made = wanted.clone().checked(site, actor, team.id.clone())?;
        made.email = email.trim().to_lowercase();
        made.magic = magic;
        insert(site, &mut tx, actor, &mut made).await?;
        let page = if magic { magic_path(&made.token) } else { path(&made.token) };
        let link = format!("{}{page}", site.config().site_url);
        let words = if message.is_empty() { String::new() } else { format!("{message}\n\n") };
        let text = format!(
            "{} invites you to {} on {}.\n\n{words}Join here:\n{link}\n",
            sender.username,
            team.display_name,
            site.config().site_name
        );
        let subject = format!("{} invites you to {}", sender.username, team.display_name);
        mails.push(Mail { to: made.email, subject, text });
    }
    tx.commit().await?;
    mails.into_iter().try_for_each(|mail| mail::send(site, mail))
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
