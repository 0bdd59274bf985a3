//! What this server offers beside chat, as clients find it: official clients show the buttons of calls or agents when
//! `GET /plugins/webapp` lists a plugin of that id. Products are part of the server: the console sees that they run, and
//! putting another in or taking one out is refused as on a server without plugins (`unoffered`).

use crate::Json;
use crate::roles::Permission;
use crate::{Actor, Result, Site};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Serialize;
use serde_json::{Value, json};

/// A product under the name of the plugin whose API it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Product {
    /// Id of the plugin, the folder under `/plugins/`.
    pub id: &'static str,
    pub name: &'static str,
    /// Version of the plugin whose behaviour it has.
    pub version: &'static str,
}

/// Upstream's number for a plugin that runs.
const RUNNING: i64 = 2;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/plugins", get(active))
        .route("/plugins/statuses", get(statuses))
        .route("/plugins/webapp", get(webapp))
}

/// What a product is made known by.
fn manifest(p: &Product) -> Value {
    let bundle = format!("/static/plugins/{0}/{0}_bundle.js", p.id);
    json!({"id": p.id, "name": p.name, "version": p.version, "webapp": {"bundle_path": bundle}})
}

/// GET /plugins/webapp, also before anybody has logged in. Desktop and mobile clients look for ids, and our own web client
/// has the products built in, so that there is no file behind `bundle_path`.
async fn webapp(State(site): State<Site>) -> Json<Vec<Value>> {
    Json(site.products().iter().map(manifest).collect())
}

/// GET /plugins: what is there runs.
async fn active(State(site): State<Site>, actor: Actor) -> Result<Json<Value>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    let active: Vec<Value> = site.products().iter().map(manifest).collect();
    Ok(Json(json!({"active": active, "inactive": []})))
}

/// GET /plugins/statuses: there is one server, and no folder that a product was put into.
async fn statuses(State(site): State<Site>, actor: Actor) -> Result<Json<Vec<Value>>> {
    actor.require(Permission::MANAGE_SYSTEM)?;
    let status = |p: &Product| {
        json!({"plugin_id": p.id, "cluster_id": "", "plugin_path": "", "state": RUNNING, "name": p.name,
            "description": "", "version": p.version})
    };
    Ok(Json(site.products().iter().map(status).collect()))
}
