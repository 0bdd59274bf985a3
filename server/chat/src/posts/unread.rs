//! "Mark as unread": everything from a post on counts as not read again.

use super::{access, store};
use crate::Json;
use crate::roles::Permission;
use crate::users::me_or;
use crate::{Actor, Result, Site, channels, threads};
use axum::extract::{Path, State};
use db::Tx;
use serde::Deserialize;
use wire::{Channel, ChannelUnread, Event, Post};

/// Body of POST /users/{id}/posts/{id}/set_unread.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Body {
    collapsed_threads_supported: bool,
}

pub async fn set_unread(
    State(site): State<Site>,
    actor: Actor,
    Path((user, id)): Path<(String, String)>,
    Json(body): Json<Body>,
) -> Result<Json<ChannelUnread>> {
    let user = me_or(&actor, &user)?;
    let mut tx = site.db.write().await?;
    let post = access(&mut tx, &actor, &id, Permission::READ_CHANNEL).await?;
    let channel = channels::get(&mut tx, &post.channel_id).await?.ok_or_else(channels::missing)?;
    channels::member(&mut tx, &channel.id, &user).await?.ok_or_else(channels::missing)?;
    if body.collapsed_threads_supported && !post.root_id.is_empty() {
        let root = store::get(&mut tx, &post.root_id).await?.ok_or_else(super::missing)?;
        threads::unread_from(&site, &mut tx, &channel, &root, &user, post.create_at).await?;
    } else {
        set_channel_unread(&site, &mut tx, &channel, &post, &user).await?;
    }
    let unread = channels::unread_at(&mut tx, &channel, &user).await?;
    tx.commit().await?;
    Ok(Json(unread))
}

async fn set_channel_unread(site: &Site, tx: &mut Tx, channel: &Channel, post: &Post, user: &str) -> Result<()> {
    let (all, roots) = store::unread_from(tx, &channel.id, post.create_at).await?;
    let read = (channel.total_msg_count - all, channel.total_msg_count_root - roots);
    channels::set_viewed(tx, &channel.id, user, post.create_at - 1, read, site.clock.now_ms()).await?;
    super::mentions::recount(tx, &channel.id, &[user.to_owned()]).await?;
    let now = channels::unread_at(tx, channel, user).await?;
    let event = Event::new("post_unread")
        .with("msg_count", now.msg_count)
        .with("msg_count_root", now.msg_count_root)
        .with("mention_count", now.mention_count)
        .with("mention_count_root", now.mention_count_root)
        .with("urgent_mention_count", now.urgent_mention_count)
        .with("last_viewed_at", post.create_at - 1)
        .with("post_id", post.id.as_str());
    site.emit(tx, event.to_channel(&channel.id).to_team(&channel.team_id).to_user(user));
    Ok(())
}
