//! Groups of users that can be mentioned. This site has none, and says so wherever clients ask; making them is refused
//! with the protocol's own error (see [`crate::unoffered`]).

use crate::roles::Permission;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site, channels, teams};
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/groups", get(all))
        .route("/groups/names", post(by_names))
        .route("/channels/{channel_id}/groups", get(of_channel))
        .route("/teams/{team_id}/groups", get(of_team))
        .route("/teams/{team_id}/groups_by_channels", get(by_channels))
        .route("/users/{user_id}/groups", get(of_user))
}

async fn all(_: Actor) -> Json<Vec<Value>> {
    Json(vec![])
}

async fn by_names(_: Actor, Json(names): Json<Vec<String>>) -> Result<Json<Vec<Value>>> {
    if names.len() > 1000 {
        return Err(Error::invalid_body("group_names", "at most 1000 at once"));
    }
    Ok(Json(vec![]))
}

async fn of_user(actor: Actor, Path(user): Path<String>) -> Result<Json<Vec<Value>>> {
    me_or(&actor, &user)?;
    Ok(Json(vec![]))
}

async fn of_channel(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Value>> {
    channels::access(&mut site.db.read().await?, &actor, &id, Permission::READ_CHANNEL).await?;
    Ok(Json(json!({"groups": [], "total_group_count": 0})))
}

async fn of_team(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Value>> {
    teams::require_member(&mut site.db.read().await?, &actor, &id).await?;
    Ok(Json(json!({"groups": [], "total_group_count": 0})))
}

async fn by_channels(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Value>> {
    teams::require_member(&mut site.db.read().await?, &actor, &id).await?;
    Ok(Json(json!({"groups": {}})))
}
