//! What a job can be in, and what can happen to it then. Pure: the database only keeps the answer.

use serde::{Deserialize, Serialize};

/// State of a job, by the names of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Pending,
    InProgress,
    Success,
    Error,
    CancelRequested,
    Canceled,
    Warning,
}

/// What happens to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The runner takes it.
    Claim,
    /// Its work ended well.
    Finish,
    /// Its work ended with parts left out.
    Warn,
    /// Its work failed.
    Fail,
    /// An administrator wants it to stop.
    Cancel,
    /// Its work has stopped because of that.
    Stopped,
    /// The process that worked on it is gone; the work can begin again.
    Orphan,
}

impl Status {
    /// The name in the protocol and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Success => "success",
            Self::Error => "error",
            Self::CancelRequested => "cancel_requested",
            Self::Canceled => "canceled",
            Self::Warning => "warning",
        }
    }

    /// The status of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        let all = [
            Self::Pending,
            Self::InProgress,
            Self::Success,
            Self::Error,
            Self::CancelRequested,
            Self::Canceled,
            Self::Warning,
        ];
        all.into_iter().find(|s| s.name() == name)
    }

    /// Where `step` leads from here; `None` when it cannot happen.
    pub fn after(self, step: Step) -> Option<Self> {
        match (self, step) {
            (Self::Pending, Step::Claim) => Some(Self::InProgress),
            (Self::Pending, Step::Cancel) | (Self::CancelRequested, Step::Stopped | Step::Orphan) => {
                Some(Self::Canceled)
            }
            (Self::InProgress, Step::Cancel) => Some(Self::CancelRequested),
            (Self::InProgress, Step::Orphan) => Some(Self::Pending),
            // Work that ends in the same moment as somebody cancels it has ended.
            (Self::InProgress | Self::CancelRequested, Step::Finish) => Some(Self::Success),
            (Self::InProgress | Self::CancelRequested, Step::Warn) => Some(Self::Warning),
            (Self::InProgress | Self::CancelRequested, Step::Fail) => Some(Self::Error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_job_stays_ended() {
        let steps = [Step::Claim, Step::Finish, Step::Warn, Step::Fail, Step::Cancel, Step::Stopped, Step::Orphan];
        for ended in [Status::Success, Status::Error, Status::Canceled, Status::Warning] {
            assert!(steps.iter().all(|s| ended.after(*s).is_none()), "{ended:?}");
        }
        assert_eq!(Status::Pending.after(Step::Finish), None, "nothing ends that did not begin");
        assert_eq!(Status::InProgress.after(Step::Orphan), Some(Status::Pending));
        assert_eq!(Status::CancelRequested.after(Step::Orphan), Some(Status::Canceled));
    }
}
