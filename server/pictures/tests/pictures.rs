//! Pictures as cameras and programs write them: small versions, what they tell about a place, and broken ones.

use image::{DynamicImage, ImageFormat, RgbaImage};
use pictures::{Error, Limits, forget_place, small_versions};
use proptest::prelude::*;
use std::io::Cursor;

const FILES: [(&str, &[u8]); 5] = [
    ("place.jpg", include_bytes!("fixtures/place.jpg")),
    ("place.png", include_bytes!("fixtures/place.png")),
    ("place.webp", include_bytes!("fixtures/place.webp")),
    ("place.heic", include_bytes!("fixtures/place.heic")),
    ("plain.avif", include_bytes!("fixtures/plain.avif")),
];

const SVG: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" width="48" height="32"><script>alert(1)</script>
<rect width="24" height="32" fill="rgb(220,30,30)"/><rect x="24" width="24" height="32" fill="rgb(30,30,220)"/>
<image href="file:///etc/hostname" width="9" height="9"/><image href="http://127.0.0.1:1/x.png" width="9" height="9"/></svg>"#;

fn is_red(rgb: [u8; 3]) -> bool {
    rgb[0] > 150 && rgb[1] < 90 && rgb[2] < 90
}

#[test]
fn every_format_becomes_small_versions_that_show_the_same() {
    let svg = ("drawing.svg", SVG.as_bytes());
    for (name, bytes) in FILES.into_iter().chain([svg]) {
        let small = small_versions(bytes, &Limits::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        // Red on the left, blue on the right; the camera of the first was held upright, so red is on top there.
        let turned = name == "place.jpg";
        assert_eq!((small.width, small.height), if turned { (32, 48) } else { (48, 32) }, "{name}");
        let preview = image::load_from_memory(&small.preview).unwrap().to_rgb8();
        let (first, second) = if turned { ((16, 8), (16, 40)) } else { ((8, 16), (40, 16)) };
        assert!(is_red(preview.get_pixel(first.0, first.1).0), "{name}: {:?}", preview.get_pixel(first.0, first.1));
        let blue = preview.get_pixel(second.0, second.1).0;
        assert!(blue[2] > 150 && blue[0] < 90, "{name}: {blue:?}");
        let mini = image::load_from_memory(&small.mini).unwrap();
        assert!(mini.width() <= 16 && mini.height() <= 16, "{name}");
    }
}

#[test]
fn sizes_are_bounded_and_transparency_is_paper() {
    let mut png = Cursor::new(Vec::new());
    DynamicImage::ImageRgba8(RgbaImage::new(2400, 600)).write_to(&mut png, ImageFormat::Png).unwrap();
    let small = small_versions(png.get_ref(), &Limits::default()).unwrap();
    assert_eq!((small.width, small.height), (2400, 600));
    let preview = image::load_from_memory(&small.preview).unwrap().to_rgb8();
    assert_eq!((preview.width(), preview.get_pixel(9, 9).0), (1920, [255, 255, 255]));
    let thumbnail = image::load_from_memory(&small.thumbnail).unwrap();
    assert!(thumbnail.width() <= 120 && thumbnail.height() <= 100);
    let few = Limits { max_pixels: 1000, ..Limits::default() };
    assert_eq!(small_versions(png.get_ref(), &few).unwrap_err(), Error::TooLarge { width: 2400, height: 600 });
    for (name, bytes) in FILES {
        assert!(small_versions(bytes, &few).is_err(), "{name}");
    }
    assert_eq!(small_versions(b"not a picture", &few).unwrap_err(), Error::Unknown);
}

/// Latitude of a picture as EXIF says it, and its maker.
fn told(bytes: &[u8]) -> (bool, Option<String>) {
    let exif = exif::Reader::new().read_from_container(&mut Cursor::new(bytes)).unwrap();
    let maker = exif.get_field(exif::Tag::Make, exif::In::PRIMARY).map(|f| f.display_value().to_string());
    (exif.fields().any(|f| f.tag.context() == exif::Context::Gps), maker)
}

#[test]
fn the_place_is_forgotten_and_nothing_else() {
    for (name, bytes) in FILES.into_iter().take(4) {
        assert_eq!(told(bytes), (true, Some("\"Fieldcam\"".into())), "{name}");
        let mut stripped = bytes.to_vec();
        assert!(forget_place(&mut stripped), "{name}");
        assert_eq!(stripped.len(), bytes.len(), "{name}");
        assert_eq!(told(&stripped), (false, Some("\"Fieldcam\"".into())), "{name}");
        let held = String::from_utf8_lossy(&stripped).into_owned();
        assert!(!held.contains(":GPSL"), "{name}: XMP still tells");
        assert!(String::from_utf8_lossy(bytes).contains(":GPSL"), "{name}: there was XMP");
        let (before, after) =
            (small_versions(bytes, &Limits::default()), small_versions(&stripped, &Limits::default()));
        assert_eq!(before.unwrap().preview, after.unwrap().preview, "{name}: the same picture, the same way up");
        assert!(!forget_place(&mut stripped), "{name}: nothing is left to forget");
    }
    let mut plain = FILES[4].1.to_vec();
    assert!(!forget_place(&mut plain) && plain == FILES[4].1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_broken_picture_does_harm(
        which in 0_usize..6,
        cut in 0.0_f64..1.0,
        writes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..24),
    ) {
        let mut bytes = if which == 5 { SVG.as_bytes().to_vec() } else { FILES[which].1.to_vec() };
        for (at, byte) in writes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut < 0.3 {
            let length = (bytes.len() as f64 * cut * 3.0) as usize;
            bytes.truncate(length);
        }
        let limits = Limits { max_pixels: 100_000, ..Limits::default() };
        if let Ok(small) = small_versions(&bytes, &limits) {
            prop_assert!(u64::from(small.width) * u64::from(small.height) <= 100_000);
        }
        let length = bytes.len();
        forget_place(&mut bytes);
        prop_assert_eq!(bytes.len(), length);
    }
}
