//! How many answers are written and wait at once, and stopping one by its post.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

/// The runs of this process.
pub struct Runs {
    places: Arc<Semaphore>,
    turns: Semaphore,
    /// Places that one user may have.
    per_user: usize,
    taken: Mutex<HashMap<String, usize>>,
    running: Mutex<HashMap<String, CancellationToken>>,
    stop: CancellationToken,
}

/// A place among the runs that wait or write; given back when dropped.
pub struct Place {
    runs: Arc<Runs>,
    user_id: String,
    #[expect(dead_code, reason = "held for its Drop")]
    permit: OwnedSemaphorePermit,
}

/// A run of one post; forgotten when dropped.
pub struct Run {
    runs: Arc<Runs>,
    post_id: String,
    token: CancellationToken,
    #[expect(dead_code, reason = "held for its Drop")]
    place: Place,
}

impl Runs {
    /// Room for `parallel` runs that write and `waiting` that wait, `per_user` of them of one user; all end with `stop`.
    pub fn new(parallel: usize, waiting: usize, per_user: usize, stop: CancellationToken) -> Self {
        let parallel = parallel.max(1);
        Self {
            places: Arc::new(Semaphore::new(parallel.saturating_add(waiting).min(Semaphore::MAX_PERMITS))),
            turns: Semaphore::new(parallel.min(Semaphore::MAX_PERMITS)),
            per_user: per_user.max(1),
            taken: Mutex::default(),
            running: Mutex::default(),
            stop,
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a user, or `None` when all are taken or the user has as many as one may have.
    pub fn enter(self: &Arc<Self>, user_id: &str) -> Option<Place> {
        let mut taken = self.taken();
        if taken.get(user_id).is_some_and(|n| *n >= self.per_user) {
            return None;
        }
        let permit = self.places.clone().try_acquire_owned().ok()?;
        *taken.entry(user_id.to_owned()).or_default() += 1;
        Some(Place { runs: self.clone(), user_id: user_id.to_owned(), permit })
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

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.runs.taken();
        if let Some(count) = taken.get_mut(&self.user_id) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.user_id);
            }
        }
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
        let runs = Arc::new(Runs::new(1, 1, 2, CancellationToken::new()));
        let (first, second) = (runs.enter("ana").unwrap(), runs.enter("ana").unwrap());
        assert!(runs.enter("bea").is_none());
        let run = runs.begin("p", first).unwrap();
        assert!(runs.begin("p", second).is_none());
        assert!(runs.stop("p") && run.token.is_cancelled());
        drop(run);
        assert!(!runs.stop("p"));
        assert!(runs.enter("bea").is_some());
    }

    #[test]
    fn one_user_leaves_places_for_others() {
        let runs = Arc::new(Runs::new(1, 4, 2, CancellationToken::new()));
        let mine = [runs.enter("ana").unwrap(), runs.enter("ana").unwrap()];
        assert!(runs.enter("ana").is_none());
        assert!(runs.enter("bea").is_some());
        drop(mine);
        assert!(runs.enter("ana").is_some());
    }
}
