//! Which channels are shared with which sites. The site where a channel began is its home and invites the others.

pub mod routes;
pub mod store;

use crate::{Federation, connections};
use chat::roles::Permission;
use chat::{Actor, Error, Result, Site, audits, channels, posts, teams};
use db::Tx;
use store::Share;
use wire::{Channel, Event, Post, RemoteCluster, SharedChannel, SharedChannelInvite};

/// What a site is told that writes into a channel that is not shared with it; it ends the sharing on its side.
pub const NOT_SHARED: &str = "channel is not shared";
const NAME: usize = 64;

fn not_shared() -> Error {
    Error::invalid("api.command_share.channel_remote_id_not_exists", "The channel is not shared with that site.")
}

fn changed(channel: &str) -> Event {
    Event::new("shared_channel_remote_updated").with("channel_id", channel).to_channel(channel)
}

/// Brings a channel to another site: the invitation is a row, sent as soon as the site answers.
///
/// # Errors
/// 400 for a channel that cannot be shared or is, 403, 404.
pub async fn invite(
    site: &Site,
    federation: &Federation,
    actor: &Actor,
    remote: &str,
    id: &str,
    readonly: bool,
) -> Result<()> {
    let mut tx = site.db.write().await?;
    let connection = connections::live(&mut tx, site, remote).await?;
    let channel = channels::access(&mut tx, actor, id, Permission::READ_CHANNEL).await?;
    if !connection.confirmed() {
        let message = "The other site has not accepted the connection yet.";
        return Err(Error::invalid("api.command_share.remote_not_valid.error", message));
    }
    if channel.team_id.is_empty() || channel.delete_at != 0 || channel.name == channels::DEFAULT {
        let message = "Public and private channels that are not archived can be shared, but for the default channel.";
        return Err(Error::invalid("api.command_share.not_shareable.error", message));
    }
    match store::get(&mut tx, id).await? {
        Some(shared) if !shared.home => {
            let message = "Only the site where a channel began invites others.";
            return Err(Error::invalid("api.command_share.channel_invite_not_home.error", message));
        }
        Some(_) => {}
        None => share(site, &mut tx, &channel, &actor.user_id, readonly).await?,
    }
    if store::share_of(&mut tx, id, remote).await?.is_some() {
        let message = "The channel is shared with that site already.";
        return Err(Error::invalid("api.command_share.invite_remote_to_channel.error", message));
    }
    store::invite(&mut tx, id, remote, &actor.user_id, false, site.clock.now_ms()).await?;
    site.emit(&mut tx, changed(id));
    let info = format!("remote_id={remote} channel_id={id}");
    audits::record(site, &mut tx, actor, "/api/v4/remotecluster/channels/invite", &info).await?;
    tx.commit().await?;
    federation.ring();
    Ok(())
}

async fn share(site: &Site, tx: &mut Tx, channel: &Channel, by: &str, readonly: bool) -> Result<()> {
    let shared = SharedChannel {
        id: channel.id.clone(),
        team_id: channel.team_id.clone(),
        home: true,
        readonly,
        name: channel.name.clone(),
        display_name: channel.display_name.clone(),
        purpose: channel.purpose.clone(),
        header: channel.header.clone(),
        creator_id: by.into(),
        create_at: site.clock.now_ms(),
        ..SharedChannel::default()
    };
    store::insert(tx, &shared).await?;
    channels::set_shared(site, tx, &channel.id, true).await?;
    Ok(())
}

/// Takes a site out of a channel; the channel is not shared any more when it was the last one.
///
/// # Errors
/// 400 when it is not in it, 403, 404.
pub async fn uninvite(site: &Site, federation: &Federation, actor: &Actor, remote: &str, id: &str) -> Result<()> {
    let mut tx = site.db.write().await?;
    let connection = connections::live(&mut tx, site, remote).await?;
    channels::access(&mut tx, actor, id, Permission::READ_CHANNEL).await?;
    let share = store::share_of(&mut tx, id, remote).await?.ok_or_else(not_shared)?;
    leave(site, &mut tx, &share).await?;
    let info = format!("remote_id={remote} channel_id={id}");
    audits::record(site, &mut tx, actor, "/api/v4/remotecluster/channels/uninvite", &info).await?;
    tx.commit().await?;
    // So that the other site hears of it now; if this is lost it hears with its next message.
    let (federation, site, id) = (federation.clone(), site.clone(), id.to_owned());
    tokio::spawn(async move {
        let payload = serde_json::json!({"channel_id": id});
        let told = federation.tell(&site, &connection.remote, "msg", crate::receive::UNSHARE, payload).await;
        if let Err(failed) = told {
            tracing::debug!(%failed, "a partner was not told that a channel is not shared any more");
        }
    });
    Ok(())
}

/// Ends the sharing of a channel with one site.
///
/// # Errors
/// When the database fails.
pub async fn leave(site: &Site, tx: &mut Tx, share: &Share) -> Result<()> {
    let (now, id) = (site.clock.now_ms(), share.remote.channel_id.as_str());
    store::remove(tx, &share.remote, now).await?;
    site.emit(tx, changed(id));
    if share.home && !store::of_channel(tx, id).await?.is_empty() {
        return Ok(());
    }
    let Some(shared) = store::get(tx, id).await? else { return Ok(()) };
    store::delete(tx, id).await?;
    if channels::get(tx, id).await?.is_none() {
        return Ok(());
    }
    let channel = channels::set_shared(site, tx, id, false).await?;
    if channel.delete_at == 0 {
        let message = "This channel is no longer shared.".to_owned();
        let said = Post { channel_id: id.into(), message, kind: "system_generic".into(), ..Post::default() };
        posts::create_for(site, tx, &channel, &shared.creator_id, said).await?;
    }
    Ok(())
}

/// [`leave`] for every channel that is shared with a site.
///
/// # Errors
/// When the database fails.
pub async fn leave_all(site: &Site, tx: &mut Tx, remote: &str) -> Result<()> {
    for share in store::of_remote(tx, remote).await? {
        leave(site, tx, &share).await?;
    }
    Ok(())
}

/// The invitation as the other site gets it.
pub fn invitation(channel: &Channel, readonly: bool) -> SharedChannelInvite {
    SharedChannelInvite {
        channel_id: channel.id.clone(),
        team_id: channel.team_id.clone(),
        read_only: readonly,
        name: channel.name.clone(),
        display_name: channel.display_name.clone(),
        header: channel.header.clone(),
        purpose: channel.purpose.clone(),
        kind: channel.kind.clone(),
        creator_id: channel.creator_id.clone(),
        ..SharedChannelInvite::default()
    }
}

/// A name that is free in the team, as near to `wanted` as can be.
async fn free_name(tx: &mut Tx, team: &str, wanted: &str, remote: &str) -> Result<String> {
    let shape = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    let kept: String = wanted.to_lowercase().chars().filter(|c| shape(*c)).take(NAME).collect();
    let kept = if kept.is_empty() { "shared".to_owned() } else { kept.replace("__", "_") };
    let mut name = kept.clone();
    let mut number = 1;
    while channels::by_name(tx, team, &name).await?.is_some() {
        let ending = if number == 1 { format!("-{remote}") } else { format!("-{remote}-{number}") };
        let room = NAME.saturating_sub(ending.len());
        name = format!("{}{ending}", kept.chars().take(room).collect::<String>());
        name.truncate(NAME);
        number += 1;
    }
    Ok(name)
}

/// Takes a channel that another site brings. One that came before is taken again.
///
/// # Errors
/// 400 for one that cannot be.
pub async fn arrive(site: &Site, remote: &RemoteCluster, new: SharedChannelInvite) -> Result<()> {
    let refused = |text: &str| Error::invalid_body("invitation", text);
    if !kit::id::is_valid(&new.channel_id) || !["O", "P"].contains(&new.kind.as_str()) {
        return Err(refused("public and private channels are taken here"));
    }
    let mut tx = site.db.write().await?;
    if let Some(shared) = store::get(&mut tx, &new.channel_id).await? {
        // The answer to the first invitation was lost.
        if shared.remote_id == remote.remote_id {
            return Ok(());
        }
        return Err(refused("channel already exists"));
    }
    let now = site.clock.now_ms();
    let known = channels::get(&mut tx, &new.channel_id).await?;
    let channel = match known {
        // It was shared with that site before; nobody else can have its id.
        Some(channel)
            if channel.props.as_ref().is_some_and(|p| p.get(FROM) == Some(&remote.remote_id.as_str().into())) =>
        {
            if channel.delete_at != 0 {
                return Err(refused("the channel was archived here"));
            }
            channel
        }
        Some(_) => return Err(refused("channel already exists")),
        None => make(site, &mut tx, remote, &new, now).await?,
    };
    let shared = SharedChannel {
        id: channel.id.clone(),
        team_id: channel.team_id.clone(),
        home: false,
        readonly: new.read_only,
        name: channel.name.clone(),
        display_name: channel.display_name.clone(),
        purpose: channel.purpose.clone(),
        header: channel.header.clone(),
        creator_id: remote.creator_id.clone(),
        create_at: now,
        remote_id: remote.remote_id.clone(),
        ..SharedChannel::default()
    };
    store::insert(&mut tx, &shared).await?;
    store::invite(&mut tx, &channel.id, &remote.remote_id, &remote.creator_id, true, now).await?;
    channels::set_shared(site, &mut tx, &channel.id, true).await?;
    site.emit(&mut tx, changed(&channel.id));
    Ok(tx.commit().await?)
}

/// In the props of a channel: the connection that brought it.
const FROM: &str = "shared_from";

async fn make(
    site: &Site,
    tx: &mut Tx,
    remote: &RemoteCluster,
    new: &SharedChannelInvite,
    now: i64,
) -> Result<Channel> {
    let team = match remote.default_team_id.as_str() {
        "" => connections::store::first_team(tx).await?.unwrap_or_default(),
        id => id.to_owned(),
    };
    let team = teams::get(tx, &team).await?.filter(|t| t.delete_at == 0);
    let team = team.ok_or_else(|| Error::invalid_body("invitation", "there is no team for it here"))?;
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let name = free_name(tx, &team.id, &new.name, &remote.name).await?;
    let shown = cut(new.display_name.trim(), NAME);
    let channel = Channel {
        id: new.channel_id.clone(),
        team_id: team.id,
        kind: new.kind.clone(),
        display_name: if shown.is_empty() { name.clone() } else { shown },
        name,
        header: cut(&new.header, 1024),
        purpose: cut(&new.purpose, 250),
        creator_id: remote.creator_id.clone(),
        props: Some([(FROM.to_owned(), remote.remote_id.as_str().into())].into_iter().collect()),
        ..channels::blank(now)
    };
    channels::arrive(site, tx, &channel).await?;
    // Who made the connection sees what comes of it.
    if teams::member(tx, &channel.team_id, &remote.creator_id).await?.is_some_and(|m| m.delete_at == 0) {
        channels::join(site, tx, &channel, &remote.creator_id, true).await?;
    }
    Ok(channel)
}
