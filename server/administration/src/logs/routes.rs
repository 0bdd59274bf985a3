//! The HTTP side of the log.

use super::filter::Wanted;
use super::{kept, object, page};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chat::{Actor, Json, Result, Site};
use operations::access::require;
use serde::Deserialize;
use serde_json::{Map, Value};

const READ: &[&str] = &["get_logs", "manage_system"];

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new().route("/logs", get(lines)).route("/logs/query", post(query)).route("/logs/download", get(download))
}

/// Paging.
#[derive(Debug, Deserialize)]
#[serde(default)]
struct Q {
    page: usize,
    logs_per_page: usize,
}

impl Default for Q {
    fn default() -> Self {
        Self { page: 0, logs_per_page: super::MOST }
    }
}

async fn lines(State(site): State<Site>, actor: Actor, Query(q): Query<Q>) -> Result<Json<Vec<String>>> {
    require(&actor, READ)?;
    let all = page(kept(&site), q.page, q.logs_per_page);
    Ok(Json(all.iter().map(|entry| format!("{}\n", object(entry))).collect()))
}

/// By server; there is one, named as the machine.
async fn query(
    State(site): State<Site>,
    actor: Actor,
    Query(q): Query<Q>,
    Json(wanted): Json<Wanted>,
) -> Result<Json<Map<String, Value>>> {
    require(&actor, READ)?;
    let filter = wanted.filter()?;
    let found: Vec<_> = kept(&site).into_iter().filter(|entry| filter.takes(entry)).collect();
    let found: Vec<Value> = page(found, q.page, q.logs_per_page).iter().map(object).collect();
    let host = tokio::fs::read_to_string("/proc/sys/kernel/hostname").await.unwrap_or_default();
    Ok(Json(Map::from_iter([(host.trim().to_owned(), Value::Array(found))])))
}

async fn download(State(site): State<Site>, actor: Actor) -> Result<Response> {
    require(&actor, READ)?;
    let text: String = kept(&site).iter().map(|entry| format!("{}\n", object(entry))).collect();
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"server.log\""),
    ];
    Ok((headers, text).into_response())
}
