//! The HTTP side of threads.

use super::follow::read_changed;
use super::store::Page;
use super::{follow, read, root, store};
use crate::Json;
use crate::push::{self, Seen};
use crate::users::me_or;
use crate::{Actor, Result, Site, channels, posts, teams};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post, put};
use db::Conn;
use serde::Deserialize;
use wire::{Event, Post, StatusOk, Thread, Threads};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/users/{user_id}/teams/{team_id}/threads", get(list))
        .route("/users/{user_id}/teams/{team_id}/threads/read", put(read_all))
        .route("/users/{user_id}/teams/{team_id}/threads/{thread_id}", get(one))
        .route("/users/{user_id}/teams/{team_id}/threads/{thread_id}/read/{timestamp}", put(read_to))
        .route("/users/{user_id}/teams/{team_id}/threads/{thread_id}/set_unread/{post_id}", post(unread_from))
        .route("/users/{user_id}/teams/{team_id}/threads/{thread_id}/following", put(start).delete(stop))
}

/// Query of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    since: i64,
    deleted: bool,
    extended: bool,
    unread: bool,
    page: i64,
    per_page: Option<i64>,
    before: String,
    after: String,
    #[serde(rename = "totalsOnly")]
    totals_only: bool,
    #[serde(rename = "threadsOnly")]
    threads_only: bool,
}

/// Whose threads, once it is clear that the actor may see them.
async fn whose(conn: &mut Conn, actor: &Actor, user: &str, team: &str) -> Result<String> {
    let user = me_or(actor, user)?;
    teams::require_member(conn, actor, team).await?;
    Ok(user)
}

async fn list(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
    Query(q): Query<Q>,
) -> Result<Json<Threads>> {
    let mut conn = site.db.read().await?;
    let user = whose(&mut conn, &actor, &user, &team).await?;
    let mut answer = Threads::default();
    if !q.threads_only {
        let totals = store::totals(&mut conn, &user, &team).await?;
        answer.total = totals.total;
        answer.total_unread_threads = totals.unread_threads;
        answer.total_unread_mentions = totals.unread_mentions;
        answer.total_unread_urgent_mentions = totals.unread_urgent_mentions;
    }
    if !q.totals_only {
        let limit = q.per_page.unwrap_or(30).clamp(1, 200);
        let page = Page {
            only_unread: q.unread,
            deleted: q.deleted,
            since: q.since.max(0),
            before: last_reply_of(&mut conn, &q.before, &user).await?,
            after: last_reply_of(&mut conn, &q.after, &user).await?,
            limit,
            offset: q.page.max(0).saturating_mul(limit),
        };
        let found = store::page(&mut conn, &user, &team, &page).await?;
        answer.threads = read::complete(&site, &mut conn, &actor, found, q.deleted, q.extended).await?;
    }
    Ok(Json(answer))
}

/// `before` and `after` name a thread; the list is ordered by last replies.
async fn last_reply_of(conn: &mut Conn, thread: &str, user: &str) -> Result<i64> {
    Ok(if thread.is_empty() { 0 } else { store::one(conn, thread, user).await?.map_or(0, |f| f.last_reply_at) })
}

async fn one(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team, id)): Path<(String, String, String)>,
    Query(q): Query<Q>,
) -> Result<Json<Thread>> {
    let mut conn = site.db.read().await?;
    let user = whose(&mut conn, &actor, &user, &team).await?;
    let root = root(&mut conn, &actor, &id).await?;
    thread(&site, &mut conn, &actor, &root, &user, q.extended).await.map(Json)
}

async fn thread(
    site: &Site,
    conn: &mut Conn,
    actor: &Actor,
    root: &Post,
    user: &str,
    extended: bool,
) -> Result<Thread> {
    let seen = read::one(conn, root, user).await?;
    read::complete(site, conn, actor, vec![seen], false, extended).await?.pop().ok_or_else(posts::missing)
}

async fn read_all(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let user = whose(&mut tx, &actor, &user, &team).await?;
    let now = site.clock.now_ms();
    store::read_team(&mut tx, &user, &team, now).await?;
    push::seen(&site, &mut tx, &user, Seen::ThreadsOf { team: &team }).await?;
    site.emit(&mut tx, Event::new("thread_read_changed").with("timestamp", now).to_team(&team).to_user(&user));
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

async fn read_to(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team, id, at)): Path<(String, String, String, i64)>,
) -> Result<Json<Thread>> {
    let mut tx = site.db.write().await?;
    let user = whose(&mut tx, &actor, &user, &team).await?;
    let root = root(&mut tx, &actor, &id).await?;
    let before = read::one(&mut tx, &root, &user).await?;
    store::viewed(&mut tx, &root.id, &user, at, site.clock.now_ms()).await?;
    push::seen(&site, &mut tx, &user, Seen::Thread(&root.id)).await?;
    let after = read::one(&mut tx, &root, &user).await?;
    let event = read_changed(&before, &after, &root.channel_id, at).to_team(&team).to_user(&user);
    site.emit(&mut tx, event);
    let thread = thread(&site, &mut tx, &actor, &root, &user, false).await?;
    tx.commit().await?;
    Ok(Json(thread))
}

/// Everything from `post_id` on counts as unread again.
async fn unread_from(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team, id, post_id)): Path<(String, String, String, String)>,
) -> Result<Json<Thread>> {
    let mut tx = site.db.write().await?;
    let user = whose(&mut tx, &actor, &user, &team).await?;
    let root = root(&mut tx, &actor, &id).await?;
    let post = posts::get(&mut tx, &post_id).await?.ok_or_else(posts::missing)?;
    if post.id != root.id && post.root_id != root.id {
        return Err(crate::Error::invalid_param("post_id"));
    }
    let channel = channels::get(&mut tx, &root.channel_id).await?.ok_or_else(channels::missing)?;
    super::unread_from(&site, &mut tx, &channel, &root, &user, post.create_at).await?;
    let thread = thread(&site, &mut tx, &actor, &root, &user, false).await?;
    tx.commit().await?;
    Ok(Json(thread))
}

async fn start(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team, id)): Path<(String, String, String)>,
) -> Result<Json<StatusOk>> {
    set_following(&site, &actor, &user, &team, &id, true).await
}

async fn stop(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team, id)): Path<(String, String, String)>,
) -> Result<Json<StatusOk>> {
    set_following(&site, &actor, &user, &team, &id, false).await
}

async fn set_following(
    site: &Site,
    actor: &Actor,
    user: &str,
    team: &str,
    id: &str,
    following: bool,
) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let user = whose(&mut tx, actor, user, team).await?;
    let root = root(&mut tx, actor, id).await?;
    follow(site, &mut tx, team, &root, &user, following).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
