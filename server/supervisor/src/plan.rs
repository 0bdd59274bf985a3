//! Pure rules: what a service is doing, and when it is started again.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a service is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Its process runs and does not answer `/readyz` with 200 yet.
    Starting,
    /// It can serve.
    Ready,
    /// It was ready and is not now, or runs without a part (a model, a peer).
    Degraded,
    /// Its process ended; it waits to be started again.
    Waiting,
    /// It was told to stop.
    Stopped,
}

/// What the supervisor knows of one service; the rows of `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub name: String,
    pub phase: Phase,
    pub address: String,
    pub pid: Option<u32>,
    pub restarts: u32,
    /// What `/readyz` said, or how the process ended.
    pub detail: String,
}

/// How long to wait before start number `restarts + 1`: doubling from half a second up to `max`.
pub fn backoff(restarts: u32, max: Duration) -> Duration {
    let wait = Duration::from_millis(500).saturating_mul(2u32.saturating_pow(restarts.min(16)));
    wait.min(max)
}

/// What an exit means before the service was ever ready: asking the user, not trying for ever.
pub fn gives_up(ever_ready: bool, exit_code: Option<i32>, restarts: u32) -> bool {
    !ever_ready && (exit_code == Some(2) || restarts >= 3)
}

/// The phase after a health probe.
pub fn after_probe(ever_ready: bool, ready: bool) -> Phase {
    match (ever_ready, ready) {
        (_, true) => Phase::Ready,
        (true, false) => Phase::Degraded,
        (false, false) => Phase::Starting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_limit() {
        let max = Duration::from_secs(30);
        let waits: Vec<u64> = (0..8).map(|n| u64::try_from(backoff(n, max).as_millis()).unwrap()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
        assert_eq!(backoff(u32::MAX, max), max);
    }

    #[test]
    fn wrong_settings_end_the_start_and_a_crash_later_never_does() {
        assert!(gives_up(false, Some(2), 0), "exit code 2 is a wrong flag, file or a busy port");
        assert!(!gives_up(false, Some(1), 0));
        assert!(gives_up(false, None, 3));
        assert!(!gives_up(true, Some(2), 99));
    }

    #[test]
    fn a_service_that_was_ready_degrades() {
        assert_eq!(after_probe(false, false), Phase::Starting);
        assert_eq!(after_probe(false, true), Phase::Ready);
        assert_eq!(after_probe(true, false), Phase::Degraded);
    }
}
