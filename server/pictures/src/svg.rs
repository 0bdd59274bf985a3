//! SVG as pixels. A drawing can hold scripts and fetch things; rendering here runs nothing and loads nothing.

use crate::{Error, Limits};
use image::{DynamicImage, RgbaImage};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree};

/// Longest side of the rendering, pixels.
const SIDE: f32 = 1920.0;

pub fn render(bytes: &[u8], limits: &Limits) -> Result<DynamicImage, Error> {
    let mut options = Options {
        // Pictures inside the drawing itself are shown; those at an address (of a file, of a host) are not fetched.
        image_href_resolver: ImageHrefResolver {
            resolve_data: ImageHrefResolver::default_data_resolver(),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    options.fontdb_mut().load_system_fonts();
    let tree = Tree::from_data(bytes, &options).map_err(Error::broken)?;
    let size = tree.size();
    let scale = (SIDE / size.width()).min(SIDE / size.height()).min(1.0);
    // At least one pixel each way; the sides are at most SIDE.
    let (width, height) =
        ((size.width() * scale).ceil().max(1.0) as u32, (size.height() * scale).ceil().max(1.0) as u32);
    limits.check(width, height)?;
    let mut pixels = Pixmap::new(width, height).ok_or(Error::TooLarge { width, height })?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    let straight = pixels.pixels().iter().flat_map(|p| {
        let c = p.demultiply();
        [c.red(), c.green(), c.blue(), c.alpha()]
    });
    RgbaImage::from_raw(width, height, straight.collect())
        .map(DynamicImage::ImageRgba8)
        .ok_or_else(|| Error::Broken("no pixels came out of it".into()))
}
