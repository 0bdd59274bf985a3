//! Joining and leaving.

use super::{member_store, missing, store};
use crate::posts::{self, Happened};
use crate::{Result, Site, groups, users};
use db::Tx;
use wire::{Channel, Event, User};

/// Puts a user into a channel and says so to clients; whether the user is new there.
///
/// # Errors
/// When the database fails.
pub async fn join(site: &Site, tx: &mut Tx, channel: &Channel, user_id: &str, admin: bool) -> Result<bool> {
    if !member_store::insert_member(tx, channel, user_id, admin, site.clock.now_ms()).await? {
        return Ok(false);
    }
    let (hub, channel_id, user) = (site.hub.clone(), channel.id.clone(), user_id.to_owned());
    tx.after_commit(move || hub.joined_channel(&channel_id, &user));
    let added = Event::new("user_added").with("user_id", user_id).with("team_id", channel.team_id.as_str());
    site.emit(tx, added.to_channel(&channel.id));
    Ok(true)
}

/// [`join`], and a message in the channel that tells who came, and who brought them.
///
/// # Errors
/// When the database fails.
pub async fn join_saying(site: &Site, tx: &mut Tx, channel: &Channel, user: &User, by: &User) -> Result<()> {
    if channel.group_constrained == Some(true) {
        groups::require_admitted(tx, groups::Kind::Channel, &channel.id, &user.id).await?;
    }
    if !join(site, tx, channel, &user.id, false).await? {
        return Ok(());
    }
    let happened = if user.id == by.id { Happened::Joined(user) } else { Happened::Added(user, by) };
    posts::say(site, tx, channel, happened).await
}

/// [`join_saying`] for somebody who comes by a group, perhaps to administer the channel.
///
/// # Errors
/// When the database fails.
pub async fn join_as(site: &Site, tx: &mut Tx, channel: &Channel, user: &User, admin: bool) -> Result<()> {
    if join(site, tx, channel, &user.id, admin).await? {
        posts::say(site, tx, channel, Happened::Joined(user)).await?;
    }
    Ok(())
}

/// Takes a user out of a channel and says so to both sides; whether the user was in it.
///
/// # Errors
/// When the database fails.
pub async fn leave(site: &Site, tx: &mut Tx, channel: &Channel, user_id: &str, remover_id: &str) -> Result<bool> {
    if !member_store::delete_member(tx, &channel.id, user_id).await? {
        return Ok(false);
    }
    let removed = Event::new("user_removed").with("remover_id", remover_id);
    site.emit(tx, removed.clone().with("user_id", user_id).to_channel(&channel.id));
    site.emit(tx, removed.with("channel_id", channel.id.as_str()).to_user(user_id));
    let (hub, channel_id, user) = (site.hub.clone(), channel.id.clone(), user_id.to_owned());
    tx.after_commit(move || hub.left_channel(&channel_id, &user));
    Ok(true)
}

/// [`leave`], and a message in the channel that tells who went.
///
/// # Errors
/// When the database fails.
pub async fn leave_saying(site: &Site, tx: &mut Tx, channel: &Channel, user: &User, by: &User) -> Result<()> {
    if !leave(site, tx, channel, &user.id, &by.id).await? {
        return Ok(());
    }
    let channel = store::get(tx, &channel.id).await?.ok_or_else(missing)?;
    let happened = if user.id == by.id { Happened::Left(user) } else { Happened::Removed(user, by) };
    posts::say(site, tx, &channel, happened).await
}

/// Takes a user out of every channel of a team; only its default channel is told.
///
/// # Errors
/// When the database fails.
pub async fn leave_all(site: &Site, tx: &mut Tx, team_id: &str, user_id: &str, by: &str) -> Result<()> {
    let user = users::get(tx, user_id).await?.ok_or_else(users::missing)?;
    for channel in store::of_user(tx, user_id).await? {
        if channel.team_id != team_id {
            continue;
        }
        let left = leave(site, tx, &channel, user_id, by).await?;
        if left && channel.name == super::DEFAULT && channel.delete_at == 0 {
            let happened = if user_id == by { Happened::LeftTeam(&user) } else { Happened::RemovedFromTeam(&user) };
            posts::say(site, tx, &channel, happened).await?;
        }
    }
    Ok(())
}
