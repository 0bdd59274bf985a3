//! Threads: how many replies they have, who follows them and what each follower has not read.
//!
//! Nothing that could be counted from posts and mentions is counted twice: unread replies and mentions are read from
//! `posts` and `post_mentions` against the time a follower last looked. Only the number of replies is kept, under a lock
//! on the thread's row, so that it stays right when many write at once.

mod follow;
mod read;
mod routes;
mod store;

pub use follow::{follow, replied, root_deleted, shrunk, unread_from};
pub use routes::router;
pub use store::{Summary, following, read_channel, summaries, team_totals};

use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, posts};
use db::Conn;
use wire::{Post, Thread};

/// These threads as the actor sees them; those that they never followed are left out.
///
/// # Errors
/// When the database fails.
pub async fn of_user(site: &Site, conn: &mut Conn, actor: &Actor, ids: &[String]) -> Result<Vec<Thread>> {
    let mut found = Vec::new();
    for id in ids {
        found.extend(store::one(conn, id, &actor.user_id).await?);
    }
    read::complete(site, conn, actor, found, true, false).await
}

/// The root of a thread that the actor may read.
///
/// # Errors
/// 404 when there is no such post, 403 when the actor may not read it.
async fn root(conn: &mut Conn, actor: &Actor, id: &str) -> Result<Post> {
    let post = posts::access(conn, actor, id, Permission::READ_CHANNEL).await?;
    if post.root_id.is_empty() {
        return Ok(post);
    }
    Err(Error::invalid_param("thread_id"))
}
