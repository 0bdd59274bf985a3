//! Voice activity from the audio levels that senders put into their packets.

use std::time::{Duration, Instant};

/// Levels looked at: one second of 20 ms packets.
const WINDOW: usize = 50;
/// Deviation above which somebody has started to speak.
const ON_ABOVE: u32 = 10;
/// Deviation below which somebody has stopped.
const OFF_BELOW: u32 = 4;
/// Shortest time a voice counts as on.
const HOLD: Duration = Duration::from_secs(2);

/// Tells speech from silence and steady noise by how much the level varies.
#[derive(Debug, Default)]
pub(crate) struct Monitor {
    levels: Vec<u8>,
    next: usize,
    on_since: Option<Instant>,
}

impl Monitor {
    /// Takes a level (0 loudest, 127 silent); returns the new state when it changes.
    pub fn push(&mut self, now: Instant, level: u8) -> Option<bool> {
        if self.levels.len() < WINDOW {
            self.levels.push(level);
        } else {
            self.levels[self.next] = level;
        }
        self.next = (self.next + 1) % WINDOW;
        if self.levels.len() < WINDOW {
            return None;
        }
        let deviation = deviation(&self.levels);
        match self.on_since {
            None if deviation > ON_ABOVE => {
                self.on_since = Some(now);
                Some(true)
            }
            Some(since) if deviation < OFF_BELOW && now.saturating_duration_since(since) >= HOLD => {
                self.on_since = None;
                Some(false)
            }
            _ => None,
        }
    }

    /// Forgets all levels, as on mute; returns whether the voice was on.
    pub fn reset(&mut self) -> bool {
        self.levels.clear();
        self.next = 0;
        self.on_since.take().is_some()
    }
}

/// Standard deviation, truncated to a whole number.
fn deviation(levels: &[u8]) -> u32 {
    let n = levels.len() as f64;
    let mean = levels.iter().map(|l| f64::from(*l)).sum::<f64>() / n;
    let variance = levels.iter().map(|l| (f64::from(*l) - mean).powi(2)).sum::<f64>() / n;
    variance.sqrt() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_switches_on_and_silence_off_after_the_hold() {
        let mut monitor = Monitor::default();
        let start = Instant::now();
        let at = |i: u64| start + Duration::from_millis(i * 20);
        let speech = (0..50).find_map(|i| monitor.push(at(i), if i % 2 == 0 { 30 } else { 90 }));
        assert_eq!(speech, Some(true));
        let off = (50..400).find_map(|i| monitor.push(at(i), 127).map(|on| (i, on))).unwrap();
        assert!(!off.1 && off.0 >= 149, "{off:?}");
    }

    #[test]
    fn steady_noise_is_no_voice_and_mute_forgets() {
        let mut monitor = Monitor::default();
        let now = Instant::now();
        assert!((0..200).all(|_| monitor.push(now, 40).is_none()));
        for i in 0..50 {
            monitor.push(now, if i % 2 == 0 { 30 } else { 90 });
        }
        assert!(monitor.reset());
        assert!(!monitor.reset());
    }
}
