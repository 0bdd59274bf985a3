//! What a picture is and how large, from its first bytes. Pure.

use html5gum::{Token, Tokenizer};
use pictures::Format;
use serde::{Deserialize, Serialize};
use std::io::Cursor;

/// As `metadata.images` of a post tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dimensions {
    /// Pixels.
    pub width: u32,
    pub height: u32,
    pub format: String,
    /// Pictures of an animated GIF, as far as it was read; 0 for other formats.
    pub frame_count: u32,
}

/// The content type of a picture by its bytes; `None` when it is none.
pub fn content_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0, 0, 1, 0]) && bytes.len() > 22 {
        return Some("image/x-icon");
    }
    Format::of(bytes).map(Format::mime_type)
}

/// Size and format; `None` when it is no picture, or the size is not told where it was read.
pub fn dimensions(bytes: &[u8]) -> Option<Dimensions> {
    let format = content_type(bytes)?.strip_prefix("image/")?;
    let named = |width, height| Dimensions { width, height, format: format.to_owned(), frame_count: 0 };
    if format == "svg+xml" {
        let (width, height) = drawn(bytes)?;
        return Some(Dimensions { format: "svg".into(), ..named(width, height) });
    }
    let size = imagesize::blob_size(bytes).ok()?;
    let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
    let mut found = named(width, height);
    match format {
        "gif" => found.frame_count = frames(bytes),
        "jpeg" if lies_on_its_side(bytes) => found = named(height, width),
        _ => {}
    }
    (width > 0 && height > 0).then_some(found)
}

fn frames(bytes: &[u8]) -> u32 {
    let mut options = gif::DecodeOptions::new();
    options.skip_frame_decoding(true);
    let Ok(mut decoder) = options.read_info(Cursor::new(bytes)) else { return 1 };
    let mut count = 0;
    while let Ok(Some(_)) = decoder.next_frame_info() {
        count += 1;
    }
    count.max(1)
}

/// Whether a JPEG says that it is to be turned by a quarter.
fn lies_on_its_side(bytes: &[u8]) -> bool {
    let Ok(exif) = exif::Reader::new().read_from_container(&mut Cursor::new(bytes)) else { return false };
    let orientation = exif.get_field(exif::Tag::Orientation, exif::In::PRIMARY).and_then(|f| f.value.get_uint(0));
    orientation.is_some_and(|o| (5..=8).contains(&o))
}

/// Width and height that an SVG asks for, or those of what it shows.
fn drawn(bytes: &[u8]) -> Option<(u32, u32)> {
    let text = String::from_utf8_lossy(bytes);
    let tag = Tokenizer::new(&*text).find_map(|token| match token {
        Ok(Token::StartTag(tag)) if tag.name.as_slice() == b"svg" => Some(tag),
        _ => None,
    })?;
    let attribute = |name: &[u8]| tag.attributes.get(name).map(|v| String::from_utf8_lossy(v).into_owned());
    let side = |name: &[u8]| number(attribute(name)?.trim().trim_end_matches("px"));
    if let (Some(width), Some(height)) = (side(b"width"), side(b"height")) {
        return Some((width, height));
    }
    let view = attribute(b"viewbox")?;
    let mut numbers = view.split([' ', ',']).filter(|p| !p.is_empty()).skip(2).map(number);
    Some((numbers.next()??, numbers.next()??))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded before")]
fn number(text: &str) -> Option<u32> {
    let value: f64 = text.parse().ok()?;
    (1.0..100_000.0).contains(&value).then_some(value.round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::gif::GifEncoder;
    use image::{Frame, ImageFormat, RgbaImage};
    use proptest::prelude::*;

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        let picture = image::DynamicImage::ImageRgb8(image::RgbImage::new(321, 45));
        picture.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    #[test]
    fn sizes_are_read_from_the_beginning() {
        for (format, name) in [
            (ImageFormat::Png, "png"),
            (ImageFormat::Jpeg, "jpeg"),
            (ImageFormat::WebP, "webp"),
            (ImageFormat::Bmp, "bmp"),
        ] {
            let bytes = encoded(format);
            let head = &bytes[..bytes.len().min(700)];
            let expected = Dimensions { width: 321, height: 45, format: name.into(), frame_count: 0 };
            assert_eq!(dimensions(head), Some(expected), "{name}");
        }
        let mut gif = Vec::new();
        let mut encoder = GifEncoder::new(&mut gif);
        encoder.encode_frames((0..3).map(|_| Frame::new(RgbaImage::new(20, 10)))).unwrap();
        drop(encoder);
        let expected = Dimensions { width: 20, height: 10, format: "gif".into(), frame_count: 3 };
        assert_eq!(dimensions(&gif), Some(expected));
        for (svg, size) in [
            ("<svg xmlns='x' width='12px' height=\"34.4\">", Some((12, 34))),
            ("<?xml version='1.0'?><svg viewBox='0 0 40, 20'/>", Some((40, 20))),
            ("<svg width='100%' height='1e99'>", None),
        ] {
            assert_eq!(dimensions(svg.as_bytes()).map(|d| (d.width, d.height)), size, "{svg}");
        }
        assert_eq!(dimensions(b"<html>"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn damaged_pictures_are_read_or_not_and_that_is_all(kind in 0_usize..5, at in 0_usize..400, noise in prop::collection::vec(any::<u8>(), 0..40), cut in 0_usize..900) {
            let mut bytes = match kind {
                0 => encoded(ImageFormat::Png),
                1 => encoded(ImageFormat::Jpeg),
                2 => encoded(ImageFormat::WebP),
                3 => encoded(ImageFormat::Gif),
                _ => b"\0\0\0\x18ftypavif\0\0\0\0mif1avif....".to_vec(),
            };
            let at = at.min(bytes.len());
            let end = (at + noise.len()).min(bytes.len());
            bytes[at..end].copy_from_slice(&noise[..end - at]);
            bytes.truncate(cut);
            let _ = dimensions(&bytes);
        }
    }
}
