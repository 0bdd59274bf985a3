//! The HTTP side of custom emoji.

use super::{path, picture, store};
use crate::Json;
use crate::paging;
use crate::roles::{self, Permission};
use crate::{Actor, Error, Result, Site, files};
use axum::Router;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use wire::{Emoji, Event, StatusOk};

/// Most results of a search.
const MAX_FOUND: i64 = 100;
/// Most names in one request.
const MAX_NAMES: usize = 200;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/emoji", get(list).post(create))
        .route("/emoji/search", post(search))
        .route("/emoji/autocomplete", get(autocomplete))
        .route("/emoji/names", post(by_names))
        .route("/emoji/name/{emoji_name}", get(by_name))
        .route("/emoji/{emoji_id}", get(one).delete(delete))
        .route("/emoji/{emoji_id}/image", get(image))
}

fn missing() -> Error {
    Error::not_found("app.emoji.get.no_result", "There is no such emoji.")
}

/// Paging, and the beginning of a name.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    page: i64,
    per_page: Option<i64>,
    name: String,
}

async fn list(State(site): State<Site>, _: Actor, Query(q): Query<Q>) -> Result<Json<Vec<Emoji>>> {
    let (limit, offset) = paging::limits(q.page, q.per_page);
    Ok(Json(store::page(&mut site.db.read().await?, limit, offset).await?))
}

/// The fields of the upload form.
async fn form(mut form: Multipart) -> Result<(Vec<u8>, Emoji)> {
    let broken = |e: axum::extract::multipart::MultipartError| Error::invalid_body("multipart", &e.body_text());
    let (mut image, mut emoji) = (None, None);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "image" => {
                let bytes = field.bytes().await.map_err(broken)?;
                if bytes.len() > picture::MAX_BYTES {
                    let message = format!("The picture is larger than {} kB.", picture::MAX_BYTES / 1024);
                    return Err(Error::new(
                        crate::error::Kind::TooLarge,
                        "api.emoji.create.too_large.app_error",
                        message,
                    ));
                }
                image = Some(bytes.to_vec());
            }
            "emoji" => {
                let text = field.text().await.map_err(broken)?;
                let parsed = serde_json::from_str(&text);
                emoji = Some(parsed.map_err(|e| Error::invalid_body("emoji", &e.to_string()))?);
            }
            _ => {}
        }
    }
    let image = image.ok_or_else(|| Error::invalid_body("image", "a picture is wanted"))?;
    Ok((image, emoji.ok_or_else(|| Error::invalid_body("emoji", "a JSON object with a name is wanted"))?))
}

/// Names are lower case, without colons.
fn check_name(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '+');
    if (1..=64).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    let message = "An emoji's name has 1 to 64 lowercase letters, digits and the symbols \"-\", \"_\" and \"+\".";
    Err(Error::invalid("model.emoji.name.app_error", message))
}

async fn create(State(site): State<Site>, actor: Actor, multipart: Multipart) -> Result<(StatusCode, Json<Emoji>)> {
    if !roles::system_can(&actor, Permission("create_emojis")) {
        return Err(Error::forbidden());
    }
    let (bytes, wanted) = form(multipart).await?;
    Ok((StatusCode::CREATED, Json(add(&site, actor.user_id, wanted.name, bytes).await?)))
}

/// Makes a custom emoji of `creator_id`.
///
/// # Errors
/// 400 for a name that is taken or not allowed, and for what is no picture.
pub async fn add(site: &Site, creator_id: String, name: String, bytes: Vec<u8>) -> Result<Emoji> {
    check_name(&name)?;
    let taken = || Error::invalid("api.emoji.create.duplicate.app_error", "An emoji with that name already exists.");
    if !store::by_names(&mut site.db.read().await?, std::slice::from_ref(&name)).await?.is_empty() {
        return Err(taken());
    }
    let picture = picture::prepare(bytes).await?;
    let now = site.clock.now_ms();
    let emoji = Emoji { id: kit::id::new(), create_at: now, update_at: now, delete_at: 0, creator_id, name };
    files::put(site, &path(&emoji.id), picture.bytes.into()).await?;
    let mut tx = site.db.write().await?;
    let stored = store::insert(&mut tx, &emoji, picture.mime_type).await;
    stored.map_err(|e| if e.is_unique_violation() { taken() } else { e.into() })?;
    site.emit(&mut tx, Event::new("emoji_added").with_encoded("emoji", &emoji));
    tx.commit().await?;
    Ok(emoji)
}

async fn one(State(site): State<Site>, _: Actor, Path(id): Path<String>) -> Result<Json<Emoji>> {
    store::get(&mut site.db.read().await?, &id).await?.map(Json).ok_or_else(missing)
}

async fn by_name(State(site): State<Site>, _: Actor, Path(name): Path<String>) -> Result<Json<Emoji>> {
    let found = store::by_names(&mut site.db.read().await?, &[name]).await?;
    found.into_iter().next().map(Json).ok_or_else(missing)
}

async fn by_names(State(site): State<Site>, _: Actor, Json(names): Json<Vec<String>>) -> Result<Json<Vec<Emoji>>> {
    if names.len() > MAX_NAMES {
        return Err(Error::invalid_body("names", &format!("at most {MAX_NAMES} at once")));
    }
    Ok(Json(store::by_names(&mut site.db.read().await?, &names).await?))
}

/// The own emoji, or anybody's with the permission.
async fn delete(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let emoji = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    let own = emoji.creator_id == actor.user_id && roles::system_can(&actor, Permission("delete_emojis"));
    if !own && !roles::system_can(&actor, Permission("delete_others_emojis")) {
        return Err(Error::forbidden());
    }
    store::delete(&mut tx, &id, site.clock.now_ms()).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

async fn image(State(site): State<Site>, _: Actor, Path(id): Path<String>) -> Result<Response> {
    let mime_type = store::mime_type(&mut site.db.read().await?, &id).await?.ok_or_else(missing)?;
    let bytes = files::read(&site, &path(&id)).await?;
    let headers = [(header::CONTENT_TYPE, mime_type), (header::CACHE_CONTROL, "max-age=2592000, private".to_owned())];
    Ok((headers, bytes).into_response())
}

/// Body of POST /emoji/search.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
    term: String,
    prefix_only: bool,
}

async fn search(State(site): State<Site>, _: Actor, Json(s): Json<Search>) -> Result<Json<Vec<Emoji>>> {
    if s.term.is_empty() {
        return Err(Error::invalid_body("term", "a part of a name is wanted"));
    }
    Ok(Json(store::search(&mut site.db.read().await?, &s.term, !s.prefix_only, MAX_FOUND).await?))
}

async fn autocomplete(State(site): State<Site>, _: Actor, Query(q): Query<Q>) -> Result<Json<Vec<Emoji>>> {
    if q.name.is_empty() {
        return Err(Error::invalid_param("name"));
    }
    Ok(Json(store::search(&mut site.db.read().await?, &q.name, false, MAX_FOUND).await?))
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn emoji_names() {
        for good in ["party_parrot", "+1", "x"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "Party", "a b", ":x:", "ü", "a/b"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
