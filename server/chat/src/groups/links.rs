//! Linking groups of a directory to teams and channels.

use super::link_store::{self, Kind, Link};
use super::load;
use super::settle::settle;
use crate::Json;
use crate::roles::{self, Permission};
use crate::{Actor, Error, Result, Site, channels, teams};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use db::{Conn, Tx};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{Event, Group, StatusOk};

/// Body of linking and of changing a link; what is absent stays.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Patch {
    auto_add: Option<bool>,
    scheme_admin: Option<bool>,
}

/// The ids of a group and of a place.
type Pair = Path<(String, String)>;

/// The same five calls for teams and for channels.
pub fn router() -> Router<Site> {
    use Kind::{Channel, Team};
    Router::new()
        .route("/groups/{group_id}/teams", get(|s, a, p| list(s, a, p, Team)))
        .route("/groups/{group_id}/channels", get(|s, a, p| list(s, a, p, Channel)))
        .route("/groups/{group_id}/teams/{team_id}", get(|s, a, p| one(s, a, p, Team)))
        .route("/groups/{group_id}/channels/{channel_id}", get(|s, a, p| one(s, a, p, Channel)))
        .route(
            "/groups/{group_id}/teams/{team_id}/link",
            post(|s, a, p, b| make(s, a, p, b, Team)).delete(|s, a, p| cut(s, a, p, Team)),
        )
        .route(
            "/groups/{group_id}/channels/{channel_id}/link",
            post(|s, a, p, b| make(s, a, p, b, Channel)).delete(|s, a, p| cut(s, a, p, Channel)),
        )
        .route("/groups/{group_id}/teams/{team_id}/patch", put(|s, a, p, b| patch(s, a, p, b, Team)))
        .route("/groups/{group_id}/channels/{channel_id}/patch", put(|s, a, p, b| patch(s, a, p, b, Channel)))
}

fn missing() -> Error {
    Error::not_found("store.sql_group.no_rows", "The group is not linked to that.")
}

/// The group, live and of a directory: others are linked to nothing.
async fn linkable(conn: &mut Conn, id: &str) -> Result<Group> {
    let group = load(conn, id).await?;
    if group.source == super::CUSTOM || group.delete_at != 0 {
        return Err(Error::invalid("app.group.crud_permission", "Only groups of a directory are linked."));
    }
    Ok(group)
}

fn manages_groups(actor: &Actor) -> bool {
    roles::system_can(actor, Permission("sysconsole_write_user_management_groups"))
}

/// Who manages groups for the whole site, or who adds people to this very place and, for `roles`, makes administrators
/// there.
async fn require(conn: &mut Conn, actor: &Actor, kind: Kind, place: &str, roles: bool) -> Result<()> {
    match kind {
        Kind::Team => {
            teams::get(conn, place).await?.filter(|t| t.delete_at == 0).ok_or_else(teams::missing)?;
            if !manages_groups(actor) {
                teams::require(conn, actor, place, Permission::INVITE_USER).await?;
                if roles {
                    teams::require(conn, actor, place, Permission::MANAGE_TEAM_ROLES).await?;
                }
            }
        }
        Kind::Channel => {
            let channel = channels::get(conn, place).await?.filter(|c| c.delete_at == 0);
            let channel = channel.ok_or_else(channels::missing)?;
            if !manages_groups(actor) {
                channels::access(conn, actor, place, Permission::MANAGE_CHANNEL_MEMBERS).await?;
                if roles {
                    channels::access(conn, actor, place, Permission::MANAGE_CHANNEL_ROLES).await?;
                }
            }
            if channel.team_id.is_empty() {
                let message = "The members of direct and group messages stay who they are.";
                return Err(Error::invalid("api.channel.add_user_to_channel.type.app_error", message));
            }
        }
    }
    Ok(())
}

/// As the protocol shows a link.
fn shown(link: &Link, kind: Kind) -> Value {
    json!({
        "group_id": link.group_id, format!("{}_id", kind.name()): link.place_id, "auto_add": link.auto_add,
        "scheme_admin": link.scheme_admin, "create_at": link.create_at, "update_at": link.update_at,
        "delete_at": link.delete_at,
    })
}

fn tell(site: &Site, tx: &mut Tx, kind: Kind, link: &Link) {
    let word = if link.delete_at == 0 { "associated" } else { "not_associated" };
    let event = Event::new(format!("received_group_{word}_to_{}", kind.name()));
    let event = event.with("group_id", link.group_id.as_str());
    site.emit(
        tx,
        match kind {
            Kind::Team => event.to_team(&link.place_id),
            Kind::Channel => event.to_channel(&link.place_id),
        },
    );
}

/// POST /groups/{id}/{teams|channels}/{id}/link
async fn make(
    State(site): State<Site>,
    actor: Actor,
    Path((id, place)): Pair,
    Json(p): Json<Patch>,
    kind: Kind,
) -> Result<(StatusCode, Json<Value>)> {
    change(&site, &actor, &id, kind, &place, p, true).await.map(|link| (StatusCode::CREATED, link))
}

/// PUT /groups/{id}/{teams|channels}/{id}/patch
async fn patch(
    State(site): State<Site>,
    actor: Actor,
    Path((id, place)): Pair,
    Json(p): Json<Patch>,
    kind: Kind,
) -> Result<Json<Value>> {
    change(&site, &actor, &id, kind, &place, p, false).await
}

async fn change(
    site: &Site,
    actor: &Actor,
    id: &str,
    kind: Kind,
    place: &str,
    p: Patch,
    new: bool,
) -> Result<Json<Value>> {
    let mut tx = site.db.write().await?;
    require(&mut tx, actor, kind, place, p.scheme_admin.is_some()).await?;
    linkable(&mut tx, id).await?;
    let now = site.clock.now_ms();
    let known = link_store::get(&mut tx, id, place, kind).await?;
    let live = known.as_ref().is_some_and(|l| l.delete_at == 0);
    if !new && !live {
        return Err(missing());
    }
    let old = known.unwrap_or_else(|| Link { create_at: now, ..Link::default() });
    let link = Link {
        group_id: id.into(),
        place_id: place.into(),
        kind: kind.name().into(),
        auto_add: p.auto_add.unwrap_or(live && old.auto_add),
        scheme_admin: p.scheme_admin.unwrap_or(live && old.scheme_admin),
        create_at: old.create_at,
        update_at: now,
        delete_at: 0,
    };
    if let (Kind::Channel, false) = (kind, live) {
        link_team_of(site, &mut tx, id, place, now).await?;
    }
    link_store::put(&mut tx, &link).await?;
    if !live {
        link_store::forget_place(&mut tx, place).await?;
    }
    if new {
        tell(site, &mut tx, kind, &link);
    }
    tx.commit().await?;
    settle(site, "").await?;
    Ok(Json(shown(&link, kind)))
}

/// A group that is linked to a channel is linked to its team too, or its people could not be there.
async fn link_team_of(site: &Site, tx: &mut Tx, group: &str, channel: &str, now: i64) -> Result<()> {
    let channel = channels::get(tx, channel).await?.ok_or_else(channels::missing)?;
    let known = link_store::get(tx, group, &channel.team_id, Kind::Team).await?;
    if known.is_some_and(|l| l.delete_at == 0) {
        return Ok(());
    }
    let team = teams::get(tx, &channel.team_id).await?.ok_or_else(teams::missing)?;
    if team.group_constrained == Some(true) {
        let message = "The team takes its own groups only; link the group to the team first.";
        return Err(Error::invalid("group_not_associated_to_synced_team", message));
    }
    let link = Link {
        group_id: group.into(),
        place_id: team.id,
        kind: Kind::Team.name().into(),
        create_at: now,
        update_at: now,
        ..Link::default()
    };
    link_store::put(tx, &link).await?;
    tell(site, tx, Kind::Team, &link);
    Ok(())
}

/// DELETE /groups/{id}/{teams|channels}/{id}/link: with the team go the group's links to channels of it.
async fn cut(State(site): State<Site>, actor: Actor, Path((id, place)): Pair, kind: Kind) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    require(&mut tx, &actor, kind, &place, false).await?;
    let link = link_store::get(&mut tx, &id, &place, kind).await?.filter(|l| l.delete_at == 0).ok_or_else(missing)?;
    let now = site.clock.now_ms();
    let link = Link { delete_at: now, update_at: now, ..link };
    link_store::put(&mut tx, &link).await?;
    if kind == Kind::Team {
        link_store::cut_channels(&mut tx, &id, &place, now).await?;
    }
    tell(&site, &mut tx, kind, &link);
    tx.commit().await?;
    settle(&site, "").await?;
    Ok(Json(StatusOk::default()))
}

fn require_reader(actor: &Actor) -> Result<()> {
    super::require(actor, "sysconsole_read_user_management_groups")
}

/// GET /groups/{id}/{teams|channels}/{id}
async fn one(State(site): State<Site>, actor: Actor, Path((id, place)): Pair, kind: Kind) -> Result<Json<Value>> {
    require_reader(&actor)?;
    let link = link_store::get(&mut site.db.read().await?, &id, &place, kind).await?;
    Ok(Json(shown(&link.filter(|l| l.delete_at == 0).ok_or_else(missing)?, kind)))
}

/// GET /groups/{id}/{teams|channels}
async fn list(State(site): State<Site>, actor: Actor, Path(id): Path<String>, kind: Kind) -> Result<Json<Vec<Value>>> {
    require_reader(&actor)?;
    let mut conn = site.db.read().await?;
    load(&mut conn, &id).await?;
    let mut out = Vec::new();
    for link in link_store::of_group(&mut conn, &id, kind).await? {
        let mut value = shown(&link, kind);
        let mut team_id = link.place_id.clone();
        if kind == Kind::Channel {
            let Some(channel) = channels::get(&mut conn, &link.place_id).await? else { continue };
            value["channel_display_name"] = channel.display_name.into();
            value["channel_type"] = channel.kind.into();
            value["team_id"] = channel.team_id.clone().into();
            team_id = channel.team_id;
        }
        let Some(team) = teams::get(&mut conn, &team_id).await? else { continue };
        value["team_display_name"] = team.display_name.into();
        value["team_type"] = team.kind.into();
        out.push(value);
    }
    Ok(Json(out))
}
