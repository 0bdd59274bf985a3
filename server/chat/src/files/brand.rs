//! The picture of the login page.

use super::spool::Spool;
use super::{delete, put, read, too_large, worker};
use crate::Json;
use crate::roles::{self, Permission};
use crate::{Actor, Error, Result, Site};
use axum::extract::{Multipart, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use pictures::Format;
use wire::StatusOk;

/// Where it is kept.
const PATH: &str = "brand/image";
/// Largest picture, bytes.
const MAX: u64 = 4 << 20;

fn missing() -> Error {
    Error::not_found("api.admin.brand_image.not_found.app_error", "The site has no picture of its own.")
}

/// What a login page may show.
fn shown(format: Format) -> bool {
    matches!(format, Format::Png | Format::Jpeg | Format::Gif | Format::WebP)
}

/// GET /brand/image, by anybody: it is shown before a login.
pub(super) async fn get(State(site): State<Site>) -> Result<Response> {
    let bytes = read(&site, PATH).await.map_err(|e| if e.kind == super::missing().kind { missing() } else { e })?;
    let format = Format::of(&bytes).filter(|f| shown(*f)).ok_or_else(missing)?;
    let headers = [(header::CONTENT_TYPE, format.mime_type()), (header::CACHE_CONTROL, "max-age=300, public")];
    Ok((headers, bytes).into_response())
}

/// POST /brand/image, by a system administrator.
pub(super) async fn set(
    State(site): State<Site>,
    actor: Actor,
    mut form: Multipart,
) -> Result<(StatusCode, Json<StatusOk>)> {
    if !roles::system_can(&actor, Permission("manage_system")) {
        return Err(Error::forbidden());
    }
    let broken = |e: axum::extract::multipart::MultipartError| Error::invalid_body("multipart", &e.body_text());
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("image") {
            continue;
        }
        let mut spool = Spool::new(&site, MAX).await?;
        spool.take(field).await?;
        let spooled = spool.done().await?;
        let known = Format::of(&spooled.head).is_some_and(shown);
        if !known || worker::picture(&site.config().files, spooled.path()).await?.small.is_none() {
            return Err(Error::invalid_body("image", "a PNG, JPEG, GIF or WebP picture is wanted"));
        }
        let bytes = tokio::fs::read(spooled.path()).await.map_err(Error::internal)?;
        if bytes.len() as u64 > MAX {
            return Err(too_large(MAX));
        }
        put(&site, PATH, bytes.into()).await?;
        return Ok((StatusCode::CREATED, Json(StatusOk::default())));
    }
    Err(Error::invalid_body("image", "a picture is wanted"))
}

/// DELETE /brand/image, by a system administrator.
pub(super) async fn unset(State(site): State<Site>, actor: Actor) -> Result<Json<StatusOk>> {
    if !roles::system_can(&actor, Permission("manage_system")) {
        return Err(Error::forbidden());
    }
    read(&site, PATH).await.map_err(|_| missing())?;
    delete(&site, PATH).await?;
    Ok(Json(StatusOk::default()))
}
