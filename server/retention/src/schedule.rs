//! Begins the job once a day, at the time that is set, in the time zone of the machine.

use crate::{JOB, store};
use chat::erasing::time_of_day;
use chat::{Result, Site, system};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use operations::jobs;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often is looked whether it is time.
const EVERY: Duration = Duration::from_secs(30);
/// The last day on which it was time, among the installation's values.
const LAST: &str = "RetentionDay";

/// Looks at the clock until `stop`.
pub async fn run(site: Site, stop: CancellationToken) {
    loop {
        if let Err(error) = begin_if_due(&site, TimeZone::system()).await {
            tracing::warn!(%error, "whether it is time to erase what is too old could not be found out");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// The day whose time has come, and which is not the last one that had; days as `2027-03-22`.
fn due(now: i64, zone: TimeZone, start: &str, last: &str) -> Option<String> {
    let (hour, minute) = time_of_day(start).unwrap_or((2, 0));
    let now = Timestamp::from_millisecond(now).ok()?.to_zoned(zone);
    let day = now.date().to_string();
    let come = (now.hour(), now.minute()) >= (hour, minute);
    (come && day.as_str() > last).then_some(day)
}

/// Puts the job into the queue when its time has come; whether it did. A server that was off at that time does it at its
/// next start. The day on which a site begins counts as done, so that nothing is erased in the moment in which somebody
/// turns this on for the first time.
///
/// # Errors
/// When the database fails.
pub async fn begin_if_due(site: &Site, zone: TimeZone) -> Result<bool> {
    let settings = site.config().retention.clone();
    let mut tx = site.db.write().await?;
    let last = system::value(&mut tx, LAST).await?;
    let Some(day) = due(site.clock.now_ms(), zone, &settings.start_time, last.as_deref().unwrap_or_default()) else {
        return Ok(false);
    };
    system::set_value(&mut tx, LAST, &day).await?;
    let wanted = settings.messages().is_some() || settings.files().is_some() || store::count(&mut tx).await? > 0;
    tx.commit().await?;
    if !wanted || last.is_none() {
        return Ok(false);
    }
    jobs::create(site, JOB, jobs::Data::new()).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn once_a_day_at_the_time_of_the_machine() {
        let zone = || TimeZone::get("Europe/Madrid").unwrap();
        let day = |now: &str, last: &str| due(at(now), zone(), "02:00", last);
        assert_eq!(day("2027-03-22T00:59:00Z", "2027-03-21"), None, "one minute before two o'clock");
        assert_eq!(day("2027-03-22T01:00:00Z", "2027-03-21").as_deref(), Some("2027-03-22"));
        assert_eq!(day("2027-03-22T20:00:00Z", "2027-03-22"), None, "it was time already");
        assert_eq!(day("2027-07-01T23:30:00Z", "2027-07-01"), None, "half past one in summer");
        assert_eq!(day("2027-07-02T08:00:00Z", "2027-06-20").as_deref(), Some("2027-07-02"), "the server was off");
    }
}
