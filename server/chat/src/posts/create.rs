//! Writing a post: check, store, count, tell, in one transaction.

use super::{
    attachments, audience, complete, mentions, missing, outside, permalink, persist, priority, props, reach, rules,
    store,
};
use crate::Json;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, channels, files, push, status, threads, users};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use db::{Conn, Tx};
use serde::Deserialize;
use wire::{Channel, Event, Post, User};

/// Query of POST /posts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    /// Off for automation: the author does not count as present.
    set_online: Option<bool>,
}

/// POST /posts
pub async fn handler(
    State(site): State<Site>,
    actor: Actor,
    Query(q): Query<Q>,
    Json(mut post): Json<Post>,
) -> Result<(StatusCode, Json<Post>)> {
    if !actor.is_system_admin()
        && (post.kind.starts_with("system_") || post.kind.starts_with("custom_") && !actor.is_bot)
    {
        return Err(Error::invalid_body("type", "this type is the server's own"));
    }
    props::sign(&actor, &mut post.props);
    let post = create(&site, &actor, post).await?;
    if q.set_online != Some(false) && !actor.is_bot {
        status::active(&site, &actor.user_id).await?;
    }
    Ok((StatusCode::CREATED, Json(post)))
}

/// Writes `post` as `actor`. A pending id that was seen before gives the post that is stored already.
///
/// # Errors
/// 400 for a bad post, 403 without the right to post, 404 for a channel that does not exist.
pub async fn create(site: &Site, actor: &Actor, new: Post) -> Result<Post> {
    rules::check(&new, &site.config())?;
    let mut tx = site.db.write().await?;
    let mut post = create_in(site, &mut tx, actor, new).await?;
    permalink::embed(site, &mut tx, actor, std::slice::from_mut(&mut post)).await?;
    tx.commit().await?;
    Ok(post)
}

/// [`create`] as a part of a larger change.
///
/// # Errors
/// As [`create`].
pub async fn create_in(site: &Site, tx: &mut Tx, actor: &Actor, new: Post) -> Result<Post> {
    let channel = channels::access(tx, actor, &new.channel_id, Permission::CREATE_POST).await?;
    create_for(site, tx, &channel, &actor.user_id, new).await
}

/// [`create_in`] for a program that writes for `author` and has proved its right to write there by other means: whether
/// the author is a member is not asked.
///
/// # Errors
/// 400 for a bad post or a channel that is archived.
pub async fn create_for(site: &Site, tx: &mut Tx, channel: &Channel, author: &str, new: Post) -> Result<Post> {
    rules::check(&new, &site.config())?;
    priority::check(&new)?;
    if channel.delete_at != 0 {
        let message = "Can not post to deleted channel.";
        return Err(Error::invalid("api.post.create_post.can_not_post_to_deleted.error", message));
    }
    if !new.pending_post_id.is_empty() {
        if let Some(id) = store::pending(tx, author, &new.pending_post_id).await? {
            let stored = store::get(tx, &id).await?.ok_or_else(missing)?;
            return complete(site, tx, stored).await;
        }
    }
    if !new.root_id.is_empty() {
        // The thread must not be deleted between the look at it and the reply.
        channels::lock(tx, &channel.id).await?;
    }
    check_root(tx, &new).await?;
    let mut post = Post {
        id: kit::id::new(),
        user_id: author.into(),
        channel_id: channel.id.clone(),
        root_id: new.root_id,
        hashtags: rules::hashtags(&new.message),
        message: new.message,
        kind: new.kind,
        props: new.props,
        file_ids: new.file_ids,
        pending_post_id: new.pending_post_id,
        is_pinned: new.is_pinned,
        metadata: new.metadata,
        ..Post::default()
    };
    attachments::name_actions(&mut post);
    site.before_store(&mut post);
    write(site, tx, channel, post).await
}

/// A reply's root must be a live first post in the same channel.
///
/// # Errors
/// 400 otherwise.
pub async fn check_root(conn: &mut Conn, post: &Post) -> Result<()> {
    if post.root_id.is_empty() {
        return Ok(());
    }
    let root = store::get(conn, &post.root_id).await?;
    if root.is_some_and(|r| r.delete_at == 0 && r.root_id.is_empty() && r.channel_id == post.channel_id) {
        return Ok(());
    }
    let message = "Invalid RootId parameter: it is no live first post of a thread in this channel.";
    Err(Error::invalid("api.post.create_post.root_id.app_error", message))
}

/// Stores the post with the time that it gets in its channel, moves every counter, and says it once committed.
pub(super) async fn write(site: &Site, tx: &mut Tx, channel: &Channel, mut post: Post) -> Result<Post> {
    let counted = i64::from(rules::counts(&post));
    let root = if post.root_id.is_empty() { counted } else { 0 };
    let at = channels::bump(tx, &channel.id, site.clock.now_ms(), counted, root).await?;
    post.update_at = at.ok_or_else(channels::missing)?;
    // A post that was written at another site comes with its own time, and no later than now.
    if post.create_at == 0 || post.create_at > post.update_at {
        post.create_at = post.update_at;
    }
    let reach = reach::of(site, tx, channel, &mut post).await?;
    store::insert(tx, &post).await?;
    if !post.pending_post_id.is_empty() {
        store::remember(tx, &post.user_id, &post.pending_post_id, &post.id, post.create_at).await?;
    }
    files::attach(tx, &post.file_ids, &post).await?;
    let mentioned = audience::mentioned(tx, channel, &post, reach).await?;
    channels::count_for_author(tx, &channel.id, &post.user_id, counted, root, post.create_at).await?;
    let urgent = priority::record(site, tx, channel, &post, &mentioned).await?;
    channels::mention(tx, &channel.id, &mentioned, root, urgent, post.create_at).await?;
    mentions::record(tx, &post, &mentioned).await?;
    let mut followers = Vec::new();
    if !post.root_id.is_empty() {
        store::touch(tx, &post.root_id, post.create_at).await?;
        persist::answered(tx, &post.root_id, &post.user_id).await?;
        let author = store::get(tx, &post.root_id).await?.ok_or_else(missing)?.user_id;
        followers = threads::replied(site, tx, channel, &post, &author, &mentioned).await?;
    }
    outside::stored(site, tx, &post, true).await?;
    push::stored(site, tx, &post, false).await?;
    let post = complete(site, tx, post).await?;
    let author = users::get(tx, &post.user_id).await?.unwrap_or_default();
    let event = posted(&post, channel, &author, &mentioned, &followers);
    let event = permalink::show(site, tx, event, &post).await?;
    site.emit(tx, event);
    Ok(post)
}

pub(super) fn posted(
    post: &Post,
    channel: &Channel,
    author: &User,
    mentioned: &[String],
    followers: &[String],
) -> Event {
    let mut event = Event::new("posted")
        .with_encoded("post", post)
        .with("channel_type", channel.kind.as_str())
        .with("channel_display_name", channel.display_name.as_str())
        .with("channel_name", channel.name.as_str())
        .with("sender_name", format!("@{}", author.username))
        .with("team_id", channel.team_id.as_str())
        .with("set_online", true);
    if !post.file_ids.is_empty() {
        event = event.with("otherFile", "true");
    }
    if !mentioned.is_empty() {
        event = event.with_encoded("mentions", &mentioned);
    }
    if !followers.is_empty() {
        event = event.with_encoded("followers", &followers);
    }
    event.to_channel(&channel.id)
}
