//! Whether a job whose connection broke joins its call again.

use super::session::JoinError;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Failures in a row after which the call is given up. With the waits between them a little longer than the minute for
/// which the chat server keeps a job whose worker is away.
const FAILURES: u32 = 9;
/// Longest wait.
const LONGEST: Duration = Duration::from_secs(15);
/// Who has stayed this long has not failed.
const STAYED: Duration = Duration::from_secs(30);

/// Counts the failures in a row.
#[derive(Debug, Default)]
pub struct Again {
    failures: u32,
}

impl Again {
    /// How long to wait before joining again after `stayed` in the call; `None`: it is not worth it any more.
    fn after(&mut self, stayed: Duration) -> Option<Duration> {
        if stayed >= STAYED {
            self.failures = 0;
        }
        self.failures += 1;
        let wait = Duration::from_secs(1 << (self.failures - 1).min(5)).min(LONGEST);
        (self.failures < FAILURES).then_some(wait)
    }

    /// Waits for the next attempt; false when there shall be none: it is not worth it any more, or the job was stopped.
    pub async fn wait(&mut self, stayed: Duration, why: &str, stop: &CancellationToken) -> bool {
        let Some(wait) = self.after(stayed) else {
            tracing::warn!(why, "cannot go on in the call, handing in what there is");
            return false;
        };
        tracing::warn!(why, wait_s = wait.as_secs(), "connection lost, joining again");
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = stop.cancelled() => false,
        }
    }
}

/// Whether the server has said that there is nothing to join any more.
pub fn is_over(error: &anyhow::Error) -> bool {
    const OVER: [&str; 4] = ["no job in progress", "job not in progress", "call has ended", "forbidden"];
    match error.downcast_ref::<JoinError>() {
        Some(JoinError::Refused(reason)) => OVER.iter().any(|over| reason.contains(over)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_is_tried_for_longer_than_the_server_waits_and_not_for_ever() {
        let mut again = Again::default();
        let waits: Vec<Duration> = std::iter::from_fn(|| again.after(Duration::ZERO)).collect();
        assert!(waits.iter().sum::<Duration>() > Duration::from_secs(60), "{waits:?}");
        assert_eq!(waits.len(), 8);
        assert!(again.after(Duration::from_secs(31)).is_some(), "an hour later it is a new beginning");
    }

    #[test]
    fn what_the_server_has_ended_is_not_tried_again() {
        let refused = |reason: &str| anyhow::Error::from(JoinError::Refused(reason.into()));
        assert!(is_over(&refused("call has ended")));
        assert!(!is_over(&refused("the call service (rtcd) is not available: frozen")));
        assert!(!is_over(&JoinError::Closed.into()));
    }
}
