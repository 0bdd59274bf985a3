//! Requests for key frames: at most one a second for a track, and none is forgotten.

use std::time::{Duration, Instant};

const PERIOD: Duration = Duration::from_secs(1);

/// The limiter of one video track.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    last: Option<Instant>,
    waiting: bool,
}

impl Limiter {
    /// Somebody wants a key frame; true when the sender should be asked at once.
    pub fn request(&mut self, now: Instant) -> bool {
        self.waiting = true;
        self.due(now)
    }

    /// Whether a request that had to wait should go out at this time.
    pub fn due(&mut self, now: Instant) -> bool {
        let free = self.last.is_none_or(|last| now.saturating_duration_since(last) >= PERIOD);
        let ask = self.waiting && free;
        if ask {
            self.waiting = false;
            self.last = Some(now);
        }
        ask
    }

    /// When [`Limiter::due`] should be called again.
    pub fn deadline(&self) -> Option<Instant> {
        self.waiting.then_some(()).and(self.last).map(|last| last + PERIOD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_viewer_gets_its_key_frame_a_second_later() {
        let mut limiter = Limiter::default();
        let now = Instant::now();
        assert!(limiter.request(now));
        assert!(!limiter.request(now + Duration::from_millis(10)));
        assert_eq!(limiter.deadline(), Some(now + PERIOD));
        assert!(limiter.due(now + PERIOD));
        assert!(!limiter.due(now + PERIOD * 2) && limiter.deadline().is_none());
    }
}
