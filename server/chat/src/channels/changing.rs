//! Making, changing, archiving and restoring channels.

use super::members::join;
use super::{DEFAULT, access, banner, blank, missing, store, translating};
use crate::Json;
use crate::posts::{self, Happened};
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, erasing, groups, teams, users};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use db::{Conn, Tx};
use serde::Deserialize;
use wire::{Channel, ChannelPatch, Event, StatusOk, User};

pub(super) fn check_names(name: &str, display_name: &str) -> Result<()> {
    let shape = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if !(1..=64).contains(&name.len()) || !name.chars().all(shape) || name.contains("__") {
        let message = "The channel URL must be 1 to 64 lowercase letters, digits, dashes or underscores.";
        return Err(Error::invalid("model.channel.is_valid.1_or_more.app_error", message));
    }
    if display_name.trim().is_empty() || display_name.chars().count() > 64 {
        return Err(Error::invalid(
            "model.channel.is_valid.display_name.app_error",
            "The channel name must be 1 to 64 characters.",
        ));
    }
    Ok(())
}

/// POST /channels
pub async fn create(
    State(site): State<Site>,
    actor: Actor,
    Json(new): Json<Channel>,
) -> Result<(StatusCode, Json<Channel>)> {
    check_names(&new.name, &new.display_name)?;
    let permission = match new.kind.as_str() {
        "O" => Permission::CREATE_PUBLIC_CHANNEL,
        "P" => Permission::CREATE_PRIVATE_CHANNEL,
        _ => return Err(Error::invalid_body("type", "O or P is wanted")),
    };
    let mut tx = site.db.write().await?;
    teams::require(&mut tx, &actor, &new.team_id, permission).await?;
    if store::by_name(&mut tx, &new.team_id, &new.name).await?.is_some() {
        return Err(taken());
    }
    let channel = Channel {
        team_id: new.team_id,
        kind: new.kind,
        name: new.name,
        display_name: new.display_name.trim().into(),
        header: new.header.chars().take(1024).collect(),
        purpose: new.purpose.chars().take(250).collect(),
        creator_id: actor.user_id.clone(),
        ..blank(site.clock.now_ms())
    };
    store::insert(&mut tx, &channel).await?;
    join(&site, &mut tx, &channel, &actor.user_id, true).await?;
    let made =
        Event::new("channel_created").with("channel_id", channel.id.as_str()).with("team_id", channel.team_id.as_str());
    site.emit(&mut tx, made.to_user(&actor.user_id));
    let by = who(&mut tx, &actor).await?;
    posts::say(&site, &mut tx, &channel, Happened::Joined(&by)).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(channel)))
}

pub(super) async fn who(conn: &mut Conn, actor: &Actor) -> Result<User> {
    users::get(conn, &actor.user_id).await?.ok_or_else(users::missing)
}

/// PUT /channels/{id}: header and purpose that the body leaves out are empty afterwards; a channel is never without names.
pub async fn replace(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<Channel>,
) -> Result<Json<Channel>> {
    if new.id != id {
        return Err(Error::invalid_body("id", "the id of the address is wanted"));
    }
    let old = access(&mut site.db.read().await?, &actor, &id, Permission::MANAGE_CHANNEL).await?;
    if !new.kind.is_empty() && new.kind != old.kind {
        let message = "Use the call for the privacy of a channel to change its type.";
        return Err(Error::invalid("api.channel.update_channel.typechange.app_error", message));
    }
    let given = |text: String| (!text.is_empty()).then_some(text);
    let all = ChannelPatch {
        name: given(new.name),
        display_name: given(new.display_name),
        header: Some(new.header),
        purpose: Some(new.purpose),
        ..ChannelPatch::default()
    };
    patch(State(site), actor, Path(id), Json(all)).await
}

/// PUT /channels/{id}/patch
pub async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(p): Json<ChannelPatch>,
) -> Result<Json<Channel>> {
    let mut tx = site.db.write().await?;
    let words = [&p.name, &p.display_name, &p.header, &p.purpose].iter().any(|text| text.is_some())
        || p.group_constrained.is_some();
    // Who sets the banner or the translation need not be somebody who names the channel.
    let other = p.banner_info.is_some() || p.autotranslation.is_some();
    let permission = if other && !words { Permission::READ_CHANNEL } else { Permission::MANAGE_CHANNEL };
    let mut channel = access(&mut tx, &actor, &id, permission).await?;
    let old = channel.clone();
    if let Some(on) = p.autotranslation {
        translating::require_offered(&site)?;
        access(&mut tx, &actor, &id, translating::permission(&channel.kind)).await?;
        channel.autotranslation = on;
    }
    if let Some(banner) = p.banner_info {
        access(&mut tx, &actor, &id, banner::permission(&channel.kind)).await?;
        channel.banner_info = Some(banner::patched(&channel, banner)?);
    }
    channel.name = p.name.unwrap_or(channel.name);
    channel.display_name = p.display_name.unwrap_or(channel.display_name);
    if !channel.team_id.is_empty() {
        check_names(&channel.name, &channel.display_name)?;
    } else if channel.name != old.name || channel.display_name != old.display_name {
        // The name of a direct channel says whose it is: under another name it would be found for another pair.
        return Err(Error::invalid_body("name", "direct and group messages keep their names"));
    }
    if channel.name != old.name {
        if old.name == DEFAULT {
            return Err(Error::invalid_body("name", "the default channel keeps its name"));
        }
        if store::by_name(&mut tx, &channel.team_id, &channel.name).await?.is_some() {
            return Err(taken());
        }
    }
    let constrained = p.group_constrained.filter(|c| *c != channel.group_constrained.unwrap_or(false));
    if constrained.is_some() && (channel.team_id.is_empty() || channel.name == DEFAULT) {
        return Err(Error::invalid_body("group_constrained", "groups do not say who is in this channel"));
    }
    channel.group_constrained = constrained.or(channel.group_constrained);
    channel.header = p.header.unwrap_or(channel.header).chars().take(1024).collect();
    channel.purpose = p.purpose.unwrap_or(channel.purpose).chars().take(250).collect();
    let channel = save_and_tell(&site, &mut tx, channel).await?;
    let by = who(&mut tx, &actor).await?;
    for (happened, differs) in [
        (
            Happened::DisplayName(&by, &old.display_name, &channel.display_name),
            old.display_name != channel.display_name,
        ),
        (Happened::Header(&by, &old.header, &channel.header), old.header != channel.header),
        (Happened::Purpose(&by, &old.purpose, &channel.purpose), old.purpose != channel.purpose),
    ] {
        if differs {
            posts::say(&site, &mut tx, &channel, happened).await?;
        }
    }
    if channel.autotranslation != old.autotranslation {
        translating::follow(&site, &mut tx, &channel, &by).await?;
    }
    tx.commit().await?;
    if constrained == Some(true) {
        groups::settle(&site, "").await?;
    }
    Ok(Json(channel))
}

pub(super) fn taken() -> Error {
    let message = "A channel with that name already exists on the same team.";
    Error::invalid("store.sql_channel.save_channel.exists.app_error", message)
}

async fn save(site: &Site, tx: &mut Tx, mut channel: Channel) -> Result<Channel> {
    channel.update_at = site.clock.now_ms();
    store::update(tx, &channel).await?;
    Ok(channel)
}

pub(super) async fn save_and_tell(site: &Site, tx: &mut Tx, channel: Channel) -> Result<Channel> {
    let channel = save(site, tx, channel).await?;
    let event = Event::new("channel_updated").with_encoded("channel", &channel);
    site.emit(tx, event.with("channel_id", channel.id.as_str()).to_channel(&channel.id));
    Ok(channel)
}

/// Everybody in the team may join a public channel, and lists those that are there; of a private one only members hear.
fn tell_place(site: &Site, tx: &mut Tx, channel: &Channel, event: Event) {
    let event = event.with("channel_id", channel.id.as_str());
    let public = channel.kind == "O";
    site.emit(tx, if public { event.to_team(&channel.team_id) } else { event.to_channel(&channel.id) });
}

/// Body of PUT /channels/{id}/privacy.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Privacy {
    privacy: String,
}

/// PUT /channels/{id}/privacy: public to private or back, by administrators of the team.
pub async fn privacy(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<Privacy>,
) -> Result<Json<Channel>> {
    if !["O", "P"].contains(&new.privacy.as_str()) {
        return Err(Error::invalid_body("privacy", "O or P is wanted"));
    }
    let mut tx = site.db.write().await?;
    let mut channel = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    if channel.team_id.is_empty() || channel.name == DEFAULT {
        return Err(Error::invalid_body("privacy", "this channel stays as it is"));
    }
    teams::require(&mut tx, &actor, &channel.team_id, Permission::MANAGE_TEAM).await?;
    channel.kind = new.privacy;
    let channel = save_and_tell(&site, &mut tx, channel).await?;
    let converted = Event::new("channel_converted").with("channel_id", channel.id.as_str());
    site.emit(&mut tx, converted.with("channel_type", channel.kind.as_str()).to_team(&channel.team_id));
    tx.commit().await?;
    Ok(Json(channel))
}

/// DELETE /channels/{id}: archived channels can be read and restored.
pub async fn archive(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<erasing::Q>,
) -> Result<Json<StatusOk>> {
    if erasing::asked(&site, &actor, q, erasing::Thing::Channel, &id).await? {
        return Ok(Json(StatusOk::default()));
    }
    let mut tx = site.db.write().await?;
    let mut channel = access(&mut tx, &actor, &id, Permission::DELETE_CHANNEL).await?;
    if channel.name == DEFAULT || channel.team_id.is_empty() {
        return Err(Error::invalid("api.channel.delete_channel.cannot.app_error", "This channel cannot be archived."));
    }
    if channel.delete_at != 0 {
        let message = "The channel has been archived already.";
        return Err(Error::invalid("api.channel.delete_channel.deleted.app_error", message));
    }
    let by = who(&mut tx, &actor).await?;
    posts::say(&site, &mut tx, &channel, Happened::Archived(&by)).await?;
    channel.delete_at = site.clock.now_ms();
    let channel = save(&site, &mut tx, channel).await?;
    let event = Event::new("channel_deleted").with("delete_at", channel.delete_at);
    tell_place(&site, &mut tx, &channel, event);
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// POST /channels/{id}/restore
pub async fn restore(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Channel>> {
    let mut tx = site.db.write().await?;
    let mut channel = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    teams::require(&mut tx, &actor, &channel.team_id, Permission::MANAGE_TEAM).await?;
    if channel.delete_at == 0 {
        let message = "The channel is not archived.";
        return Err(Error::invalid("api.channel.restore_channel.restored.app_error", message));
    }
    channel.delete_at = 0;
    let channel = save(&site, &mut tx, channel).await?;
    tell_place(&site, &mut tx, &channel, Event::new("channel_restored"));
    let by = who(&mut tx, &actor).await?;
    posts::say(&site, &mut tx, &channel, Happened::Restored(&by)).await?;
    tx.commit().await?;
    Ok(Json(channel))
}
