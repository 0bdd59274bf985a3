//! Whether the first administrator has been led through the first steps.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use chat::{Actor, Error, Json, Result, Site, system};
use db::{Row, Sql};
use operations::access::require_admin;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::StatusOk;

/// Upstream's name of the value.
const COMPLETE: &str = "FirstAdminSetupComplete";
const ORGANIZATION: &str = "OrganizationName";
const TEAMS: Sql = Sql::new("SELECT COUNT(*) FROM teams");

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new().route("/system/onboarding/complete", get(read).post(complete))
}

/// A site with a team needs no first steps any more.
async fn read(State(site): State<Site>, actor: Actor) -> Result<Json<Value>> {
    require_admin(&actor)?;
    let mut conn = site.db.read().await?;
    let stored = system::value(&mut conn, COMPLETE).await?.is_some_and(|v| v == "true");
    let done = stored || conn.fetch_optional(&TEAMS, vec![], Row::only::<i64>).await?.unwrap_or(0) > 0;
    Ok(Json(json!({"name": COMPLETE, "value": done.to_string()})))
}

/// What the first steps told. There are no plugins to install here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    organization: String,
}

async fn complete(State(site): State<Site>, actor: Actor, Json(told): Json<Told>) -> Result<Json<StatusOk>> {
    require_admin(&actor)?;
    if told.organization.chars().count() > 128 {
        return Err(Error::invalid_body("organization", "at most 128 characters are wanted"));
    }
    let mut tx = site.db.write().await?;
    if !told.organization.is_empty() {
        system::set_value(&mut tx, ORGANIZATION, &told.organization).await?;
    }
    system::set_value(&mut tx, COMPLETE, "true").await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
