//! Editing, pinning and deleting.

use super::{
    access, attachments, audience, complete, mentions, missing, outside, permalink, persist, props, reach, rules,
    store, versions,
};
use crate::Json;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, channels, erasing, files, threads, users};
use axum::extract::{Path, Query, State};
use db::Tx;
use wire::{Event, Post, PostPatch, Special, StatusOk};

/// PUT /posts/{id}: the whole post; what the body leaves out is empty afterwards.
pub async fn put(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<Post>,
) -> Result<Json<Post>> {
    if new.id != id {
        return Err(Error::invalid_body("id", "it differs from the one in the address"));
    }
    let all = PostPatch {
        message: Some(new.message),
        props: Some(new.props),
        is_pinned: Some(new.is_pinned),
        file_ids: Some(new.file_ids),
        has_reactions: None,
    };
    patch(State(site), actor, Path(id), Json(all)).await
}

/// [`access`], with the other writers of the channel waiting: the post is as it is now, not as it was before they began.
async fn held(tx: &mut Tx, actor: &Actor, id: &str, permission: Permission) -> Result<Post> {
    let seen = access(tx, actor, id, permission).await?;
    channels::lock(tx, &seen.channel_id).await?;
    store::get(tx, id).await?.filter(|p| p.delete_at == 0).ok_or_else(missing)
}

/// PUT /posts/{id}/patch
pub async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(p): Json<PostPatch>,
) -> Result<Json<Post>> {
    let mut tx = site.db.write().await?;
    let mut post = held(&mut tx, &actor, &id, Permission::EDIT_POST).await?;
    if post.user_id != actor.user_id && !actor.is_system_admin() || post.kind.starts_with("system_") {
        return Err(Error::forbidden());
    }
    if post.kind == "custom_calls" && !actor.is_bot {
        return Err(Error::invalid("api.post.update_post.call.app_error", "you are not allowed to edit a call post"));
    }
    let old = post.clone();
    if let Some(new) = p.props {
        post.props = new;
        props::guard(&actor, &old.props, &mut post.props);
        attachments::keep(&old, &mut post);
        attachments::name_actions(&mut post);
    }
    post.is_pinned = p.is_pinned.unwrap_or(post.is_pinned);
    post.file_ids = p.file_ids.unwrap_or(post.file_ids);
    post.message = p.message.unwrap_or(post.message);
    let reworded = post.message != old.message;
    if reworded {
        rules::check_edit_time(&old, &site.config(), site.clock.now_ms())?;
        post.hashtags = rules::hashtags(&post.message);
        site.before_store(&mut post);
    }
    rules::check(&post, &site.config())?;
    if reworded || post.file_ids != old.file_ids {
        post.edit_at = later(&site, &post);
        versions::keep(&mut tx, &old, post.edit_at).await?;
        files::exchange(&mut tx, &old.file_ids, &post, post.edit_at).await?;
    }
    if reworded {
        let channel = channels::get(&mut tx, &post.channel_id).await?.ok_or_else(channels::missing)?;
        let reach = reach::of(&site, &mut tx, &channel, &mut post).await?;
        let mentioned = audience::mentioned(&mut tx, &channel, &post, reach).await?;
        mentions::replace(&mut tx, &post, &mentioned).await?;
    }
    let mut post = save(&site, tx, post).await?;
    let mut conn = site.db.read().await?;
    permalink::embed(&site, &mut conn, &actor, std::slice::from_mut(&mut post)).await?;
    Ok(Json(post))
}

/// A change is later than the one before it, also where a post's time is a little ahead of the clock.
pub(super) fn later(site: &Site, post: &Post) -> i64 {
    site.clock.now_ms().max(post.update_at + 1)
}

async fn save(site: &Site, mut tx: Tx, mut post: Post) -> Result<Post> {
    post.update_at = later(site, &post);
    store::update(&mut tx, &post).await?;
    outside::stored(site, &mut tx, &post, false).await?;
    let post = complete(site, &mut tx, post).await?;
    let event = Event::new("post_edited").with_encoded("post", &post).to_channel(&post.channel_id);
    let event = permalink::show(site, &mut tx, event, &post).await?;
    site.emit(&mut tx, event);
    tx.commit().await?;
    Ok(post)
}

/// A change by a product of this server: no permission is asked and the post does not count as edited.
///
/// # Errors
/// 404 when there is no such post.
pub async fn update_as_system(site: &Site, id: &str, change: impl FnOnce(&mut Post) + Send) -> Result<Post> {
    let mut tx = site.db.write().await?;
    let mut post = store::get(&mut tx, id).await?.filter(|p| p.delete_at == 0).ok_or_else(missing)?;
    change(&mut post);
    attachments::name_actions(&mut post);
    save(site, tx, post).await
}

pub async fn pin(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    set_pin(&site, &actor, &id, true).await
}

pub async fn unpin(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    set_pin(&site, &actor, &id, false).await
}

async fn set_pin(site: &Site, actor: &Actor, id: &str, pinned: bool) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let mut post = access(&mut tx, actor, id, Permission::CREATE_POST).await?;
    post.is_pinned = pinned;
    save(site, tx, post).await?;
    Ok(Json(StatusOk::default()))
}

/// DELETE /posts/{id}: the own one, or anybody's with the permission; replies go with their root.
pub async fn delete(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<erasing::Q>,
) -> Result<Json<StatusOk>> {
    if erasing::asked(&site, &actor, q, erasing::Thing::Post, &id).await? {
        return Ok(Json(StatusOk::default()));
    }
    let mut tx = site.db.write().await?;
    let post = held(&mut tx, &actor, &id, Permission::DELETE_POST).await?;
    if post.user_id != actor.user_id {
        crate::channels::access(&mut tx, &actor, &post.channel_id, Permission::DELETE_OTHERS_POSTS).await?;
    }
    withdraw(&site, &mut tx, post, &actor.user_id).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// Deletes a post that is there, its replies with it; `by` is the id of who did it. The channel is locked.
pub(super) async fn withdraw(site: &Site, tx: &mut Tx, mut post: Post, by: &str) -> Result<()> {
    let now = later(site, &post);
    store::delete(tx, &post.id, now).await?;
    mentions::forget(tx, &post).await?;
    persist::end(tx, &post.id).await?;
    if post.root_id.is_empty() {
        threads::root_deleted(tx, &post.id, now).await?;
    } else {
        threads::shrunk(tx, &post.root_id).await?;
        // Its count of replies is another one now.
        store::touch(tx, &post.root_id, now).await?;
    }
    post.delete_at = now;
    store::silence(&mut post);
    let mut event = Event::new("post_deleted").with_encoded("post", &post).to_channel(&post.channel_id);
    // Who deleted it is for administrators to know.
    event.special = Some(Box::new(Special {
        users: users::admin_ids(tx).await?.into_iter().collect(),
        key: "delete_by".into(),
        value: by.into(),
    }));
    site.emit(tx, event);
    Ok(())
}
