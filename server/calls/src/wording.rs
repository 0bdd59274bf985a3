//! The texts of our posts and the names of files. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use wire::User;

/// Longest name part of a file, characters.
const MAX_NAME: usize = 24;

/// Full name when both parts are set, else the username.
pub fn name_of(user: &User) -> String {
    if user.first_name.is_empty() || user.last_name.is_empty() {
        user.username.clone()
    } else {
        format!("{} {}", user.first_name, user.last_name)
    }
}

/// The message of a call's post.
pub fn started(user: &User) -> String {
    format!("{} started a call", name_of(user))
}

/// The message of a recording's post.
pub fn recording(title: &str, transcribed: bool, now_ms: i64) -> String {
    let more = if transcribed { ". Transcription is processing and will be posted when ready." } else { "" };
    titled(&format!("Here's the call recording{more}"), title, now_ms)
}

/// The message of a transcription's post.
pub fn transcription(title: &str, now_ms: i64) -> String {
    titled("Here's the call transcription", title, now_ms)
}

fn titled(message: &str, title: &str, now_ms: i64) -> String {
    if title.is_empty() {
        return message.to_owned();
    }
    format!("{message} of {title} at {}", utc(now_ms, "%-I:%M%p UTC"))
}

/// The name of a call's files without extension: what was called, and when.
pub fn file_name(what: &str, now_ms: i64) -> String {
    let spaced = what.replace(' ', "_");
    let mut name: String = spaced.chars().take(MAX_NAME).collect();
    if name.len() < spaced.len() {
        name.push('…');
    }
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' };
    let name: String = name.chars().map(safe).collect();
    format!("Call_{name}_{}", utc(now_ms, "%Y-%m-%d_%H-%M-%S UTC").replace(' ', "_"))
}

/// A time in UTC; the epoch for a time that no calendar has.
pub fn utc(ms: i64, format: &str) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
    at.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-24 15:04:05 UTC.
    const AT: i64 = 1_795_532_645_000;

    #[test]
    fn people_are_named_in_full_only_when_they_gave_both_names() {
        let user = |first: &str, last: &str| User {
            username: "ada".into(),
            first_name: first.into(),
            last_name: last.into(),
            ..User::default()
        };
        assert_eq!(started(&user("Ada", "Lovelace")), "Ada Lovelace started a call");
        assert_eq!(started(&user("Ada", "")), "ada started a call");
    }

    #[test]
    fn posts_say_what_is_still_to_come() {
        assert_eq!(recording("", false, AT), "Here's the call recording");
        assert_eq!(
            recording("Ward round", true, AT),
            "Here's the call recording. Transcription is processing and will be posted when ready. of Ward round at 3:04PM UTC"
        );
        assert_eq!(transcription("Ward round", AT), "Here's the call transcription of Ward round at 3:04PM UTC");
    }

    #[test]
    fn file_names_are_safe_and_short() {
        assert_eq!(file_name("Town Square", AT), "Call_Town_Square_2026-11-24_15-04-05_UTC");
        assert_eq!(file_name("../é", AT), "Call_..___2026-11-24_15-04-05_UTC");
        assert_eq!(file_name(&"a".repeat(40), AT), format!("Call_{}__2026-11-24_15-04-05_UTC", "a".repeat(24)));
    }
}
