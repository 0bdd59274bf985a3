//! `[server.retention]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long messages and files are kept. Policies of single teams and channels come before what is said here for messages,
/// also when they keep them longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Messages are erased for good when they are older than `message_hours`.
    pub delete_messages: bool,
    /// Hours (a year has 8760); 0: for ever.
    pub message_hours: i64,
    /// Uploaded files are erased for good when they are older than `file_hours`, wherever they are.
    pub delete_files: bool,
    /// Hours; 0: for ever.
    pub file_hours: i64,
    /// Pinned messages and their files stay.
    pub preserve_pinned_posts: bool,
    /// Time of day at which it is done, `hh:mm` in the time zone of the machine.
    pub start_time: String,
    /// Messages or files that are erased in one transaction.
    pub batch_posts: i64,
    /// Milliseconds between two of those, for everybody else who writes.
    pub pause_ms: i64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            delete_messages: false,
            message_hours: 8760,
            delete_files: false,
            file_hours: 8760,
            preserve_pinned_posts: false,
            start_time: "02:00".into(),
            batch_posts: 200,
            pause_ms: 100,
        }
    }
}

/// Hour and minute of `hh:mm`.
pub fn time_of_day(text: &str) -> Option<(i8, i8)> {
    let (hour, minute) = text.split_once(':')?;
    let part = |t: &str, most: i8| {
        let digits = t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit());
        t.parse::<i8>().ok().filter(|n| digits && *n <= most)
    };
    Some((part(hour, 23)?, part(minute, 59)?))
}

impl Retention {
    /// Hours that messages are kept where no policy says otherwise; `None`: for ever.
    pub fn messages(&self) -> Option<i64> {
        (self.delete_messages && self.message_hours > 0).then_some(self.message_hours)
    }

    /// Hours that files are kept; `None`: for ever.
    pub fn files(&self) -> Option<i64> {
        (self.delete_files && self.file_hours > 0).then_some(self.file_hours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_four_digits() {
        assert_eq!((time_of_day("02:05"), time_of_day("23:59")), (Some((2, 5)), Some((23, 59))));
        for bad in ["", "2:00", "24:00", "12:60", "12.00", "+1:00"] {
            assert_eq!(time_of_day(bad), None, "{bad}");
        }
    }

    #[test]
    fn zero_hours_are_for_ever() {
        let on = Retention { delete_messages: true, delete_files: true, file_hours: 0, ..Retention::default() };
        assert_eq!((on.messages(), on.files()), (Some(8760), None));
        assert_eq!(Retention::default().messages(), None);
    }
}
