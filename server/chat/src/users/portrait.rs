//! A user's picture: one that was uploaded, or a letter on a colour of their own.

use super::{admin, bots, credentials, missing, store};
use crate::Json;
use crate::{Actor, Result, Site, audits, portraits};
use axum::extract::{Multipart, Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use wire::{StatusOk, User};

/// Beginning of upstream's error ids for an upload.
const IDS: &str = "api.user.upload_profile_user";

/// POST /users/{id}/image
pub async fn upload(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    form: Multipart,
) -> Result<Json<StatusOk>> {
    let id = bots::me_or_bot(&mut site.db.read().await?, &actor, &id).await?;
    let png = portraits::prepare(portraits::form(&site, form, IDS).await?, IDS).await?;
    let now = site.clock.now_ms();
    portraits::put(&site, &id, now, png).await?;
    set(&site, &actor, &id, now).await
}

/// Gives a user the picture that another program says is theirs.
///
/// # Errors
/// 400 for bytes that are no picture.
pub async fn set_picture(site: &Site, id: &str, bytes: Vec<u8>) -> Result<()> {
    let png = portraits::prepare(bytes, IDS).await?;
    let now = site.clock.now_ms();
    portraits::put(site, id, now, png).await?;
    let by = Actor { user_id: id.to_owned(), ..Actor::default() };
    set(site, &by, id, now).await.map(|_| ())
}

/// DELETE /users/{id}/image: back to the letter.
pub async fn delete(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    let id = bots::me_or_bot(&mut site.db.read().await?, &actor, &id).await?;
    set(&site, &actor, &id, 0).await
}

/// `at`: when the picture was set; 0 for none.
async fn set(site: &Site, actor: &Actor, id: &str, at: i64) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let mut user = store::get(&mut tx, id).await?.ok_or_else(missing)?;
    let old = user.last_picture_update;
    user.last_picture_update = at;
    user.update_at = site.clock.now_ms();
    credentials::set_picture(&mut tx, id, at, user.update_at).await?;
    admin::announce(site, &mut tx, user).await?;
    audits::record(site, &mut tx, actor, &format!("/api/v4/users/{id}/image"), &format!("user_id={id}")).await?;
    tx.commit().await?;
    portraits::forget(site, id, if old == at { 0 } else { old }).await;
    Ok(Json(StatusOk::default()))
}

/// The uploaded picture of `user`, or else `generated`.
pub async fn shown(site: &Site, request: &HeaderMap, user: &User, generated: String) -> Result<Response> {
    let at = user.last_picture_update;
    if at > 0 {
        let bytes = portraits::read(site, &user.id, at).await?;
        return Ok(portraits::answer(request, &format!("{}.{at}", user.id), "image/png", bytes));
    }
    let version = format!("{}.{}", user.id, user.username);
    Ok(portraits::answer(request, &version, "image/svg+xml", generated.into()))
}
