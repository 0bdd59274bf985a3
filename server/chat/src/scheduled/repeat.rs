//! Posts that are sent every week, at the same time of the author's day through summer and winter.

use crate::{Error, Result};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use wire::ScheduledPost;

const WEEK_MS: i64 = 7 * 24 * 3600 * 1000;

/// # Errors
/// 400 for another rhythm than every week, and for a time zone that nobody knows.
pub fn check(plan: &ScheduledPost) -> Result<()> {
    match plan.repeat_type.as_str() {
        "" => Ok(()),
        "weekly" if TimeZone::get(&plan.repeat_timezone).is_ok() => Ok(()),
        "weekly" => Err(Error::invalid_body("repeat_timezone", "a time zone is wanted, as in Europe/Madrid")),
        _ => Err(Error::invalid_body("repeat_type", "weekly is wanted, or nothing for a post that is sent once")),
    }
}

/// When the post is sent again, the first such time after `now` (Unix milliseconds); `None` when it is sent once. A server
/// that was off for a month sends once and not four times.
pub fn next(plan: &ScheduledPost, now: i64) -> Option<i64> {
    if plan.repeat_type != "weekly" {
        return None;
    }
    let zone = TimeZone::get(&plan.repeat_timezone).ok()?;
    let first = Timestamp::from_millisecond(plan.scheduled_at).ok()?.to_zoned(zone);
    let mut weeks = ((now - plan.scheduled_at) / WEEK_MS).max(1);
    loop {
        let at = first.checked_add(weeks.weeks()).ok()?.timestamp().as_millisecond();
        if at > now {
            return Some(at);
        }
        weeks += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn the_time_of_day_stays_through_the_change_of_clocks() {
        let plan = |scheduled_at| ScheduledPost {
            scheduled_at,
            repeat_type: "weekly".into(),
            repeat_timezone: "Europe/Madrid".into(),
            ..ScheduledPost::default()
        };
        let winter = at("2027-03-22T08:00:00Z");
        assert_eq!(next(&plan(winter), winter), Some(at("2027-03-29T07:00:00Z")), "nine o'clock, in summer time");
        let much_later = at("2027-05-01T00:00:00Z");
        assert_eq!(
            next(&plan(winter), much_later),
            Some(at("2027-05-03T07:00:00Z")),
            "what was missed is not made up for"
        );
        assert_eq!(next(&ScheduledPost { repeat_type: String::new(), ..plan(winter) }, winter), None);
    }

    #[test]
    fn a_repeated_post_needs_a_time_zone() {
        let plan = |kind: &str, zone: &str| ScheduledPost {
            repeat_type: kind.into(),
            repeat_timezone: zone.into(),
            ..ScheduledPost::default()
        };
        assert!(check(&plan("", "")).is_ok() && check(&plan("weekly", "America/Lima")).is_ok());
        for (kind, zone) in [("weekly", ""), ("weekly", "Mars/Olympus"), ("daily", "America/Lima")] {
            assert!(check(&plan(kind, zone)).is_err(), "{kind} {zone}");
        }
    }
}
