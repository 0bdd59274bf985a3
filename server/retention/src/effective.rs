//! Which policy holds for a channel. No I/O.

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What is said about a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Days of the channel's own policy, and of its team's; less than 1 is for ever, `None` when there is none.
    pub channel: Option<i64>,
    pub team: Option<i64>,
    /// Hours of the whole site; `None` is for ever.
    pub site: Option<i64>,
}

/// Messages from before this time (milliseconds) are too old; `None` when none ever is. The channel's policy comes before
/// the team's, and that before the site's, also where it keeps longer.
pub fn cutoff(said: Said, now: i64) -> Option<i64> {
    match said.channel.or(said.team) {
        Some(days) => (days > 0).then(|| now.saturating_sub(days.saturating_mul(DAY_MS))),
        None => said.site.map(|hours| since(hours, now)),
    }
}

/// The time so many hours before `now`.
pub fn since(hours: i64, now: i64) -> i64 {
    now.saturating_sub(hours.saturating_mul(HOUR_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_policy_holds_whether_it_keeps_longer_or_shorter() {
        let now = 1_000 * DAY_MS;
        let days = |channel, team, site| cutoff(Said { channel, team, site }, now).map(|at| (now - at) / DAY_MS);
        assert_eq!(days(None, None, Some(48)), Some(2));
        assert_eq!(days(None, Some(30), Some(48)), Some(30));
        assert_eq!(days(Some(1), Some(30), Some(48)), Some(1));
        assert_eq!(days(Some(-1), Some(30), Some(48)), None, "for ever");
        assert_eq!(days(None, Some(-1), Some(48)), None);
        assert_eq!(days(Some(7), None, None), Some(7), "without one for the whole site");
        assert_eq!(days(None, None, None), None);
        assert_eq!(cutoff(Said { channel: Some(i64::MAX), ..Said::default() }, now), Some(now - i64::MAX));
    }
}
