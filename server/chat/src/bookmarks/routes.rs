//! The HTTP side of bookmarks.

use super::{rules, store};
use crate::Json;
use crate::roles::{self, Permission};
use crate::{Actor, Error, Result, Site, channels, files};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, patch, post};
use db::Conn;
use serde::Deserialize;
use wire::{Bookmark, BookmarkPatch, BookmarkUpdate, Channel, Event, Post};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/channels/{channel_id}/bookmarks", get(list).post(create))
        .route("/channels/{channel_id}/bookmarks/{bookmark_id}", patch(change).delete(delete))
        .route("/channels/{channel_id}/bookmarks/{bookmark_id}/sort_order", post(set_place))
}

fn missing() -> Error {
    Error::not_found("app.channel.bookmark.get_existing.app_err", "There is no such bookmark.")
}

/// The channel, when the actor may do `verb` (add, edit, delete, order) with its bookmarks and it is not archived.
async fn access(conn: &mut Conn, actor: &Actor, channel_id: &str, verb: &str) -> Result<Channel> {
    let channel = channels::access(conn, actor, channel_id, Permission::READ_CHANNEL).await?;
    let channel = channels::access(conn, actor, channel_id, roles::bookmark(verb, &channel.kind)).await?;
    if channel.delete_at != 0 {
        let message = "Bookmarks of an archived channel cannot be changed.";
        return Err(Error::invalid("api.channel.bookmark.archived.app_error", message));
    }
    Ok(channel)
}

async fn with_file(conn: &mut Conn, mut bookmark: Bookmark) -> Result<Bookmark> {
    if !bookmark.file_id.is_empty() {
        bookmark.file = files::of_ids(conn, std::slice::from_ref(&bookmark.file_id)).await?.pop();
    }
    Ok(bookmark)
}

async fn with_files(conn: &mut Conn, list: Vec<Bookmark>) -> Result<Vec<Bookmark>> {
    let mut out = Vec::with_capacity(list.len());
    for bookmark in list {
        out.push(with_file(conn, bookmark).await?);
    }
    Ok(out)
}

/// Query of the list: what changed since a time, deleted ones included.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    bookmarks_since: i64,
}

async fn list(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Vec<Bookmark>>> {
    let mut conn = site.db.read().await?;
    channels::access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    let found = if q.bookmarks_since > 0 {
        store::changed(&mut conn, &id, q.bookmarks_since).await?
    } else {
        store::of_channel(&mut conn, &id).await?
    };
    with_files(&mut conn, found).await.map(Json)
}

async fn create(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<Bookmark>,
) -> Result<(StatusCode, Json<Bookmark>)> {
    let mut tx = site.db.write().await?;
    let channel = access(&mut tx, &actor, &id, "add").await?;
    let known = store::of_channel(&mut tx, &id).await?;
    if known.len() >= rules::MAX_PER_CHANNEL {
        let message = format!("A channel can have {} bookmarks.", rules::MAX_PER_CHANNEL);
        return Err(Error::invalid("app.channel.bookmark.create.too_many.app_error", message));
    }
    let now = site.clock.now_ms();
    let bookmark = Bookmark {
        id: kit::id::new(),
        create_at: now,
        update_at: now,
        delete_at: 0,
        channel_id: id,
        owner_id: actor.user_id.clone(),
        sort_order: known.last().map_or(0, |b| b.sort_order + 1),
        emoji: new.emoji.trim_matches(':').to_owned(),
        file: None,
        ..new
    };
    rules::check(&bookmark)?;
    if !bookmark.file_id.is_empty() {
        own_file(&mut tx, &actor, &bookmark).await?;
    }
    store::insert(&mut tx, &bookmark).await?;
    let bookmark = with_file(&mut tx, bookmark).await?;
    let event = Event::new("channel_bookmark_created").with_encoded("bookmark", &bookmark).to_channel(&channel.id);
    site.emit(&mut tx, event.omitting_connection(&actor.connection_id));
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(bookmark)))
}

/// The actor's file belongs to the bookmark from now on, so that others who may read the channel may read it.
async fn own_file(tx: &mut db::Tx, actor: &Actor, bookmark: &Bookmark) -> Result<()> {
    let owner = Post {
        id: bookmark.id.clone(),
        user_id: actor.user_id.clone(),
        channel_id: bookmark.channel_id.clone(),
        create_at: bookmark.update_at,
        ..Post::default()
    };
    files::attach(tx, std::slice::from_ref(&bookmark.file_id), &owner).await
}

async fn change(
    State(site): State<Site>,
    actor: Actor,
    Path((channel_id, id)): Path<(String, String)>,
    Json(p): Json<BookmarkPatch>,
) -> Result<Json<BookmarkUpdate>> {
    let mut tx = site.db.write().await?;
    access(&mut tx, &actor, &channel_id, "edit").await?;
    let known = store::one(&mut tx, &channel_id, &id).await?.ok_or_else(missing)?;
    let before = known.file_id.clone();
    let next = Bookmark { update_at: site.clock.now_ms(), ..rules::patched(known, p) };
    rules::check(&next)?;
    if next.file_id != before {
        own_file(&mut tx, &actor, &next).await?;
        let old = files::of_ids(&mut tx, std::slice::from_ref(&before)).await?;
        let old: Vec<String> = old.into_iter().filter(|f| f.post_id == next.id).map(|f| f.id).collect();
        files::forget(&mut tx, &old).await?;
    }
    store::update(&mut tx, &next).await?;
    let answer = BookmarkUpdate { updated: with_file(&mut tx, next).await?, deleted: None };
    let event = Event::new("channel_bookmark_updated").with_encoded("bookmarks", &answer).to_channel(&channel_id);
    site.emit(&mut tx, event.omitting_connection(&actor.connection_id));
    tx.commit().await?;
    Ok(Json(answer))
}

async fn delete(
    State(site): State<Site>,
    actor: Actor,
    Path((channel_id, id)): Path<(String, String)>,
) -> Result<Json<Bookmark>> {
    let mut tx = site.db.write().await?;
    access(&mut tx, &actor, &channel_id, "delete").await?;
    let known = store::one(&mut tx, &channel_id, &id).await?.ok_or_else(missing)?;
    let now = site.clock.now_ms();
    let gone = Bookmark { update_at: now, delete_at: now, ..known };
    store::update(&mut tx, &gone).await?;
    let event = Event::new("channel_bookmark_deleted").with_encoded("bookmark", &gone).to_channel(&channel_id);
    site.emit(&mut tx, event.omitting_connection(&actor.connection_id));
    tx.commit().await?;
    Ok(Json(gone))
}

/// The body is the new place, counted from 0.
async fn set_place(
    State(site): State<Site>,
    actor: Actor,
    Path((channel_id, id)): Path<(String, String)>,
    Json(place): Json<usize>,
) -> Result<Json<Vec<Bookmark>>> {
    let mut tx = site.db.write().await?;
    access(&mut tx, &actor, &channel_id, "order").await?;
    let known = store::of_channel(&mut tx, &channel_id).await?;
    if !known.iter().any(|b| b.id == id) {
        return Err(missing());
    }
    let ids = rules::moved(known.into_iter().map(|b| b.id).collect(), &id, place);
    store::set_order(&mut tx, &ids, site.clock.now_ms()).await?;
    let all = store::of_channel(&mut tx, &channel_id).await?;
    let all = with_files(&mut tx, all).await?;
    let event = Event::new("channel_bookmark_sorted").with_encoded("bookmarks", &all).to_channel(&channel_id);
    site.emit(&mut tx, event.omitting_connection(&actor.connection_id));
    tx.commit().await?;
    Ok(Json(all))
}
