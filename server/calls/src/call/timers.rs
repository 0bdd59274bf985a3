//! What happens to a call by itself, with time.

use super::Call;

/// How long the bot has to leave when nobody else is in the call.
const BOT_ALONE_MS: i64 = 10_000;

impl Call {
    /// When [`Call::tick`] has something to do, Unix milliseconds.
    pub fn next_at(&self) -> Option<i64> {
        let sessions = self.sessions.iter().flat_map(|s| [s.leave_by, s.remove_at]).filter(|at| *at > 0);
        sessions.chain(self.job_deadlines()).min()
    }

    /// Does what is due.
    pub fn tick(&mut self, now: i64) {
        let due: Vec<String> = self
            .sessions
            .iter()
            .filter(|s| [s.leave_by, s.remove_at].into_iter().any(|at| at > 0 && at <= now))
            .map(|s| s.id.clone())
            .collect();
        for id in due {
            self.expire(&id, now);
        }
        self.tick_jobs(now);
    }

    /// Only the bot is left: its work is done.
    pub(super) fn nobody_left(&mut self, now: i64) {
        self.end_jobs(now);
        for session in &mut self.sessions {
            if session.remove_at == 0 {
                session.remove_at = now + BOT_ALONE_MS;
            }
        }
    }
}
