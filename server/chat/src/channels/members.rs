//! Joining and leaving.

use super::store;
use crate::{Result, Site};
use db::Tx;
use wire::{Channel, Event};

/// Puts a user into a channel and says so; a member stays one.
///
/// # Errors
/// When the database fails.
pub async fn join(site: &Site, tx: &mut Tx, channel: &Channel, user_id: &str, admin: bool) -> Result<()> {
    if !store::insert_member(tx, channel, user_id, admin, site.clock.now_ms()).await? {
        return Ok(());
    }
    let (hub, channel_id, user) = (site.hub.clone(), channel.id.clone(), user_id.to_owned());
    tx.after_commit(move || hub.joined_channel(&channel_id, &user));
    let added = Event::new("user_added").with("user_id", user_id).with("team_id", channel.team_id.as_str());
    site.emit(tx, added.to_channel(&channel.id));
    Ok(())
}

/// Takes a user out of a channel and says so to both sides.
///
/// # Errors
/// When the database fails.
pub async fn leave(site: &Site, tx: &mut Tx, channel: &Channel, user_id: &str, remover_id: &str) -> Result<()> {
    if !store::delete_member(tx, &channel.id, user_id).await? {
        return Ok(());
    }
    let removed = Event::new("user_removed").with("remover_id", remover_id);
    site.emit(tx, removed.clone().with("user_id", user_id).to_channel(&channel.id));
    site.emit(tx, removed.with("channel_id", channel.id.as_str()).to_user(user_id));
    let (hub, channel_id, user) = (site.hub.clone(), channel.id.clone(), user_id.to_owned());
    tx.after_commit(move || hub.left_channel(&channel_id, &user));
    Ok(())
}

/// Takes a user out of every channel of a team.
///
/// # Errors
/// When the database fails.
pub async fn leave_all(site: &Site, tx: &mut Tx, team_id: &str, user_id: &str) -> Result<()> {
    for channel in store::of_user(tx, user_id).await? {
        if channel.team_id == team_id {
            leave(site, tx, &channel, user_id, user_id).await?;
        }
    }
    Ok(())
}
