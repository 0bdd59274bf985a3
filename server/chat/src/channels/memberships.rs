//! The HTTP side of memberships.

use super::members::{join_saying, leave_saying};
use super::{DEFAULT, access, member_store, missing, store};
use crate::Json;
use crate::paging::Page;
use crate::roles::membership::{Flags, Names, RoleNames, Wanted};
use crate::roles::{self, Permission};
use crate::users::{self, me_or};
use crate::{Actor, Error, Result, Site, teams};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use db::{Conn, Tx};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use wire::{ChannelMember, Event, StatusOk, StringMap};

/// Most ids in one request.
const MAX_IDS: usize = 1000;

/// Routes of memberships.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/channels/stats/member_count", post(member_counts))
        .route("/channels/{channel_id}/members", get(members).post(add_member))
        .route("/channels/{channel_id}/members/ids", post(by_ids))
        .route("/channels/{channel_id}/members/{user_id}", get(member).delete(remove_member))
        .route("/channels/{channel_id}/members/{user_id}/roles", put(set_roles))
        .route("/channels/{channel_id}/members/{user_id}/schemeRoles", put(set_scheme_roles))
        .route("/channels/{channel_id}/members/{user_id}/notify_props", put(notify_props))
        .route("/users/{user_id}/channel_members", get(stream_members))
        .route("/users/{user_id}/teams/{team_id}/channels/members", get(memberships_in_team))
}

/// POST /channels/stats/member_count: of those channels that the actor may read.
async fn member_counts(
    State(site): State<Site>,
    actor: Actor,
    Json(ids): Json<Vec<String>>,
) -> Result<Json<BTreeMap<String, i64>>> {
    if ids.len() > MAX_IDS {
        return Err(Error::invalid_body("channel_ids", &format!("at most {MAX_IDS} at once")));
    }
    let mut conn = site.db.read().await?;
    let mut out = BTreeMap::new();
    for id in ids {
        if access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await.is_ok() {
            let count = member_store::member_count(&mut conn, &id).await?;
            out.insert(id, count);
        }
    }
    Ok(Json(out))
}

/// POST /channels/{id}/members/ids
async fn by_ids(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(ids): Json<Vec<String>>,
) -> Result<Json<Vec<ChannelMember>>> {
    if ids.is_empty() || ids.len() > MAX_IDS {
        return Err(Error::invalid_body("user_ids", &format!("1 to {MAX_IDS} ids are wanted")));
    }
    let mut conn = site.db.read().await?;
    access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    let mut all = member_store::members(&mut conn, &id).await?;
    all.retain(|m| ids.contains(&m.user_id));
    Ok(Json(all))
}

async fn members(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<ChannelMember>>> {
    let mut conn = site.db.read().await?;
    access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    Ok(Json(page.of(member_store::members(&mut conn, &id).await?)))
}

/// Body of POST /channels/{id}/members.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Add {
    user_id: String,
    user_ids: Vec<String>,
}

async fn add_member(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(mut body): Json<Add>,
) -> Result<(StatusCode, Json<ChannelMember>)> {
    if !body.user_id.is_empty() {
        body.user_ids.insert(0, body.user_id);
    }
    Ok((StatusCode::CREATED, Json(add(&site, &actor, &id, &body.user_ids).await?)))
}

/// Brings users of the team into a channel, oneself into a public one; the membership of the first.
///
/// # Errors
/// 400 for an archived channel or somebody outside the team, 403 without the right.
pub async fn add(site: &Site, actor: &Actor, id: &str, user_ids: &[String]) -> Result<ChannelMember> {
    if user_ids.is_empty() || user_ids.len() > MAX_IDS {
        return Err(Error::invalid_body("user_ids", &format!("1 to {MAX_IDS} ids are wanted")));
    }
    let mut tx = site.db.write().await?;
    let channel = store::get(&mut tx, id).await?.ok_or_else(missing)?;
    let joins = *user_ids == [actor.user_id.clone()] && channel.kind == "O";
    if joins {
        teams::require(&mut tx, actor, &channel.team_id, Permission::JOIN_PUBLIC_CHANNELS).await?;
    } else {
        access(&mut tx, actor, id, Permission::MANAGE_CHANNEL_MEMBERS).await?;
    }
    if channel.delete_at != 0 {
        return Err(Error::invalid("api.channel.add_members.deleted.app_error", "The channel is archived."));
    }
    if channel.team_id.is_empty() {
        let message = "The members of direct and group messages stay who they are.";
        return Err(Error::invalid("api.channel.add_user_to_channel.type.app_error", message));
    }
    let by = users::get(&mut tx, &actor.user_id).await?.ok_or_else(users::missing)?;
    for user_id in user_ids {
        if !teams::is_member(&mut tx, &channel.team_id, user_id).await? {
            return Err(Error::invalid(
                "app.channel.add_member.not_in_team.app_error",
                "Only members of the team can be added.",
            ));
        }
        let user = users::get(&mut tx, user_id).await?.ok_or_else(users::missing)?;
        join_saying(site, &mut tx, &channel, &user, &by).await?;
    }
    let first = member_store::member(&mut tx, id, &user_ids[0]).await?.ok_or_else(users::missing)?;
    tx.commit().await?;
    Ok(first)
}

async fn member(
    State(site): State<Site>,
    actor: Actor,
    Path((id, user)): Path<(String, String)>,
) -> Result<Json<ChannelMember>> {
    let user = if user == "me" { actor.user_id.clone() } else { user };
    let mut conn = site.db.read().await?;
    access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    let absent = || {
        Error::not_found(
            "app.channel.get_member.missing.app_error",
            "No channel member found for that user and channel.",
        )
    };
    member_store::member(&mut conn, &id, &user).await?.map(Json).ok_or_else(absent)
}

async fn remove_member(
    State(site): State<Site>,
    actor: Actor,
    Path((id, user)): Path<(String, String)>,
) -> Result<Json<StatusOk>> {
    let user = if user == "me" { actor.user_id.clone() } else { user };
    remove(&site, &actor, &id, &user).await?;
    Ok(Json(StatusOk::default()))
}

/// Takes somebody, or oneself, out of a channel.
///
/// # Errors
/// 400 for the default channel, 403 without the right.
pub async fn remove(site: &Site, actor: &Actor, id: &str, user: &str) -> Result<()> {
    let mut tx = site.db.write().await?;
    let permission = if user == actor.user_id { Permission::READ_CHANNEL } else { Permission::MANAGE_CHANNEL_MEMBERS };
    let channel = access(&mut tx, actor, id, permission).await?;
    let by = users::get(&mut tx, &actor.user_id).await?.ok_or_else(users::missing)?;
    let gone = users::get(&mut tx, user).await?.ok_or_else(users::missing)?;
    if channel.name == DEFAULT && !roles::is_guest(&gone.roles) || channel.team_id.is_empty() {
        return Err(Error::invalid("api.channel.remove.default.app_error", "Nobody can be removed from this channel."));
    }
    if channel.group_constrained == Some(true) && gone.id != by.id && !gone.is_bot {
        let message = "Groups say who is in this channel; take the user out of them instead.";
        return Err(Error::invalid("api.channel.remove_members.denied", message));
    }
    leave_saying(site, &mut tx, &channel, &gone, &by).await?;
    Ok(tx.commit().await?)
}

async fn notify_props(
    State(site): State<Site>,
    actor: Actor,
    Path((id, user)): Path<(String, String)>,
    Json(changed): Json<StringMap>,
) -> Result<Json<StatusOk>> {
    let user = me_or(&actor, &user)?;
    if changed.len() > 50 || changed.iter().any(|(k, v)| k.len() > 64 || v.len() > 128) {
        return Err(Error::invalid_body("notify_props", "at most 50 short settings are wanted"));
    }
    let mut tx = site.db.write().await?;
    let mut member = member_store::member(&mut tx, &id, &user).await?.ok_or_else(missing)?;
    member.notify_props.extend(changed);
    save_notify_props(&site, &mut tx, member).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

async fn save_notify_props(site: &Site, tx: &mut Tx, mut member: ChannelMember) -> Result<()> {
    member.last_update_at = site.clock.now_ms();
    member_store::set_notify_props(
        tx,
        &member.channel_id,
        &member.user_id,
        &member.notify_props,
        member.last_update_at,
    )
    .await?;
    let event = Event::new("channel_member_updated").with_encoded("channelMember", &member);
    site.emit(tx, event.to_user(&member.user_id));
    Ok(())
}

/// Mutes a channel for one member, or lets it be heard again.
///
/// # Errors
/// When the database fails.
pub async fn set_muted(site: &Site, tx: &mut Tx, channel_id: &str, user_id: &str, muted: bool) -> Result<()> {
    let Some(mut member) = member_store::member(tx, channel_id, user_id).await? else { return Ok(()) };
    member.notify_props.insert("mark_unread".into(), if muted { "mention" } else { "all" }.into());
    save_notify_props(site, tx, member).await
}

async fn set_roles(
    State(site): State<Site>,
    actor: Actor,
    Path((id, user)): Path<(String, String)>,
    Json(body): Json<RoleNames>,
) -> Result<Json<StatusOk>> {
    change_roles(&site, &actor, &id, &user, Wanted::Roles(body.roles)).await
}

async fn set_scheme_roles(
    State(site): State<Site>,
    actor: Actor,
    Path((id, user)): Path<(String, String)>,
    Json(flags): Json<Flags>,
) -> Result<Json<StatusOk>> {
    change_roles(&site, &actor, &id, &user, Wanted::Flags(flags)).await
}

async fn change_roles(site: &Site, actor: &Actor, id: &str, user: &str, wanted: Wanted) -> Result<Json<StatusOk>> {
    let user = if user == "me" { actor.user_id.clone() } else { user.to_owned() };
    let mut tx = site.db.write().await?;
    access(&mut tx, actor, id, Permission::MANAGE_CHANNEL_ROLES).await?;
    let names = member_store::role_names(&mut tx, id).await?.ok_or_else(missing)?;
    let member = member_store::member(&mut tx, id, &user).await?.ok_or_else(missing)?;
    let names = Names { of_place: names.each_ref().map(String::as_str), built_in: member_store::ROLE_NAMES };
    let roles = site.roles.roles();
    let (flags, explicit) = wanted.read(actor, &roles, &names, member.scheme_guest, &member.explicit_roles)?;
    member_store::set_roles(&mut tx, &member, flags.scheme_admin, &explicit, site.clock.now_ms()).await?;
    let member = member_store::member(&mut tx, id, &user).await?.ok_or_else(missing)?;
    site.emit(&mut tx, Event::new("channel_member_updated").with_encoded("channelMember", &member).to_user(&user));
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// Makes every membership of a user that of a guest, or of a full member, and tells the user's clients.
///
/// # Errors
/// When the database fails.
pub async fn set_guest(site: &Site, tx: &mut Tx, user_id: &str, guest: bool) -> Result<()> {
    member_store::set_guest(tx, user_id, guest, site.clock.now_ms()).await?;
    for member in member_store::memberships(tx, user_id).await? {
        site.emit(tx, Event::new("channel_member_updated").with_encoded("channelMember", &member).to_user(user_id));
    }
    Ok(())
}

async fn memberships_in_team(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
) -> Result<Json<Vec<ChannelMember>>> {
    let user = me_or(&actor, &user)?;
    let mut conn = site.db.read().await?;
    let channels = store::of_user(&mut conn, &user).await?;
    let mut all = member_store::memberships(&mut conn, &user).await?;
    all.retain(|m| channels.iter().any(|c| c.id == m.channel_id && (c.team_id == team || c.team_id.is_empty())));
    Ok(Json(all))
}

/// All memberships, with the names of their teams; `page=-1` streams one object a line, which the official web client
/// reads.
async fn stream_members(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Query(page): Query<Page>,
) -> Result<Response> {
    let user = me_or(&actor, &user)?;
    let mut conn = site.db.read().await?;
    let mut all = member_store::memberships(&mut conn, &user).await?;
    if page.page >= 0 {
        all.sort_by(|a, b| a.channel_id.cmp(&b.channel_id));
        all = page.of(all);
    }
    let all = with_teams(&mut conn, &user, all).await?;
    // The official client cannot read a stream of no lines.
    if page.page >= 0 || all.is_empty() {
        return Ok(Json(all).into_response());
    }
    let lines: String = all.iter().map(|m| format!("{m}\n")).collect();
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from(lines)).into_response())
}

async fn with_teams(conn: &mut Conn, user: &str, members: Vec<ChannelMember>) -> Result<Vec<Value>> {
    let channels = store::of_user(conn, user).await?;
    let teams = teams::of_user(conn, user).await?;
    let of_channel: HashMap<&str, &str> = channels.iter().map(|c| (c.id.as_str(), c.team_id.as_str())).collect();
    let with_team = |m: ChannelMember| {
        let team = of_channel.get(m.channel_id.as_str()).and_then(|id| teams.iter().find(|t| t.id == *id));
        let mut value = json!(m);
        value["team_display_name"] = team.map_or("", |t| t.display_name.as_str()).into();
        value["team_name"] = team.map_or("", |t| t.name.as_str()).into();
        value["team_update_at"] = team.map_or(0, |t| t.update_at).into();
        value
    };
    Ok(members.into_iter().map(with_team).collect())
}
