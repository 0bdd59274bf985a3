//! When which participant is to be looked at, without looking at all of them.

use crate::call::PeerId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Times in order. A time that became later is noticed when it comes: its entry is then out of date.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    times: BinaryHeap<Reverse<(Instant, PeerId)>>,
    /// The newest entry of each participant.
    entries: Vec<Option<Instant>>,
}

impl Schedule {
    /// The participant wants to be looked at then, at the latest.
    pub fn wake(&mut self, id: PeerId, at: Instant) {
        if self.entries.len() <= id {
            self.entries.resize(id + 1, None);
        }
        if self.entries[id].is_none_or(|entry| at < entry) {
            self.entries[id] = Some(at);
            self.times.push(Reverse((at, id)));
        }
    }

    /// The next participant whose time has come; its entry is gone then.
    pub fn due(&mut self, now: Instant) -> Option<PeerId> {
        while let Some(Reverse((at, id))) = self.times.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.times.pop();
            if self.entries.get(id) == Some(&Some(at)) {
                self.entries[id] = None;
                return Some(id);
            }
        }
        None
    }

    /// When [`Schedule::due`] may have something; possibly too early.
    pub fn next(&self) -> Option<Instant> {
        self.times.peek().map(|Reverse((at, _))| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_earliest_time_of_each_counts_once() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut schedule = Schedule::default();
        schedule.wake(7, at(30));
        schedule.wake(2, at(20));
        schedule.wake(7, at(10));
        schedule.wake(7, at(25));
        assert_eq!(schedule.next(), Some(at(10)));
        assert_eq!(schedule.due(at(9)), None);
        assert_eq!(schedule.due(at(20)), Some(7));
        assert_eq!(schedule.due(at(40)), Some(2));
        assert_eq!(schedule.due(at(40)), None);
    }
}
