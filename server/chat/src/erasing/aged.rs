//! What has become too old: posts and files are erased in batches, by whoever knows how long they are kept.
//!
//! A batch is given newest first, so that answers go before what they answer. A first post that is too old and has answers
//! that are not loses what it said and stands as [`EMPTIED`] until they are gone: nothing is kept too long, nothing is
//! erased too soon, and the answers can still be read.

use super::store::{self, Posts};
use crate::{Result, Site, bookmarks, channels, posts, threads};
use db::{Conn, Row, Sql, Tx, params};
use serde_json::json;

/// Type of a first post that is there only for its answers.
pub const EMPTIED: &str = "custom_erased";
/// What stands in it.
const WORDS: &str = "*(erased: older than this site keeps messages)*";

const OLD_POSTS: Sql = Sql::new(
    "SELECT p.id, p.create_at, p.root_id FROM posts p WHERE p.channel_id = $1 AND p.create_at < $2
     AND p.create_at <= $3 AND (p.create_at < $3 OR p.id < $4) AND (NOT $5 OR p.is_pinned = FALSE)
     AND (p.type <> 'custom_erased' OR NOT EXISTS (SELECT 1 FROM posts r WHERE r.root_id = p.id))
     ORDER BY p.create_at DESC, p.id DESC LIMIT $6",
);
const ANSWERED: Sql = Sql::new("SELECT DISTINCT root_id FROM posts WHERE root_id IN LIST($1)");
const LEFT_ALONE: Sql = Sql::new(
    "SELECT p.id FROM posts p WHERE p.id IN LIST($1) AND p.type = 'custom_erased'
     AND NOT EXISTS (SELECT 1 FROM posts r WHERE r.root_id = p.id)",
);
const EMPTY: Sql = Sql::new(
    "UPDATE posts SET message = $2, props = $3, file_ids = $4, hashtags = '', type = $5, has_reactions = FALSE, is_pinned = FALSE,
     edit_at = 0, update_at = CASE WHEN update_at > $6 THEN update_at ELSE $6 END WHERE id IN LIST($1)",
);
const FILES_OF: Sql = Sql::new("SELECT id FROM file_infos WHERE post_id IN LIST($1)");
const OLD_FILES: Sql = Sql::new(
    "SELECT f.id, f.create_at FROM file_infos f WHERE f.create_at < $1 AND f.create_at >= $2 AND (f.create_at > $2 OR f.id > $3)
     AND (NOT $4 OR NOT EXISTS (SELECT 1 FROM posts p WHERE p.id = f.post_id AND p.is_pinned = TRUE AND p.delete_at = 0))
     ORDER BY f.create_at, f.id LIMIT $5",
);
const DELETE_FILES: Sql = Sql::new("DELETE FROM file_infos WHERE id IN LIST($1)");

/// A post or a file that is too old.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Old {
    pub id: String,
    pub create_at: i64,
    /// Empty for a first post, and for a file.
    pub root_id: String,
}

/// Which posts or files are too old, and after which the next batch begins.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Milliseconds.
    pub before: i64,
    pub keep_pinned: bool,
    /// The last one of the batch before.
    pub after: Option<Old>,
    pub limit: i64,
}

/// How much was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Those that were emptied included.
    pub posts: usize,
    pub files: usize,
}

/// Which of these posts nobody wants kept. Everything may go: this is where a legal hold would say no. A post that stays is
/// passed over, and its thread stands.
///
/// # Errors
/// When the database fails.
pub async fn may_be_erased(_conn: &mut Conn, posts: &[Old]) -> Result<Vec<Old>> {
    Ok(posts.to_vec())
}

/// The next posts of a channel that are too old, the newest first; deleted ones too.
///
/// # Errors
/// When the database fails.
pub async fn old_posts(conn: &mut Conn, channel: &str, wanted: &Wanted) -> Result<Vec<Old>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Old { id: r.get()?, create_at: r.get()?, root_id: r.get()? })
    };
    let (at, id) = wanted.after.as_ref().map_or((wanted.before, ""), |o| (o.create_at, o.id.as_str()));
    let values = params![channel, wanted.before, at, id, wanted.keep_pinned, wanted.limit];
    Ok(conn.fetch(&OLD_POSTS, values, decode).await?)
}

fn ids<'a>(posts: impl Iterator<Item = &'a Old>) -> Vec<String> {
    posts.map(|p| p.id.clone()).collect()
}

/// Erases a batch of [`old_posts`] of a channel for good, with what is about them. Drafts stay.
///
/// # Errors
/// When the database fails.
pub async fn erase_posts(site: &Site, tx: &mut Tx, channel: &str, batch: &[Old]) -> Result<Erased> {
    // Nobody answers a thread between the look at it and its end.
    channels::lock(tx, channel).await?;
    let batch = may_be_erased(tx, batch).await?;
    let answers = ids(batch.iter().filter(|p| !p.root_id.is_empty()));
    let mut files = gone(site, tx, &answers).await?;
    let mut answered: Vec<String> = batch.iter().map(|p| p.root_id.clone()).filter(|r| !r.is_empty()).collect();
    answered.sort_unstable();
    answered.dedup();

    let roots = ids(batch.iter().filter(|p| p.root_id.is_empty()));
    let stand: Vec<String> = tx.fetch(&ANSWERED, params![&roots], Row::only).await?;
    let (stand, over): (Vec<String>, Vec<String>) = roots.into_iter().partition(|id| stand.contains(id));
    files += empty(site, tx, &stand).await?;
    files += gone(site, tx, &over).await?;

    let alone: Vec<String> = tx.fetch(&LEFT_ALONE, params![&answered], Row::only).await?;
    gone(site, tx, &alone).await?;
    for root in answered.iter().filter(|r| !alone.contains(r) && !over.contains(r)) {
        threads::shrunk(tx, root).await?;
    }
    Ok(Erased { posts: batch.len(), files })
}

/// The files of these posts, whose bookmarks go.
async fn files_of(site: &Site, tx: &mut Tx, ids: &[String]) -> Result<usize> {
    let files: Vec<String> = tx.fetch(&FILES_OF, params![ids], Row::only).await?;
    bookmarks::forget_files(site, tx, &files).await?;
    Ok(files.len())
}

async fn gone(site: &Site, tx: &mut Tx, ids: &[String]) -> Result<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let files = files_of(site, tx, ids).await?;
    let mentioned = store::mentioned(tx, Posts::THESE, ids).await?;
    store::aged_posts(tx, ids).await?;
    recount(tx, &mentioned).await?;
    Ok(files)
}

async fn empty(site: &Site, tx: &mut Tx, ids: &[String]) -> Result<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let files = files_of(site, tx, ids).await?;
    let mentioned = store::mentioned(tx, Posts::THESE, ids).await?;
    store::around_posts(tx, ids).await?;
    recount(tx, &mentioned).await?;
    tx.execute(&EMPTY, params![ids, WORDS, json!({}), json!([]), EMPTIED, site.clock.now_ms()]).await?;
    Ok(files)
}

/// Counts the unread mentions of (channel, user) anew, sorted by channel.
pub(super) async fn recount(tx: &mut Tx, mentioned: &[(String, String)]) -> Result<()> {
    for of_channel in mentioned.chunk_by(|a, b| a.0 == b.0) {
        let users: Vec<String> = of_channel.iter().map(|(_, user)| user.clone()).collect();
        if let Some((channel, _)) = of_channel.first() {
            posts::recount_mentions(tx, channel, &users).await?;
        }
    }
    Ok(())
}

/// The next files that are too old, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn old_files(conn: &mut Conn, wanted: &Wanted) -> Result<Vec<Old>> {
    let decode = |row: Row| {
        let mut r = row.read();
        Ok(Old { id: r.get()?, create_at: r.get()?, root_id: String::new() })
    };
    let (at, id) = wanted.after.as_ref().map_or((0, ""), |o| (o.create_at, o.id.as_str()));
    let values = params![wanted.before, at, id, wanted.keep_pinned, wanted.limit];
    Ok(conn.fetch(&OLD_FILES, values, decode).await?)
}

/// Erases a batch of [`old_files`] for good, with their bookmarks. Their bytes go with the sweep of blobs.
///
/// # Errors
/// When the database fails.
pub async fn erase_files(site: &Site, tx: &mut Tx, batch: &[Old]) -> Result<Erased> {
    let ids = ids(batch.iter());
    bookmarks::forget_files(site, tx, &ids).await?;
    tx.execute(&DELETE_FILES, params![&ids]).await?;
    Ok(Erased { posts: 0, files: ids.len() })
}
