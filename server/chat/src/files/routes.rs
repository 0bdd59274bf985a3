//! The HTTP side of files: upload, download with ranges, small versions.

use super::{missing, public, read, store, store_bytes, stream, too_large};
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, channels};
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use wire::{FileInfo, FileUpload};

/// Types that a browser may show in place; everything else is downloaded.
const INLINE: [&str; 9] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "video/mp4",
    "video/webm",
    "audio/mpeg",
    "text/plain",
    "text/vtt",
];

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/files", post(upload).layer(DefaultBodyLimit::disable()))
        .route("/files/{file_id}", get(download))
        .route("/files/{file_id}/info", get(info))
        .route("/files/{file_id}/link", get(public::link))
        .route("/files/{file_id}/thumbnail", get(thumbnail))
        .route("/files/{file_id}/preview", get(preview))
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
        let limit = usize::try_from(site.config.max_file_bytes).unwrap_or(usize::MAX);
        let read = axum::body::to_bytes(request.into_body(), limit).await;
        let bytes = read.map_err(|_| too_large(site.config.max_file_bytes))?;
        done.file_infos.push(store_bytes(&site, &actor.user_id, &raw.channel_id, &raw.filename, bytes).await?);
    }
    Ok((StatusCode::CREATED, Json(done)))
}

async fn may_upload(site: &Site, actor: &Actor, channel_id: &str) -> Result<()> {
    channels::access(&mut site.db.read().await?, actor, channel_id, Permission::UPLOAD_FILE).await.map(|_| ())
}

async fn from_form(site: &Site, actor: &Actor, mut form: Multipart, mut channel_id: String) -> Result<FileUpload> {
    let mut done = FileUpload::default();
    let broken = |e: axum::extract::multipart::MultipartError| Error::invalid_body("multipart", &e.body_text());
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "channel_id" => channel_id = field.text().await.map_err(broken)?,
            "client_ids" => done.client_ids.push(field.text().await.map_err(broken)?),
            "files" => {
                if done.file_infos.len() >= site.config.max_files_per_post {
                    let reason = format!("at most {} at once", site.config.max_files_per_post);
                    return Err(Error::invalid_body("files", &reason));
                }
                may_upload(site, actor, &channel_id).await?;
                let name = field.file_name().unwrap_or("file").to_owned();
                let mut bytes = Vec::new();
                while let Some(chunk) = field.chunk().await.map_err(broken)? {
                    if (bytes.len() + chunk.len()) as u64 > site.config.max_file_bytes {
                        return Err(too_large(site.config.max_file_bytes));
                    }
                    bytes.extend_from_slice(&chunk);
                }
                done.file_infos.push(store_bytes(site, &actor.user_id, &channel_id, &name, bytes.into()).await?);
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

async fn download(
    State(site): State<Site>,
    actor: Actor,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response> {
    let (info, path) = readable(&site, &actor, &id).await?;
    send(&site, &info, &path, &headers).await
}

/// The bytes of a file, or the range that was asked for.
pub(super) async fn send(site: &Site, info: &FileInfo, path: &str, headers: &HeaderMap) -> Result<Response> {
    let shown = INLINE.contains(&info.mime_type.as_str());
    let kind = if shown { info.mime_type.clone() } else { "application/octet-stream".to_owned() };
    let ascii: String =
        info.name.chars().map(|c| if c.is_ascii_graphic() && c != '"' && c != '\\' { c } else { '_' }).collect();
    let disposition = format!(
        "{}; filename=\"{ascii}\"; filename*=UTF-8''{}",
        if shown { "inline" } else { "attachment" },
        url::form_urlencoded::byte_serialize(info.name.as_bytes()).collect::<String>().replace('+', "%20")
    );
    let common = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, disposition),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "max-age=2592000, private".to_owned()),
        (header::X_FRAME_OPTIONS, "DENY".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'".to_owned()),
    ];
    let total = u64::try_from(info.size).unwrap_or(0);
    let wanted = headers.get(header::RANGE).and_then(|r| r.to_str().ok()).map(|r| range(r, total));
    // Streamed: a recording is larger than what may be held in memory, and players ask for it piece by piece.
    Ok(match wanted {
        None => {
            let length = [(header::CONTENT_LENGTH, total.to_string())];
            (common, length, Body::from_stream(stream(site, path, None).await?)).into_response()
        }
        Some(None) => {
            (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, format!("bytes */{total}"))]).into_response()
        }
        Some(Some((from, to))) => {
            let content = [
                (header::CONTENT_RANGE, format!("bytes {from}-{to}/{total}")),
                (header::CONTENT_LENGTH, (to - from + 1).to_string()),
            ];
            let body = Body::from_stream(stream(site, path, Some(from..to + 1)).await?);
            (StatusCode::PARTIAL_CONTENT, common, content, body).into_response()
        }
    })
}

/// The first range of a Range header as inclusive offsets (RFC 9110, section 14).
fn range(text: &str, total: u64) -> Option<(u64, u64)> {
    let (first, last) = text.strip_prefix("bytes=")?.split(',').next()?.trim().split_once('-')?;
    let end = total.checked_sub(1)?;
    let (from, to) = match (first, last) {
        ("", suffix) => (total.saturating_sub(suffix.parse().ok()?), end),
        (from, "") => (from.parse().ok()?, end),
        (from, to) => (from.parse().ok()?, to.parse::<u64>().ok()?.min(end)),
    };
    (from <= to && from < total).then_some((from, to))
}

#[cfg(test)]
mod tests {
    #[test]
    fn ranges() {
        let table = [
            ("bytes=0-", Some((0, 9))),
            ("bytes=2-3", Some((2, 3))),
            ("bytes=-4", Some((6, 9))),
            ("bytes=5-99", Some((5, 9))),
            ("bytes=10-", None),
            ("bytes=3-2", None),
            ("items=0-1", None),
            ("bytes=x-", None),
        ];
        for (text, expected) in table {
            assert_eq!(super::range(text, 10), expected, "{text}");
        }
        assert_eq!(super::range("bytes=0-", 0), None);
    }
}
