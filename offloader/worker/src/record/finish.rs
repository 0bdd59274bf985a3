//! From the capture to the file that people watch: all sound mixed into one track, the shared screen passed through.
//!
//! Position 0 of the file is the start of the recording and positions stay true: where nobody spoke, where nothing was
//! shared, and where the recorder was down, the file is silent or stands still for as long. Cameras are not part of it.

use super::capture::{CaptureError, Entry, Index};
use super::mix::{Mixer, RATE};
use super::webm::{Size, Webm, WebmError, vp8_size};
use crate::join::{Codec, TrackKind};
use std::collections::HashMap;
use std::path::Path;

/// Bits a second of the mixed sound, for one channel and for two.
const BITRATE: [i32; 2] = [48_000, 96_000];
/// Samples of one packet of the mix.
const PACKET: usize = 960;
/// A pause between attempts shorter than this is not worth telling.
const TOLD_GAP_US: i64 = 1_500_000;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// The capture cannot be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The file cannot be written.
    #[error(transparent)]
    Webm(#[from] WebmError),
    /// libopus refuses.
    #[error("Opus: {0}")]
    Opus(#[from] opus::Error),
}

/// What the file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Length in milliseconds.
    pub duration_ms: i64,
    /// Whether a shared screen is in it.
    pub has_screen: bool,
    /// When the recorder was down, in milliseconds of the file: from, to.
    pub gaps_ms: Vec<(i64, i64)>,
    /// Bytes of unfinished records that crashes left.
    pub torn_bytes: u64,
}

/// Writes the captures in `folder` to `path`. The file runs from `start_us` to `end_us` (microseconds since the Unix
/// epoch), or to the last frame when that is later or `end_us` is not known.
///
/// # Errors
/// [`FinishError`].
pub fn finish(folder: &Path, path: &Path, start_us: i64, end_us: Option<i64>) -> Result<Product, FinishError> {
    let index = Index::open(folder)?;
    let last_us = index.entries.last().map_or(start_us, |e| e.time_us + 20_000);
    let length_us = end_us.unwrap_or(last_us).max(last_us).saturating_sub(start_us).max(0);
    let pictures = Pictures::of(&index);
    let gaps_ms: Vec<(i64, i64)> =
        gaps(&index.parts).iter().map(|(a, b)| ((a - start_us) / 1000, (b - start_us) / 1000)).collect();
    let channels = if index.tracks.iter().any(|t| t.name.kind == TrackKind::ScreenAudio) { 2 } else { 1 };
    let mut sound = Sound::new(channels)?;
    let mut webm = Webm::create(path, channels as u8, sound.preskip, pictures.largest, &comment(&gaps_ms))?;

    let mut shown = Shown::default();
    for entry in &index.entries {
        let track = &index.tracks[entry.track as usize];
        let since_us = entry.time_us - start_us;
        match (track.name.kind, track.codec) {
            (TrackKind::Voice | TrackKind::ScreenAudio, Codec::Opus) => {
                let position = since_us * RATE / 1_000_000;
                sound.mixer.add(entry.track, position, index.data(entry))?;
                // Half a second behind, nothing can change any more.
                sound.write(position - RATE / 2, &mut webm)?;
            }
            (TrackKind::Screen, Codec::Vp8) if shown.take(entry, &pictures) => {
                webm.video((since_us / 1000).max(0), entry.keyframe, index.data(entry))?;
            }
            _ => {}
        }
    }
    sound.write(length_us * RATE / 1_000_000, &mut webm)?;
    sound.end(&mut webm)?;
    webm.finish()?;
    if sound.mixer.broken_packets > 0 {
        tracing::warn!(packets = sound.mixer.broken_packets, "Opus packets that could not be decoded");
    }
    Ok(Product {
        duration_ms: length_us / 1000,
        has_screen: pictures.largest.is_some(),
        gaps_ms,
        torn_bytes: index.torn_bytes,
    })
}

/// The mix on its way into the file.
struct Sound {
    mixer: Mixer,
    encoder: opus::Encoder,
    channels: usize,
    preskip: u16,
    /// Position after the last packet written.
    written: i64,
    buffer: Vec<f32>,
}

impl Sound {
    fn new(channels: usize) -> Result<Self, opus::Error> {
        let layout = if channels == 1 { opus::Channels::Mono } else { opus::Channels::Stereo };
        let mut encoder = opus::Encoder::new(RATE as u32, layout, opus::Application::Audio)?;
        encoder.set_bitrate(opus::Bitrate::Bits(BITRATE[channels - 1]))?;
        encoder.set_complexity(5)?;
        let preskip = u16::try_from(encoder.get_lookahead()?).unwrap_or(312);
        Ok(Self { mixer: Mixer::new(channels), encoder, channels, preskip, written: 0, buffer: vec![] })
    }

    fn write(&mut self, until: i64, webm: &mut Webm) -> Result<(), FinishError> {
        loop {
            let samples = self.mixer.take(until, RATE as usize);
            if samples.is_empty() {
                return Ok(());
            }
            self.buffer.extend(samples);
            let packet = PACKET * self.channels;
            let whole = self.buffer.len() / packet * packet;
            for chunk in self.buffer[..whole].chunks_exact(packet) {
                let data = self.encoder.encode_vec_float(chunk, 4000)?;
                webm.audio(self.written - i64::from(self.preskip), PACKET as i64, &data)?;
                self.written += PACKET as i64;
            }
            self.buffer.drain(..whole);
        }
    }

    /// Writes what does not fill a packet, and a packet more to push the encoder's delay out.
    fn end(&mut self, webm: &mut Webm) -> Result<(), FinishError> {
        let packet = PACKET * self.channels;
        self.buffer.resize(packet, 0.0);
        for chunk in [std::mem::take(&mut self.buffer), vec![0.0; packet]] {
            let data = self.encoder.encode_vec_float(&chunk, 4000)?;
            webm.audio(self.written - i64::from(self.preskip), PACKET as i64, &data)?;
            self.written += PACKET as i64;
        }
        Ok(())
    }
}

/// What is known of the shared screens before writing.
struct Pictures {
    /// Largest width and height of any key frame: the size of the picture track. Smaller screens are scaled by players.
    largest: Option<Size>,
    /// Key frames' sizes by track, to leave out tracks that never had one.
    tracks: HashMap<u32, Size>,
}

impl Pictures {
    fn of(index: &Index) -> Self {
        let mut pictures = Self { largest: None, tracks: HashMap::new() };
        for entry in index.entries.iter().filter(|e| e.keyframe) {
            let track = &index.tracks[entry.track as usize];
            if track.name.kind != TrackKind::Screen || track.codec != Codec::Vp8 {
                continue;
            }
            let Some(size) = vp8_size(index.data(entry)) else { continue };
            pictures.tracks.insert(entry.track, size);
            let so_far = pictures.largest.unwrap_or(size);
            pictures.largest =
                Some(Size { width: so_far.width.max(size.width), height: so_far.height.max(size.height) });
        }
        pictures
    }
}

/// Which screen is on: the newest that began with a key frame. A call has one sharer at a time, but two tracks can
/// overlap while a share is handed over.
#[derive(Default)]
struct Shown {
    track: Option<u32>,
}

impl Shown {
    fn take(&mut self, entry: &Entry, pictures: &Pictures) -> bool {
        if entry.keyframe && pictures.tracks.contains_key(&entry.track) {
            self.track = Some(entry.track);
        }
        self.track == Some(entry.track)
    }
}

fn gaps(parts: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    parts.windows(2).map(|p| (p[0].1, p[1].0)).filter(|(from, to)| to - from > TOLD_GAP_US).collect()
}

fn comment(gaps_ms: &[(i64, i64)]) -> String {
    let clock = |ms: i64| format!("{:02}:{:02}:{:02}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    let told: Vec<String> = gaps_ms.iter().map(|(a, b)| format!("{} to {}", clock(*a), clock(*b))).collect();
    if told.is_empty() { String::new() } else { format!("Nothing was recorded from {}.", told.join(" and from ")) }
}
