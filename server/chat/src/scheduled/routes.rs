//! The HTTP side of scheduled posts.

use super::deliver::say;
use super::{repeat, store};
use crate::Json;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, channels, files, posts, teams};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use db::Conn;
use serde::Deserialize;
use wire::{Post, PostMetadata, ScheduledPost, ScheduledPosts};

/// Posts that one user may have waiting.
const MAX_WAITING: i64 = 1000;
/// Key under which those of direct and group channels are listed.
const DIRECT: &str = "directChannels";

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/posts/schedule", post(create))
        .route("/posts/schedule/{scheduled_post_id}", put(update).delete(delete))
        .route("/posts/scheduled/team/{team_id}", get(list))
}

fn missing() -> Error {
    Error::not_found("app.get_scheduled_post.error", "There is no such scheduled post.")
}

/// Time, length and place are checked when a post is planned, so that the author hears of a mistake now.
async fn check(site: &Site, conn: &mut Conn, actor: &Actor, plan: &ScheduledPost) -> Result<()> {
    if plan.scheduled_at <= site.clock.now_ms() {
        return Err(Error::invalid_body("scheduled_at", "a time in the future is wanted, in milliseconds"));
    }
    let channel = channels::access(conn, actor, &plan.channel_id, Permission::CREATE_POST).await?;
    if channel.delete_at != 0 {
        return Err(Error::invalid_body("channel_id", "the channel is archived"));
    }
    repeat::check(plan)?;
    let as_post = Post {
        channel_id: plan.channel_id.clone(),
        root_id: plan.root_id.clone(),
        message: plan.message.clone(),
        file_ids: plan.file_ids.clone(),
        props: plan.props.clone(),
        ..Post::default()
    };
    posts::check(&as_post, &site.config())?;
    posts::check_root(conn, &as_post).await
}

async fn create(
    State(site): State<Site>,
    actor: Actor,
    Json(new): Json<ScheduledPost>,
) -> Result<(StatusCode, Json<ScheduledPost>)> {
    let mut tx = site.db.write().await?;
    check(&site, &mut tx, &actor, &new).await?;
    if !new.kind.is_empty() {
        return Err(Error::invalid_body("type", "only ordinary messages can be scheduled"));
    }
    if store::waiting(&mut tx, &actor.user_id).await? >= MAX_WAITING {
        return Err(Error::invalid_body("scheduled_at", &format!("at most {MAX_WAITING} posts can wait")));
    }
    let now = site.clock.now_ms();
    let mut new = new;
    posts::sign(&actor, &mut new.props);
    let plan = ScheduledPost {
        id: kit::id::new(),
        create_at: now,
        update_at: now,
        user_id: actor.user_id.clone(),
        processed_at: 0,
        error_code: String::new(),
        metadata: None,
        ..new
    };
    store::insert(&mut tx, &plan).await?;
    say(&site, &mut tx, "scheduled_post_created", &plan, &actor.connection_id);
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(plan)))
}

/// The actor's own plan.
async fn own(conn: &mut Conn, actor: &Actor, id: &str) -> Result<ScheduledPost> {
    let plan = store::get(conn, id).await?.ok_or_else(missing)?;
    if plan.user_id == actor.user_id { Ok(plan) } else { Err(Error::forbidden()) }
}

/// Another time or text; one that had failed is tried again.
async fn update(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<ScheduledPost>,
) -> Result<Json<ScheduledPost>> {
    let mut tx = site.db.write().await?;
    let known = own(&mut tx, &actor, &id).await?;
    let mut new = new;
    posts::sign(&actor, &mut new.props);
    let plan = ScheduledPost {
        update_at: site.clock.now_ms(),
        message: new.message,
        props: new.props,
        file_ids: new.file_ids,
        priority: new.priority,
        scheduled_at: new.scheduled_at,
        repeat_type: new.repeat_type,
        repeat_timezone: new.repeat_timezone,
        processed_at: 0,
        error_code: String::new(),
        ..known
    };
    check(&site, &mut tx, &actor, &plan).await?;
    store::update(&mut tx, &plan).await?;
    say(&site, &mut tx, "scheduled_post_updated", &plan, &actor.connection_id);
    tx.commit().await?;
    Ok(Json(plan))
}

async fn delete(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<ScheduledPost>> {
    let mut tx = site.db.write().await?;
    let plan = own(&mut tx, &actor, &id).await?;
    store::delete(&mut tx, &id).await?;
    say(&site, &mut tx, "scheduled_post_deleted", &plan, &actor.connection_id);
    tx.commit().await?;
    Ok(Json(plan))
}

/// Query of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    #[serde(rename = "includeDirectChannels")]
    direct: bool,
}

async fn list(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<ScheduledPosts>> {
    let mut conn = site.db.read().await?;
    teams::require_member(&mut conn, &actor, &team).await?;
    let mut out = ScheduledPosts::new();
    let of_team = store::of_team(&mut conn, &actor.user_id, &team).await?;
    out.insert(team, with_files(&mut conn, of_team).await?);
    if q.direct {
        let direct = store::of_team(&mut conn, &actor.user_id, "").await?;
        out.insert(DIRECT.into(), with_files(&mut conn, direct).await?);
    }
    Ok(Json(out))
}

async fn with_files(conn: &mut Conn, mut plans: Vec<ScheduledPost>) -> Result<Vec<ScheduledPost>> {
    for plan in plans.iter_mut().filter(|p| !p.file_ids.is_empty()) {
        let mut files = files::of_ids(conn, &plan.file_ids).await?;
        files.retain(|f| f.user_id == plan.user_id);
        plan.metadata = Some(PostMetadata { files, ..PostMetadata::default() });
    }
    Ok(plans)
}
