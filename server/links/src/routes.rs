//! GET /image and GET /redirect_location.

use crate::{Links, proxy};
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Json, Router};
use chat::{Actor, Error, Result, Site};
use serde::Deserialize;
use serde_json::{Value, json};

/// Routes under `/api/v4`.
pub fn router(links: &Links) -> Router<Site> {
    Router::new()
        .route("/image", get(image))
        .route("/redirect_location", get(redirect_location))
        .layer(Extension(links.clone()))
}

/// An address outside the site.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct External {
    url: String,
}

async fn image(_: Actor, Extension(links): Extension<Links>, Query(q): Query<External>) -> Result<Response> {
    proxy::answer(&links, &q.url).await
}

/// Where a short link leads. An empty text says that it leads nowhere, cannot be asked, or that previews are off.
async fn redirect_location(
    _: Actor,
    Extension(links): Extension<Links>,
    Query(q): Query<External>,
) -> Result<Json<Value>> {
    if q.url.is_empty() {
        return Err(Error::invalid_param("url"));
    }
    let location = if links.config.previews { links.location(&q.url).await } else { String::new() };
    Ok(Json(json!({"location": location})))
}
