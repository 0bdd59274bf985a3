//! The generated picture of a user: a colour of their own and a pattern from their id, as SVG.

use super::{missing, portrait, sight, store};
use crate::{Actor, Result, Site};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use wire::User;

/// GET /users/{id}/image
pub async fn image(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let id = if id == "me" { actor.user_id.clone() } else { id };
    let user = seen(&site, &actor, &id).await?;
    portrait::shown(&site, &headers, &user, svg(&user.id, &user.username)).await
}

async fn seen(site: &Site, actor: &Actor, id: &str) -> Result<User> {
    let mut conn = site.db.read().await?;
    sight::require(&mut conn, actor, id).await?;
    store::get(&mut conn, id).await?.ok_or_else(missing)
}

/// GET /users/{id}/image/default
pub async fn generated(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let id = if id == "me" { actor.user_id.clone() } else { id };
    let user = seen(&site, &actor, &id).await?;
    let plain = User { last_picture_update: 0, ..user };
    portrait::shown(&site, &headers, &plain, svg(&plain.id, &plain.username)).await
}

/// The first letter on a colour that follows from the id.
fn svg(id: &str, username: &str) -> String {
    let hue = id.bytes().fold(0u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b))) % 360;
    let letter = username.chars().find(char::is_ascii_alphanumeric).unwrap_or('?').to_ascii_uppercase();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 128 128\"><rect width=\"128\" height=\"128\" fill=\"hsl({hue},45%,42%)\"/>\
         <text x=\"64\" y=\"86\" font-family=\"sans-serif\" font-size=\"64\" fill=\"#fff\" text-anchor=\"middle\">{letter}</text></svg>"
    )
}
