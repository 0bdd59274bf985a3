//! The HTTP side of drafts.

use super::store;
use crate::Json;
use crate::roles::Permission;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site, channels, files, posts, teams};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use db::Conn;
use wire::{Draft, Event, Post, PostMetadata, StatusOk};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/drafts", post(save))
        .route("/users/{user_id}/teams/{team_id}/drafts", get(list))
        .route("/users/{user_id}/channels/{channel_id}/drafts", delete(forget))
        .route("/users/{user_id}/channels/{channel_id}/drafts/{thread_id}", delete(forget_reply))
}

/// A draft brings the files that it names, so that a client can draw it.
async fn with_files(conn: &mut Conn, mut draft: Draft) -> Result<Draft> {
    if !draft.file_ids.is_empty() {
        let mut files = files::of_ids(conn, &draft.file_ids).await?;
        // Ids of others' files may be written down, but tell nothing of them.
        files.retain(|f| f.user_id == draft.user_id);
        draft.metadata = Some(PostMetadata { files, ..PostMetadata::default() });
    }
    Ok(draft)
}

/// POST /drafts: the unfinished message of a channel or thread, in place of the one before.
async fn save(State(site): State<Site>, actor: Actor, Json(new): Json<Draft>) -> Result<(StatusCode, Json<Draft>)> {
    let mut tx = site.db.write().await?;
    channels::access(&mut tx, &actor, &new.channel_id, Permission::CREATE_POST).await?;
    let as_post = Post {
        message: new.message.clone(),
        props: new.props.clone(),
        file_ids: new.file_ids.clone(),
        ..Post::default()
    };
    posts::check_length(&as_post, &site.config())?;
    if !new.root_id.is_empty() {
        let root = posts::get(&mut tx, &new.root_id).await?.filter(|p| p.channel_id == new.channel_id);
        root.ok_or_else(|| Error::invalid_body("root_id", "it is no post of this channel"))?;
    }
    let known = store::one(&mut tx, &actor.user_id, &new.channel_id, &new.root_id).await?;
    let now = site.clock.now_ms();
    let draft = Draft {
        user_id: actor.user_id.clone(),
        create_at: known.as_ref().map_or(now, |d| d.create_at),
        update_at: now,
        delete_at: 0,
        metadata: None,
        ..new
    };
    store::upsert(&mut tx, &draft).await?;
    let draft = with_files(&mut tx, draft).await?;
    let name = if known.is_some() { "draft_updated" } else { "draft_created" };
    let event = Event::new(name).with_encoded("draft", &draft).to_user(&actor.user_id);
    site.emit(&mut tx, event.omitting_connection(&actor.connection_id));
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(draft)))
}

/// The user's drafts in the channels of a team and in direct messages, the latest first.
///
/// # Errors
/// When the database fails.
pub async fn of_team(conn: &mut Conn, user: &str, team: &str) -> Result<Vec<Draft>> {
    let mut out = Vec::new();
    for draft in store::of_team(conn, user, team).await? {
        out.push(with_files(conn, draft).await?);
    }
    Ok(out)
}

async fn list(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
) -> Result<Json<Vec<Draft>>> {
    let user = me_or(&actor, &user)?;
    let mut conn = site.db.read().await?;
    teams::require_member(&mut conn, &actor, &team).await?;
    of_team(&mut conn, &user, &team).await.map(Json)
}

async fn forget(
    State(site): State<Site>,
    actor: Actor,
    Path((user, channel)): Path<(String, String)>,
) -> Result<Json<StatusOk>> {
    remove(&site, &actor, &user, &channel, "").await
}

async fn forget_reply(
    State(site): State<Site>,
    actor: Actor,
    Path((user, channel, thread)): Path<(String, String, String)>,
) -> Result<Json<StatusOk>> {
    remove(&site, &actor, &user, &channel, &thread).await
}

async fn remove(site: &Site, actor: &Actor, user: &str, channel: &str, root: &str) -> Result<Json<StatusOk>> {
    let user = me_or(actor, user)?;
    let mut tx = site.db.write().await?;
    if let Some(draft) = store::one(&mut tx, &user, channel, root).await? {
        store::delete(&mut tx, &user, channel, root).await?;
        let gone = Draft { delete_at: site.clock.now_ms(), ..draft };
        let event = Event::new("draft_deleted").with_encoded("draft", &gone).to_user(&user);
        site.emit(&mut tx, event.omitting_connection(&actor.connection_id));
        tx.commit().await?;
    }
    Ok(Json(StatusOk::default()))
}
