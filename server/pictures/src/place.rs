//! What a picture tells about where it was taken, blanked where it stands: nothing moves, and no pixel is compressed again.
//!
//! The position is in EXIF (the GPS directory) and in XMP (`exif:GPS…`). Both are overwritten in place, so that every
//! other fact (time, camera, which way is up) stays, as do the offsets by which HEIC finds its parts.

use crate::Format;
use exif::Reader;
use memchr::memmem;
use std::io::Cursor;

/// The tag that points to the GPS directory (EXIF 2.32, section 4.6.3).
const GPS: u16 = 0x8825;
/// Entries of one directory that are looked at.
const MAX_ENTRIES: usize = 1024;
/// Directories of one block that are looked at.
const MAX_DIRECTORIES: usize = 16;

/// Blanks the position; whether there was one.
pub fn forget_place(bytes: &mut [u8]) -> bool {
    let Some(format) = Format::of(bytes) else { return false };
    if matches!(format, Format::Svg | Format::Bmp | Format::Gif) {
        return false;
    }
    let mut blanked = false;
    for at in blocks(bytes) {
        blanked |= blank_gps(&mut bytes[at..]);
    }
    blanked |= blank_xmp(bytes);
    if blanked && format == Format::Png {
        seal_png(bytes);
    }
    blanked
}

/// Where EXIF blocks begin: the one that the container names, and those of pictures inside the picture.
fn blocks(bytes: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    if let Ok(exif) = Reader::new().read_from_container(&mut Cursor::new(bytes)) {
        found.extend(memmem::find(bytes, exif.buf()));
    }
    found.extend(memmem::find_iter(bytes, b"Exif\0\0").map(|at| at + 6).take(64));
    found.sort_unstable();
    found.dedup();
    found
}

/// One EXIF block, in the byte order that it names.
struct Block<'a> {
    bytes: &'a mut [u8],
    big: bool,
}

impl Block<'_> {
    fn u16(&self, at: usize) -> Option<u16> {
        let two: [u8; 2] = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
    }

    fn u32(&self, at: usize) -> Option<usize> {
        let four: [u8; 4] = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) } as usize)
    }

    fn blank(&mut self, at: usize, length: usize) {
        let end = at.saturating_add(length).min(self.bytes.len());
        if let Some(part) = self.bytes.get_mut(at..end) {
            part.fill(0);
        }
    }

    /// Where the entries of a directory are.
    fn entries(&self, directory: usize) -> Vec<usize> {
        let count = usize::from(self.u16(directory).unwrap_or(0)).min(MAX_ENTRIES);
        (0..count).map(|n| directory + 2 + 12 * n).collect()
    }

    /// Empties a directory and what its entries point to.
    fn empty(&mut self, directory: usize) -> bool {
        let entries = self.entries(directory);
        for &entry in &entries {
            let unit = match self.u16(entry + 2).unwrap_or(0) {
                1 | 2 | 6 | 7 => 1,
                3 | 8 => 2,
                4 | 9 | 11 => 4,
                5 | 10 | 12 => 8,
                _ => 0,
            };
            let length = self.u32(entry + 4).unwrap_or(0).saturating_mul(unit);
            if length > 4
                && let Some(value) = self.u32(entry + 8)
            {
                self.blank(value, length);
            }
            self.blank(entry, 12);
        }
        self.blank(directory, 2);
        !entries.is_empty()
    }
}

fn blank_gps(bytes: &mut [u8]) -> bool {
    let big = match bytes {
        [b'M', b'M', 0, 42, ..] => true,
        [b'I', b'I', 42, 0, ..] => false,
        _ => return false,
    };
    let mut block = Block { bytes, big };
    let mut blanked = false;
    let mut directory = block.u32(4);
    for _ in 0..MAX_DIRECTORIES {
        let Some(at) = directory.filter(|&at| at != 0) else { break };
        let entries = block.entries(at);
        for &entry in &entries {
            if block.u16(entry) == Some(GPS)
                && let Some(position) = block.u32(entry + 8)
            {
                blanked |= block.empty(position);
            }
        }
        directory = block.u32(at + 2 + 12 * entries.len());
    }
    blanked
}

/// Overwrites `prefix:GPS…="…"` and `<prefix:GPS…>…</prefix:GPS…>` with spaces, inside XMP only.
fn blank_xmp(bytes: &mut [u8]) -> bool {
    let starts: Vec<usize> = memmem::find_iter(bytes, b"<x:xmpmeta").take(64).collect();
    let mut blanked = false;
    for start in starts {
        let end = memmem::find(&bytes[start..], b"</x:xmpmeta>").map_or(bytes.len(), |n| start + n);
        let packet = &mut bytes[start..end];
        let names: Vec<usize> = memmem::find_iter(packet, b":GPS").collect();
        for name in names {
            // Blanked already, as the end of an element that was.
            if packet.get(name) == Some(&b':')
                && let Some((from, to)) = property(packet, name)
            {
                packet[from..to].fill(b' ');
                blanked = true;
            }
        }
    }
    blanked
}

/// The extent of the XMP property whose name has its colon at `colon`.
fn property(packet: &[u8], colon: usize) -> Option<(usize, usize)> {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':');
    let from = packet[..colon].iter().rposition(|b| !is_name(b))? + 1;
    let after = colon + packet[colon..].iter().position(|b| !is_name(b))?;
    if packet[from - 1] == b'<' {
        let close = [b"</", &packet[from..after]].concat();
        let close = after + memmem::find(&packet[after..], &close)?;
        let to = close + packet[close..].iter().position(|&b| b == b'>')? + 1;
        return Some((from - 1, to));
    }
    let quote = after + packet[after..].iter().position(|b| matches!(b, b'"' | b'\''))?;
    let to = quote + 1 + packet[quote + 1..].iter().position(|b| *b == packet[quote])? + 1;
    Some((from, to))
}

/// Sums up anew the chunks of a PNG that may have changed.
fn seal_png(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes) {
        let end = at + 8 + length as usize;
        if end + 4 > bytes.len() {
            return;
        }
        if matches!(&bytes[at + 4..at + 8], b"eXIf" | b"iTXt") {
            let sum = crc32fast::hash(&bytes[at + 4..end]);
            bytes[end..end + 4].copy_from_slice(&sum.to_be_bytes());
        }
        at = end + 4;
    }
}
