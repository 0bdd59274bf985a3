//! The HTTP side of audits.

use super::store;
use crate::Json;
use crate::paging::Page;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use wire::Audit;

/// Entries of one user in one answer.
const OF_USER: i64 = 100;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new().route("/audits", get(all)).route("/users/{user_id}/audits", get(of_user))
}

async fn all(State(site): State<Site>, actor: Actor, Query(q): Query<Page>) -> Result<Json<Vec<Audit>>> {
    if !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    let (limit, offset) = q.limits();
    Ok(Json(store::page(&mut site.db.read().await?, "", limit, offset).await?))
}

async fn of_user(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Vec<Audit>>> {
    let id = me_or(&actor, &id)?;
    Ok(Json(store::page(&mut site.db.read().await?, &id, OF_USER, 0).await?))
}
