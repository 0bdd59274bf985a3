//! The HTTP side of files: upload, download with ranges, small versions.

use super::brand;
use super::check::check;
use super::send::send;
use super::spool::Spool;
use super::{New, accept, missing, public, read, store, too_large};
use crate::Json;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, channels};
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use wire::{FileInfo, FileUpload};

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/files", post(upload).layer(DefaultBodyLimit::disable()))
        .route("/files/{file_id}", get(download))
        .route("/files/{file_id}/info", get(info))
        .route("/files/{file_id}/link", get(public::link))
        .route("/files/{file_id}/thumbnail", get(thumbnail))
        .route("/files/{file_id}/preview", get(preview))
        .route("/file/test", post(check))
        .route("/file/s3_test", post(check))
        .route("/brand/image", get(brand::get).post(brand::set).delete(brand::unset))
}

/// Query of a raw upload.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Raw {
    channel_id: String,
    filename: String,
}

async fn upload(
    State(site): State<Site>,
    actor: Actor,
    Query(raw): Query<Raw>,
    request: axum::extract::Request,
) -> Result<(StatusCode, Json<FileUpload>)> {
    let form = request.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"multipart/"));
    let mut done = FileUpload::default();
    if form {
        let multipart = Multipart::from_request(request, &site).await;
        let multipart = multipart.map_err(|e| Error::invalid_body("multipart", &e.body_text()))?;
        done = from_form(&site, &actor, multipart, raw.channel_id).await?;
    } else {
        may_upload(&site, &actor, &raw.channel_id).await?;
        let most = site.config().max_file_bytes;
        let length = request.headers().get(header::CONTENT_LENGTH).and_then(|l| l.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|l| l > most) {
            return Err(too_large(most));
        }
        let mut spool = Spool::new(&site, most).await?;
        spool.take(request.into_body().into_data_stream()).await?;
        let new = New { id: kit::id::new(), user_id: &actor.user_id, channel_id: &raw.channel_id, name: &raw.filename };
        done.file_infos.push(accept(&site, new, &spool.done().await?).await?);
    }
    Ok((StatusCode::CREATED, Json(done)))
}

async fn may_upload(site: &Site, actor: &Actor, channel_id: &str) -> Result<()> {
    channels::access(&mut site.db.read().await?, actor, channel_id, Permission::UPLOAD_FILE).await.map(|_| ())
}

async fn from_form(site: &Site, actor: &Actor, mut form: Multipart, mut channel_id: String) -> Result<FileUpload> {
    let mut done = FileUpload::default();
    let broken = |e: axum::extract::multipart::MultipartError| Error::invalid_body("multipart", &e.body_text());
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "channel_id" => channel_id = field.text().await.map_err(broken)?,
            "client_ids" => done.client_ids.push(field.text().await.map_err(broken)?),
            "files" => {
                if done.file_infos.len() >= site.config().max_files_per_post {
                    let reason = format!("at most {} at once", site.config().max_files_per_post);
                    return Err(Error::invalid_body("files", &reason));
                }
                may_upload(site, actor, &channel_id).await?;
                let name = field.file_name().unwrap_or("file").to_owned();
                let mut spool = Spool::new(site, site.config().max_file_bytes).await?;
                spool.take(field).await?;
                let new = New { id: kit::id::new(), user_id: &actor.user_id, channel_id: &channel_id, name: &name };
                done.file_infos.push(accept(site, new, &spool.done().await?).await?);
            }
            _ => {}
        }
    }
    Ok(done)
}

/// A file that the actor may read: the own one, or one of a post in a readable channel.
async fn readable(site: &Site, actor: &Actor, id: &str) -> Result<(FileInfo, String)> {
    let mut conn = site.db.read().await?;
    let (info, path) = store::get(&mut conn, id).await?.ok_or_else(missing)?;
    if info.user_id != actor.user_id {
        if info.post_id.is_empty() {
            return Err(Error::forbidden());
        }
        channels::access(&mut conn, actor, &info.channel_id, Permission::READ_CHANNEL).await?;
        if !store::is_live(&mut conn, id).await? {
            return Err(missing());
        }
    }
    Ok((info, path))
}

/// A file that the actor may read, with its bytes.
///
/// # Errors
/// 404 when there is none, 403 when it is not the actor's to read.
pub async fn open(site: &Site, actor: &Actor, id: &str) -> Result<(FileInfo, bytes::Bytes)> {
    let (info, path) = readable(site, actor, id).await?;
    let bytes = read(site, &path).await?;
    Ok((info, bytes))
}

async fn info(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<FileInfo>> {
    Ok(Json(readable(&site, &actor, &id).await?.0))
}

async fn thumbnail(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Response> {
    small(&site, &actor, &id, "thumbnail").await
}

async fn preview(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Response> {
    small(&site, &actor, &id, "preview").await
}

async fn small(site: &Site, actor: &Actor, id: &str, which: &str) -> Result<Response> {
    let (info, path) = readable(site, actor, id).await?;
    if !info.has_preview_image {
        return Err(Error::invalid("api.file.get_file_preview.no_preview.app_error", "The file has no preview image."));
    }
    let bytes = read(site, &format!("{path}.{which}")).await?;
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "max-age=2592000, private")];
    Ok((headers, bytes).into_response())
}

/// Query of a download.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    /// 1: to be saved, whatever it is.
    download: String,
}

async fn download(
    State(site): State<Site>,
    actor: Actor,
    method: Method,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let (info, path) = readable(&site, &actor, &id).await?;
    send(&site, &info, &path, &method, &headers, matches!(wanted.download.as_str(), "1" | "true")).await
}
