//! Finds out which devices a post is told to.

use crate::rules::Case;
use crate::store::{self, Candidate, Device, Told};
use chat::auth::NOTIFICATIONS_DISABLED;
use chat::{Result, Site, channels, posts, status};
use db::{Conn, Tx};
use std::collections::HashSet;
use wire::{Channel, Post};

/// Posts judged before the queue is looked at again.
const AT_ONCE: i64 = 50;

/// Judges every post that waits, each in a transaction of its own.
///
/// # Errors
/// When the database fails.
pub async fn all(site: &Site) -> Result<()> {
    loop {
        let waiting = store::posts(&mut site.db.read().await?, AT_ONCE).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        for (post, again) in waiting {
            let mut tx = site.db.write().await?;
            if store::post_done(&mut tx, &post).await? {
                one(site, &mut tx, &post, again).await?;
            }
            tx.commit().await?;
        }
    }
}

async fn one(site: &Site, tx: &mut Tx, id: &str, again: bool) -> Result<()> {
    let Some(post) = posts::get(tx, id).await?.filter(|p| p.delete_at == 0) else { return Ok(()) };
    let Some(channel) = channels::get(tx, &post.channel_id).await?.filter(|c| c.delete_at == 0) else {
        return Ok(());
    };
    // Who has a program speak through the own account hears of it.
    let spoken = post.props.get("from_webhook").is_some_and(|v| v == "true");
    let told = Told {
        post_id: &post.id,
        root_id: &post.root_id,
        channel_id: &post.channel_id,
        author: if spoken { "" } else { &post.user_id },
        group: channel.kind == "G",
        create_at: post.create_at,
    };
    let now = site.clock.now_ms();
    let mut found = store::candidates(tx, told, now).await?;
    if again {
        found.retain(|c| c.mentioned);
    }
    let people = chosen(site, tx, &post, &channel, found).await?;
    let mut devices = store::devices(tx, &people, now).await?;
    devices.retain(is_usable);
    let room = site.config().push.max_waiting - store::count(tx).await?;
    let fit = usize::try_from(room).unwrap_or(0);
    if devices.len() > fit {
        tracing::warn!(post.id = %id, devices = devices.len() - fit, "too many notifications wait; some are not sent");
    }
    for device in devices.iter().take(fit) {
        store::add_message(tx, device, told, now).await?;
    }
    Ok(())
}

/// Whether an app is there that may show notifications.
fn is_usable(device: &Device) -> bool {
    crate::message::device(&device.device_id).is_some()
        && device.props.get(NOTIFICATIONS_DISABLED).is_none_or(|v| v != "true")
}

/// Those of the candidates who want to be told, and are where a phone is the place to tell them.
async fn chosen(
    site: &Site,
    conn: &mut Conn,
    post: &Post,
    channel: &Channel,
    found: Vec<Candidate>,
) -> Result<Vec<String>> {
    let ids: Vec<String> = found.iter().map(|c| c.user_id.clone()).collect();
    let statuses = status::of(site, conn, &ids).await?;
    let reply = !post.root_id.is_empty();
    let is_told = |c: &Candidate| {
        let status = statuses.iter().find(|s| s.user_id == c.user_id).map_or("offline", |s| s.status.as_str());
        Case {
            account: &c.account,
            channel: &c.channel,
            mentioned: c.mentioned,
            group: channel.kind == "G",
            reply,
            follows: c.follows,
            status,
            looks: site.hub.shows(&c.user_id, &channel.id, reply),
        }
        .is_told()
    };
    let told: HashSet<&String> = found.iter().filter(|c| is_told(c)).map(|c| &c.user_id).collect();
    Ok(told.into_iter().cloned().collect())
}
