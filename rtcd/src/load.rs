//! How busy this machine is: elapsed time over the idle time of all processors, sampled each second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Largest value told; a machine without any idle time is not infinitely busy.
const MOST: f64 = 1000.0;

/// The newest sample.
#[derive(Debug, Default)]
pub struct Load(AtomicU64);

impl Load {
    /// The newest sample; 0 before the first.
    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// Samples until the task is dropped.
    pub async fn watch(&self) {
        let mut before = idle_ticks();
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.tick().await;
        let mut since = std::time::Instant::now();
        loop {
            tick.tick().await;
            let (now, idle) = (std::time::Instant::now(), idle_ticks());
            if let (Some(before), Some(idle)) = (before, idle) {
                let load = load((now - since).as_secs_f64(), idle.saturating_sub(before));
                self.0.store(load.to_bits(), Ordering::Relaxed);
            }
            (before, since) = (idle, now);
        }
    }
}

/// `idle` in hundredths of a second.
fn load(elapsed: f64, idle: u64) -> f64 {
    if idle == 0 { MOST } else { (elapsed / (idle as f64 / 100.0)).min(MOST) }
}

fn idle_ticks() -> Option<u64> {
    parse_idle(&std::fs::read_to_string("/proc/stat").ok()?)
}

fn parse_idle(stat: &str) -> Option<u64> {
    let mut fields = stat.lines().find(|l| l.starts_with("cpu "))?.split_ascii_whitespace();
    fields.nth(4)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_machine_has_a_high_and_finite_load() {
        assert_eq!(parse_idle("cpu  1 2 3 400 5 6\ncpu0 1 2 3 4\n"), Some(400));
        assert_eq!(load(1.0, 400), 0.25);
        assert_eq!(load(1.0, 0), MOST);
        assert_eq!(parse_idle("nothing"), None);
    }
}
