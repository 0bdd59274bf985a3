//! The files of imports and exports: lists, download, deletion.

use super::job::{EXPORTS, IMPORTS, plain_name};
use crate::access::require_admin;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use chat::Json;
use chat::{Actor, Error, Result, Site};
use futures::TryStreamExt;
use object_store::path::Path as Location;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use wire::StatusOk;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/imports", get(imports))
        .route("/imports/{import_name}", delete(delete_import))
        .route("/exports", get(exports))
        .route("/exports/{export_name}", get(download).delete(delete_export))
}

async fn names(site: &Site, folder: &str) -> Result<Json<Vec<String>>> {
    let list = site.files.list(Some(&Location::from(folder)));
    let mut names: Vec<String> = list
        .try_filter_map(|o| async move { Ok(o.location.filename().map(str::to_owned)) })
        .try_collect()
        .await
        .map_err(Error::internal)?;
    names.sort_unstable();
    Ok(Json(names))
}

async fn remove(site: &Site, folder: &str, name: &str, parameter: &str) -> Result<Json<StatusOk>> {
    let location = Location::from(format!("{folder}/{}", plain_name(name, parameter)?));
    match site.files.delete(&location).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(Json(StatusOk::default())),
        Err(error) => Err(Error::internal(error)),
    }
}

async fn imports(State(site): State<Site>, actor: Actor) -> Result<Json<Vec<String>>> {
    require_admin(&actor)?;
    names(&site, IMPORTS).await
}

async fn delete_import(State(site): State<Site>, actor: Actor, Path(name): Path<String>) -> Result<Json<StatusOk>> {
    require_admin(&actor)?;
    remove(&site, IMPORTS, &name, "import_name").await
}

async fn exports(State(site): State<Site>, actor: Actor) -> Result<Json<Vec<String>>> {
    require_admin(&actor)?;
    names(&site, EXPORTS).await
}

async fn delete_export(State(site): State<Site>, actor: Actor, Path(name): Path<String>) -> Result<Json<StatusOk>> {
    require_admin(&actor)?;
    remove(&site, EXPORTS, &name, "export_name").await
}

/// The first byte that is wanted of `Range: bytes=N-`, the form that clients resume with.
fn resume_at(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(header::RANGE)?.to_str().ok()?;
    text.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

async fn download(
    State(site): State<Site>,
    actor: Actor,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    require_admin(&actor)?;
    let name = plain_name(&name, "export_name")?;
    let location = Location::from(format!("{EXPORTS}/{name}"));
    let missing = || Error::not_found("api.export.export_not_found.app_error", "There is no such export.");
    let size = site.files.head(&location).await.map_err(|_| missing())?.size;
    let from = resume_at(&headers).unwrap_or(0);
    if from > 0 && from >= size {
        let range = format!("bytes */{size}");
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, range)]).into_response());
    }
    let options = GetOptions { range: (from > 0).then_some(GetRange::Offset(from)), ..GetOptions::default() };
    let found = site.files.get_opts(&location, options).await.map_err(|_| missing())?;
    let mut response = Body::from_stream(found.into_stream()).into_response();
    let mut set = |name, text: String| {
        if let Ok(value) = text.parse() {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, "application/zip".into());
    set(header::CONTENT_LENGTH, (size - from).to_string());
    set(header::ACCEPT_RANGES, "bytes".into());
    set(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", name.replace('"', "")));
    if from > 0 {
        set(header::CONTENT_RANGE, format!("bytes {from}-{}/{size}", size - 1));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}
