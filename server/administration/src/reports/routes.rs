//! The HTTP side of reports.

use super::export::KIND;
use super::query::{Asked, range};
use super::store::{self, UserReport};
use axum::Router;
use axum::extract::{Query, State};
use axum::routing::{get, post};
use chat::{Actor, Json, Result, Site};
use operations::access::require;
use operations::jobs::{self, Data};
use wire::StatusOk;

const READ: &[&str] = &["sysconsole_read_user_management_users", "manage_system"];

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/reports/users", get(page))
        .route("/reports/users/count", get(count))
        .route("/reports/users/export", post(export))
}

async fn page(State(site): State<Site>, actor: Actor, Query(asked): Query<Asked>) -> Result<Json<Vec<UserReport>>> {
    require(&actor, READ)?;
    let range = range(&asked.date_range, site.clock.now_ms());
    let wanted = asked.understood()?;
    Ok(Json(store::page(&mut site.db.read().await?, &wanted, range).await?))
}

async fn count(State(site): State<Site>, actor: Actor, Query(asked): Query<Asked>) -> Result<Json<i64>> {
    require(&actor, READ)?;
    Ok(Json(store::count(&mut site.db.read().await?, &asked.understood()?).await?))
}

/// Begins the job; the file is then among the exports, under the name that the job tells.
async fn export(State(site): State<Site>, actor: Actor, Query(asked): Query<Asked>) -> Result<Json<StatusOk>> {
    require(&actor, READ)?;
    let data = Data::from([
        ("date_range".to_owned(), asked.date_range),
        ("requesting_user_id".to_owned(), actor.user_id.clone()),
    ]);
    jobs::create(&site, KIND, data).await?;
    Ok(Json(StatusOk::default()))
}
