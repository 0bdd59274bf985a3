//! Posts: written, changed, deleted, read in pages, with their threads and reactions.
//!
//! [`create`] is the one way a post comes to be: it checks, stores, counts and tells, in one transaction.

mod acknowledge;
pub mod attachments;
mod audience;
mod change;
mod create;
mod due;
mod ephemeral;
mod info;
mod list;
mod mentions;
mod outside;
mod permalink;
mod persist;
mod priority;
mod props;
mod reach;
mod reactions;
mod remind;
pub mod remote;
mod rules;
mod store;
mod system;
mod thread;
mod translated;
mod unread;
mod versions;

pub use acknowledge::of_posts as acknowledgements;
pub use change::update_as_system;
pub use create::{check_root, create, create_for, create_in};
pub use due::{do_due, run};
pub use ephemeral::whisper;
pub use mentions::recount as recount_mentions;
pub use outside::Outside;
pub use permalink::embed as with_permalinks;
pub(crate) use props::sign;
pub use reactions::of_posts as reactions;
pub use rules::{COMING_AND_GOING, check, check_length, counts_kind as counts, hashtags};
pub(crate) use store::silence;
pub use store::{LAST_ID, changed_for, changed_in, get, latest, roots, since, thread, unread_from};
pub use system::{Happened, say};

use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, channels, emoji, files, threads, users};
use axum::Router;
use axum::routing::{get as GET, post, put};
use db::Conn;
use std::collections::HashMap;
use wire::{Participant, Post, PostMetadata};

pub(crate) fn missing() -> Error {
    Error::not_found("app.post.get.app_error", "Unable to get the post.")
}

/// Loads a live post and proves that the actor may do `permission` in its channel.
///
/// # Errors
/// 404 when there is none, 403 when it is not allowed.
pub async fn access(conn: &mut Conn, actor: &Actor, id: &str, permission: Permission) -> Result<Post> {
    let post = store::get(conn, id).await?.filter(|p| p.delete_at == 0).ok_or_else(missing)?;
    channels::access(conn, actor, &post.channel_id, permission).await?;
    Ok(post)
}

/// Adds what clients need to draw the posts: files, reactions, custom emoji, and the numbers of their threads.
///
/// # Errors
/// When the database fails.
pub async fn with_metadata(site: &Site, conn: &mut Conn, posts: &mut [Post]) -> Result<()> {
    let ids: Vec<String> = posts.iter().map(|p| p.id.clone()).collect();
    let files = files::of_posts(conn, &ids).await?;
    let reactions = reactions::of_posts(conn, &ids).await?;
    let mut priorities = priority::of_posts(conn, &ids).await?;
    let acknowledgements = acknowledge::of_posts(conn, &ids).await?;
    for post in posts.iter_mut().filter(|p| p.delete_at == 0) {
        post.metadata = Some(PostMetadata {
            files: files.iter().filter(|f| f.post_id == post.id).cloned().collect(),
            embeds: attachments::any(post)
                .then(|| serde_json::json!({"type": "message_attachment"}))
                .into_iter()
                .collect(),
            reactions: reactions.iter().filter(|r| r.post_id == post.id).cloned().collect(),
            priority: priorities.remove(&post.id),
            acknowledgements: acknowledgements.iter().filter(|a| a.post_id == post.id).cloned().collect(),
            translations: translated::of(post),
            ..PostMetadata::default()
        });
    }
    let emoji = emoji::of_posts(conn, posts).await?;
    // A reply shows the numbers of its thread too.
    let root = |p: &Post| if p.root_id.is_empty() { p.id.clone() } else { p.root_id.clone() };
    let roots: Vec<String> = posts.iter().map(root).collect();
    let threads = threads::summaries(conn, &roots).await?;
    let threads: HashMap<&str, &threads::Summary> = threads.iter().map(|t| (t.post_id.as_str(), t)).collect();
    for post in posts.iter_mut() {
        let used = emoji::used_in(post, &emoji);
        if let Some(metadata) = post.metadata.as_mut().filter(|_| post.delete_at == 0) {
            metadata.emojis = used;
        }
        if let Some(thread) = threads.get(root(post).as_str()) {
            post.reply_count = thread.reply_count;
            if post.root_id.is_empty() {
                post.last_reply_at = thread.last_reply_at;
                let ids = thread.participants.iter().map(|id| Participant::Id { id: id.clone() });
                post.participants = Some(ids.collect());
            }
        }
    }
    if let Some(outside) = site.outside() {
        outside.complete(conn, posts).await?;
    }
    posts.iter_mut().for_each(attachments::hide);
    Ok(())
}

/// Marks the roots that `user` follows.
///
/// # Errors
/// When the database fails.
pub async fn with_following(conn: &mut Conn, user: &str, posts: &mut [Post]) -> Result<()> {
    let roots: Vec<String> = posts.iter().filter(|p| p.reply_count > 0).map(|p| p.id.clone()).collect();
    if roots.is_empty() {
        return Ok(());
    }
    let followed = threads::following(conn, user, &roots).await?;
    for post in posts.iter_mut().filter(|p| p.root_id.is_empty() && p.reply_count > 0) {
        post.is_following = Some(followed.contains(&post.id));
    }
    Ok(())
}

/// Puts whole users in place of the ids of participants.
///
/// # Errors
/// When the database fails.
async fn with_participants(conn: &mut Conn, actor: &Actor, posts: &mut [Post]) -> Result<()> {
    let lists = posts.iter().filter_map(|p| p.participants.as_ref()).flatten();
    let mut ids: Vec<String> = lists.map(|p| p.id().to_owned()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    let people = users::by_ids(conn, &ids).await?;
    for participant in posts.iter_mut().filter_map(|p| p.participants.as_mut()).flatten() {
        if let Some(user) = people.iter().find(|u| u.id == participant.id()) {
            *participant = Participant::User(Box::new(users::sanitized(user.clone(), actor)));
        }
    }
    Ok(())
}

/// [`with_metadata`] for one post.
///
/// # Errors
/// When the database fails.
async fn complete(site: &Site, conn: &mut Conn, post: Post) -> Result<Post> {
    let mut one = [post];
    with_metadata(site, conn, &mut one).await?;
    let [post] = one;
    Ok(post)
}

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/posts", post(create::handler))
        .route("/posts/ids", post(list::by_ids))
        .route("/posts/ephemeral", post(ephemeral::handler))
        .route("/posts/ids/reactions", post(reactions::of_many))
        .route("/posts/{post_id}", GET(list::one).put(change::put).delete(change::delete))
        .route("/posts/{post_id}/patch", put(change::patch))
        .route("/posts/{post_id}/pin", post(change::pin))
        .route("/posts/{post_id}/unpin", post(change::unpin))
        .route("/posts/{post_id}/thread", GET(thread::thread))
        .route("/posts/{post_id}/info", GET(info::info))
        .route("/posts/{post_id}/files/info", GET(info::files))
        .route("/posts/{post_id}/edit_history", GET(versions::history))
        .route("/posts/{post_id}/restore/{restore_version_id}", post(versions::restore))
        .route("/posts/{post_id}/reactions", GET(reactions::list))
        .route("/reactions", post(reactions::add))
        .route("/users/{user_id}/posts/flagged", GET(list::flagged))
        .route("/users/{user_id}/posts/{post_id}/ack", post(acknowledge::add).delete(acknowledge::remove))
        .route("/users/{user_id}/posts/{post_id}/reminder", post(remind::set))
        .route("/users/{user_id}/posts/{post_id}/set_unread", post(unread::set_unread))
        .route("/users/{user_id}/posts/{post_id}/reactions/{emoji}", axum::routing::delete(reactions::remove))
        .route("/channels/{channel_id}/posts", GET(list::page))
        .route("/channels/{channel_id}/pinned", GET(list::pinned))
        .route("/users/{user_id}/channels/{channel_id}/posts/unread", GET(list::unread))
}
