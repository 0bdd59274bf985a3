//! One speaker's Opus packets to utterances with absolute times. Sans-IO.

use speech::{Event, SAMPLE_RATE, Segmenter, SegmenterConfig};

/// Longest Opus packet, 120 ms.
const LONGEST: usize = SAMPLE_RATE * 120 / 1000;
/// Samples of a 20 ms packet.
const PACKET: i64 = SAMPLE_RATE as i64 / 50;
/// A hole up to this long is filled with silence, so that words around it stay one utterance; at a longer one the
/// speaker was muted.
const HOLE_MS: i64 = 500;

/// A stretch of speech with its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Spoken {
    /// Microseconds since the Unix epoch.
    pub start_us: i64,
    /// The sound, 16 kHz mono.
    pub samples: Vec<f32>,
}

impl Spoken {
    /// When it ends, in microseconds since the Unix epoch.
    pub fn end_us(&self) -> i64 {
        self.start_us + self.samples.len() as i64 * 1_000_000 / SAMPLE_RATE as i64
    }
}

/// The state of one voice track.
pub struct VoiceTrack {
    decoder: opus::Decoder,
    segmenter: Segmenter,
    /// Time of the segmenter's position 0, microseconds since the Unix epoch.
    origin_us: i64,
    heard_us: i64,
}

impl VoiceTrack {
    /// A track whose first packet was spoken at `time_us`.
    ///
    /// # Errors
    /// [`opus::Error`] when libopus has no memory.
    pub fn new(time_us: i64) -> Result<Self, opus::Error> {
        Ok(Self {
            decoder: opus::Decoder::new(SAMPLE_RATE as u32, opus::Channels::Mono)?,
            segmenter: Segmenter::new(SegmenterConfig::default()),
            origin_us: time_us,
            heard_us: time_us,
        })
    }

    /// Takes in a packet; gives the utterances that are complete.
    pub fn packet(&mut self, time_us: i64, data: &[u8]) -> Vec<Spoken> {
        if data.is_empty() {
            return vec![];
        }
        self.heard_us = self.heard_us.max(time_us);
        let target = (time_us - self.origin_us) * SAMPLE_RATE as i64 / 1_000_000;
        let hole = target - self.segmenter.position() as i64;
        let mut events = vec![];
        if hole > HOLE_MS * SAMPLE_RATE as i64 / 1000 {
            events.extend(self.segmenter.skip_to(target as u64));
        } else if hole >= PACKET * 3 / 4 {
            let lost = (hole + PACKET / 2) / PACKET;
            if lost <= 2 {
                for i in 0..lost {
                    let mut pcm = vec![0.0; PACKET as usize];
                    let source: &[u8] = if i + 1 == lost { data } else { &[] };
                    let n = self.decoder.decode_float(source, &mut pcm, i + 1 == lost).unwrap_or(0);
                    events.extend(self.segmenter.push(&pcm[..n]));
                }
            } else {
                events.extend(self.segmenter.push(&vec![0.0; hole as usize]));
            }
        }
        let mut pcm = vec![0.0; LONGEST];
        match self.decoder.decode_float(data, &mut pcm, false) {
            Ok(n) => events.extend(self.segmenter.push(&pcm[..n])),
            Err(error) => tracing::debug!(%error, "Opus packet skipped"),
        }
        self.spoken(events)
    }

    /// Ends what is open when nothing has come since before `now_us` minus the longest hole: a muted speaker sends
    /// nothing.
    pub fn idle(&mut self, now_us: i64) -> Option<Spoken> {
        let silent = now_us - self.heard_us > (HOLE_MS + 200) * 1000;
        if silent { self.flush() } else { None }
    }

    /// Ends what is open.
    pub fn flush(&mut self) -> Option<Spoken> {
        let ended = self.segmenter.flush();
        self.spoken(ended).pop()
    }

    /// What is being said at this moment.
    pub fn open(&self) -> Option<Spoken> {
        let open = self.segmenter.open()?;
        Some(Spoken { start_us: self.at(open.start), samples: open.samples })
    }

    fn spoken(&self, events: impl IntoIterator<Item = Event>) -> Vec<Spoken> {
        let ended = events.into_iter().filter_map(|e| if let Event::Ended(u) = e { Some(u) } else { None });
        ended.map(|u| Spoken { start_us: self.at(u.start), samples: u.samples }).collect()
    }

    fn at(&self, position: u64) -> i64 {
        self.origin_us + position as i64 * 1_000_000 / SAMPLE_RATE as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reader of the speech crate's tests as 20 ms Opus packets at 48 kHz.
    fn reader() -> Vec<Vec<u8>> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../speech/tests/data/two_cities.wav");
        let bytes = std::fs::read(path).unwrap();
        let samples: Vec<i16> = bytes[44..].chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
        let mut encoder = opus::Encoder::new(16_000, opus::Channels::Mono, opus::Application::Voip).unwrap();
        samples.chunks_exact(320).map(|c| encoder.encode_vec(c, 1000).unwrap()).collect()
    }

    #[test]
    fn utterances_stand_where_they_were_spoken_over_a_mute() {
        let start = 1_700_000_000_000_000;
        let mut track = VoiceTrack::new(start).unwrap();
        let packets = reader();
        let mut spoken = vec![];
        for (i, p) in packets.iter().enumerate() {
            spoken.extend(track.packet(start + i as i64 * 20_000, p));
        }
        let end = start + packets.len() as i64 * 20_000;
        assert_eq!(track.idle(end + 100_000), None, "a breath is no mute");
        spoken.extend(track.idle(end + 900_000));
        let first = (spoken[0].start_us - start) / 1000;
        assert!((300..1300).contains(&first), "the reader begins at 1.2 s, found {first} ms");
        // A minute later the same words again.
        let later = start + 60_000_000;
        let mut again = vec![];
        for (i, p) in packets.iter().enumerate() {
            again.extend(track.packet(later + i as i64 * 20_000, p));
        }
        again.extend(track.flush());
        let second = (again[0].start_us - later) / 1000;
        assert!((second - first).abs() < 200, "{first} {second}");
        assert_eq!(spoken.len(), again.len());
    }

    #[test]
    fn lost_packets_do_not_shift_what_follows() {
        let start = 1_700_000_000_000_000;
        let ends = |lost: &dyn Fn(usize) -> bool| {
            let mut track = VoiceTrack::new(start).unwrap();
            let mut spoken = vec![];
            for (i, p) in reader().iter().enumerate().filter(|(i, _)| !lost(*i)) {
                spoken.extend(track.packet(start + i as i64 * 20_000, p));
            }
            spoken.extend(track.flush());
            spoken.last().unwrap().end_us()
        };
        let (whole, holey) = (ends(&|_| false), ends(&|i| i > 0 && (i % 25 == 0 || i % 60 < 3)));
        assert!((whole - holey).abs() <= 40_000, "{} ms", (whole - holey) / 1000);
    }

    proptest::proptest! {
        #[test]
        fn no_packets_panic(packets in proptest::collection::vec((-3_000_000i64..3_000_000, proptest::collection::vec(0u8.., 0..60)), 0..30)) {
            let mut track = VoiceTrack::new(0).unwrap();
            for (at, data) in packets {
                track.packet(at, &data);
                track.idle(at + 1_000_000);
            }
        }
    }
}
