//! The small versions of a picture.

use crate::decode::decode;
use crate::{Error, Format, Limits};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Rgb, RgbImage};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Widest preview, pixels.
const PREVIEW: u32 = 1920;
/// The box of a thumbnail, pixels.
const THUMBNAIL: (u32, u32) = (120, 100);
/// Side of the placeholder that clients show while they load, pixels.
const MINI: u32 = 16;
/// JPEG quality of the small versions, of 100.
const QUALITY: u8 = 85;

/// A picture's measures and its small versions, all JPEG.
#[derive(Clone, Debug)]
pub struct Small {
    /// As it is shown: after the turn that its EXIF asks for.
    pub width: u32,
    pub height: u32,
    pub thumbnail: Vec<u8>,
    pub preview: Vec<u8>,
    pub mini: Vec<u8>,
}

/// Makes the small versions of a picture.
///
/// # Errors
/// When it is no picture, too large, or broken.
pub fn small_versions(bytes: &[u8], limits: &Limits) -> Result<Small, Error> {
    let format = Format::of(bytes).ok_or(Error::Unknown)?;
    let made = catch_unwind(AssertUnwindSafe(|| make(bytes, format, limits)));
    made.unwrap_or_else(|_| Err(Error::Broken("the decoder gave up on it".into())))
}

fn make(bytes: &[u8], format: Format, limits: &Limits) -> Result<Small, Error> {
    let picture = decode(bytes, format, limits)?;
    let (width, height) = (picture.width(), picture.height());
    let preview = if width > PREVIEW {
        // At least a pixel high, as for a line that is 10000 wide.
        flat(&picture.thumbnail(PREVIEW, u32::MAX))
    } else {
        flat(&picture)
    };
    // The smaller ones come from the preview: quicker, and nothing is lost that could be seen.
    drop(picture);
    let preview = DynamicImage::ImageRgb8(preview);
    let within = |w: u32, h: u32| {
        if preview.width() > w || preview.height() > h { preview.thumbnail(w, h) } else { preview.clone() }
    };
    Ok(Small {
        width,
        height,
        thumbnail: jpeg(&within(THUMBNAIL.0, THUMBNAIL.1))?,
        mini: jpeg(&within(MINI, MINI))?,
        preview: jpeg(&preview)?,
    })
}

/// Without transparency, which JPEG lacks: on white, as paper.
fn flat(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let with_alpha = picture.to_rgba8();
    let mut out = RgbImage::new(picture.width(), picture.height());
    for (from, to) in with_alpha.pixels().zip(out.pixels_mut()) {
        let [r, g, b, a] = from.0.map(u32::from);
        *to = Rgb([r, g, b].map(|c| u8::try_from((c * a + 255 * (255 - a)) / 255).unwrap_or(u8::MAX)));
    }
    out
}

fn jpeg(picture: &DynamicImage) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    picture.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut out, QUALITY)).map_err(Error::broken)?;
    Ok(out)
}
