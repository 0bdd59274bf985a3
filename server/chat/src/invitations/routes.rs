//! The HTTP side of invitations. The protocol mails them only; the calls under `/muster` are this server's own.

use super::{email, open, path, secret, store};
use crate::Json;
use crate::actor::hash_token;
use crate::auth::{Address, link};
use crate::paging::Page;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, audits, channels, features, qr, teams};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use db::Conn;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{Invitation, StatusOk};

/// Most channels of one invitation.
const MAX_CHANNELS: usize = 50;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/teams/{team_id}/invite/email", post(email::members))
        .route("/teams/{team_id}/invite-guests/email", post(email::guests))
        .route("/teams/invites/email", delete(email::revoke_all))
        .route("/muster/teams/{team_id}/invitations", get(list).post(create))
        .route("/muster/invitations/{invitation_id}", delete(revoke))
        .route("/muster/invited", get(invited))
        .route("/muster/qr", get(picture))
}

/// What an invitation is to be.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Wanted {
    pub guest: bool,
    pub channel_ids: Vec<String>,
    pub note: String,
    /// 0: as often as anybody likes.
    pub max_uses: i64,
    /// Unix milliseconds; `None`: the settings say.
    pub expires_at: Option<i64>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { guest: false, channel_ids: Vec::new(), note: String::new(), max_uses: 1, expires_at: None }
    }
}

/// The permission to invite members or guests.
pub(super) fn permission(guest: bool) -> Permission {
    if guest { Permission("invite_guest") } else { Permission::INVITE_USER }
}

/// # Errors
/// 400 when a channel is of another team, 403 when the actor cannot read it.
pub(super) async fn check_channels(conn: &mut Conn, actor: &Actor, team_id: &str, ids: &[String]) -> Result<()> {
    if ids.len() > MAX_CHANNELS {
        return Err(Error::invalid_body("channel_ids", &format!("at most {MAX_CHANNELS} are wanted")));
    }
    for id in ids {
        let channel = channels::access(conn, actor, id, Permission::READ_CHANNEL).await?;
        if channel.team_id != team_id || channel.delete_at != 0 {
            return Err(Error::invalid_body("channel_ids", "open channels of the team are wanted"));
        }
    }
    Ok(())
}

impl Wanted {
    /// The invitation that this describes, made by the actor now.
    pub(super) fn checked(self, site: &Site, actor: &Actor, team_id: String) -> Result<Invitation> {
        let now = site.clock.now_ms();
        let default_end = now + site.config().accounts.invitation_days.saturating_mul(DAY_MS);
        let expires_at = self.expires_at.unwrap_or(default_end);
        if expires_at <= now || expires_at > now + 366 * DAY_MS {
            return Err(Error::invalid_body("expires_at", "a time within the next 366 days is wanted"));
        }
        if !(0..=100_000).contains(&self.max_uses) {
            return Err(Error::invalid_body("max_uses", "0 (no limit) to 100000 is wanted"));
        }
        if self.note.chars().count() > 255 {
            return Err(Error::invalid_body("note", "at most 255 characters are wanted"));
        }
        if self.guest && !site.config().features.guests {
            return Err(features::off("api.team.invite_guests_to_channels.disabled.error", "Guest accounts"));
        }
        if self.guest && self.channel_ids.is_empty() {
            return Err(Error::invalid_body("channel_ids", "a guest needs at least one channel"));
        }
        Ok(Invitation {
            id: kit::id::new(),
            team_id,
            creator_id: actor.user_id.clone(),
            guest: self.guest,
            channel_ids: self.channel_ids,
            note: self.note,
            create_at: now,
            expires_at,
            max_uses: self.max_uses,
            ..Invitation::default()
        })
    }
}

/// POST /muster/teams/{id}/invitations: the answer has the link, its token and its QR code, this once.
async fn create(
    State(site): State<Site>,
    actor: Actor,
    headers: HeaderMap,
    Path(team_id): Path<String>,
    Json(wanted): Json<Wanted>,
) -> Result<(StatusCode, Json<Invitation>)> {
    let mut tx = site.db.write().await?;
    teams::require(&mut tx, &actor, &team_id, permission(wanted.guest)).await?;
    teams::get(&mut tx, &team_id).await?.filter(|t| t.delete_at == 0).ok_or_else(teams::missing)?;
    check_channels(&mut tx, &actor, &team_id, &wanted.channel_ids).await?;
    let mut made = wanted.checked(&site, &actor, team_id)?;
    insert(&site, &mut tx, &actor, &mut made).await?;
    tx.commit().await?;
    made.link = link(&site, &headers, &path(&made.token));
    made.qr_code = qr::base64(&made.link)?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Stores the invitation and gives it its token.
pub(super) async fn insert(site: &Site, tx: &mut db::Tx, actor: &Actor, made: &mut Invitation) -> Result<()> {
    let most = site.config().accounts.max_open_invitations;
    if store::count_open(tx, &made.team_id, made.create_at).await? >= most {
        let message = format!("The team has {most} open invitations. Revoke some that nobody needs.");
        return Err(Error::invalid("api.team.invite.too_many.app_error", message));
    }
    made.token = secret();
    store::insert(tx, made, &hash_token(&made.token)).await?;
    let action = format!("/api/v4/muster/teams/{}/invitations", made.team_id);
    let info = format!("invitation_id={} guest={} max_uses={}", made.id, made.guest, made.max_uses);
    audits::record(site, tx, actor, &action, &info).await
}

/// GET /muster/teams/{id}/invitations: one's own; all for whoever manages the team.
async fn list(
    State(site): State<Site>,
    actor: Actor,
    Path(team_id): Path<String>,
    Query(q): Query<Page>,
) -> Result<Json<Vec<Invitation>>> {
    let (limit, offset) = q.limits();
    let mut conn = site.db.read().await?;
    teams::require_member(&mut conn, &actor, &team_id).await?;
    let manages = teams::require(&mut conn, &actor, &team_id, Permission::MANAGE_TEAM).await.is_ok();
    let creator = if manages { "" } else { actor.user_id.as_str() };
    Ok(Json(store::of_team(&mut conn, &team_id, creator, limit, offset).await?))
}

/// DELETE /muster/invitations/{id}: one's own, or any as whoever manages the team. Who came by it stays.
async fn revoke(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    let absent = || Error::not_found("api.team.invitation.not_found.app_error", "There is no such invitation.");
    let mut tx = site.db.write().await?;
    let found = store::get(&mut tx, &id).await?.ok_or_else(absent)?;
    if found.creator_id != actor.user_id
        && teams::require(&mut tx, &actor, &found.team_id, Permission::MANAGE_TEAM).await.is_err()
    {
        return Err(absent());
    }
    store::revoke(&mut tx, &id, site.clock.now_ms()).await?;
    audits::record(&site, &mut tx, &actor, &format!("/api/v4/muster/invitations/{id}"), "revoked").await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// The token of a link.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Token {
    t: String,
}

/// GET /muster/invited: what a sign-up page says to whoever opened the link.
async fn invited(State(site): State<Site>, address: Address, Query(q): Query<Token>) -> Result<Json<Value>> {
    let mut conn = site.db.read().await?;
    let found = open(&site, &mut conn, &q.t, address).await?;
    let team = teams::get(&mut conn, &found.team_id).await?.ok_or_else(teams::missing)?;
    Ok(Json(json!({"display_name": team.display_name, "name": team.name, "guest": found.guest, "email": found.email})))
}

/// A text to draw.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Text {
    text: String,
}

/// GET /muster/qr: a link as a QR code, PNG.
async fn picture(_: Actor, Query(q): Query<Text>) -> Result<impl IntoResponse> {
    let headers = [(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, qr::png(&q.text)?))
}
