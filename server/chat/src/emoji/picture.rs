//! Checking and shrinking the picture of an emoji, on a blocking thread, bounded against images that unpack to gigabytes.

use crate::{Error, Result};
use image::{ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// Largest upload, bytes.
pub const MAX_BYTES: usize = 512 * 1024;
/// Longest side that is accepted, pixels.
const MAX_SIDE: u32 = 2048;
/// Longest side that is kept, pixels.
const KEPT_SIDE: u32 = 128;

/// The bytes to keep and their media type.
pub struct Picture {
    pub bytes: Vec<u8>,
    pub mime_type: &'static str,
}

/// Accepts PNG, JPEG, GIF and WebP; large ones become small PNGs, except GIFs, which may move.
///
/// # Errors
/// 400 for what is no such picture.
pub async fn prepare(bytes: Vec<u8>) -> Result<Picture> {
    let made = tokio::task::spawn_blocking(move || make(bytes)).await.map_err(Error::internal)?;
    made.ok_or_else(|| {
        Error::invalid_body("image", "a PNG, JPEG, GIF or WebP picture of at most 2048 × 2048 is wanted")
    })
}

fn make(bytes: Vec<u8>) -> Option<Picture> {
    let mut reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format().ok()?;
    let mime_type = match reader.format()? {
        ImageFormat::Png => "image/png",
        ImageFormat::Jpeg => "image/jpeg",
        ImageFormat::Gif => "image/gif",
        ImageFormat::WebP => "image/webp",
        _ => return None,
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(64 << 20);
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    if mime_type == "image/gif" || picture.width() <= KEPT_SIDE && picture.height() <= KEPT_SIDE {
        return Some(Picture { bytes, mime_type });
    }
    let mut out = Cursor::new(Vec::new());
    picture.thumbnail(KEPT_SIDE, KEPT_SIDE).write_to(&mut out, ImageFormat::Png).ok()?;
    Some(Picture { bytes: out.into_inner(), mime_type: "image/png" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_pictures_shrink_and_rubbish_is_refused() {
        let mut png = Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(300, 200).write_to(&mut png, ImageFormat::Png).unwrap();
        let made = make(png.into_inner()).unwrap();
        let kept = image::load_from_memory(&made.bytes).unwrap();
        assert!(kept.width() <= 128 && kept.height() <= 128);
        assert!(make(b"<svg onload='x'/>".to_vec()).is_none());
    }
}
