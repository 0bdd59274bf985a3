//! The HTTP side of audits.

use super::store;
use crate::Json;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use serde::Deserialize;
use wire::Audit;

/// Entries of one user in one answer.
const OF_USER: i64 = 100;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new().route("/audits", get(all)).route("/users/{user_id}/audits", get(of_user))
}

/// Paging.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Page {
    page: i64,
    per_page: Option<i64>,
}

async fn all(State(site): State<Site>, actor: Actor, Query(q): Query<Page>) -> Result<Json<Vec<Audit>>> {
    if !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    let limit = q.per_page.unwrap_or(60).clamp(1, 200);
    let offset = q.page.max(0).saturating_mul(limit);
    Ok(Json(store::page(&mut site.db.read().await?, "", limit, offset).await?))
}

async fn of_user(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Vec<Audit>>> {
    let id = me_or(&actor, &id)?;
    Ok(Json(store::page(&mut site.db.read().await?, &id, OF_USER, 0).await?))
}
