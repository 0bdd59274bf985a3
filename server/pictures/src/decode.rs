//! A file as pixels, the right way up.

use crate::{Error, Format, Limits, avif, svg};
use hpvcd::{HeicSettings, ParseLimits};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};
use std::io::Cursor;

/// Decodes a picture. Animations give their first picture.
pub fn decode(bytes: &[u8], format: Format, limits: &Limits) -> Result<DynamicImage, Error> {
    match format {
        Format::Jpeg => pixels(bytes, ImageFormat::Jpeg, limits),
        Format::Png => pixels(bytes, ImageFormat::Png, limits),
        Format::Gif => pixels(bytes, ImageFormat::Gif, limits),
        Format::WebP => pixels(bytes, ImageFormat::WebP, limits),
        Format::Bmp => pixels(bytes, ImageFormat::Bmp, limits),
        Format::Tiff => pixels(bytes, ImageFormat::Tiff, limits),
        Format::Heic => heic(bytes, limits),
        Format::Avif => avif::decode(bytes, limits),
        Format::Svg => svg::render(bytes, limits),
    }
}

fn pixels(bytes: &[u8], format: ImageFormat, limits: &Limits) -> Result<DynamicImage, Error> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut bounds = image::Limits::default();
    bounds.max_image_width = Some(limits.max_side);
    bounds.max_image_height = Some(limits.max_side);
    bounds.max_alloc = Some(limits.max_memory);
    reader.limits(bounds);
    let mut decoder = reader.into_decoder().map_err(Error::broken)?;
    let (width, height) = decoder.dimensions();
    limits.check(width, height)?;
    let upright = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(Error::broken)?;
    picture.apply_orientation(upright);
    Ok(picture)
}

/// HEVC still pictures, as telephones take them. The decoder turns them upright itself.
fn heic(bytes: &[u8], limits: &Limits) -> Result<DynamicImage, Error> {
    let bounds = ParseLimits { max_dimension: limits.max_side, max_pixels: limits.max_pixels, ..ParseLimits::new() };
    let settings = HeicSettings::new().with_threads(1).with_limits(bounds).primary_only();
    let picture = hpvcd::decode_heic_rgb8_with_settings(bytes, &settings).map_err(Error::broken)?;
    limits.check(picture.width, picture.height)?;
    RgbImage::from_raw(picture.width, picture.height, picture.pixels)
        .map(DynamicImage::ImageRgb8)
        .ok_or_else(|| Error::Broken("its planes do not fit its size".into()))
}
