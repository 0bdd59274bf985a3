//! The HTTP side of channels.

use super::members::{join, leave};
use super::{access, blank, direct, missing, store};
use crate::roles::Permission;
use crate::users::{self, me_or};
use crate::{Actor, Error, Result, Site, teams};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use wire::{
    Channel, ChannelMember, ChannelPatch, ChannelStats, ChannelView, Event, SidebarCategories, SidebarCategory,
    StatusOk, StringMap,
};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/channels", post(create))
        .route("/channels/direct", post(direct::create_direct))
        .route("/channels/group", post(direct::create_group))
        .route("/channels/members/{user_id}/view", post(view))
        .route("/channels/{channel_id}", get(one).delete(archive))
        .route("/channels/{channel_id}/patch", put(patch))
        .route("/channels/{channel_id}/restore", post(restore))
        .route("/channels/{channel_id}/stats", get(stats))
        .route("/channels/{channel_id}/timezones", get(empty_list))
        .route("/channels/{channel_id}/members", get(members).post(add_member))
        .route("/channels/{channel_id}/members/{user_id}", get(member).delete(remove_member))
        .route("/channels/{channel_id}/members/{user_id}/notify_props", put(notify_props))
        .route("/teams/{team_id}/channels", get(public))
        .route("/teams/{team_id}/channels/search", post(search))
        .route("/teams/{team_id}/channels/autocomplete", get(autocomplete))
        .route("/teams/{team_id}/channels/search_autocomplete", get(autocomplete))
        .route("/teams/{team_id}/channels/name/{name}", get(by_name))
        .route("/teams/name/{team}/channels/name/{name}", get(by_team_name))
        .route("/users/{user_id}/channels", get(of_user))
        .route("/users/{user_id}/channel_members", get(stream_members))
        .route("/users/{user_id}/teams/{team_id}/channels", get(of_user_in_team))
        .route("/users/{user_id}/teams/{team_id}/channels/members", get(memberships_in_team))
        .route("/users/{user_id}/teams/{team_id}/channels/categories", get(categories))
}

/// Paging and search terms.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    page: i64,
    per_page: Option<i64>,
    name: String,
}

async fn empty_list(_: Actor) -> Json<Vec<String>> {
    Json(vec![])
}

fn check_names(name: &str, display_name: &str) -> Result<()> {
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

async fn create(
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
        let message = "A channel with that name already exists on the same team.";
        return Err(Error::invalid("store.sql_channel.save_channel.exists.app_error", message));
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
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(channel)))
}

async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Channel>> {
    access(&mut site.db.read().await?, &actor, &id, Permission::READ_CHANNEL).await.map(Json)
}

async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(p): Json<ChannelPatch>,
) -> Result<Json<Channel>> {
    let mut tx = site.db.write().await?;
    let mut channel = access(&mut tx, &actor, &id, Permission::MANAGE_CHANNEL).await?;
    channel.name = p.name.unwrap_or(channel.name);
    channel.display_name = p.display_name.unwrap_or(channel.display_name);
    if !channel.team_id.is_empty() {
        check_names(&channel.name, &channel.display_name)?;
    }
    channel.header = p.header.unwrap_or(channel.header).chars().take(1024).collect();
    channel.purpose = p.purpose.unwrap_or(channel.purpose).chars().take(250).collect();
    save(&site, tx, channel, "channel_updated").await.map(Json)
}

async fn save(site: &Site, mut tx: db::Tx, mut channel: Channel, event: &str) -> Result<Channel> {
    channel.update_at = site.clock.now_ms();
    store::update(&mut tx, &channel).await?;
    let mut event = Event::new(event).with_encoded("channel", &channel).with("channel_id", channel.id.as_str());
    if channel.delete_at != 0 {
        event = event.with("delete_at", channel.delete_at);
    }
    site.emit(&mut tx, event.to_channel(&channel.id));
    tx.commit().await?;
    Ok(channel)
}

async fn archive(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let mut channel = access(&mut tx, &actor, &id, Permission::DELETE_CHANNEL).await?;
    if channel.name == "town-square" || channel.team_id.is_empty() {
        return Err(Error::invalid("api.channel.delete_channel.cannot.app_error", "This channel cannot be archived."));
    }
    channel.delete_at = site.clock.now_ms();
    save(&site, tx, channel, "channel_deleted").await?;
    Ok(Json(StatusOk::default()))
}

async fn restore(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Channel>> {
    let mut tx = site.db.write().await?;
    let mut channel = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    teams::require(&mut tx, &actor, &channel.team_id, Permission::MANAGE_TEAM).await?;
    channel.delete_at = 0;
    save(&site, tx, channel, "channel_restored").await.map(Json)
}

async fn stats(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<ChannelStats>> {
    let mut conn = site.db.read().await?;
    access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    let (member_count, pinnedpost_count) = store::counts(&mut conn, &id).await?;
    Ok(Json(ChannelStats { channel_id: id, member_count, pinnedpost_count, ..ChannelStats::default() }))
}

async fn members(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Vec<ChannelMember>>> {
    let mut conn = site.db.read().await?;
    access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    let limit = usize::try_from(q.per_page.unwrap_or(60).clamp(1, 200)).unwrap_or(60);
    let skip = usize::try_from(q.page.max(0)).unwrap_or(0).saturating_mul(limit);
    Ok(Json(store::members(&mut conn, &id).await?.into_iter().skip(skip).take(limit).collect()))
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
    Json(mut add): Json<Add>,
) -> Result<(StatusCode, Json<ChannelMember>)> {
    if !add.user_id.is_empty() {
        add.user_ids.insert(0, add.user_id);
    }
    if add.user_ids.is_empty() || add.user_ids.len() > 1000 {
        return Err(Error::invalid_body("user_ids", "1 to 1000 ids are wanted"));
    }
    let mut tx = site.db.write().await?;
    let channel = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    let joins = add.user_ids == [actor.user_id.clone()] && channel.kind == "O";
    if joins {
        teams::require(&mut tx, &actor, &channel.team_id, Permission::JOIN_PUBLIC_CHANNELS).await?;
    } else {
        access(&mut tx, &actor, &id, Permission::MANAGE_CHANNEL_MEMBERS).await?;
    }
    for user_id in &add.user_ids {
        let stranger = Actor { user_id: user_id.clone(), ..Actor::default() };
        if !channel.team_id.is_empty() && teams::require_member(&mut tx, &stranger, &channel.team_id).await.is_err() {
            return Err(Error::invalid(
                "app.channel.add_member.not_in_team.app_error",
                "Only members of the team can be added.",
            ));
        }
        join(&site, &mut tx, &channel, user_id, false).await?;
    }
    let first = store::member(&mut tx, &id, &add.user_ids[0]).await?.ok_or_else(users::missing)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(first)))
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
    store::member(&mut conn, &id, &user).await?.map(Json).ok_or_else(absent)
}

async fn remove_member(
    State(site): State<Site>,
    actor: Actor,
    Path((id, user)): Path<(String, String)>,
) -> Result<Json<StatusOk>> {
    let user = if user == "me" { actor.user_id.clone() } else { user };
    let mut tx = site.db.write().await?;
    let permission = if user == actor.user_id { Permission::READ_CHANNEL } else { Permission::MANAGE_CHANNEL_MEMBERS };
    let channel = access(&mut tx, &actor, &id, permission).await?;
    if channel.name == "town-square" {
        return Err(Error::invalid(
            "api.channel.remove.default.app_error",
            "Unable to remove user from the default channel.",
        ));
    }
    leave(&site, &mut tx, &channel, &user, &actor.user_id).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

async fn notify_props(
    State(site): State<Site>,
    actor: Actor,
    Path((id, user)): Path<(String, String)>,
    Json(changed): Json<StringMap>,
) -> Result<Json<StatusOk>> {
    let user = me_or(&actor, &user)?;
    let mut tx = site.db.write().await?;
    let mut member = store::member(&mut tx, &id, &user).await?.ok_or_else(missing)?;
    member.notify_props.extend(changed);
    store::set_notify_props(&mut tx, &id, &user, &member.notify_props, site.clock.now_ms()).await?;
    site.emit(&mut tx, Event::new("channel_member_updated").with_encoded("channelMember", &member).to_user(&user));
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

async fn public(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Vec<Channel>>> {
    let mut conn = site.db.read().await?;
    teams::require(&mut conn, &actor, &team, Permission::LIST_TEAM_CHANNELS).await?;
    let limit = q.per_page.unwrap_or(60).clamp(1, 200);
    Ok(Json(store::public(&mut conn, &team, limit, q.page.max(0).saturating_mul(limit)).await?))
}

/// Body of POST …/channels/search.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Term {
    term: String,
}

async fn search(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Json(t): Json<Term>,
) -> Result<Json<Vec<Channel>>> {
    let mut conn = site.db.read().await?;
    teams::require(&mut conn, &actor, &team, Permission::LIST_TEAM_CHANNELS).await?;
    Ok(Json(store::search(&mut conn, &team, &t.term).await?))
}

async fn autocomplete(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Vec<Channel>>> {
    search(State(site), actor, Path(team), Json(Term { term: q.name })).await
}

async fn by_name(
    State(site): State<Site>,
    actor: Actor,
    Path((team, name)): Path<(String, String)>,
) -> Result<Json<Channel>> {
    let mut conn = site.db.read().await?;
    let absent = || Error::not_found("store.sql_channel.get_by_name.missing.app_error", "Channel does not exist.");
    let channel = store::by_name(&mut conn, &team, &name).await?.ok_or_else(absent)?;
    access(&mut conn, &actor, &channel.id, Permission::READ_CHANNEL).await.map(Json)
}

async fn by_team_name(
    State(site): State<Site>,
    actor: Actor,
    Path((team, name)): Path<(String, String)>,
) -> Result<Json<Channel>> {
    let team = teams::by_name(&mut site.db.read().await?, &team).await?.ok_or_else(teams::missing)?;
    by_name(State(site), actor, Path((team.id, name))).await
}

async fn of_user(State(site): State<Site>, actor: Actor, Path(user): Path<String>) -> Result<Json<Vec<Channel>>> {
    let user = me_or(&actor, &user)?;
    Ok(Json(store::of_user(&mut site.db.read().await?, &user).await?))
}

async fn of_user_in_team(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
) -> Result<Json<Vec<Channel>>> {
    let user = me_or(&actor, &user)?;
    let mut all = store::of_user(&mut site.db.read().await?, &user).await?;
    all.retain(|c| c.delete_at == 0 && (c.team_id == team || c.team_id.is_empty()));
    Ok(Json(all))
}

async fn memberships_in_team(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
) -> Result<Json<Vec<ChannelMember>>> {
    let user = me_or(&actor, &user)?;
    let mut conn = site.db.read().await?;
    let channels = store::of_user(&mut conn, &user).await?;
    let mut all = store::memberships(&mut conn, &user).await?;
    all.retain(|m| channels.iter().any(|c| c.id == m.channel_id && (c.team_id == team || c.team_id.is_empty())));
    Ok(Json(all))
}

/// All memberships; `page=-1` streams one object a line, which the official web client reads.
async fn stream_members(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Query(q): Query<Q>,
) -> Result<Response> {
    let user = me_or(&actor, &user)?;
    let all = store::memberships(&mut site.db.read().await?, &user).await?;
    // The official client cannot read a stream of no lines.
    if q.page >= 0 || all.is_empty() {
        return Ok(Json(all).into_response());
    }
    let lines: String = all.iter().filter_map(|m| serde_json::to_string(m).ok()).map(|l| l + "\n").collect();
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from(lines)).into_response())
}

async fn view(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Json(v): Json<ChannelView>,
) -> Result<Json<serde_json::Value>> {
    let user = me_or(&actor, &user)?;
    let now = site.clock.now_ms();
    let mut times = serde_json::Map::new();
    let mut tx = site.db.write().await?;
    for id in [&v.channel_id, &v.prev_channel_id] {
        if !id.is_empty() && store::member(&mut tx, id, &user).await?.is_some() {
            store::viewed(&mut tx, id, &user, now).await?;
            times.insert(id.clone(), now.into());
        }
    }
    if !times.is_empty() {
        site.emit(&mut tx, Event::new("multiple_channels_viewed").with("channel_times", times.clone()).to_user(&user));
    }
    tx.commit().await?;
    Ok(Json(json!({"status": "OK", "last_viewed_at_times": times})))
}

/// The three built-in categories; own categories are a later step.
async fn categories(
    State(site): State<Site>,
    actor: Actor,
    Path((user, team)): Path<(String, String)>,
) -> Result<Json<SidebarCategories>> {
    let user = me_or(&actor, &user)?;
    let mut conn = site.db.read().await?;
    let channels = store::of_user(&mut conn, &user).await?;
    let ids = |wanted: &dyn Fn(&Channel) -> bool| {
        channels.iter().filter(|c| c.delete_at == 0 && wanted(c)).map(|c| c.id.clone()).collect::<Vec<_>>()
    };
    let category = |kind: &str, display_name: &str, sort_order: i64, channel_ids: Vec<String>| SidebarCategory {
        id: format!("{kind}_{user}_{team}"),
        user_id: user.clone(),
        team_id: team.clone(),
        sort_order,
        kind: kind.into(),
        display_name: display_name.into(),
        channel_ids,
        ..SidebarCategory::default()
    };
    let categories = vec![
        category("favorites", "Favorites", 0, vec![]),
        category("channels", "Channels", 10, ids(&|c| c.team_id == team)),
        category("direct_messages", "Direct Messages", 20, ids(&|c| c.team_id.is_empty())),
    ];
    Ok(Json(SidebarCategories { order: categories.iter().map(|c| c.id.clone()).collect(), categories }))
}
