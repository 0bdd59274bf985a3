//! What this server offers beside chat, as clients find it: official clients show the buttons of calls or agents when
//! `GET /plugins/webapp` lists a plugin of that id.

use crate::Json;
use crate::{Actor, Site};
use axum::extract::State;
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

/// `GET /plugins/webapp`. Our own web client has the products built in, so there is no file behind `bundle_path`;
/// clients that look for ids only need none.
pub async fn webapp(State(site): State<Site>, _: Actor) -> Json<Vec<Value>> {
    let list = |p: &Product| {
        let bundle = format!("/static/plugins/{0}/{0}_bundle.js", p.id);
        json!({"id": p.id, "name": p.name, "version": p.version, "webapp": {"bundle_path": bundle}})
    };
    Json(site.products().iter().map(list).collect())
}
