//! GET /posts/{id}/thread: a root and a page of its replies.

use super::list::{Q, listed};
use super::store::{self, Replies};
use super::{access, missing};
use crate::Json;
use crate::roles::Permission;
use crate::{Actor, Result, Site};
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use wire::PostList;

/// Most replies of one answer; also what a client gets that asks for no page.
const MAX_REPLIES: i64 = 5000;

/// Query of the thread.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Page {
    /// Replies of a page; 0 for all.
    per_page: i64,
    from_post: String,
    from_create_at: i64,
    from_update_at: i64,
    /// `down` (older to newer) or `up`.
    direction: String,
    updates_only: bool,
    collapsed_threads_extended: bool,
}

pub async fn thread(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(p): Query<Page>,
) -> Result<Json<PostList>> {
    let mut conn = site.db.read().await?;
    let mut root = access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    if !root.root_id.is_empty() {
        root = store::get(&mut conn, &root.root_id).await?.filter(|r| r.delete_at == 0).ok_or_else(missing)?;
    }
    let limit = if p.per_page > 0 { p.per_page.min(MAX_REPLIES) } else { MAX_REPLIES };
    let (part, at) = match (p.updates_only, p.direction.as_str()) {
        (true, _) => (Replies::Changed, p.from_update_at),
        // Without a place to begin at, "up" begins at the newest reply.
        (false, "up") => (Replies::Before, if p.from_create_at > 0 { p.from_create_at } else { i64::MAX }),
        (false, _) => (Replies::After, p.from_create_at),
    };
    // Without an id the ties of the time all count as beyond the place.
    let from = match (p.from_post.as_str(), part) {
        ("", Replies::Before) => "",
        ("", _) => store::LAST_ID,
        (id, _) => id,
    };
    let mut replies = store::replies(&mut conn, &root.id, part, at, from, limit + 1).await?;
    let more = i64::try_from(replies.len()).unwrap_or(i64::MAX) > limit;
    replies.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    replies.sort_by(|a, b| (b.create_at, &b.id).cmp(&(a.create_at, &a.id)));
    replies.push(root);
    let mut q = Q::default();
    q.extended = p.collapsed_threads_extended;
    let mut list = listed(&site, &mut conn, &actor, replies, &q).await?;
    list.has_next = Some(more);
    Ok(Json(list))
}
