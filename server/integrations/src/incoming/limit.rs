//! How often one webhook may speak.

use moka::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Counts messages in windows of a minute that begin with the first one.
pub struct Limiter {
    most: u32,
    windows: Cache<String, Arc<AtomicU32>>,
}

impl Limiter {
    /// At most `most` a minute.
    pub fn new(most: u32) -> Self {
        let windows = Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(60)).build();
        Self { most, windows }
    }

    /// Whether `hook` may speak once more.
    pub fn admits(&self, hook: &str) -> bool {
        let count = self.windows.get_with_by_ref(hook, Arc::default);
        count.fetch_add(1, Ordering::Relaxed) < self.most
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_webhook_has_its_own_measure() {
        let limiter = super::Limiter::new(2);
        assert_eq!([0; 3].map(|_| limiter.admits("a")), [true, true, false]);
        assert!(limiter.admits("b"));
    }
}
