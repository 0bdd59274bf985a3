//! The life of a job as a pure state machine: what may follow what, and when the next attempt is due.

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for its next attempt.
    Waiting,
    /// A worker is at it.
    Running,
    /// Nothing is left to do.
    Done,
    /// Given up.
    Failed,
}

impl State {
    /// The name in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Reads the name in the table.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Running, Self::Done, Self::Failed].into_iter().find(|s| s.as_str() == name)
    }
}

/// What the table keeps of a job's course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub state: State,
    /// Attempts that began.
    pub attempts: i64,
    /// When the next attempt is due, Unix milliseconds.
    pub due_at: i64,
    /// When the job ended, Unix milliseconds; 0 before.
    pub stop_at: i64,
    /// Why the last attempt did not succeed.
    pub error: String,
}

impl Progress {
    /// A job created at `now`.
    pub fn new(now: i64) -> Self {
        Self { state: State::Waiting, attempts: 0, due_at: now, stop_at: 0, error: String::new() }
    }
}

/// How a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing is left to do.
    Success,
    /// The input is wrong; another attempt would find the same.
    WrongInput(String),
    /// It broke; another attempt may succeed.
    Broken(String),
}

/// What happens to a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The runner takes the job to start a worker.
    Claim,
    /// The worker ended.
    Exited(Exit),
    /// The service began anew and the worker is gone. Not the job's fault, so the attempt does not count.
    Orphaned,
}

/// How often and how fast attempts follow each other.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Attempts before the job counts as failed.
    pub max_attempts: i64,
    /// Milliseconds before the second attempt; doubled before each further one.
    pub retry_ms: i64,
}

/// Longest wait between attempts.
const LONGEST_WAIT_MS: i64 = 300_000;

/// A transition that does not exist.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {state:?} job cannot take {event:?}")]
pub struct Illegal {
    state: State,
    event: Event,
}

/// The course after `event` at `now` (Unix milliseconds).
///
/// # Errors
/// [`Illegal`] when the state does not know the event, or a claim comes before its time.
pub fn step(progress: &Progress, event: Event, now: i64, limits: Limits) -> Result<Progress, Illegal> {
    let before = progress.clone();
    match (progress.state, event) {
        (State::Waiting, Event::Claim) if progress.due_at <= now => {
            Ok(Progress { state: State::Running, attempts: progress.attempts + 1, ..before })
        }
        (State::Running, Event::Exited(Exit::Success)) => {
            Ok(Progress { state: State::Done, stop_at: now, error: String::new(), ..before })
        }
        (State::Running, Event::Exited(Exit::WrongInput(error))) => {
            Ok(Progress { state: State::Failed, stop_at: now, error, ..before })
        }
        (State::Running, Event::Exited(Exit::Broken(error))) if progress.attempts >= limits.max_attempts => {
            Ok(Progress { state: State::Failed, stop_at: now, error, ..before })
        }
        (State::Running, Event::Exited(Exit::Broken(error))) => {
            let doublings = u32::try_from(progress.attempts - 1).unwrap_or(0).min(20);
            let wait = limits.retry_ms.saturating_mul(1 << doublings).min(LONGEST_WAIT_MS);
            Ok(Progress { state: State::Waiting, due_at: now + wait, error, ..before })
        }
        (State::Running, Event::Orphaned) => Ok(Progress {
            state: State::Waiting,
            attempts: progress.attempts - 1,
            due_at: now,
            error: "the service was restarted".into(),
            ..before
        }),
        (state, event) => Err(Illegal { state, event }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { max_attempts: 3, retry_ms: 1000 };

    fn at(state: State, attempts: i64, due_at: i64) -> Progress {
        Progress { state, attempts, due_at, stop_at: 0, error: String::new() }
    }

    #[test]
    fn the_course_of_a_job() {
        use State::{Done, Failed, Running, Waiting};
        let broken = || Event::Exited(Exit::Broken("x".into()));
        let wrong = || Event::Exited(Exit::WrongInput("x".into()));
        // state, attempts, event at 10 s; state, attempts, due or stop
        for (before, event, after) in [
            (at(Waiting, 0, 10_000), Event::Claim, Some((Running, 1, 10_000, 0))),
            (at(Waiting, 0, 10_001), Event::Claim, None),
            (at(Running, 1, 0), Event::Claim, None),
            (at(Running, 1, 0), Event::Exited(Exit::Success), Some((Done, 1, 0, 10_000))),
            (at(Running, 1, 0), broken(), Some((Waiting, 1, 11_000, 0))),
            (at(Running, 2, 0), broken(), Some((Waiting, 2, 12_000, 0))),
            (at(Running, 3, 0), broken(), Some((Failed, 3, 0, 10_000))),
            (at(Running, 1, 0), wrong(), Some((Failed, 1, 0, 10_000))),
            (at(Running, 3, 0), Event::Orphaned, Some((Waiting, 2, 10_000, 0))),
            (at(Waiting, 1, 0), Event::Orphaned, None),
            (at(Done, 1, 0), Event::Claim, None),
            (at(Done, 1, 0), broken(), None),
            (at(Failed, 1, 0), Event::Claim, None),
            (at(Failed, 1, 0), Event::Orphaned, None),
        ] {
            let found = step(&before, event.clone(), 10_000, LIMITS).ok();
            let found = found.map(|p| (p.state, p.attempts, p.due_at, p.stop_at));
            assert_eq!(found, after, "{before:?} {event:?}");
        }
    }

    #[test]
    fn waits_grow_but_not_for_ever() {
        let limits = Limits { max_attempts: 100, retry_ms: 1000 };
        let late = step(&at(State::Running, 60, 0), Event::Exited(Exit::Broken("x".into())), 0, limits).unwrap();
        assert_eq!(late.due_at, LONGEST_WAIT_MS);
    }

    #[test]
    fn a_restart_of_the_service_never_uses_up_attempts() {
        let mut job = at(State::Waiting, 0, 0);
        for now in 0..50 {
            job = step(&job, Event::Claim, now, LIMITS).unwrap();
            job = step(&job, Event::Orphaned, now, LIMITS).unwrap();
        }
        assert_eq!((job.state, job.attempts), (State::Waiting, 0));
    }
}
