//! What the model gets to read for a task: always loaded with the asker's own rights, at the moment of the run.

mod calls;
mod talk;
mod transcript;

use crate::agent::Agent;
use crate::prompt::Said;
use crate::task::{Analysis, Task};
use crate::wording::Failure;
use chat::Actor;

/// What there is to read.
#[derive(Debug)]
pub enum Material {
    /// A conversation whose last turn is the question.
    Talk(Vec<Said>),
    /// A text and what to do with it.
    Text { instruction: &'static str, text: String },
}

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The posts that were asked for hold no words.
    #[error("there are no posts with words")]
    Nothing,
    /// No transcript is near.
    #[error("no transcript was found")]
    NoTranscript,
    /// The transcript is larger than the configuration allows.
    #[error("the transcript has {bytes} bytes, {allowed} are allowed")]
    TooLarge { bytes: i64, allowed: u64 },
}

/// Loads what `task` is about. `reply_id` is the post that is being written, which is not read.
///
/// # Errors
/// [`Failure::Chat`] with 403 or 404 when the asker may not read it, [`Failure::Unreadable`] when there is nothing.
pub async fn gather(agent: &Agent, asker: &Actor, task: &Task, reply_id: &str) -> Result<Material, Failure> {
    let text = |analysis: Analysis, said: Vec<Said>| match said.is_empty() {
        true => Err(Unreadable::Nothing.into()),
        false => Ok(Material::Text { instruction: analysis.instruction(), text: crate::prompt::lines(&said) }),
    };
    match task {
        Task::Question { post_id } => Ok(Material::Talk(talk::before(agent, asker, post_id, reply_id).await?)),
        Task::Thread { root_id, asked_in, analysis } => {
            text(*analysis, talk::thread(agent, asker, root_id, asked_in).await?)
        }
        Task::Channel { channel_id, from_ms, to_ms, asked_in, analysis } => {
            text(*analysis, talk::channel(agent, asker, channel_id, *from_ms, *to_ms, asked_in).await?)
        }
        Task::Call { post_id } => {
            let text = calls::transcript(agent, asker, post_id).await?;
            Ok(Material::Text { instruction: Analysis::Summary.instruction(), text })
        }
    }
}
