//! What a picture is, by its first bytes: a name can say anything.

/// A format that is decoded here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
    Gif,
    WebP,
    Bmp,
    Tiff,
    Heic,
    Avif,
    Svg,
}

/// Bytes that are enough to tell.
pub const HEAD: usize = 4096;

impl Format {
    /// The format of a picture from the first bytes of its file.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let head = &bytes[..bytes.len().min(HEAD)];
        Some(match head {
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Self::Png,
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Self::Gif,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Self::WebP,
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Self::Tiff,
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => return brand(head),
            [b'B', b'M', ..] if head.len() > 26 => Self::Bmp,
            _ if is_svg(head) => Self::Svg,
            _ => return None,
        })
    }

    /// The type that such a file has on the web.
    pub fn mime_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Heic => "image/heic",
            Self::Avif => "image/avif",
            Self::Svg => "image/svg+xml",
        }
    }
}

/// The brands of an ISO base media file: the main one, then the compatible ones.
fn brand(head: &[u8]) -> Option<Format> {
    let length = u32::from_be_bytes(head.get(..4)?.try_into().ok()?) as usize;
    let brands = head.get(8..length.min(head.len()))?;
    for brand in brands.chunks_exact(4) {
        match brand {
            b"avif" | b"avis" => return Some(Format::Avif),
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => return Some(Format::Heic),
            _ => {}
        }
    }
    None
}

/// An XML document whose first element is `svg`.
fn is_svg(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = match rest {
            r if r.starts_with("<!--") => r.find("-->").map(|n| n + 3),
            r if r.starts_with("<!DOCTYPE svg") => return true,
            r if r.starts_with("<?") => r.find('>').map(|n| n + 1),
            r => {
                return r.starts_with("<svg")
                    && r[4..].starts_with(|c: char| c.is_whitespace() || matches!(c, '>' | '/'));
            }
        };
        let Some(end) = end else { return false };
        rest = rest[end..].trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_content() {
        let heic = b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic....";
        let table: [(&[u8], Option<Format>); 9] = [
            (b"\xff\xd8\xff\xe0", Some(Format::Jpeg)),
            (heic, Some(Format::Heic)),
            (b"\0\0\0\x14ftypisom\0\0\0\0mp42", None),
            (b"<?xml version='1.0'?>\n<!-- by hand -->\n<svg xmlns='x'/>", Some(Format::Svg)),
            (b"<svgx>", None),
            (b"<html><svg></svg>", None),
            (b"", None),
            (b"\0\0\0\xffftyp", None),
            (b"\0\0\0\x02ftypheic", None),
        ];
        for (bytes, expected) in table {
            assert_eq!(Format::of(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
