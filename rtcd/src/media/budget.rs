//! How much one participant may say: what is cheap for a client to send is not always cheap to take in.

use std::time::Instant;

/// Messages of any kind in one go, and each second on average. A client asks for the lock 20 times a second.
const MESSAGES: (f64, f64) = (400.0, 100.0);
/// Session descriptions in one go, and each second on average.
const DESCRIPTIONS: (f64, f64) = (40.0, 5.0);

/// What is left for one participant.
#[derive(Debug)]
pub struct Budget {
    messages: Bucket,
    descriptions: Bucket,
}

#[derive(Debug)]
struct Bucket {
    limit: (f64, f64),
    left: f64,
    since: Instant,
}

impl Budget {
    pub fn new(now: Instant) -> Self {
        let bucket = |limit: (f64, f64)| Bucket { limit, left: limit.0, since: now };
        Self { messages: bucket(MESSAGES), descriptions: bucket(DESCRIPTIONS) }
    }

    /// Whether one more message may be taken in.
    pub fn message(&mut self, now: Instant) -> bool {
        self.messages.take(now)
    }

    /// Whether one more description may be taken in.
    pub fn description(&mut self, now: Instant) -> bool {
        self.descriptions.take(now)
    }
}

impl Bucket {
    fn take(&mut self, now: Instant) -> bool {
        let (most, per_second) = self.limit;
        let elapsed = now.saturating_duration_since(self.since).as_secs_f64();
        self.left = (self.left + elapsed * per_second).min(most);
        self.since = now;
        let enough = self.left >= 1.0;
        if enough {
            self.left -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_flood_is_cut_and_a_client_that_retries_is_not() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let taken = (0..1000).filter(|_| budget.message(start)).count();
        assert_eq!(taken, 400);
        assert!((1..200).all(|i| budget.message(start + Duration::from_millis(50 * i))));
        assert_eq!((0..100).filter(|_| budget.description(start)).count(), 40);
        assert!(budget.description(start + Duration::from_secs(1)));
    }
}
