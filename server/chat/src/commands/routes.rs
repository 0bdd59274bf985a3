//! The HTTP side of slash commands.

use super::{builtin, custom, execute};
use crate::Json;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, teams};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use serde::Deserialize;
use wire::{Command, CommandArgs, CommandResponse, CommandSuggestion};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/commands", get(list))
        .route("/commands/execute", post(run))
        .route("/teams/{team_id}/commands/autocomplete", get(autocomplete))
        .route("/teams/{team_id}/commands/autocomplete_suggestions", get(suggestions))
}

/// Query of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    team_id: String,
    custom_only: bool,
    user_input: String,
}

/// GET /commands: who manages the team's commands sees all of them whole, others what they can be suggested.
async fn list(State(site): State<Site>, actor: Actor, Query(q): Query<Q>) -> Result<Json<Vec<Command>>> {
    let mut conn = site.db.read().await?;
    teams::require_member(&mut conn, &actor, &q.team_id).await?;
    let managing = teams::require(&mut conn, &actor, &q.team_id, Permission::MANAGE_SLASH_COMMANDS).await;
    drop(conn);
    let custom = match (managing, site.custom_commands()) {
        (Err(refused), _) if q.custom_only => return Err(refused),
        (Err(_), _) => custom::suggested(&site, &q.team_id).await?,
        (Ok(()), Some(keeper)) => keeper.of_team(&site, &q.team_id).await?,
        (Ok(()), None) => Vec::new(),
    };
    Ok(Json(if q.custom_only { custom } else { builtin::all().into_iter().chain(custom).collect() }))
}

async fn autocomplete(State(site): State<Site>, actor: Actor, Path(team): Path<String>) -> Result<Json<Vec<Command>>> {
    teams::require_member(&mut site.db.read().await?, &actor, &team).await?;
    let custom = custom::suggested(&site, &team).await?;
    Ok(Json(builtin::all().into_iter().chain(custom).collect()))
}

async fn suggestions(
    State(site): State<Site>,
    actor: Actor,
    Path(team): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Vec<CommandSuggestion>>> {
    teams::require_member(&mut site.db.read().await?, &actor, &team).await?;
    if q.user_input.is_empty() {
        return Err(Error::invalid_param("user_input"));
    }
    // Clients send the input with or without the slash.
    let input = if q.user_input.starts_with('/') { q.user_input } else { format!("/{}", q.user_input) };
    Ok(Json(builtin::suggestions(&input, custom::suggested(&site, &team).await?)))
}

async fn run(State(site): State<Site>, actor: Actor, Json(args): Json<CommandArgs>) -> Result<Json<CommandResponse>> {
    execute::run(&site, &actor, args).await.map(Json)
}
