//! Work for the thread with the speech model: finished utterances first and all of them; first guesses at open ones
//! only when nothing else waits, the newest for each speaker.

use super::track::Spoken;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A piece of sound to turn into text.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Session of the speaker.
    pub session: String,
    /// What was said, and when.
    pub spoken: Spoken,
    /// Whether the speaker has not finished: the text is a guess for live captions only.
    pub interim: bool,
}

#[derive(Default)]
struct Inner {
    finals: VecDeque<Task>,
    interims: VecDeque<Task>,
    seconds: f64,
    closed: bool,
}

/// The queue; shared by reference.
pub struct Queue {
    inner: Mutex<Inner>,
    ready: Condvar,
    most_seconds: f64,
}

impl Queue {
    /// A queue that takes up to `most_seconds` of speech that waits.
    pub fn new(most_seconds: f64) -> Self {
        Self { inner: Mutex::default(), ready: Condvar::new(), most_seconds }
    }

    /// Adds a finished utterance; false when the queue holds as much as it may, then the caller waits and tries again.
    pub fn finished(&self, task: &Task) -> bool {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.seconds >= self.most_seconds {
            return false;
        }
        inner.seconds += seconds(task);
        // A guess at what is finished now would only take time.
        inner.interims.retain(|t| t.session != task.session);
        inner.finals.push_back(task.clone());
        self.ready.notify_one();
        true
    }

    /// Adds a guess; false when finished speech waits, for which there would be no time.
    pub fn guess(&self, task: Task) -> bool {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner.finals.is_empty() {
            return false;
        }
        inner.interims.retain(|t| t.session != task.session);
        inner.interims.push_back(task);
        self.ready.notify_one();
        true
    }

    /// The next task; waits up to `patience`. `Err` when the queue is closed and empty.
    pub fn next(&self, patience: Duration) -> Result<Option<Task>, Closed> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.finals.is_empty() && inner.interims.is_empty() && !inner.closed {
            inner = self.ready.wait_timeout(inner, patience).unwrap_or_else(PoisonError::into_inner).0;
        }
        if let Some(task) = inner.finals.pop_front() {
            inner.seconds -= seconds(&task);
            return Ok(Some(task));
        }
        if inner.closed {
            return Err(Closed);
        }
        Ok(inner.interims.pop_front())
    }

    /// Lets the reader end when all finished utterances are done.
    pub fn close(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.ready.notify_all();
    }

    /// Seconds of finished speech that wait.
    pub fn waiting_seconds(&self) -> f64 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).seconds.max(0.0)
    }
}

/// No task will come any more.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed;

fn seconds(task: &Task) -> f64 {
    task.spoken.samples.len() as f64 / speech::SAMPLE_RATE as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(session: &str, start_us: i64, interim: bool) -> Task {
        Task { session: session.into(), spoken: Spoken { start_us, samples: vec![0.0; 16_000] }, interim }
    }

    #[test]
    fn finished_speech_comes_first_and_guesses_only_when_there_is_time() {
        let queue = Queue::new(2.0);
        let now = Duration::ZERO;
        assert!(queue.guess(task("a", 1, true)));
        assert!(queue.guess(task("a", 2, true)), "a newer guess takes the place of the older");
        assert!(queue.guess(task("b", 3, true)));
        assert!(queue.finished(&task("b", 3, false)), "and makes b's guess useless");
        assert!(!queue.guess(task("c", 4, true)), "no time for guesses");
        assert!(queue.finished(&task("c", 4, false)));
        assert!(!queue.finished(&task("d", 5, false)), "full");
        let order: Vec<_> =
            std::iter::from_fn(|| queue.next(now).unwrap()).map(|t| (t.session, t.spoken.start_us)).collect();
        assert_eq!(order, [("b".to_owned(), 3), ("c".to_owned(), 4), ("a".to_owned(), 2)]);
        assert!(queue.finished(&task("d", 5, false)));
        queue.close();
        assert!(queue.next(now).unwrap().is_some(), "nothing finished is lost by closing");
        assert_eq!(queue.next(now), Err(Closed));
    }
}
