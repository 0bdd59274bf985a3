//! How many answers are written and wait at once, and stopping one by its post.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

/// The runs of this process.
pub struct Runs {
    places: Arc<Semaphore>,
    turns: Semaphore,
    running: Mutex<HashMap<String, CancellationToken>>,
    stop: CancellationToken,
}

/// A place among the runs that wait or write; given back when dropped.
pub struct Place(#[expect(dead_code, reason = "held for its Drop")] OwnedSemaphorePermit);

/// A run of one post; forgotten when dropped.
pub struct Run {
    runs: Arc<Runs>,
    post_id: String,
    token: CancellationToken,
    #[expect(dead_code, reason = "held for its Drop")]
    place: Place,
}

impl Runs {
    /// Room for `parallel` runs that write and `waiting` that wait; all end with `stop`.
    pub fn new(parallel: usize, waiting: usize, stop: CancellationToken) -> Self {
        let parallel = parallel.max(1);
        Self {
            places: Arc::new(Semaphore::new(parallel.saturating_add(waiting).min(Semaphore::MAX_PERMITS))),
            turns: Semaphore::new(parallel.min(Semaphore::MAX_PERMITS)),
            running: Mutex::default(),
            stop,
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place, or `None` when all are taken.
    pub fn enter(&self) -> Option<Place> {
        self.places.clone().try_acquire_owned().ok().map(Place)
    }

    /// The run of `post_id`, or `None` when it has one already.
    pub fn begin(self: &Arc<Self>, post_id: &str, place: Place) -> Option<Run> {
        let mut running = self.running();
        if running.contains_key(post_id) {
            return None;
        }
        let token = self.stop.child_token();
        running.insert(post_id.to_owned(), token.clone());
        Some(Run { runs: self.clone(), post_id: post_id.to_owned(), token, place })
    }

    /// Stops the run of a post; false when it has none.
    pub fn stop(&self, post_id: &str) -> bool {
        let running = self.running();
        running.get(post_id).inspect(|token| token.cancel()).is_some()
    }

    /// Waits for the turn to write.
    pub async fn turn(&self) -> SemaphorePermit<'_> {
        self.turns.acquire().await.expect("because the semaphore is never closed")
    }
}

impl Run {
    /// Returns once the run shall end early.
    pub async fn stopped(&self) {
        self.token.cancelled().await;
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.runs.running().remove(&self.post_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_a_post_runs_once() {
        let runs = Arc::new(Runs::new(1, 1, CancellationToken::new()));
        let (first, second) = (runs.enter().unwrap(), runs.enter().unwrap());
        assert!(runs.enter().is_none());
        let run = runs.begin("p", first).unwrap();
        assert!(runs.begin("p", second).is_none());
        assert!(runs.stop("p") && run.token.is_cancelled());
        drop(run);
        assert!(!runs.stop("p"));
        assert!(runs.enter().is_some());
    }
}
