//! Thumbnails and previews, made on a blocking thread and bounded against images that unpack to gigabytes.

use crate::{Error, Result};
use bytes::Bytes;
use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use std::io::Cursor;
use wire::FileInfo;

/// Longest side that is decoded, pixels.
const MAX_SIDE: u32 = 12_000;
/// Memory that decoding may take, bytes.
const MAX_MEMORY: u64 = 512 << 20;

/// Pictures decoded at a time: each may take that memory.
static DECODING: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);

/// What is kept beside an image, as JPEG.
pub struct Made {
    pub thumbnail: Vec<u8>,
    pub preview: Vec<u8>,
}

/// Whether a file is called a picture of pixels.
pub fn is_picture(info: &FileInfo) -> bool {
    info.mime_type.starts_with("image/") && info.extension != "svg"
}

/// Measures an image and makes its small versions; other files and broken images have none.
///
/// # Errors
/// When the blocking thread is lost.
pub async fn prepare(bytes: Bytes, info: &mut FileInfo) -> Result<Option<Made>> {
    if !is_picture(info) {
        return Ok(None);
    }
    // The permit goes with the work: a request that is given up does not make room before its picture is done.
    let permit = DECODING.acquire().await.map_err(Error::internal)?;
    let work = move || {
        let _permit = permit;
        make(&bytes)
    };
    let made = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
    Ok(made.map(|(made, width, height, mini)| {
        info.width = Some(width.into());
        info.height = Some(height.into());
        info.has_preview_image = true;
        info.mini_preview = Some(mini);
        made
    }))
}

fn make(bytes: &[u8]) -> Option<(Made, u32, u32, String)> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    let (width, height) = (picture.width(), picture.height());
    let preview = if width > 1920 { picture.thumbnail(1920, u32::MAX) } else { picture.clone() };
    let mini = jpeg(&picture.thumbnail(16, 16))?;
    let made = Made { thumbnail: jpeg(&picture.thumbnail(120, 100))?, preview: jpeg(&preview)? };
    Some((made, width, height, data_encoding::BASE64.encode(&mini)))
}

fn jpeg(picture: &DynamicImage) -> Option<Vec<u8>> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture.to_rgb8()).write_to(&mut out, ImageFormat::Jpeg).ok()?;
    Some(out.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_gets_small_versions_and_rubbish_none() {
        let mut png = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(2400, 600).write_to(&mut png, ImageFormat::Png).unwrap();
        let (made, width, height, _) = make(png.get_ref()).unwrap();
        assert_eq!((width, height), (2400, 600));
        let small = image::load_from_memory(&made.thumbnail).unwrap();
        assert!(small.width() <= 120 && small.height() <= 100);
        assert_eq!(image::load_from_memory(&made.preview).unwrap().width(), 1920);
        assert!(make(b"not an image").is_none());
        assert!(make(&png.get_ref()[..60]).is_none());
    }
}
