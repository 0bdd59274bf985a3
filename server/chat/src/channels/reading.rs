//! What is unread, and saying that it was read.

use super::{access, member_store, missing, store};
use crate::Json;
use crate::push::{self, Seen};
use crate::roles::Permission;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site, status, teams, threads};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post, put};
use db::{Conn, Tx};
use serde_json::{Value, json};
use wire::{Channel, ChannelUnread, ChannelView, Event};

/// Most channels in one request.
const MAX_CHANNELS: usize = 1000;

/// Routes of reading.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/channels/members/{user_id}/view", post(view))
        .route("/channels/members/{user_id}/mark_read", post(mark_read))
        .route("/channels/members/{user_id}/direct/read", put(direct_read))
        .route("/users/{user_id}/teams/{team_id}/read", put(team_read))
        .route("/users/{user_id}/channels/{channel_id}/unread", get(unread_of))
}

/// A member's numbers as they are stored (`msg_count` counts what was READ).
///
/// # Errors
/// 404 when the user is no member.
pub async fn unread_at(conn: &mut Conn, channel: &Channel, user: &str) -> Result<ChannelUnread> {
    let m = member_store::member(conn, &channel.id, user).await?.ok_or_else(missing)?;
    Ok(ChannelUnread {
        team_id: channel.team_id.clone(),
        user_id: user.into(),
        channel_id: channel.id.clone(),
        msg_count: m.msg_count,
        mention_count: m.mention_count,
        mention_count_root: m.mention_count_root,
        urgent_mention_count: m.urgent_mention_count,
        msg_count_root: m.msg_count_root,
        last_viewed_at: Some(m.last_viewed_at),
    })
}

/// Here `msg_count` counts what is unread.
async fn unread_of(
    State(site): State<Site>,
    actor: Actor,
    Path((user, id)): Path<(String, String)>,
) -> Result<Json<ChannelUnread>> {
    let user = me_or(&actor, &user)?;
    let mut conn = site.db.read().await?;
    let channel = access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    let stored = unread_at(&mut conn, &channel, &user).await?;
    Ok(Json(ChannelUnread {
        msg_count: (channel.total_msg_count - stored.msg_count).max(0),
        msg_count_root: (channel.total_msg_count_root - stored.msg_count_root).max(0),
        last_viewed_at: None,
        ..stored
    }))
}

/// Marks channels as read and tells the user's other clients; `threads` too where replies are shown in the channel.
async fn read(site: &Site, mut tx: Tx, user: &str, ids: Vec<String>, threads: bool) -> Result<Json<Value>> {
    let now = site.clock.now_ms();
    let mut times = serde_json::Map::new();
    for id in ids {
        if id.is_empty() {
            continue;
        }
        if let Some(at) = member_store::viewed(&mut tx, &id, user, now).await? {
            if threads {
                threads::read_channel(&mut tx, user, &id, at).await?;
            }
            push::seen(site, &mut tx, user, Seen::Channel { id: &id, threads }).await?;
            times.insert(id, at.into());
        }
    }
    if !times.is_empty() {
        site.emit(&mut tx, Event::new("multiple_channels_viewed").with("channel_times", times.clone()).to_user(user));
    }
    tx.commit().await?;
    Ok(Json(json!({"status": "OK", "last_viewed_at_times": times})))
}

async fn view(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Json(v): Json<ChannelView>,
) -> Result<Json<Value>> {
    let user = me_or(&actor, &user)?;
    status::active(&site, &user).await?;
    let tx = site.db.write().await?;
    read(&site, tx, &user, vec![v.channel_id, v.prev_channel_id], !v.collapsed_threads_supported).await
}

async fn mark_read(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Json(ids): Json<Vec<String>>,
) -> Result<Json<Value>> {
    let user = me_or(&actor, &user)?;
    if ids.is_empty() || ids.len() > MAX_CHANNELS {
        return Err(Error::invalid_body("channel_ids", &format!("1 to {MAX_CHANNELS} ids are wanted")));
    }
    let tx = site.db.write().await?;
    read(&site, tx, &user, ids, false).await
}

async fn direct_read(State(site): State<Site>, actor: Actor, Path(user): Path<String>) -> Result<Json<Value>> {
    let user = me_or(&actor, &user)?;
    read_all(&site, &user, |c| c.team_id.is_empty()).await
}

async fn team_read(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
) -> Result<Json<Value>> {
    let user = me_or(&actor, &user)?;
    teams::require_member(&mut site.db.read().await?, &actor, &team).await?;
    read_all(&site, &user, |c| c.team_id == team).await
}

async fn read_all(site: &Site, user: &str, which: impl Fn(&Channel) -> bool) -> Result<Json<Value>> {
    let mut tx = site.db.write().await?;
    let mine = store::of_user(&mut tx, user).await?;
    let ids = mine.into_iter().filter(|c| which(c)).map(|c| c.id).collect();
    read(site, tx, user, ids, false).await
}
