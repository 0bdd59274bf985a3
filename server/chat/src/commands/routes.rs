//! The HTTP side of slash commands.

use super::{builtin, execute};
use crate::{Actor, Error, Result, Site, teams};
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
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

/// There are no custom commands on this site yet.
async fn list(State(site): State<Site>, actor: Actor, Query(q): Query<Q>) -> Result<Json<Vec<Command>>> {
    teams::require_member(&mut site.db.read().await?, &actor, &q.team_id).await?;
    Ok(Json(if q.custom_only { Vec::new() } else { builtin::all() }))
}

async fn autocomplete(State(site): State<Site>, actor: Actor, Path(team): Path<String>) -> Result<Json<Vec<Command>>> {
    teams::require_member(&mut site.db.read().await?, &actor, &team).await?;
    Ok(Json(builtin::all()))
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
    Ok(Json(builtin::suggestions(&input)))
}

async fn run(State(site): State<Site>, actor: Actor, Json(args): Json<CommandArgs>) -> Result<Json<CommandResponse>> {
    execute::run(&site, &actor, args).await.map(Json)
}
