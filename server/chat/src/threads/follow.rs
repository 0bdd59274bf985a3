//! What a reply, a deletion and a click on "follow" do to a thread and its followers.

use super::read;
use super::store::{self, Followed};
use crate::{Actor, Result, Site};
use db::Tx;
use wire::{Channel, Event, Post};

/// Counts a reply. Its author and who is mentioned follow the thread from now on, and the root's author unless they left
/// it. Tells every follower; their ids.
///
/// # Errors
/// When the database fails.
pub async fn replied(
    site: &Site,
    tx: &mut Tx,
    channel: &Channel,
    reply: &Post,
    root_author: &str,
    mentioned: &[String],
) -> Result<Vec<String>> {
    let (root, author, at) = (reply.root_id.as_str(), reply.user_id.as_str(), reply.create_at);
    let before = store::one(tx, root, author).await?.unwrap_or_default();
    store::grow(tx, root, &reply.channel_id, author, at).await?;
    store::join(tx, root, root_author, 0, at).await?;
    for user in mentioned {
        store::join(tx, root, user, 0, at).await?;
        store::set_following(tx, root, user, true, at).await?;
    }
    store::set_following(tx, root, author, true, at).await?;
    store::viewed(tx, root, author, at, at).await?;
    let followers = store::followers(tx, root).await?;
    let ids: Vec<String> = followers.iter().map(|f| f.user_id.clone()).collect();
    for follower in followers {
        let user = follower.user_id.clone();
        if site.hub.count(&user).1 == 0 {
            continue;
        }
        let (replies, mentions) = if user == author {
            (before.unread_replies, before.unread_mentions)
        } else {
            let mentions = follower.unread_mentions - i64::from(mentioned.contains(&user));
            (follower.unread_replies - 1, mentions)
        };
        let seen = read::complete(site, tx, &Actor::default(), vec![follower], false, false).await?;
        let Some(thread) = seen.first() else { continue };
        let event = Event::new("thread_updated")
            .with_encoded("thread", thread)
            .with("previous_unread_replies", replies)
            .with("previous_unread_mentions", mentions);
        site.emit(tx, event.to_team(&channel.team_id).to_user(&user));
    }
    Ok(ids)
}

/// A reply was deleted: the thread is counted anew.
///
/// # Errors
/// When the database fails.
pub async fn shrunk(tx: &mut Tx, root_id: &str) -> Result<()> {
    Ok(store::recount(tx, root_id).await?)
}

/// The root was deleted, and its replies with it.
///
/// # Errors
/// When the database fails.
pub async fn root_deleted(tx: &mut Tx, root_id: &str, now: i64) -> Result<()> {
    Ok(store::set_deleted(tx, root_id, now).await?)
}

/// Follows or leaves a thread on the user's wish, and says so.
///
/// # Errors
/// When the database fails.
pub async fn follow(site: &Site, tx: &mut Tx, team: &str, root: &Post, user: &str, following: bool) -> Result<()> {
    store::set_following(tx, &root.id, user, following, site.clock.now_ms()).await?;
    let seen = read::one(tx, root, user).await?;
    let event = Event::new("thread_follow_changed")
        .with("thread_id", root.id.as_str())
        .with("state", following)
        .with("reply_count", seen.reply_count);
    site.emit(tx, event.to_team(team).to_user(user));
    Ok(())
}

/// Everything from `at` on counts as unread again, for a client that shows threads apart from the channel.
///
/// # Errors
/// When the database fails.
pub async fn unread_from(site: &Site, tx: &mut Tx, channel: &Channel, root: &Post, user: &str, at: i64) -> Result<()> {
    follow(site, tx, &channel.team_id, root, user, true).await?;
    let before = read::one(tx, root, user).await?;
    store::viewed(tx, &root.id, user, at - 1, site.clock.now_ms()).await?;
    let after = read::one(tx, root, user).await?;
    let event = read_changed(&before, &after, &channel.id, at - 1);
    site.emit(tx, event.to_team(&channel.team_id).to_user(user));
    Ok(())
}

/// `thread_read_changed` for one thread.
pub(super) fn read_changed(before: &Followed, after: &Followed, channel_id: &str, at: i64) -> Event {
    Event::new("thread_read_changed")
        .with("thread_id", after.post_id.as_str())
        .with("timestamp", at)
        .with("channel_id", channel_id)
        .with("unread_replies", after.unread_replies)
        .with("unread_mentions", after.unread_mentions)
        .with("previous_unread_replies", before.unread_replies)
        .with("previous_unread_mentions", before.unread_mentions)
}
