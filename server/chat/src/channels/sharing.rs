//! Channels that partner sites are in.

use super::{missing, store};
use crate::{Result, Site};
use db::Tx;
use wire::{Channel, Event};

/// Makes a channel that another site brings, under the id that it has there.
///
/// # Errors
/// When the database fails.
pub async fn arrive(site: &Site, tx: &mut Tx, channel: &Channel) -> Result<()> {
    store::insert(tx, channel).await?;
    let made = Event::new("channel_created").with("channel_id", channel.id.as_str());
    site.emit(tx, made.with("team_id", channel.team_id.as_str()).to_user(&channel.creator_id));
    Ok(())
}

/// Marks a channel as one that other sites are in, or as one that none is in any more, and tells its members.
///
/// # Errors
/// 404 when there is no such channel.
pub async fn set_shared(site: &Site, tx: &mut Tx, id: &str, shared: bool) -> Result<Channel> {
    let old = store::get(tx, id).await?.ok_or_else(missing)?;
    if old.shared.unwrap_or_default() == shared {
        return Ok(old);
    }
    store::set_shared(tx, id, shared, site.clock.now_ms()).await?;
    let channel = store::get(tx, id).await?.ok_or_else(missing)?;
    site.emit(tx, Event::new("channel_updated").with_encoded("channel", &channel).to_channel(id));
    Ok(channel)
}
