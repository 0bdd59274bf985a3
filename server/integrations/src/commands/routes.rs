//! Managing commands.

use super::{rules, store};
use crate::Integrations;
use crate::rights::COMMANDS;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chat::Json;
use chat::{Actor, Error, Result, Site, commands, teams};
use db::{Conn, Tx};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{Command, StatusOk};

fn missing() -> Error {
    Error::not_found("app.command.getcommand.internal_error", "Unable to get the command.")
}

/// Two commands of a team cannot have the same trigger, and none that of the server itself.
async fn check_unique(site: &Site, conn: &mut Conn, command: &Command) -> Result<()> {
    let taken = store::by_trigger(conn, &site.keys, &command.team_id, &command.trigger)
        .await?
        .is_some_and(|c| c.id != command.id);
    if !taken && !commands::is_builtin(&command.trigger) {
        return Ok(());
    }
    let message = "This trigger word is already in use. Please choose another word.";
    Err(Error::invalid("api.command.duplicate_trigger.app_error", message))
}

/// POST /commands
pub async fn create(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    actor: Actor,
    Json(new): Json<Command>,
) -> Result<(StatusCode, Json<Command>)> {
    let mut tx = site.db.write().await?;
    if teams::get(&mut tx, &new.team_id).await?.is_none() {
        return Err(Error::invalid_body("team_id", "it is the id of a team"));
    }
    let creator = if new.creator_id.is_empty() { actor.user_id.clone() } else { new.creator_id.clone() };
    COMMANDS.require_over(&mut tx, &actor, &new.team_id, &creator).await?;
    let now = site.clock.now_ms();
    let command = rules::checked(Command {
        id: kit::id::new(),
        token: kit::id::new(),
        create_at: now,
        update_at: now,
        delete_at: 0,
        creator_id: creator,
        ..new
    })?;
    integrations.check_address("url", &command.url)?;
    check_unique(&site, &mut tx, &command).await?;
    store::insert(&mut tx, &site.keys, &command).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(command)))
}

/// A command that the actor may manage; who is not in its team does not hear of it.
async fn own(site: &Site, conn: &mut Conn, actor: &Actor, id: &str) -> Result<Command> {
    let command = store::get(conn, &site.keys, id).await?.ok_or_else(missing)?;
    teams::require_member(conn, actor, &command.team_id).await.map_err(|_| missing())?;
    COMMANDS.require_over(conn, actor, &command.team_id, &command.creator_id).await?;
    Ok(command)
}

/// GET /commands/{id}
pub async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Command>> {
    own(&site, &mut site.db.read().await?, &actor, &id).await.map(Json)
}

async fn save(site: &Site, mut tx: Tx, mut command: Command) -> Result<Command> {
    command.update_at = site.clock.now_ms();
    store::update(&mut tx, &site.keys, &command).await?;
    tx.commit().await?;
    Ok(command)
}

/// PUT /commands/{id}
pub async fn update(
    State(site): State<Site>,
    Extension(integrations): Extension<Integrations>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<Command>,
) -> Result<Json<Command>> {
    if new.id != id {
        return Err(Error::invalid_body("command_id", "it is not the one of the address"));
    }
    let mut tx = site.db.write().await?;
    let old = own(&site, &mut tx, &actor, &id).await?;
    if !new.team_id.is_empty() && new.team_id != old.team_id {
        let message = "Unable to update commands across teams.";
        return Err(Error::invalid("api.command.team_mismatch.app_error", message));
    }
    let command = rules::checked(Command {
        token: old.token,
        create_at: old.create_at,
        delete_at: 0,
        creator_id: old.creator_id,
        team_id: old.team_id,
        ..new
    })?;
    integrations.check_address("url", &command.url)?;
    check_unique(&site, &mut tx, &command).await?;
    save(&site, tx, command).await.map(Json)
}

/// DELETE /commands/{id}
pub async fn delete(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    let mut command = own(&site, &mut tx, &actor, &id).await?;
    command.delete_at = site.clock.now_ms();
    save(&site, tx, command).await?;
    Ok(Json(StatusOk::default()))
}

/// Body of PUT /commands/{id}/move.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct To {
    team_id: String,
}

/// PUT /commands/{id}/move: into another team.
pub async fn relocate(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(to): Json<To>,
) -> Result<Json<StatusOk>> {
    let mut tx = site.db.write().await?;
    if teams::get(&mut tx, &to.team_id).await?.is_none() {
        return Err(Error::invalid_body("team_id", "it is the id of a team"));
    }
    COMMANDS.require(&mut tx, &actor, &to.team_id).await?;
    let mut command = own(&site, &mut tx, &actor, &id).await?;
    command.team_id = to.team_id;
    check_unique(&site, &mut tx, &command).await?;
    save(&site, tx, command).await?;
    Ok(Json(StatusOk::default()))
}

/// PUT /commands/{id}/regen_token
pub async fn regen_token(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Value>> {
    let mut tx = site.db.write().await?;
    let mut command = own(&site, &mut tx, &actor, &id).await?;
    command.token = kit::id::new();
    let command = save(&site, tx, command).await?;
    Ok(Json(json!({"token": command.token})))
}
