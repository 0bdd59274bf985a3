//! AVIF: an AV1 key frame in an ISO base media file. Pure Rust end to end (avif-parse, rav1d), so that no C library and
//! no assembler is wanted at build time. Rotation and grids of tiles are not looked at.

use crate::{Error, Limits};
use image::{DynamicImage, Rgb, RgbImage};
use re_rav1d::dav1d::pixel::{MatrixCoefficients, YUVRange};
use re_rav1d::dav1d::{Decoder, Error as Av1Error, Picture, PixelLayout, PlanarImageComponent as Component, Settings};

/// Tries to get the picture after the data was sent; a key frame is there at the first or second.
const TRIES: usize = 16;

pub fn decode(bytes: &[u8], limits: &Limits) -> Result<DynamicImage, Error> {
    let file = avif_parse::read_avif(&mut &bytes[..]).map_err(Error::broken)?;
    let about = file.primary_item_metadata().map_err(Error::broken)?;
    limits.check(about.max_frame_width.get(), about.max_frame_height.get())?;
    let mut picture = colours(&frame(file.primary_item.to_vec(), limits)?)?;
    if let Some(alpha) = file.alpha_item {
        on_white(&mut picture, &frame(alpha.to_vec(), limits)?);
    }
    Ok(DynamicImage::ImageRgb8(picture))
}

fn frame(data: Vec<u8>, limits: &Limits) -> Result<Picture, Error> {
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_frame_size_limit(u32::try_from(limits.max_pixels).unwrap_or(u32::MAX));
    let mut decoder = Decoder::with_settings(&settings).map_err(Error::broken)?;
    match decoder.send_data(data, None, None, None) {
        Ok(()) | Err(Av1Error::Again) => {}
        Err(error) => return Err(Error::broken(error)),
    }
    for _ in 0..TRIES {
        match decoder.get_picture() {
            Ok(picture) => {
                limits.check(picture.width(), picture.height())?;
                return Ok(picture);
            }
            Err(Av1Error::Again) => match decoder.send_pending_data() {
                Ok(()) | Err(Av1Error::Again) => {}
                Err(error) => return Err(Error::broken(error)),
            },
            Err(error) => return Err(Error::broken(error)),
        }
    }
    Err(Error::Broken("no frame came out of it".into()))
}

/// One plane, whose samples are scaled to 0..=1.
struct Plane<'a> {
    bytes: &'a [u8],
    stride: usize,
    wide: bool,
    most: f32,
}

impl Plane<'_> {
    fn at(&self, x: usize, y: usize) -> f32 {
        let row = y * self.stride;
        let sample = if self.wide {
            let at = row + 2 * x;
            u16::from_le_bytes([self.bytes.get(at).copied().unwrap_or(0), self.bytes.get(at + 1).copied().unwrap_or(0)])
        } else {
            u16::from(self.bytes.get(row + x).copied().unwrap_or(0))
        };
        f32::from(sample) / self.most
    }
}

fn depth(picture: &Picture) -> (bool, f32) {
    let bits = picture.bits_per_component().map_or(8, |b| b.0);
    (bits > 8, ((1_u32 << bits) - 1) as f32)
}

fn colours(picture: &Picture) -> Result<RgbImage, Error> {
    let (wide, most) = depth(picture);
    let full = picture.color_range() == YUVRange::Full;
    let matrix = picture.matrix_coefficients();
    let layout = picture.pixel_layout();
    let (sx, sy) = match layout {
        PixelLayout::I420 => (1, 1),
        PixelLayout::I422 => (1, 0),
        PixelLayout::I444 | PixelLayout::I400 => (0, 0),
    };
    // How much red and blue weigh in the brightness (ITU-T H.273, table 4).
    let (kr, kb) = match matrix {
        MatrixCoefficients::BT709 => (0.2126, 0.0722),
        MatrixCoefficients::BT2020NonConstantLuminance | MatrixCoefficients::BT2020ConstantLuminance => {
            (0.2627, 0.0593)
        }
        _ => (0.299, 0.114),
    };
    let luma = picture.plane(Component::Y);
    let y_plane = Plane { bytes: &luma, stride: picture.stride(Component::Y) as usize, wide, most };
    let chroma = (layout != PixelLayout::I400).then(|| (picture.plane(Component::U), picture.plane(Component::V)));
    let stride = picture.stride(Component::U) as usize;
    let chroma =
        chroma.as_ref().map(|(u, v)| (Plane { bytes: u, stride, wide, most }, Plane { bytes: v, stride, wide, most }));
    // Limited range leaves room below black and above white.
    let (low, scale, chroma_scale) = if full { (0.0, 1.0, 1.0) } else { (16.0 / 255.0, 255.0 / 219.0, 255.0 / 224.0) };
    let mut out = RgbImage::new(picture.width(), picture.height());
    for (x, y, pixel) in out.enumerate_pixels_mut() {
        let (x, y) = (x as usize, y as usize);
        let bright = y_plane.at(x, y);
        let Some((u_plane, v_plane)) = &chroma else {
            let grey = byte((bright - low) * scale);
            *pixel = Rgb([grey; 3]);
            continue;
        };
        let (u, v) = (u_plane.at(x >> sx, y >> sy), v_plane.at(x >> sx, y >> sy));
        if matrix == MatrixCoefficients::Identity {
            *pixel = Rgb([v, bright, u].map(|c| byte((c - low) * scale)));
            continue;
        }
        let bright = (bright - low) * scale;
        let (blue, red) = ((u - 0.5) * chroma_scale, (v - 0.5) * chroma_scale);
        let r = bright + 2.0 * (1.0 - kr) * red;
        let b = bright + 2.0 * (1.0 - kb) * blue;
        let g = (bright - kr * r - kb * b) / (1.0 - kr - kb);
        *pixel = Rgb([byte(r), byte(g), byte(b)]);
    }
    Ok(out)
}

fn byte(share: f32) -> u8 {
    // Clamped before: the cast loses nothing but the fraction.
    (share.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

fn on_white(picture: &mut RgbImage, alpha: &Picture) {
    let (wide, most) = depth(alpha);
    let luma = alpha.plane(Component::Y);
    let plane = Plane { bytes: &luma, stride: alpha.stride(Component::Y) as usize, wide, most };
    let (width, height) = (alpha.width(), alpha.height());
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        if x < width && y < height {
            let share = plane.at(x as usize, y as usize);
            pixel.0 = pixel.0.map(|c| byte(f32::from(c) / 255.0 * share + 1.0 - share));
        }
    }
}
