//! Who would have to go from a team or channel if some groups said who is in it.

use super::link_store::Kind;
use super::store;
use crate::Json;
use crate::paging::Page;
use crate::{Actor, Error, Result, Site, users};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use db::Conn;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::User;

/// Routes of this question.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/teams/{team_id}/members_minus_group_members", get(in_team))
        .route("/channels/{channel_id}/members_minus_group_members", get(in_channel))
}

/// Query of whom groups would leave over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Ids with commas between.
    group_ids: String,
}

/// GET /teams/{id}/members_minus_group_members: who would have to go if these groups were the team's.
async fn in_team(
    state: State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(kept): Query<Kept>,
    Query(page): Query<Page>,
) -> Result<Json<Value>> {
    super::require(&actor, "sysconsole_read_user_management_groups")?;
    left_over(&state, Kind::Team, &id, &kept, page).await
}

/// As [`in_team`], of a channel.
async fn in_channel(
    state: State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Query(kept): Query<Kept>,
    Query(page): Query<Page>,
) -> Result<Json<Value>> {
    super::require(&actor, "sysconsole_read_user_management_channels")?;
    left_over(&state, Kind::Channel, &id, &kept, page).await
}

async fn left_over(site: &Site, kind: Kind, place: &str, kept: &Kept, page: Page) -> Result<Json<Value>> {
    let ids: Vec<String> = kept.group_ids.split(',').map(str::trim).filter(|s| !s.is_empty()).map(Into::into).collect();
    if ids.is_empty() || ids.len() > 200 || !ids.iter().all(|id| kit::id::is_valid(id)) {
        return Err(Error::invalid_param("group_ids"));
    }
    let (limit, offset) = page.limits();
    let mut conn = site.db.read().await?;
    let found = store::outside_of(&mut conn, kind, place, &ids, limit, offset).await?;
    let total = store::count_outside_of(&mut conn, kind, place, &ids).await?;
    let people = users::by_ids(&mut conn, &found).await?;
    let mut out = Vec::new();
    for user in people {
        out.push(with_groups(&mut conn, user).await?);
    }
    Ok(Json(json!({"users": out, "total_count": total})))
}

async fn with_groups(conn: &mut Conn, user: User) -> Result<Value> {
    let groups = store::of_user(conn, &user.id).await?;
    let mut value = json!(user);
    value["groups"] = json!(groups);
    Ok(value)
}
