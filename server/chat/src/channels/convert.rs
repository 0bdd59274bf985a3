//! A group message becomes a private channel of a team that all of its members are in.

use super::{access, changing, member_store, missing, store};
use crate::Json;
use crate::posts::{self, Happened};
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, teams, users};
use axum::extract::{Path, State};
use db::Conn;
use serde::Deserialize;
use wire::{Channel, Event, Team};

/// The group message `id`, and the ids of its members.
async fn group_message(conn: &mut Conn, actor: &Actor, id: &str) -> Result<(Channel, Vec<String>)> {
    let channel = access(conn, actor, id, Permission::READ_CHANNEL).await?;
    if channel.kind != "G" {
        let message = "Only a group message can become a private channel.";
        return Err(Error::invalid("api.channel.group_message.converting.not_a_group_message", message));
    }
    let members = member_store::members(conn, id).await?.into_iter().map(|m| m.user_id).collect();
    Ok((channel, members))
}

/// Teams that everybody is in.
async fn common(conn: &mut Conn, members: &[String]) -> Result<Vec<Team>> {
    let Some((first, rest)) = members.split_first() else { return Ok(Vec::new()) };
    let mut shared = teams::of_user(conn, first).await?;
    for user in rest {
        let theirs = teams::ids_of(conn, user).await?;
        shared.retain(|t| theirs.contains(&t.id));
    }
    Ok(shared)
}

/// GET /channels/{id}/common_teams
pub async fn common_teams(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Vec<Team>>> {
    let mut conn = site.db.read().await?;
    let (_, members) = group_message(&mut conn, &actor, &id).await?;
    let mut shared = common(&mut conn, &members).await?;
    for team in &mut shared {
        team.invite_id.clear();
        team.email.clear();
    }
    Ok(Json(shared))
}

/// Body of the conversion.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Body {
    channel_id: String,
    team_id: String,
    name: String,
    display_name: String,
}

/// POST /channels/{id}/convert_to_channel
pub async fn convert(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(body): Json<Body>,
) -> Result<Json<Channel>> {
    if body.channel_id != id {
        return Err(Error::invalid_body("channel_id", "it differs from the one in the address"));
    }
    changing::check_names(&body.name, &body.display_name)?;
    let mut tx = site.db.write().await?;
    let (channel, members) = group_message(&mut tx, &actor, &id).await?;
    if actor.is_guest() || !members.contains(&actor.user_id) {
        return Err(Error::forbidden());
    }
    teams::require(&mut tx, &actor, &body.team_id, Permission::CREATE_PRIVATE_CHANNEL).await?;
    if !common(&mut tx, &members).await?.iter().any(|t| t.id == body.team_id) {
        let message = "Every member of the group message must be in the team.";
        return Err(Error::invalid("app.channel.group_message_conversion.incorrect_team", message));
    }
    if store::by_name(&mut tx, &body.team_id, &body.name).await?.is_some() {
        return Err(changing::taken());
    }
    let display_name = body.display_name.trim();
    store::convert(&mut tx, &id, &body.team_id, &body.name, display_name, site.clock.now_ms()).await?;
    let channel = store::get(&mut tx, &channel.id).await?.ok_or_else(missing)?;
    let by = users::get(&mut tx, &actor.user_id).await?.ok_or_else(users::missing)?;
    posts::say(&site, &mut tx, &channel, Happened::BecameChannel(&by, &members)).await?;
    let event = Event::new("channel_updated").with_encoded("channel", &channel).with("channel_id", id.as_str());
    site.emit(&mut tx, event.to_channel(&id));
    tx.commit().await?;
    Ok(Json(channel))
}
