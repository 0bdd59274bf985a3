//! A team's picture.

use super::routes::{managed, save};
use super::{missing, require_member, store};
use crate::Json;
use crate::{Actor, Error, Result, Site, audits, portraits};
use axum::extract::{Multipart, Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use wire::StatusOk;

/// Beginning of upstream's error ids for an upload.
const IDS: &str = "api.team.set_team_icon";

/// GET /teams/{id}/image
pub async fn image(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let mut conn = site.db.read().await?;
    let team = store::get(&mut conn, &id).await?.ok_or_else(missing)?;
    if !team.allow_open_invite {
        require_member(&mut conn, &actor, &id).await?;
    }
    drop(conn);
    let at = team.last_team_icon_update;
    if at == 0 {
        return Err(Error::not_found("api.team.get_team_icon.read_file.app_error", "The team has no icon."));
    }
    let bytes = portraits::read(&site, &id, at).await?;
    Ok(portraits::answer(&headers, &format!("{id}.{at}"), "image/png", bytes))
}

/// POST /teams/{id}/image
pub async fn upload(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    form: Multipart,
) -> Result<Json<StatusOk>> {
    managed(&mut site.db.read().await?, &actor, &id).await?;
    let png = portraits::prepare(portraits::form(&site, form, IDS).await?, IDS).await?;
    let now = site.clock.now_ms();
    portraits::put(&site, &id, now, png).await?;
    set(&site, &actor, &id, now).await
}

/// DELETE /teams/{id}/image
pub async fn delete(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    set(&site, &actor, &id, 0).await
}

async fn set(site: &Site, actor: &Actor, id: &str, at: i64) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let mut team = managed(&mut tx, actor, id).await?;
    let old = team.last_team_icon_update;
    team.last_team_icon_update = at;
    store::set_icon(&mut tx, id, at).await?;
    audits::record(site, &mut tx, actor, &format!("/api/v4/teams/{id}/image"), &format!("team_id={id}")).await?;
    save(site, tx, team, "update_team").await?;
    portraits::forget(site, id, if old == at { 0 } else { old }).await;
    Ok(Json(StatusOk::default()))
}
