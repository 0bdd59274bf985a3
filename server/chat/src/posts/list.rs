//! Reading posts in pages. `prev_post_id` and `next_post_id` tell a client whether there is more on either side.

use super::{access, complete, permalink, store, with_following, with_metadata, with_participants};
use crate::Json;
use crate::paging;
use crate::roles::Permission;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site, channels};
use axum::extract::{Path, Query, State};
use db::Conn;
use serde::Deserialize;
use wire::{Post, PostList};

/// Most posts of a `since` answer.
const MAX_SINCE: i64 = 1000;

/// Query of GET /channels/{id}/posts and its relatives.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    page: i64,
    per_page: Option<i64>,
    since: i64,
    before: String,
    after: String,
    #[serde(rename = "collapsedThreads")]
    collapsed: bool,
    #[serde(rename = "collapsedThreadsExtended")]
    pub(super) extended: bool,
    #[serde(rename = "skipFetchThreads")]
    skip_roots: bool,
    limit_before: Option<i64>,
    limit_after: Option<i64>,
}

/// Makes a list of `posts` (newest first), which are the page; roots of replies are added beside the order.
pub(super) async fn listed(
    site: &Site,
    conn: &mut Conn,
    actor: &Actor,
    mut posts: Vec<Post>,
    q: &Q,
) -> Result<PostList> {
    let order: Vec<String> = posts.iter().map(|p| p.id.clone()).collect();
    let mut roots: Vec<String> =
        posts.iter().map(|p| p.root_id.clone()).filter(|r| !r.is_empty() && !order.contains(r)).collect();
    roots.sort_unstable();
    roots.dedup();
    if !q.skip_roots {
        posts.extend(store::by_ids(conn, &roots).await?);
    }
    with_metadata(site, conn, &mut posts).await?;
    permalink::embed(site, conn, actor, &mut posts).await?;
    with_following(conn, &actor.user_id, &mut posts).await?;
    if q.extended {
        with_participants(conn, actor, &mut posts).await?;
    }
    Ok(PostList { order, posts: posts.into_iter().map(|p| (p.id.clone(), p)).collect(), ..PostList::default() })
}

/// Fills in the neighbours of the page.
async fn neighbours(conn: &mut Conn, channel: &str, mut list: PostList, replies: bool) -> Result<PostList> {
    let end = |id: Option<&String>| id.and_then(|id| list.posts.get(id)).map(|p| (p.create_at, p.id.clone()));
    let (newest, oldest) = (end(list.order.first()), end(list.order.last()));
    if let Some((at, id)) = oldest {
        let older = store::before(conn, channel, at, &id, 1, replies).await?;
        list.prev_post_id = older.into_iter().next().map(|p| p.id).unwrap_or_default();
    }
    if let Some((at, id)) = newest {
        let newer = store::after(conn, channel, at, &id, 1, replies).await?;
        list.next_post_id = newer.into_iter().next().map(|p| p.id).unwrap_or_default();
    }
    Ok(list)
}

pub async fn page(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<PostList>> {
    let mut conn = site.db.read().await?;
    channels::access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    let limit = q.per_page.unwrap_or(60).clamp(0, 200);
    let replies = !q.collapsed;
    if q.since > 0 {
        let posts = store::changed(&mut conn, &id, q.since, MAX_SINCE, replies).await?;
        return listed(&site, &mut conn, &actor, posts, &q).await.map(Json);
    }
    let posts = if !q.before.is_empty() {
        let at = in_channel(&mut conn, &q.before, &id).await?;
        store::before(&mut conn, &id, at.create_at, &at.id, limit, replies).await?
    } else if !q.after.is_empty() {
        let at = in_channel(&mut conn, &q.after, &id).await?;
        let mut newer = store::after(&mut conn, &id, at.create_at, &at.id, limit, replies).await?;
        newer.reverse();
        newer
    } else {
        store::latest(&mut conn, &id, limit, q.page.max(0).saturating_mul(limit), replies).await?
    };
    let list = listed(&site, &mut conn, &actor, posts, &q).await?;
    neighbours(&mut conn, &id, list, replies).await.map(Json)
}

async fn in_channel(conn: &mut Conn, post_id: &str, channel: &str) -> Result<Post> {
    let post = store::get(conn, post_id).await?.filter(|p| p.channel_id == channel);
    post.ok_or_else(|| Error::invalid_param("before or after"))
}

/// Around the first unread post; the latest page when all is read.
pub async fn unread(
    State(site): State<Site>,
    actor: Actor,
    Path((user, id)): Path<(String, String)>,
    Query(q): Query<Q>,
) -> Result<Json<PostList>> {
    let user = me_or(&actor, &user)?;
    let mut conn = site.db.read().await?;
    channels::access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    if q.limit_after == Some(0) {
        return Err(Error::invalid_param("limit_after"));
    }
    let (back, ahead) = (q.limit_before.unwrap_or(60).clamp(0, 200), q.limit_after.unwrap_or(60).clamp(1, 200));
    let replies = !q.collapsed;
    let viewed = channels::member(&mut conn, &id, &user).await?.map_or(i64::MAX, |m| m.last_viewed_at);
    let mut posts = store::after(&mut conn, &id, viewed, store::LAST_ID, ahead, replies).await?;
    posts.reverse();
    if posts.is_empty() {
        posts = store::latest(&mut conn, &id, back.max(ahead), 0, replies).await?;
    } else if let Some(first) = posts.last().cloned() {
        posts.extend(store::before(&mut conn, &id, first.create_at, &first.id, back, replies).await?);
    }
    let list = listed(&site, &mut conn, &actor, posts, &q).await?;
    neighbours(&mut conn, &id, list, replies).await.map(Json)
}

pub async fn pinned(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<PostList>> {
    let mut conn = site.db.read().await?;
    channels::access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    let posts = store::pinned(&mut conn, &id).await?;
    listed(&site, &mut conn, &actor, posts, &Q::default()).await.map(Json)
}

/// Query of the saved posts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Saved {
    team_id: String,
    channel_id: String,
    page: i64,
    per_page: Option<i64>,
}

/// GET /users/{id}/posts/flagged: what the user saved, newest first.
pub async fn flagged(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Query(q): Query<Saved>,
) -> Result<Json<PostList>> {
    let user = me_or(&actor, &user)?;
    let (limit, offset) = paging::limits(q.page, q.per_page);
    let mut conn = site.db.read().await?;
    let posts = store::flagged(&mut conn, &user, &q.team_id, &q.channel_id, limit, offset).await?;
    listed(&site, &mut conn, &actor, posts, &Q::default()).await.map(Json)
}

pub async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Post>> {
    let mut conn = site.db.read().await?;
    let post = access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    let mut post = complete(&site, &mut conn, post).await?;
    permalink::embed(&site, &mut conn, &actor, std::slice::from_mut(&mut post)).await?;
    Ok(Json(post))
}

pub async fn by_ids(State(site): State<Site>, actor: Actor, Json(ids): Json<Vec<String>>) -> Result<Json<Vec<Post>>> {
    if ids.len() > 1000 {
        return Err(Error::invalid_body("ids", "at most 1000 at once"));
    }
    let mut conn = site.db.read().await?;
    let mut posts = Vec::new();
    for post in store::by_ids(&mut conn, &ids).await? {
        if channels::access(&mut conn, &actor, &post.channel_id, Permission::READ_CHANNEL).await.is_ok() {
            posts.push(post);
        }
    }
    with_metadata(&site, &mut conn, &mut posts).await?;
    permalink::embed(&site, &mut conn, &actor, &mut posts).await?;
    with_following(&mut conn, &actor.user_id, &mut posts).await?;
    Ok(Json(posts))
}
