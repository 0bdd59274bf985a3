//! The numbers of forwarded packets: continuous for the receiver whatever the sender does.

use std::time::{Duration, Instant};

/// Sequence numbers and timestamps of one track towards one receiver.
#[derive(Debug)]
pub(crate) struct Rewrite {
    clock_rate: u32,
    /// Sequence number (extended) of the source at which the current mapping began.
    base_in: u64,
    sequence_offset: i64,
    time_offset: u32,
    started: bool,
    /// The next packet begins a new mapping: the source was silenced in between.
    rebase: bool,
    last_sequence: u64,
    last_time: u32,
    last_at: Option<Instant>,
}

impl Rewrite {
    /// A receiver that starts at `first_sequence` (below 65536, or its decryption would not find the roll-over).
    pub fn new(clock_rate: u32, first_sequence: u16) -> Self {
        Self {
            clock_rate,
            base_in: 0,
            sequence_offset: 0,
            time_offset: 0,
            started: false,
            rebase: true,
            last_sequence: u64::from(first_sequence),
            last_time: 0,
            last_at: None,
        }
    }

    /// Packets are being withheld; the receiver must not take the gap for loss.
    pub fn pause(&mut self) {
        self.rebase = true;
    }

    /// The numbers to send this packet with; none for a late packet from before the current mapping.
    pub fn map(&mut self, now: Instant, sequence: u64, time: u32) -> Option<(u64, u32)> {
        if self.rebase {
            self.rebase = false;
            let next = if self.started { self.last_sequence + 1 } else { self.last_sequence };
            self.base_in = sequence;
            self.sequence_offset = next as i64 - sequence as i64;
            let wanted = match self.last_at {
                None => time,
                Some(at) => self.last_time.wrapping_add(self.ticks(now.saturating_duration_since(at))),
            };
            self.time_offset = wanted.wrapping_sub(time);
            self.started = true;
        }
        if sequence < self.base_in {
            return None;
        }
        let out = (sequence as i64 + self.sequence_offset) as u64;
        let out_time = time.wrapping_add(self.time_offset);
        if out >= self.last_sequence {
            self.last_sequence = out;
            self.last_time = out_time;
            self.last_at = Some(now);
        }
        Some((out, out_time))
    }

    /// At least one tick, so that two packets around a pause never share a timestamp.
    fn ticks(&self, elapsed: Duration) -> u32 {
        let ticks = elapsed.as_micros() * u128::from(self.clock_rate) / 1_000_000;
        (ticks as u32).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mute_leaves_no_gap_in_sequence_and_a_true_one_in_time() {
        let mut rewrite = Rewrite::new(48_000, 7);
        let t = Instant::now();
        assert_eq!(rewrite.map(t, 70_000, 960), Some((7, 960)));
        assert_eq!(rewrite.map(t, 70_002, 2880), Some((9, 2880)));
        assert_eq!(rewrite.map(t, 70_001, 1920), Some((8, 1920)));
        rewrite.pause();
        let later = t + Duration::from_secs(1);
        assert_eq!(rewrite.map(later, 70_100, 500_000), Some((10, 2880 + 48_000)));
        assert_eq!(rewrite.map(later, 70_099, 499_040), None);
        assert_eq!(rewrite.map(later, 70_101, 500_960), Some((11, 2880 + 48_000 + 960)));
    }
}
