//! Mixing the Opus tracks of a call into one sound. Sans-IO: packets with positions in, samples out.
//!
//! Positions are samples at 48 kHz since the beginning of the recording; packets of all tracks are added in order of
//! time, so everything a little before the newest packet is final and can be taken.

use std::collections::{HashMap, VecDeque};

/// Samples a second of the mix.
pub const RATE: i64 = 48_000;
/// Samples of a 20 ms packet.
const PACKET: i64 = RATE / 50;
/// A packet this far from where the last one ended is put where its time says; less is jitter of the clock.
const TOLERANCE: i64 = RATE * 40 / 1000;
/// Longest Opus packet, 120 ms.
const LONGEST: usize = (RATE * 120 / 1000) as usize;

/// Adds up tracks.
pub struct Mixer {
    channels: usize,
    /// Position of the first frame in `sum`.
    start: i64,
    /// Interleaved sums.
    sum: VecDeque<f32>,
    tracks: HashMap<u32, Track>,
    /// Packets that libopus refused.
    pub broken_packets: u64,
}

struct Track {
    decoder: opus::Decoder,
    /// Where the last packet ended.
    cursor: i64,
}

impl Mixer {
    /// A mix of 1 or 2 channels that begins at position 0.
    pub fn new(channels: usize) -> Self {
        let channels = channels.clamp(1, 2);
        Self { channels, start: 0, sum: VecDeque::new(), tracks: HashMap::new(), broken_packets: 0 }
    }

    /// Adds a packet of a track that was spoken at `position`. Up to two lost packets are concealed; longer gaps stay
    /// silent. What lies before the samples already taken is dropped.
    ///
    /// # Errors
    /// [`opus::Error`] when no decoder can be made; broken packets are counted and skipped.
    pub fn add(&mut self, track: u32, position: i64, packet: &[u8]) -> Result<(), opus::Error> {
        if packet.is_empty() {
            return Ok(());
        }
        if !self.tracks.contains_key(&track) {
            let layout = if self.channels == 1 { opus::Channels::Mono } else { opus::Channels::Stereo };
            let decoder = opus::Decoder::new(RATE as u32, layout)?;
            self.tracks.insert(track, Track { decoder, cursor: i64::MIN / 2 });
        }
        let channels = self.channels;
        let Some(state) = self.tracks.get_mut(&track) else { return Ok(()) };
        let mut pieces: Vec<(i64, Vec<f32>)> = vec![];
        let gap = position - state.cursor;
        let lost = (gap + PACKET / 2) / PACKET;
        let at = if gap.abs() <= TOLERANCE + PACKET / 2 && lost >= 0 {
            for i in 0..lost.min(2) {
                // The newest lost packet is inside this one when the sender uses forward error correction.
                let last = i + 1 == lost;
                let mut pcm = vec![0.0; PACKET as usize * channels];
                let source: &[u8] = if last { packet } else { &[] };
                if let Ok(n) = state.decoder.decode_float(source, &mut pcm, last) {
                    pcm.truncate(n * channels);
                    pieces.push((state.cursor, pcm));
                    state.cursor += n as i64;
                }
            }
            state.cursor
        } else {
            position
        };
        let mut pcm = vec![0.0; LONGEST * channels];
        match state.decoder.decode_float(packet, &mut pcm, false) {
            Ok(n) => {
                pcm.truncate(n * channels);
                state.cursor = at + n as i64;
                pieces.push((at, pcm));
            }
            Err(_) => self.broken_packets += 1,
        }
        for (at, pcm) in pieces {
            self.accumulate(at, &pcm);
        }
        Ok(())
    }

    fn accumulate(&mut self, at: i64, pcm: &[f32]) {
        let skip = usize::try_from(self.start - at).unwrap_or(0).min(pcm.len() / self.channels);
        let from = usize::try_from(at + skip as i64 - self.start).unwrap_or(0) * self.channels;
        let samples = &pcm[skip * self.channels..];
        if self.sum.len() < from + samples.len() {
            self.sum.resize(from + samples.len(), 0.0);
        }
        for (sum, sample) in self.sum.range_mut(from..from + samples.len()).zip(samples) {
            *sum += sample;
        }
    }

    /// Takes the finished mix up to position `until`, interleaved, at most `most` frames at a time; silence where
    /// nobody spoke. Empty when `until` is reached.
    pub fn take(&mut self, until: i64, most: usize) -> Vec<f32> {
        let frames = usize::try_from(until - self.start).unwrap_or(0).min(most);
        let wanted = frames * self.channels;
        let have = self.sum.len().min(wanted);
        let mut out: Vec<f32> = self.sum.drain(..have).map(soften).collect();
        out.resize(wanted, 0.0);
        self.start += frames as i64;
        out
    }
}

/// Bends what is too loud back under 1 instead of cutting it off.
fn soften(x: f32) -> f32 {
    const KNEE: f32 = 0.7;
    let loud = x.abs();
    if loud <= KNEE { x } else { x.signum() * (KNEE + (1.0 - KNEE) * ((loud - KNEE) / (1.0 - KNEE)).tanh()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32, seconds: f32) -> Vec<Vec<u8>> {
        let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Audio).unwrap();
        let samples: Vec<f32> = (0..(48_000.0 * seconds) as usize)
            .map(|i| (i as f32 / 48_000.0 * hz * std::f32::consts::TAU).sin() * 0.4)
            .collect();
        samples.chunks_exact(960).map(|c| encoder.encode_vec_float(c, 1000).unwrap()).collect()
    }

    fn loudness(samples: &[f32]) -> f32 {
        (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn voices_sound_where_and_when_they_were_spoken() {
        let mut mixer = Mixer::new(1);
        for (i, packet) in tone(440.0, 1.0).iter().enumerate() {
            mixer.add(0, 48_000 + i as i64 * 960, packet).unwrap();
        }
        for (i, packet) in tone(600.0, 1.0).iter().enumerate() {
            mixer.add(1, 96_000 + i as i64 * 960, packet).unwrap();
        }
        let out = mixer.take(4 * 48_000, usize::MAX);
        assert_eq!(out.len(), 4 * 48_000);
        let second = |n: usize| loudness(&out[n * 48_000 + 2000..(n + 1) * 48_000 - 2000]);
        assert!(second(0) < 0.001 && second(3) < 0.01, "{} {}", second(0), second(3));
        assert!((second(1) - 0.28).abs() < 0.05 && (second(2) - 0.28).abs() < 0.05, "{} {}", second(1), second(2));
    }

    #[test]
    fn one_lost_packet_is_concealed_and_jitter_leaves_no_holes() {
        let mut mixer = Mixer::new(1);
        for (i, packet) in tone(440.0, 1.0).iter().enumerate().filter(|(i, _)| *i != 20) {
            mixer.add(0, i as i64 * 960 + [0, 90, -70][i % 3], packet).unwrap();
        }
        let out = mixer.take(48_000, usize::MAX);
        let quietest = out[4800..44_000].chunks(240).map(loudness).fold(f32::MAX, f32::min);
        assert!(quietest > 0.05, "a hole: {quietest}");
    }

    #[test]
    fn loud_calls_do_not_clip() {
        assert_eq!(soften(0.5), 0.5);
        assert!(soften(5.0) <= 1.0 && soften(-5.0) >= -1.0 && soften(0.9) < 0.9);
    }

    proptest::proptest! {
        #[test]
        fn no_packet_panics(packets in proptest::collection::vec((0u32..3, -100_000i64..400_000, proptest::collection::vec(0u8.., 0..80)), 0..40)) {
            let mut mixer = Mixer::new(2);
            for (track, at, data) in &packets {
                mixer.add(*track, *at, data).unwrap();
                mixer.take(*at - 9600, 4800);
            }
        }
    }
}
