//! A token bucket: so many at once, so many per second afterwards. Pure.

/// One client's allowance. It starts full.
#[derive(Clone, Debug)]
pub struct Bucket {
    per_second: f64,
    burst: f64,
    left: f64,
    at_ms: i64,
}

impl Bucket {
    /// `burst` at once, then `per_second`.
    pub fn new(per_second: u32, burst: u32, now_ms: i64) -> Self {
        let burst = f64::from(burst.max(1));
        Self { per_second: f64::from(per_second), burst, left: burst, at_ms: now_ms }
    }

    /// Whether one more is allowed now; if so it is counted.
    pub fn take(&mut self, now_ms: i64) -> bool {
        self.fill(now_ms);
        let allowed = self.left >= 1.0;
        if allowed {
            self.left -= 1.0;
        }
        allowed
    }

    /// Whether the allowance is whole again, so that nothing is lost by forgetting it.
    pub fn is_full(&mut self, now_ms: i64) -> bool {
        self.fill(now_ms);
        self.left >= self.burst
    }

    #[expect(clippy::cast_precision_loss, reason = "an elapsed time in milliseconds is far below 2^52")]
    fn fill(&mut self, now_ms: i64) {
        let elapsed = now_ms.saturating_sub(self.at_ms).max(0) as f64 / 1000.0;
        self.at_ms = now_ms;
        self.left = (self.left + elapsed * self.per_second).min(self.burst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_only_the_rate() {
        let mut bucket = Bucket::new(2, 3, 0);
        let passed = |bucket: &mut Bucket, now| (0..10).filter(|_| bucket.take(now)).count();
        assert_eq!(passed(&mut bucket, 0), 3);
        assert_eq!(passed(&mut bucket, 500), 1);
        assert_eq!(passed(&mut bucket, 400), 0, "a clock that goes back gives nothing");
        assert!(!bucket.is_full(1000) && bucket.is_full(60_000));
        assert_eq!(passed(&mut bucket, 120_000), 3, "waiting does not save up more than the burst");
    }
}
