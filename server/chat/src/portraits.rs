//! Pictures of users and teams: uploaded in a form, cut to a small square, kept under the time they were set.

use crate::error::Kind;
use crate::{Error, Result, Site, files};
use axum::extract::Multipart;
use axum::extract::multipart::MultipartError;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// Side of the square that is kept, pixels.
const SIDE: u32 = 256;
/// Longest side that is decoded, pixels.
const MAX_SIDE: u32 = 8192;
/// Memory that decoding may take, bytes.
const MAX_MEMORY: u64 = 256 << 20;
/// Pictures decoded at a time.
static DECODING: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);

/// The picture in the field `image` of the form. `ids` is the beginning of upstream's error ids for this call.
///
/// # Errors
/// 400 without a picture, 413 when it is larger than the settings allow.
pub async fn form(site: &Site, mut form: Multipart, ids: &str) -> Result<Vec<u8>> {
    let broken = |e: MultipartError| Error::invalid_body("multipart", &e.body_text());
    let most = site.config().accounts.max_picture_kb.saturating_mul(1024);
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("image") {
            continue;
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > most {
                let message = format!("The picture is larger than {} kB.", most / 1024);
                return Err(Error::new(Kind::TooLarge, format!("{ids}.too_large.app_error"), message));
            }
        }
        return Ok(bytes);
    }
    Err(Error::invalid(&format!("{ids}.no_file.app_error"), "The form has no picture under \"image\"."))
}

/// The square that is kept of an uploaded picture, as PNG.
///
/// # Errors
/// 400 for what is no picture.
pub async fn prepare(bytes: Vec<u8>, ids: &str) -> Result<Vec<u8>> {
    // The permit goes with the work: a request that is given up does not make room before its picture is done.
    let permit = DECODING.acquire().await.map_err(Error::internal)?;
    let work = move || {
        let _permit = permit;
        square(&bytes)
    };
    let made = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
    made.ok_or_else(|| {
        let message = format!("A PNG, JPEG, GIF, WebP or BMP picture of at most {MAX_SIDE} × {MAX_SIDE} is wanted.");
        Error::invalid(&format!("{ids}.decode.app_error"), message)
    })
}

fn square(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    // Phones write which way is up beside the pixels, and what is kept is only pixels.
    let orientation = decoder.orientation().ok()?;
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    picture.apply_orientation(orientation);
    let side = picture.width().min(picture.height()).min(SIDE);
    let mut out = Cursor::new(Vec::new());
    let small = picture.resize_to_fill(side, side, FilterType::Triangle).into_rgba8();
    small.write_to(&mut out, ImageFormat::Png).ok()?;
    Some(out.into_inner())
}

/// Where the storage has the picture of `id` that was set `at`.
pub fn path(id: &str, at: i64) -> String {
    format!("portraits/{id}/{at}")
}

/// Keeps a picture of `id` (a user or a team) that was set `at` (Unix milliseconds).
///
/// # Errors
/// When the storage fails.
pub async fn put(site: &Site, id: &str, at: i64, png: Vec<u8>) -> Result<()> {
    files::put(site, &path(id, at), png.into()).await
}

/// Removes the picture that was set `at`; 0 is none. One that stays behind is never shown again.
pub async fn forget(site: &Site, id: &str, at: i64) {
    if at > 0 {
        if let Err(error) = files::delete(site, &path(id, at)).await {
            tracing::warn!(%error, owner.id = %id, "an old picture could not be removed");
        }
    }
}

/// The picture of `id` that was set `at`.
///
/// # Errors
/// 404 when it is gone.
pub async fn read(site: &Site, id: &str, at: i64) -> Result<bytes::Bytes> {
    files::read(site, &path(id, at)).await
}

/// An answer with a picture, or 304 when the client has it: `version` changes with the picture.
pub fn answer(request: &HeaderMap, version: &str, mime_type: &'static str, bytes: bytes::Bytes) -> Response {
    let etag = format!("\"{version}\"");
    let known = request.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let mut response = if known.is_some_and(|k| k.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, mime_type)], bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=86400, private"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portrait_is_a_small_square() {
        let mut png = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(600, 400).write_to(&mut png, ImageFormat::Png).unwrap();
        let kept = image::load_from_memory(&square(&png.into_inner()).unwrap()).unwrap();
        assert_eq!((kept.width(), kept.height()), (256, 256));
        assert!(square(b"<svg onload='x'/>").is_none());
        assert!(square(b"").is_none());
    }
}
