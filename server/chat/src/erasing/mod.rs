//! Erasing for good: posts, channels, teams and users with everything that was theirs, for administrators of sites that
//! allow it (`[server] allow_permanent_deletion`).
//!
//! Each is one transaction, so that a killed server has erased all of it or nothing. The bytes of files go with the sweep
//! of blobs that nothing counts any more.

pub mod aged;
mod retention;
mod store;

pub use retention::{Retention, time_of_day};

use crate::error::Kind;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, audits, auth, channels, portraits, posts, schemes, teams, threads, users};
use db::Tx;
use serde::Deserialize;
use store::Posts;
use wire::{Channel, Event};

/// Query of the four DELETE calls.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    pub permanent: bool,
}

/// What can be erased.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Thing {
    Post,
    Channel,
    Team,
    User,
}

/// Erases when the query asks for it; whether it did.
///
/// # Errors
/// 403 where nothing is erased for good, 404; 400 for what cannot go.
pub(crate) async fn asked(site: &Site, actor: &Actor, q: Q, thing: Thing, id: &str) -> Result<bool> {
    if q.permanent {
        match thing {
            Thing::Post => post(site, actor, id).await?,
            Thing::Channel => channel(site, actor, id).await?,
            Thing::Team => team(site, actor, id).await?,
            Thing::User => user(site, actor, id).await?,
        }
    }
    Ok(q.permanent)
}

/// Whether the actor may erase here. `what` (user, team, channel, post) is a part of the protocol's error id.
///
/// # Errors
/// 403. Where the original answers 401 because its setting is off, clients would log out.
fn require(site: &Site, actor: &Actor, what: &str) -> Result<()> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    if site.config().allow_permanent_deletion {
        return Ok(());
    }
    let message = "This site keeps what is deleted; its settings do not allow to erase anything for good.";
    Err(Error::new(Kind::Forbidden, format!("api.{what}.delete_{what}.not_enabled.app_error"), message))
}

/// Erases posts, and counts anew what they counted in.
async fn erase_posts(tx: &mut Tx, which: Posts, id: &str) -> Result<()> {
    let mentioned = store::mentioned(tx, which, id).await?;
    store::posts(tx, which, id).await?;
    aged::recount(tx, &mentioned).await
}

/// DELETE /posts/{id}?permanent=true: also one that was deleted before, with its replies.
///
/// # Errors
/// 403, 404.
async fn post(site: &Site, actor: &Actor, id: &str) -> Result<()> {
    require(site, actor, "post")?;
    let mut tx = site.db.write().await?;
    let mut post = posts::get(&mut tx, id).await?.ok_or_else(posts::missing)?;
    erase_posts(&mut tx, Posts::THREAD, id).await?;
    if !post.root_id.is_empty() {
        threads::shrunk(&mut tx, &post.root_id).await?;
    }
    post.delete_at = site.clock.now_ms();
    posts::silence(&mut post);
    site.emit(&mut tx, Event::new("post_deleted").with_encoded("post", &post).to_channel(&post.channel_id));
    let (path, info) = (format!("/api/v4/posts/{id}"), format!("post_id={id} permanent=true"));
    audits::record(site, &mut tx, actor, &path, &info).await?;
    Ok(tx.commit().await?)
}

async fn erase_channel(site: &Site, tx: &mut Tx, channel: &Channel) -> Result<()> {
    let gone = Event::new("channel_deleted")
        .with("channel_id", channel.id.as_str())
        .with("delete_at", site.clock.now_ms())
        .with_encoded("channel", &Channel { delete_at: site.clock.now_ms(), ..channel.clone() });
    site.emit(tx, gone.to_channel(&channel.id));
    for member in channels::members(tx, &channel.id).await? {
        let hub = site.hub.clone();
        tx.after_commit(move || hub.left_channel(&member.channel_id, &member.user_id));
    }
    if let Some(scheme) = schemes::made_for(tx, &channel.id).await? {
        schemes::end(site, tx, &scheme).await?;
    }
    // Nobody is left to count for.
    store::posts(tx, Posts::OF_CHANNEL, &channel.id).await?;
    Ok(store::channel(tx, &channel.id).await?)
}

/// DELETE /channels/{id}?permanent=true
///
/// # Errors
/// 403, 404; 400 for the default channel of a team, and for direct and group messages.
async fn channel(site: &Site, actor: &Actor, id: &str) -> Result<()> {
    require(site, actor, "channel")?;
    let mut tx = site.db.write().await?;
    let channel = channels::get(&mut tx, id).await?.ok_or_else(channels::missing)?;
    if channel.name == channels::DEFAULT || channel.team_id.is_empty() {
        return Err(Error::invalid("api.channel.delete_channel.cannot.app_error", "This channel cannot be deleted."));
    }
    erase_channel(site, &mut tx, &channel).await?;
    let (path, info) = (format!("/api/v4/channels/{id}"), format!("channel_id={id} permanent=true"));
    audits::record(site, &mut tx, actor, &path, &info).await?;
    Ok(tx.commit().await?)
}

/// DELETE /teams/{id}?permanent=true: with its channels.
///
/// # Errors
/// 403, 404.
async fn team(site: &Site, actor: &Actor, id: &str) -> Result<()> {
    require(site, actor, "team")?;
    let team = teams::get(&mut site.db.read().await?, id).await?.ok_or_else(teams::missing)?;
    portraits::forget(site, id, team.last_team_icon_update).await;
    let mut tx = site.db.write().await?;
    for channel in store::channels_of_team(&mut tx, id).await? {
        let channel = channels::get(&mut tx, &channel).await?.ok_or_else(channels::missing)?;
        erase_channel(site, &mut tx, &channel).await?;
    }
    let shown = wire::Team { invite_id: String::new(), delete_at: site.clock.now_ms(), ..team };
    site.emit(&mut tx, Event::new("delete_team").with_encoded("team", &shown).to_team(id));
    store::team(&mut tx, id).await?;
    let (path, info) = (format!("/api/v4/teams/{id}"), format!("team_id={id} permanent=true"));
    audits::record(site, &mut tx, actor, &path, &info).await?;
    Ok(tx.commit().await?)
}

/// DELETE /users/{id}?permanent=true: with everything they wrote and made. What others wrote in direct messages stays
/// theirs.
///
/// # Errors
/// 403, 404; 400 for the last administrator.
async fn user(site: &Site, actor: &Actor, id: &str) -> Result<()> {
    require(site, actor, "user")?;
    let mut conn = site.db.read().await?;
    let user = users::get(&mut conn, id).await?.ok_or_else(users::missing)?;
    if users::admin_ids(&mut conn).await? == [id] {
        return Err(users::no_admin_left());
    }
    drop(conn);
    portraits::forget(site, id, user.last_picture_update).await;
    let mut tx = site.db.write().await?;
    // Nobody answers any more for what their bots do.
    users::leave_bots(site, &mut tx, id).await?;
    auth::end_all(site, &mut tx, id).await?;
    for place in channels::ids_of(&mut tx, id).await? {
        let (hub, user) = (site.hub.clone(), id.to_owned());
        tx.after_commit(move || hub.left_channel(&place, &user));
    }
    for place in teams::ids_of(&mut tx, id).await? {
        let (hub, user) = (site.hub.clone(), id.to_owned());
        tx.after_commit(move || hub.left_team(&place, &user));
    }
    let answered = store::threads_answered(&mut tx, id).await?;
    erase_posts(&mut tx, Posts::OF_USER, id).await?;
    for root in answered {
        threads::shrunk(&mut tx, &root).await?;
    }
    store::user(&mut tx, id).await?;
    users::require_an_admin_left(&mut tx).await?;
    site.emit(&mut tx, Event::new("user_activation_status_change"));
    let (path, info) = (format!("/api/v4/users/{id}"), format!("user_id={id} permanent=true"));
    audits::record(site, &mut tx, actor, &path, &info).await?;
    Ok(tx.commit().await?)
}
