//! Channel moderation: what members and guests of one channel may not do there, though elsewhere they may.

use super::{end, make, store, tell_channel};
use crate::roles::moderated::{self, Moderated, Pair};
use crate::roles::{self, Permission};
use crate::{Actor, Error, Json, Result, Site, channels};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, put};
use db::{Conn, Tx};
use wire::{Channel, ChannelModeration, ChannelModerationPatch, Event, Role, Scheme};

/// Routes of this file.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/channels/{channel_id}/moderations", get(list))
        .route("/channels/{channel_id}/moderations/patch", put(patch))
}

/// A channel of a team; direct and group messages are not moderated.
async fn channel(conn: &mut Conn, id: &str) -> Result<Channel> {
    let channel = channels::get(conn, id).await?.ok_or_else(channels::missing)?;
    if channel.team_id.is_empty() { Err(Error::invalid_param("channel_id")) } else { Ok(channel) }
}

/// What the roles of a channel's guests and members are, and those above them.
struct Standing {
    guests: Role,
    members: Role,
    guests_above: Role,
    members_above: Role,
}

async fn standing(conn: &mut Conn, channel: &Channel) -> Result<Standing> {
    let [guests_above, members_above] = store::above(conn, &channel.id).await?.ok_or_else(channels::missing)?;
    let scheme = match &channel.scheme_id {
        Some(id) => store::get(conn, id).await?.filter(|s| s.delete_at == 0),
        None => None,
    };
    let [guests, members] = match scheme {
        Some(s) => [s.default_channel_guest_role, s.default_channel_user_role],
        None => [guests_above.clone(), members_above.clone()],
    };
    let mut found = Vec::new();
    for name in [guests, members, guests_above, members_above] {
        found.push(roles::by_name(conn, &name).await?.unwrap_or_default());
    }
    let mut found = found.into_iter();
    let mut next = || found.next().unwrap_or_default();
    Ok(Standing { guests: next(), members: next(), guests_above: next(), members_above: next() })
}

impl Standing {
    fn shown(&self, kind: &str) -> Vec<ChannelModeration> {
        let below = |own: &Role, above: &Role| moderated::below(&own.permissions, &above.permissions);
        let (guests, members) = (below(&self.guests, &self.guests_above), below(&self.members, &self.members_above));
        let above = Pair { guests: &self.guests_above.permissions, members: &self.members_above.permissions };
        moderated::shown(kind, Pair { guests: &guests, members: &members }, above)
    }
}

/// GET /channels/{id}/moderations
async fn list(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Vec<ChannelModeration>>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    let mut conn = site.db.read().await?;
    let channel = channel(&mut conn, &id).await?;
    Ok(Json(standing(&mut conn, &channel).await?.shown(&channel.kind)))
}

fn named(name: &str) -> Result<&'static Moderated> {
    let unknown = || Error::invalid_body("name", "it is nothing that channel moderation is about");
    moderated::ALL.iter().find(|m| m.name == name).ok_or_else(unknown)
}

/// PUT /channels/{id}/moderations/patch
async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(patches): Json<Vec<ChannelModerationPatch>>,
) -> Result<Json<Vec<ChannelModeration>>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    let mut tx = site.db.write().await?;
    let mut channel = channel(&mut tx, &id).await?;
    let before = standing(&mut tx, &channel).await?;
    let moderated_before = channel.scheme_id.is_some();
    let own = |role: &Role| if moderated_before { role.permissions.clone() } else { moderated::untouched() };
    let (mut guests, mut members) = (own(&before.guests), own(&before.members));
    for patch in &patches {
        let what = named(&patch.name)?;
        if let Some(allow) = patch.roles.members {
            moderated::decide(&mut members, &before.members_above.permissions, &channel.kind, what, allow);
        }
        if let Some(allow) = patch.roles.guests.filter(|_| what.guests) {
            moderated::decide(&mut guests, &before.guests_above.permissions, &channel.kind, what, allow);
        }
    }
    keep(&site, &mut tx, &channel, &before, guests, members).await?;
    channel = channels::get(&mut tx, &id).await?.ok_or_else(channels::missing)?;
    let shown = standing(&mut tx, &channel).await?.shown(&channel.kind);
    tx.commit().await?;
    Ok(Json(shown))
}

/// Writes what moderation leaves to guests and members into the channel's own scheme, which is made when there is none,
/// and ended when it would say nothing.
async fn keep(
    site: &Site,
    tx: &mut Tx,
    channel: &Channel,
    before: &Standing,
    guests: Vec<String>,
    members: Vec<String>,
) -> Result<()> {
    let now = site.clock.now_ms();
    let own = store::made_for(tx, &channel.id).await?;
    if moderated::is_untouched(&guests, true) && moderated::is_untouched(&members, false) {
        match (own, &channel.scheme_id) {
            (Some(own), _) => end(site, tx, &own).await?,
            (None, Some(_)) => {
                store::set_of_channel(tx, &channel.id, None, now).await?;
                site.roles.changed(tx).await?;
                tell_channel(site, tx, &channel.id);
            }
            (None, None) => {}
        }
        return Ok(());
    }
    if own.is_none() {
        // A scheme that other channels share stays as it is; this one gets its own.
        let name = kit::id::new();
        let new = Scheme { display_name: name.clone(), name, scope: "channel".into(), ..Scheme::default() };
        let permissions = |role: &str| match role {
            "channel_guest" => Some(guests.clone()),
            "channel_user" => Some(members.clone()),
            _ => Some(moderated::untouched()),
        };
        let scheme = make(site, tx, new, Some(&channel.id), permissions).await?;
        store::set_of_channel(tx, &channel.id, Some(&scheme.id), now).await?;
        site.roles.changed(tx).await?;
        tell_channel(site, tx, &channel.id);
        return Ok(());
    }
    let mut changed = Vec::new();
    for (role, permissions) in [(&before.guests, guests), (&before.members, members)] {
        if role.permissions != permissions {
            roles::update(tx, &Role { permissions, update_at: now, ..role.clone() }).await?;
            changed.push(&role.name);
        }
    }
    if !changed.is_empty() {
        let roles = site.roles.changed(tx).await?;
        for role in changed.into_iter().filter_map(|name| roles.get(name)) {
            site.emit(tx, Event::new("role_updated").with_encoded("role", role));
        }
    }
    Ok(())
}
