//! The HTTP side of settings. Who holds single pages of the console sees and changes what stands on them.

use super::Settings;
use super::console::{require_reader, require_writer, seen};
use super::document::Shown;
use axum::Router;
use axum::extract::{Query, State};
use axum::routing::{get, post, put};
use chat::{Actor, Json, Result, Site, audits};
use operations::access::require;
use serde::Deserialize;
use serde_json::{Map, Value};
use wire::StatusOk;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/config", get(read).put(change))
        .route("/config/patch", put(change))
        .route("/config/reload", post(reload))
        .route("/config/environment", get(environment))
}

/// Query of GET /config.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct How {
    remove_masked: bool,
    remove_defaults: bool,
}

async fn read(State(site): State<Site>, actor: Actor, Query(how): Query<How>) -> Result<Json<Map<String, Value>>> {
    require_reader(&actor)?;
    let settings = Settings::of(&site);
    settings.look(&site).await?;
    let how = Shown { without_masked: how.remove_masked, without_defaults: how.remove_defaults };
    Ok(Json(seen(&actor, settings.document(how))))
}

/// PUT /config and PUT /config/patch: what is not sent stays as it is.
async fn change(
    State(site): State<Site>,
    actor: Actor,
    Json(sent): Json<Map<String, Value>>,
) -> Result<Json<Map<String, Value>>> {
    require_writer(&actor)?;
    Ok(Json(seen(&actor, Settings::of(&site).change(&site, &actor, &sent).await?)))
}

async fn reload(State(site): State<Site>, actor: Actor) -> Result<Json<StatusOk>> {
    require(&actor, &["reload_config"])?;
    Settings::of(&site).reload(&site).await?;
    let mut tx = site.db.write().await?;
    audits::record(&site, &mut tx, &actor, "/api/v4/config/reload", "").await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

async fn environment(State(site): State<Site>, actor: Actor) -> Result<Json<Map<String, Value>>> {
    require_reader(&actor)?;
    Ok(Json(seen(&actor, Settings::of(&site).set_elsewhere())))
}
