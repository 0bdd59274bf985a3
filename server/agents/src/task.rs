//! What one run has to do. It is stored with the run, so that an answer can be made again.

use crate::intent::{Intent, Subject};
use serde::{Deserialize, Serialize};
use wire::Post;

/// What one run has to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Answer the question of a post, knowing what was said before it.
    Question { post_id: String },
    /// Read a thread. `asked_in` is the post that asked for it, if it is in the thread.
    Thread { root_id: String, asked_in: String, analysis: Analysis },
    /// Read what was posted in a channel from `from_ms` to `to_ms`; `from_ms` 0: the latest posts up to then.
    Channel { channel_id: String, from_ms: i64, to_ms: i64, asked_in: String, analysis: Analysis },
    /// Summarise the call whose transcript is nearest to a post.
    Call { post_id: String },
}

/// What to look for in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Analysis {
    Summary,
    ActionItems,
    OpenQuestions,
}

impl Analysis {
    /// From the words of the plugin's API.
    pub fn from_wire(name: &str) -> Option<Self> {
        match name {
            "summarize_thread" | "summarize_unreads" | "summarize_range" => Some(Self::Summary),
            "action_items" => Some(Self::ActionItems),
            "open_questions" => Some(Self::OpenQuestions),
            _ => None,
        }
    }

    /// What the model is asked to do with a text; short, for small models.
    pub fn instruction(self) -> &'static str {
        match self {
            Self::Summary => "Summarise this conversation in a few short sentences. Say what was decided.",
            Self::ActionItems => "List the tasks in this conversation, one per line, with who does them.",
            Self::OpenQuestions => "List the questions in this conversation that nobody answered, one per line.",
        }
    }
}

impl Task {
    /// The task that `intent` makes of `post`.
    pub fn of(intent: Intent, post: &Post) -> Self {
        let analysis = match intent {
            Intent::Ask => return Self::Question { post_id: post.id.clone() },
            Intent::Summarise(Subject::Call) => return Self::Call { post_id: post.id.clone() },
            Intent::Summarise(_) => Analysis::Summary,
            Intent::ActionItems => Analysis::ActionItems,
            Intent::OpenQuestions => Analysis::OpenQuestions,
        };
        let asked_in = post.id.clone();
        if post.root_id.is_empty() || intent == Intent::Summarise(Subject::Channel) {
            let (channel_id, to_ms) = (post.channel_id.clone(), post.create_at);
            Self::Channel { channel_id, from_ms: 0, to_ms, asked_in, analysis }
        } else {
            Self::Thread { root_id: post.root_id.clone(), asked_in, analysis }
        }
    }

    /// A word for the audit and the post's `prompt_type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Question { .. } => "question",
            Self::Thread { analysis, .. } | Self::Channel { analysis, .. } => match analysis {
                Analysis::Summary => "summary",
                Analysis::ActionItems => "action_items",
                Analysis::OpenQuestions => "open_questions",
            },
            Self::Call { .. } => "summarize_transcription",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_of_the_thread_one_is_in_else_of_the_channel() {
        let root = Post { id: "p".into(), channel_id: "c".into(), create_at: 9, ..Post::default() };
        let reply = Post { root_id: "r".into(), ..root.clone() };
        let wanted = Intent::Summarise(Subject::Thread);
        assert!(matches!(Task::of(wanted, &root), Task::Channel { from_ms: 0, to_ms: 9, .. }));
        assert!(matches!(Task::of(wanted, &reply), Task::Thread { root_id, .. } if root_id == "r"));
        let channel = Intent::Summarise(Subject::Channel);
        assert!(matches!(Task::of(channel, &reply), Task::Channel { .. }));
        assert_eq!(Task::of(Intent::Ask, &reply), Task::Question { post_id: "p".into() });
    }

    #[test]
    fn a_stored_task_is_read_back() {
        let task = Task::Thread { root_id: "r".into(), asked_in: String::new(), analysis: Analysis::ActionItems };
        let stored = serde_json::to_value(&task).unwrap();
        assert_eq!(stored["task"], "thread");
        assert_eq!(serde_json::from_value::<Task>(stored).unwrap(), task);
    }
}
