//! What holds for the whole site, and for the places that somebody is in.

use crate::effective::since;
use crate::store::{self, Place};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use chat::paging::Page;
use chat::users::me_or;
use chat::{Actor, Json, Result, Site};
use serde_json::{Value, json};

/// Routes of this.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/data_retention/policy", get(policy))
        .route("/users/{user_id}/data_retention/team_policies", get(of_teams))
        .route("/users/{user_id}/data_retention/channel_policies", get(of_channels))
}

/// The times before which nothing is kept; apps erase their own copies by them.
async fn policy(State(site): State<Site>, _: Actor) -> Json<Value> {
    let (settings, now) = (site.config().retention.clone(), site.clock.now_ms());
    let (messages, files) = (settings.messages(), settings.files());
    let at = |hours: Option<i64>| hours.map_or(0, |h| since(h, now));
    Json(json!({
        "message_deletion_enabled": messages.is_some(), "file_deletion_enabled": files.is_some(),
        "message_retention_cutoff": at(messages), "file_retention_cutoff": at(files),
        "boards_deletion_enabled": false, "boards_retention_cutoff": 0,
    }))
}

async fn of_teams(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>> {
    of_user(&site, &actor, &user, page, Place::Team, "team_id").await
}

async fn of_channels(
    State(site): State<Site>,
    actor: Actor,
    Path(user): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>> {
    of_user(&site, &actor, &user, page, Place::Channel, "channel_id").await
}

async fn of_user(site: &Site, actor: &Actor, user: &str, page: Page, place: Place, name: &str) -> Result<Json<Value>> {
    let user = me_or(actor, user)?;
    let all = store::of_user(&mut site.db.read().await?, place, &user).await?;
    let total = all.len();
    let shown: Vec<Value> =
        page.of(all).into_iter().map(|(id, days)| json!({name: id, "post_duration": days})).collect();
    Ok(Json(json!({"policies": shown, "total_count": total})))
}
