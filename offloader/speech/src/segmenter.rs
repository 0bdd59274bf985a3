//! Cuts a stream of sound into utterances by voice activity. Sans-IO: samples in, events out; positions are counted in
//! samples since the beginning of the stream.
//!
//! An utterance begins a little before the first voiced frame and ends after a pause, or, when somebody speaks without
//! pause, at the quietest moment near the longest allowed length, so that no word is cut in two.

use crate::ms_to_samples;
use earshot::Detector;
use std::collections::VecDeque;

/// Samples of one frame of the voice detector, 16 ms.
const FRAME: usize = 256;

/// When sound counts as an utterance.
#[derive(Clone, Copy, Debug)]
pub struct SegmenterConfig {
    /// Voice score, 0 to 1, from which an utterance may begin.
    pub begin_score: f32,
    /// Voice score under which a frame of an open utterance counts as pause.
    pub pause_score: f32,
    /// Voiced milliseconds within the last half second that begin an utterance.
    pub begin_ms: u64,
    /// Pause in milliseconds that ends an utterance.
    pub pause_ms: u64,
    /// Sound kept before and after the voice, milliseconds.
    pub pad_ms: u64,
    /// Longest utterance in milliseconds; longer speech is cut at its quietest moment in the last quarter.
    pub max_ms: u64,
}

impl Default for SegmenterConfig {
    /// The live policy: a pause of half a second or 8 seconds of speech.
    fn default() -> Self {
        Self { begin_score: 0.5, pause_score: 0.35, begin_ms: 96, pause_ms: 500, pad_ms: 208, max_ms: 8000 }
    }
}

/// A stretch of speech.
#[derive(Clone, Debug, PartialEq)]
pub struct Utterance {
    /// Position of the first sample in the stream.
    pub start: u64,
    /// The sound, with the padding around the voice.
    pub samples: Vec<f32>,
    /// Whether the speaker went on: the next utterance begins where this one ends.
    pub continues: bool,
}

impl Utterance {
    /// Position after the last sample.
    pub fn end(&self) -> u64 {
        self.start + self.samples.len() as u64
    }
}

/// What the segmenter found.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Somebody began to speak at this position.
    Began { start: u64 },
    /// The utterance is complete.
    Ended(Utterance),
}

/// The state of one speaker's stream.
pub struct Segmenter {
    config: SegmenterConfig,
    detector: Box<Detector>,
    /// Samples that do not fill a frame yet.
    partial: Vec<f32>,
    /// Frames in hand: of the open utterance, or the padding before a possible one.
    frames: VecDeque<Frame>,
    /// Position after the last frame in `frames`.
    position: u64,
    speaking: bool,
    /// Frames at the end of `frames` without voice, while speaking.
    quiet: usize,
}

struct Frame {
    samples: [f32; FRAME],
    voiced: bool,
    energy: f32,
}

impl Segmenter {
    /// A segmenter at position 0.
    pub fn new(config: SegmenterConfig) -> Self {
        Self {
            config,
            detector: Detector::default_boxed(),
            partial: Vec::with_capacity(FRAME),
            frames: VecDeque::new(),
            position: 0,
            speaking: false,
            quiet: 0,
        }
    }

    /// Position after the last sample taken in.
    pub fn position(&self) -> u64 {
        self.position + self.partial.len() as u64
    }

    /// Takes in the next samples.
    pub fn push(&mut self, samples: &[f32]) -> Vec<Event> {
        let mut events = vec![];
        let mut rest = samples;
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(rest.len().min(FRAME - self.partial.len()));
            self.partial.extend_from_slice(head);
            rest = tail;
            if self.partial.len() == FRAME {
                let mut frame = [0.0; FRAME];
                frame.copy_from_slice(&self.partial);
                self.partial.clear();
                self.frame(frame, &mut events);
            }
        }
        events
    }

    /// Moves to a later `position` because nothing was sent in between; speech that is open ends here. An earlier
    /// position is ignored.
    pub fn skip_to(&mut self, position: u64) -> Option<Event> {
        if position <= self.position() {
            return None;
        }
        let ended = self.flush();
        self.position = position;
        ended
    }

    /// Ends open speech; what comes next begins anew.
    pub fn flush(&mut self) -> Option<Event> {
        let partial = std::mem::take(&mut self.partial);
        let ended = if self.speaking {
            let start = self.position - (self.frames.len() * FRAME) as u64;
            let mut samples: Vec<f32> = self.frames.iter().flat_map(|f| f.samples).collect();
            samples.extend_from_slice(&partial);
            Some(Event::Ended(Utterance { start, samples, continues: false }))
        } else {
            None
        };
        self.position += partial.len() as u64;
        self.frames.clear();
        self.speaking = false;
        self.quiet = 0;
        self.detector.reset();
        ended
    }

    /// The open utterance so far, for a first guess while somebody speaks.
    pub fn open(&self) -> Option<Utterance> {
        self.speaking.then(|| Utterance {
            start: self.position - (self.frames.len() * FRAME) as u64,
            samples: self.frames.iter().flat_map(|f| f.samples).collect(),
            continues: true,
        })
    }

    fn frame(&mut self, samples: [f32; FRAME], events: &mut Vec<Event>) {
        let score = self.detector.predict_f32(&samples);
        let voiced = score >= if self.speaking { self.config.pause_score } else { self.config.begin_score };
        let energy = samples.iter().map(|s| s * s).sum::<f32>();
        self.frames.push_back(Frame { samples, voiced, energy });
        self.position += FRAME as u64;
        if self.speaking {
            self.quiet = if voiced { 0 } else { self.quiet + 1 };
            if self.quiet >= frames(self.config.pause_ms) {
                let kept = self.frames.len() - self.quiet + frames(self.config.pad_ms).min(self.quiet);
                events.push(Event::Ended(self.take(kept, false)));
                self.speaking = false;
                self.quiet = 0;
            } else if self.frames.len() >= frames(self.config.max_ms) {
                let cut = self.quietest();
                events.push(Event::Ended(self.take(cut, true)));
            }
        } else {
            let lookback = frames(500).min(self.frames.len());
            let heard = self.frames.iter().rev().take(lookback).filter(|f| f.voiced).count();
            if heard >= frames(self.config.begin_ms) {
                self.speaking = true;
                self.quiet = 0;
                events.push(Event::Began { start: self.position - (self.frames.len() * FRAME) as u64 });
            } else {
                let spare = frames(500) + frames(self.config.pad_ms);
                while self.frames.len() > spare {
                    self.frames.pop_front();
                }
            }
        }
    }

    /// Removes the first `count` frames as an utterance.
    fn take(&mut self, count: usize, continues: bool) -> Utterance {
        let start = self.position - (self.frames.len() * FRAME) as u64;
        let samples = self.frames.drain(..count).flat_map(|f| f.samples).collect();
        Utterance { start, samples, continues }
    }

    /// Index of the quietest frame (mean of five) in the last quarter.
    fn quietest(&self) -> usize {
        let energies: Vec<f32> = self.frames.iter().map(|f| f.energy).collect();
        let from = energies.len() * 3 / 4;
        (from..energies.len().saturating_sub(2))
            .min_by(|&a, &b| {
                let sum = |i: usize| energies[i.saturating_sub(2)..i + 3].iter().sum::<f32>();
                sum(a).total_cmp(&sum(b))
            })
            .unwrap_or(energies.len())
            .max(1)
    }
}

fn frames(ms: u64) -> usize {
    (ms_to_samples(ms) as usize).div_ceil(FRAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(events: Vec<Event>) -> Vec<Utterance> {
        events.into_iter().filter_map(|e| if let Event::Ended(u) = e { Some(u) } else { None }).collect()
    }

    #[test]
    fn silence_and_noise_are_no_speech() {
        let mut s = Segmenter::new(SegmenterConfig::default());
        assert!(s.push(&vec![0.0; 16_000 * 5]).is_empty());
        let mut seed = 1u32;
        let noise: Vec<f32> = (0..16_000 * 5)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 8) as f32 / (1 << 24) as f32 * 0.02 - 0.01
            })
            .collect();
        assert!(stream(s.push(&noise)).is_empty());
        assert!(s.flush().is_none());
    }

    #[test]
    fn skipping_moves_the_position_forward_only() {
        let mut s = Segmenter::new(SegmenterConfig::default());
        s.push(&[0.0; 1000]);
        assert_eq!(s.position(), 1000);
        assert!(s.skip_to(500).is_none());
        assert_eq!(s.position(), 1000);
        assert!(s.skip_to(48_000).is_none());
        assert_eq!(s.position(), 48_000);
    }

    proptest::proptest! {
        /// However the stream is chopped, the same utterances come out.
        #[test]
        fn chunking_does_not_matter(cuts in proptest::collection::vec(1usize..4000, 1..20)) {
            let tone: Vec<f32> = (0..40_000).map(|i| {
                let t = i as f32 / 16_000.0;
                let syllable = (t * 4.0 * std::f32::consts::TAU).sin().max(0.0);
                (1..12).map(|h| (t * 140.0 * h as f32 * std::f32::consts::TAU).sin() / h as f32).sum::<f32>() * 0.2 * syllable
            }).collect();
            let mut whole = Segmenter::new(SegmenterConfig::default());
            let mut expected = whole.push(&tone);
            expected.extend(whole.flush());
            let mut chopped = Segmenter::new(SegmenterConfig::default());
            let (mut found, mut at, mut i) = (vec![], 0, 0);
            while at < tone.len() {
                let n = cuts[i % cuts.len()].min(tone.len() - at);
                found.extend(chopped.push(&tone[at..at + n]));
                at += n;
                i += 1;
            }
            found.extend(chopped.flush());
            proptest::prop_assert_eq!(found, expected);
        }
    }
}
