//! The capture file: what arrives in a call, appended as it comes, readable up to the last whole record however the
//! writer ended.
//!
//! A file begins with `MUSTERC1`. A record is `length: u32, crc32: u32, body`, little-endian; a body begins with its
//! kind: 1 describes a track (`number: u16, JSON`), 2 is a frame (`number: u16, time: i64 µs since the Unix epoch,
//! flags: u8, data`). Every attempt at a recording writes a file of its own, so nothing is ever appended to a torn
//! record; the times, being absolute, put the parts together with the gap between them.

use crate::join::{Codec, Frame, TrackName};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"MUSTERC1";
/// Largest body: a key frame of a very large screen is far below.
const LARGEST: usize = 16 << 20;
const TRACK: u8 = 1;
const FRAME: u8 = 2;
const KEYFRAME: u8 = 1;

/// Why a capture cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The disk refuses.
    #[error("capture {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// The file is something else.
    #[error("{} is no capture", path.display())]
    Foreign { path: PathBuf },
}

/// A track as described in a capture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapturedTrack {
    /// Kind, sender and id.
    #[serde(flatten)]
    pub name: TrackName,
    /// Encoding of its frames.
    pub codec: Codec,
}

/// Appends to a capture file.
pub struct Writer {
    path: PathBuf,
    out: BufWriter<File>,
    tracks: HashMap<String, u16>,
}

impl Writer {
    /// Begins the file of the next attempt in `folder`.
    ///
    /// # Errors
    /// [`CaptureError::Io`].
    pub fn create(folder: &Path) -> Result<Self, CaptureError> {
        let taken = files(folder)?.len();
        let path = folder.join(format!("capture-{:04}.muster", taken + 1));
        let failed = |source| CaptureError::Io { path: path.clone(), source };
        let file = File::create_new(&path).map_err(failed)?;
        let mut out = BufWriter::with_capacity(64 << 10, file);
        out.write_all(MAGIC).and_then(|()| out.flush()).map_err(failed)?;
        Ok(Self { path, out, tracks: HashMap::new() })
    }

    /// Appends a frame; buffered until [`Writer::flush`].
    ///
    /// # Errors
    /// [`CaptureError::Io`], for example when the disk is full.
    pub fn frame(&mut self, frame: &Frame) -> Result<(), CaptureError> {
        let known = self.tracks.get(&frame.track.id).copied();
        let number = match known {
            Some(number) => number,
            None => self.track(frame)?,
        };
        let mut body = Vec::with_capacity(frame.data.len() + 12);
        body.push(FRAME);
        body.extend_from_slice(&number.to_le_bytes());
        body.extend_from_slice(&frame.time_us.to_le_bytes());
        body.push(if frame.keyframe { KEYFRAME } else { 0 });
        body.extend_from_slice(&frame.data);
        self.record(&body)
    }

    fn track(&mut self, frame: &Frame) -> Result<u16, CaptureError> {
        // A call has far fewer than 65,535 tracks; beyond, the last number is shared and its data decodes as one track.
        let number = u16::try_from(self.tracks.len()).unwrap_or(u16::MAX);
        let track = CapturedTrack { name: (*frame.track).clone(), codec: frame.codec };
        let mut body = vec![TRACK];
        body.extend_from_slice(&number.to_le_bytes());
        body.extend(serde_json::to_vec(&track).expect("because strings and enums are always JSON"));
        self.record(&body)?;
        self.tracks.insert(frame.track.id.clone(), number);
        Ok(number)
    }

    fn record(&mut self, body: &[u8]) -> Result<(), CaptureError> {
        if body.len() > LARGEST {
            tracing::warn!(bytes = body.len(), "frame too large to record");
            return Ok(());
        }
        let length = body.len() as u32;
        let written = self
            .out
            .write_all(&length.to_le_bytes())
            .and_then(|()| self.out.write_all(&crc(body).to_le_bytes()))
            .and_then(|()| self.out.write_all(body));
        written.map_err(|source| CaptureError::Io { path: self.path.clone(), source })
    }

    /// Gives everything so far to the system; from here on a killed process loses nothing of it. With `durable` also
    /// waits for the disk.
    ///
    /// # Errors
    /// [`CaptureError::Io`].
    pub fn flush(&mut self, durable: bool) -> Result<(), CaptureError> {
        let flushed = self.out.flush().and_then(|()| if durable { self.out.get_ref().sync_data() } else { Ok(()) });
        flushed.map_err(|source| CaptureError::Io { path: self.path.clone(), source })
    }
}

/// The capture files of a folder in the order of their attempts.
///
/// # Errors
/// [`CaptureError::Io`].
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    let failed = |source| CaptureError::Io { path: folder.to_owned(), source };
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if name.starts_with("capture-") && name.ends_with(".muster") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A frame's place in a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which of the index's tracks.
    pub track: u32,
    /// Microseconds since the Unix epoch.
    pub time_us: i64,
    /// Whether a decoder can begin here.
    pub keyframe: bool,
    /// Which of the index's files.
    file: u32,
    /// Where the data is.
    start: u64,
    length: u32,
}

/// All frames of some capture files, in order of time, with the data left on disk.
pub struct Index {
    /// The tracks; the same track id in two attempts is one track.
    pub tracks: Vec<CapturedTrack>,
    /// The frames in order of time.
    pub entries: Vec<Entry>,
    /// Bytes after the last whole record, summed over the files: what a crash cost.
    pub torn_bytes: u64,
    /// First and last time of each file that holds frames: the attempts.
    pub parts: Vec<(i64, i64)>,
    maps: Vec<memmap2::Mmap>,
}

impl Index {
    /// Reads the files of `folder`.
    ///
    /// # Errors
    /// [`CaptureError`] when a file cannot be read or is no capture; torn tails are no error.
    pub fn open(folder: &Path) -> Result<Self, CaptureError> {
        let mut index = Self { tracks: vec![], entries: vec![], torn_bytes: 0, parts: vec![], maps: vec![] };
        for path in files(folder)? {
            let failed = |source| CaptureError::Io { path: path.clone(), source };
            let file = File::open(&path).map_err(failed)?;
            if file.metadata().map_err(failed)?.len() == 0 {
                continue;
            }
            // SAFETY: captures belong to this job alone and are only appended to; nobody truncates one while it is read.
            let map = unsafe { memmap2::Mmap::map(&file) }.map_err(failed)?;
            if !index.scan(&map) {
                return Err(CaptureError::Foreign { path });
            }
            index.maps.push(map);
        }
        index.entries.sort_by_key(|e| e.time_us);
        Ok(index)
    }

    /// The data of a frame.
    pub fn data(&self, entry: &Entry) -> &[u8] {
        let start = entry.start as usize;
        self.maps[entry.file as usize].get(start..start + entry.length as usize).unwrap_or_default()
    }

    /// Adds the records of one file; false when it does not begin as a capture.
    fn scan(&mut self, bytes: &[u8]) -> bool {
        if !bytes.starts_with(MAGIC) {
            // A file cut within its first bytes holds nothing, but is ours.
            self.torn_bytes += bytes.len() as u64;
            return MAGIC.starts_with(bytes);
        }
        let file = self.maps.len() as u32;
        let mut numbers: HashMap<u16, u32> = HashMap::new();
        let (mut at, mut span) = (MAGIC.len(), None::<(i64, i64)>);
        while let Some(body) = record_at(bytes, at) {
            let start = at + 8;
            at = start + body.len();
            match body {
                [TRACK, a, b, json @ ..] => {
                    let Ok(track) = serde_json::from_slice::<CapturedTrack>(json) else { continue };
                    let known = self.tracks.iter().position(|t| *t == track);
                    let place = known.unwrap_or_else(|| {
                        self.tracks.push(track);
                        self.tracks.len() - 1
                    });
                    numbers.insert(u16::from_le_bytes([*a, *b]), place as u32);
                }
                [FRAME, a, b, rest @ ..] if rest.len() >= 9 => {
                    let Some(track) = numbers.get(&u16::from_le_bytes([*a, *b])) else { continue };
                    let (time, rest) = rest.split_at(8);
                    let time_us = i64::from_le_bytes(time.try_into().expect("because it was split at eight bytes"));
                    let keyframe = rest[0] & KEYFRAME != 0;
                    let entry = Entry {
                        track: *track,
                        time_us,
                        keyframe,
                        file,
                        start: (start + 12) as u64,
                        length: (body.len() - 12) as u32,
                    };
                    span = Some(span.map_or((time_us, time_us), |(a, b)| (a.min(time_us), b.max(time_us))));
                    self.entries.push(entry);
                }
                _ => {}
            }
        }
        self.torn_bytes += (bytes.len() - at) as u64;
        self.parts.extend(span);
        true
    }
}

/// The body of the whole and undamaged record at `at`.
fn record_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let length = word(at)? as usize;
    let body = bytes.get(at + 8..)?.get(..length)?;
    (length <= LARGEST && !body.is_empty() && crc(body) == word(at + 4)?).then_some(body)
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::TrackKind;
    use std::sync::Arc;

    fn frame(session: &str, time_us: i64, data: &[u8]) -> Frame {
        let id = format!("voice_{session}_aaaaaaaa");
        let track = TrackName { kind: TrackKind::Voice, session: session.into(), id };
        Frame { track: Arc::new(track), codec: Codec::Opus, time_us, keyframe: true, data: data.into() }
    }

    fn written(folder: &Path, frames: &[Frame]) -> PathBuf {
        let mut writer = Writer::create(folder).unwrap();
        for f in frames {
            writer.frame(f).unwrap();
        }
        writer.flush(false).unwrap();
        files(folder).unwrap().pop().unwrap()
    }

    #[test]
    fn two_attempts_make_one_index_in_order_of_time() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), &[frame("a", 10, b"one"), frame("b", 30, b"three"), frame("a", 20, b"two")]);
        written(folder.path(), &[frame("b", 90, b"five"), frame("a", 80, b"four")]);
        let index = Index::open(folder.path()).unwrap();
        let words: Vec<_> = index.entries.iter().map(|e| String::from_utf8_lossy(index.data(e)).into_owned()).collect();
        assert_eq!(words, ["one", "two", "three", "four", "five"]);
        assert_eq!((index.tracks.len(), index.torn_bytes), (2, 0));
        assert_eq!(index.parts, [(10, 30), (80, 90)]);
    }

    #[test]
    fn a_file_of_another_kind_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("capture-0001.muster"), b"something else").unwrap();
        assert!(matches!(Index::open(folder.path()), Err(CaptureError::Foreign { .. })));
    }

    proptest::proptest! {
        /// Wherever a crash cuts the file, all whole records before the cut are there and nothing else.
        #[test]
        fn a_torn_file_reads_up_to_the_tear(count in 1usize..20, cut in 0.0f64..1.0) {
            let folder = tempfile::tempdir().unwrap();
            let frames: Vec<Frame> = (0..count).map(|i| frame("a", i as i64, format!("frame {i}").as_bytes())).collect();
            let path = written(folder.path(), &frames);
            let whole = std::fs::read(&path).unwrap();
            let kept = (whole.len() as f64 * cut) as usize;
            std::fs::write(&path, &whole[..kept]).unwrap();
            let index = Index::open(folder.path()).unwrap();
            for (i, entry) in index.entries.iter().enumerate() {
                let expected = format!("frame {i}");
                proptest::prop_assert_eq!(index.data(entry), expected.as_bytes());
            }
            let read: u64 = index.entries.iter().map(|e| u64::from(e.length) + 20).sum();
            proptest::prop_assert!(read + index.torn_bytes <= kept as u64);
            proptest::prop_assert!(kept < whole.len() || index.entries.len() == count);
        }

        #[test]
        fn damaged_bytes_never_panic(mut noise in proptest::collection::vec(0u8.., 0..400), at in 0usize..400, value in 0u8..) {
            let folder = tempfile::tempdir().unwrap();
            let path = written(folder.path(), &[frame("a", 1, b"one"), frame("a", 2, b"two")]);
            let mut bytes = std::fs::read(&path).unwrap();
            let place = 8 + at % (bytes.len() - 8);
            bytes[place] = value;
            bytes.append(&mut noise);
            std::fs::write(&path, &bytes).unwrap();
            let index = Index::open(folder.path()).unwrap();
            for entry in &index.entries {
                index.data(entry);
            }
        }
    }
}
