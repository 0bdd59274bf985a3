//! Direct and group channels: found or made by their members.

use super::{blank, member_store, missing, store};
use crate::Json;
use crate::roles::Permission;
use crate::users::{self, sight};
use crate::{Actor, Error, Result, Site};
use axum::extract::State;
use axum::http::StatusCode;
use sha1::{Digest, Sha1};
use wire::{Channel, Event};

/// The direct channel of two users, made when there is none.
///
/// # Errors
/// 404 when a user does not exist.
pub async fn direct(site: &Site, a: &str, b: &str) -> Result<Channel> {
    let mut pair = [a, b];
    pair.sort_unstable();
    let name = format!("{}__{}", pair[0], pair[1]);
    let mut members = vec![a.to_owned(), b.to_owned()];
    members.dedup();
    find_or_make(site, "D", &name, String::new(), &members, a).await
}

async fn find_or_make(
    site: &Site,
    kind: &str,
    name: &str,
    display_name: String,
    members: &[String],
    creator: &str,
) -> Result<Channel> {
    let mut tx = site.db.write().await?;
    if let Some(channel) = store::by_name(&mut tx, "", name).await?.filter(|c| c.kind == kind) {
        return Ok(channel);
    }
    if users::by_ids(&mut tx, members).await?.len() != members.len() {
        return Err(users::missing());
    }
    let now = site.clock.now_ms();
    let channel =
        Channel { kind: kind.into(), name: name.into(), display_name, creator_id: creator.into(), ..blank(now) };
    store::insert(&mut tx, &channel).await?;
    for user in members {
        member_store::insert_member(&mut tx, &channel, user, false, now).await?;
        let (hub, id, user) = (site.hub.clone(), channel.id.clone(), user.clone());
        tx.after_commit(move || hub.joined_channel(&id, &user));
    }
    let event = if kind == "D" {
        let other = members.iter().find(|m| *m != creator).map_or(creator, String::as_str);
        Event::new("direct_added").with("creator_id", creator).with("teammate_id", other)
    } else {
        Event::new("group_added").with_encoded("teammate_ids", &members)
    };
    site.emit(&mut tx, event.to_channel(&channel.id));
    tx.commit().await?;
    store::get(&mut site.db.read().await?, &channel.id).await?.ok_or_else(missing)
}

/// POST /channels/direct
pub async fn create_direct(
    State(site): State<Site>,
    actor: Actor,
    Json(ids): Json<Vec<String>>,
) -> Result<(StatusCode, Json<Channel>)> {
    let [a, b] = ids.as_slice() else { return Err(Error::invalid_body("user_ids", "two ids are wanted")) };
    actor.require(Permission::CREATE_DIRECT_CHANNEL)?;
    if *a != actor.user_id && *b != actor.user_id {
        return Err(Error::forbidden());
    }
    let other = if *a == actor.user_id { b } else { a };
    sight::require(&mut site.db.read().await?, &actor, other).await?;
    Ok((StatusCode::CREATED, Json(direct(&site, &actor.user_id, other).await?)))
}

/// POST /channels/group
pub async fn create_group(
    State(site): State<Site>,
    actor: Actor,
    Json(mut ids): Json<Vec<String>>,
) -> Result<(StatusCode, Json<Channel>)> {
    actor.require(Permission::CREATE_GROUP_CHANNEL)?;
    ids.push(actor.user_id.clone());
    ids.sort_unstable();
    ids.dedup();
    if !(3..=8).contains(&ids.len()) {
        return Err(Error::invalid_body("user_ids", "a group message has 3 to 8 members"));
    }
    let name = data_encoding::HEXLOWER.encode(&Sha1::digest(ids.concat().as_bytes()));
    let mut conn = site.db.read().await?;
    for id in &ids {
        sight::require(&mut conn, &actor, id).await?;
    }
    let known = users::by_ids(&mut conn, &ids).await?;
    drop(conn);
    let display = known.iter().map(|u| u.username.clone()).collect::<Vec<_>>().join(", ");
    Ok((StatusCode::CREATED, Json(find_or_make(&site, "G", &name, display, &ids, &actor.user_id).await?)))
}
