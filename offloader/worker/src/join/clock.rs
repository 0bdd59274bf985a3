//! When a packet was spoken: from the RTP timestamp and the sender reports to our clock.
//!
//! A sender report says which wall time of the sender belongs to an RTP timestamp, and all tracks of a session share that
//! wall clock, so sound and picture line up. The difference to our clock is the smallest (arrival − sender time) seen:
//! the packet that travelled fastest. Before the first report the arrival alone anchors a track. A timestamp that
//! disagrees with the arrival by more than half a second is not believed (Firefox goes on where it left off after a
//! mute), and the track is anchored anew.

use std::collections::HashMap;

/// Largest believable distance between a packet's time and its arrival, microseconds.
const DISBELIEF_US: i64 = 500_000;
/// How fast an offset may grow again, in microseconds a second of media: follows drift of clocks.
const DRIFT_US_PER_S: i64 = 300;

/// One sender report's statement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// The sender's wall clock, microseconds since the Unix epoch.
    pub wall_us: i64,
    /// The RTP timestamp of that moment, in ticks (extended).
    pub ticks: u64,
}

/// One packet's times.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Our clock, microseconds since the Unix epoch.
    pub at_us: i64,
    /// RTP timestamp in ticks (extended).
    pub ticks: u64,
    /// Ticks a second.
    pub rate: u32,
    /// The newest sender report of the track.
    pub report: Option<Report>,
}

/// The clocks of all tracks of a call.
#[derive(Debug, Default)]
pub struct Clocks {
    sessions: HashMap<String, Offset>,
    tracks: HashMap<String, Track>,
}

#[derive(Debug)]
struct Track {
    offset: Offset,
    last_us: i64,
}

/// (our clock − other clock) as the minimum over packets, drifting upwards slowly.
#[derive(Clone, Copy, Debug)]
struct Offset {
    us: i64,
    seen_us: i64,
}

impl Offset {
    fn learn(slot: &mut Option<Self>, difference: i64, at_us: i64) -> i64 {
        let now = match *slot {
            None => Self { us: difference, seen_us: at_us },
            Some(old) => {
                let grown = old.us + (at_us - old.seen_us).max(0) * DRIFT_US_PER_S / 1_000_000;
                Self { us: difference.min(grown), seen_us: at_us.max(old.seen_us) }
            }
        };
        *slot = Some(now);
        now.us
    }
}

impl Clocks {
    /// The time of a packet on our clock, microseconds since the Unix epoch; never runs backwards within a track.
    pub fn time_us(&mut self, session: &str, track: &str, arrival: Arrival) -> i64 {
        let rate = i128::from(arrival.rate.max(1));
        let to_us = |ticks: i128| i64::try_from(ticks * 1_000_000 / rate).unwrap_or(i64::MAX / 4);
        let media_us = to_us(i128::from(arrival.ticks));
        let by_report = arrival.report.map(|r| r.wall_us + to_us(i128::from(arrival.ticks) - i128::from(r.ticks)));
        let mut time = None;
        if let Some(sent_us) = by_report {
            let mut slot = self.sessions.get(session).copied();
            let candidate =
                sent_us.saturating_add(Offset::learn(&mut slot, arrival.at_us.saturating_sub(sent_us), arrival.at_us));
            if (arrival.at_us - candidate).abs() <= DISBELIEF_US {
                if let Some(slot) = slot {
                    self.sessions.insert(session.to_owned(), slot);
                }
                time = Some(candidate);
            }
        }
        let track_state = self.tracks.get(track);
        let mut slot = track_state.map(|t| t.offset);
        let last = track_state.map_or(i64::MIN, |t| t.last_us);
        let mut by_arrival =
            media_us.saturating_add(Offset::learn(&mut slot, arrival.at_us.saturating_sub(media_us), arrival.at_us));
        if (arrival.at_us - by_arrival).abs() > DISBELIEF_US {
            slot = None;
            by_arrival = media_us.saturating_add(Offset::learn(
                &mut slot,
                arrival.at_us.saturating_sub(media_us),
                arrival.at_us,
            ));
        }
        let time = time.unwrap_or(by_arrival).max(last.saturating_add(1));
        if let Some(offset) = slot {
            self.tracks.insert(track.to_owned(), Track { offset, last_us: time });
        }
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(at_ms: i64, ticks_ms: u64, report: Option<Report>) -> Arrival {
        Arrival { at_us: at_ms * 1000, ticks: ticks_ms * 48, rate: 48_000, report }
    }

    #[test]
    fn jitter_does_not_move_the_words() {
        let mut clocks = Clocks::default();
        let jitter = [0i64, 7, 3, 40, 2, 0, 11, 25];
        let times: Vec<i64> = (0..200)
            .map(|i| {
                let at = 1_000_000 + i * 20 + jitter[i as usize % jitter.len()];
                clocks.time_us("s", "t", packet(at, 5000 + i as u64 * 20, None)) / 1000
            })
            .collect();
        for pair in times.windows(2) {
            assert!((19..=21).contains(&(pair[1] - pair[0])), "{pair:?}");
        }
        assert!((times[0] - 1_000_000).abs() <= 1);
    }

    #[test]
    fn sound_and_picture_of_a_session_share_the_senders_clock() {
        let mut clocks = Clocks::default();
        // The sender's clock is an hour ahead; its picture arrives 90 ms later than the sound of the same moment.
        let wall = |ms: i64| (ms + 3_600_000) * 1000;
        let mut last = (0, 0);
        for i in 0..100i64 {
            let sent = 50_000 + i * 20;
            let sound = packet(sent + 10, 700 + i as u64 * 20, Some(Report { wall_us: wall(50_000), ticks: 700 * 48 }));
            let picture =
                packet(sent + 100, 9000 + i as u64 * 20, Some(Report { wall_us: wall(50_000), ticks: 9000 * 48 }));
            last = (clocks.time_us("s", "voice", sound), clocks.time_us("s", "screen", picture));
        }
        assert!((last.0 - last.1).abs() < 2000, "{last:?}");
    }

    #[test]
    fn a_timestamp_that_stood_still_over_a_mute_is_anchored_anew() {
        let mut clocks = Clocks::default();
        clocks.time_us("s", "t", packet(10_000, 0, None));
        let after = clocks.time_us("s", "t", packet(40_000, 20, None));
        assert_eq!(after / 1000, 40_000);
        let report = Some(Report { wall_us: 10_000_000, ticks: 0 });
        let stale = clocks.time_us("s", "t", packet(70_000, 40, report));
        assert_eq!(stale / 1000, 70_000, "a report that contradicts the arrival is not believed");
    }

    #[test]
    fn time_never_runs_backwards() {
        let mut clocks = Clocks::default();
        let a = clocks.time_us("s", "t", packet(10_000, 1000, None));
        let b = clocks.time_us("s", "t", packet(10_001, 500, None));
        assert!(b > a);
    }

    proptest::proptest! {
        #[test]
        fn no_numbers_panic(at in 0i64..=4_000_000_000_000_000, ticks in 0u64.., rate in 0u32.., wall in 0i64..=4_000_000_000_000_000, rt in 0u64..) {
            let mut clocks = Clocks::default();
            clocks.time_us("s", "t", Arrival { at_us: at, ticks, rate, report: Some(Report { wall_us: wall, ticks: rt }) });
        }
    }
}
