//! Posts: written, changed, deleted, read in pages, with their threads and reactions.
//!
//! [`create`] is the one way a post comes to be: it checks, stores, counts and tells, in one transaction.

mod change;
mod create;
mod list;
mod reactions;
mod rules;
mod search;
mod store;
mod threads;

pub use change::update_as_system;
pub use create::create;
pub use store::{get, latest, since, thread};

use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, channels, files};
use axum::Router;
use axum::routing::{get as GET, post, put};
use db::Conn;
use wire::{Post, PostMetadata};

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

/// Adds what clients need to draw the posts: files, reactions, thread counts.
///
/// # Errors
/// When the database fails.
pub async fn with_metadata(conn: &mut Conn, posts: &mut [Post]) -> Result<()> {
    let ids: Vec<String> = posts.iter().map(|p| p.id.clone()).collect();
    let files = files::of_posts(conn, &ids).await?;
    let reactions = reactions::of_posts(conn, &ids).await?;
    let threads = threads::counts(conn, &ids).await?;
    for post in posts {
        let metadata = PostMetadata {
            files: files.iter().filter(|f| f.post_id == post.id).cloned().collect(),
            reactions: reactions.iter().filter(|r| r.post_id == post.id).cloned().collect(),
            ..PostMetadata::default()
        };
        post.metadata = Some(metadata);
        if let Some((_, replies, last)) = threads.iter().find(|(id, ..)| *id == post.id) {
            post.reply_count = *replies;
            post.last_reply_at = *last;
        }
    }
    Ok(())
}

/// [`with_metadata`] for one post.
///
/// # Errors
/// When the database fails.
async fn complete(conn: &mut Conn, post: Post) -> Result<Post> {
    let mut one = [post];
    with_metadata(conn, &mut one).await?;
    let [post] = one;
    Ok(post)
}

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/posts", post(create::handler))
        .route("/posts/ids", post(list::by_ids))
        .route("/posts/{post_id}", GET(list::one).put(change::put).delete(change::delete))
        .route("/posts/{post_id}/patch", put(change::patch))
        .route("/posts/{post_id}/pin", post(change::pin))
        .route("/posts/{post_id}/unpin", post(change::unpin))
        .route("/posts/{post_id}/thread", GET(list::thread))
        .route("/posts/{post_id}/reactions", GET(reactions::list))
        .route("/reactions", post(reactions::add))
        .route("/users/{user_id}/posts/{post_id}/reactions/{emoji}", axum::routing::delete(reactions::remove))
        .route("/channels/{channel_id}/posts", GET(list::page))
        .route("/channels/{channel_id}/pinned", GET(list::pinned))
        .route("/users/{user_id}/channels/{channel_id}/posts/unread", GET(list::unread))
        .route("/users/{user_id}/teams/{team_id}/threads", GET(threads::followed))
        .route("/users/{user_id}/teams/{team_id}/threads/{thread_id}/read/{timestamp}", put(threads::read))
        .route("/teams/{team_id}/posts/search", post(search::search))
}
