//! From a checked request to deltas, for chat and completions alike.

use crate::failure::Failure;
use crate::parts::Chat;
use llm_client::Stop;
use llm_engine::{Delta, EngineError, Finish, Request, Sampling, Sink, SubmitError};
use tokio::sync::mpsc;

/// What both kinds of request may say about the answer.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Most tokens.
    pub max_tokens: Option<u32>,
    /// From 0 to 2; 0.7 when not given.
    pub temperature: Option<f32>,
    /// In (0, 1].
    pub top_p: Option<f32>,
    /// For repeatable sampling.
    pub seed: Option<u64>,
    /// Texts that end the answer.
    pub stop: Option<Stop>,
    /// From -2 to 2.
    pub presence_penalty: Option<f32>,
    /// From -2 to 2.
    pub frequency_penalty: Option<f32>,
}

/// An answer on its way.
pub struct Running {
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// The deltas.
    pub deltas: mpsc::Receiver<Result<Delta, EngineError>>,
}

struct Wire(mpsc::Sender<Result<Delta, EngineError>>);

impl Sink for Wire {
    fn send(&mut self, delta: Result<Delta, EngineError>) {
        // The channel holds a whole answer, so it is full never; closed is noticed through is_closed.
        drop(self.0.try_send(delta));
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

fn within(param: &str, value: Option<f32>, low: f32, high: f32, default: f32) -> Result<f32, Failure> {
    match value {
        None => Ok(default),
        Some(value) if (low..=high).contains(&value) => Ok(value),
        Some(value) => Err(Failure::invalid(param, format!("{value} is not between {low} and {high}"))),
    }
}

/// Checks the wishes and hands the prompt to the engine.
///
/// # Errors
/// [`Failure`] that names the field; `Busy` when the queue is full.
pub fn start(chat: &Chat, prompt: Vec<u32>, wishes: Wishes, default_tokens: usize) -> Result<Running, Failure> {
    let sampling = Sampling {
        temperature: within("temperature", wishes.temperature, 0.0, 2.0, 0.7)?,
        top_p: within("top_p", wishes.top_p, 1e-6, 1.0, 1.0)?,
        seed: wishes.seed.unwrap_or_else(rand::random),
        presence_penalty: within("presence_penalty", wishes.presence_penalty, -2.0, 2.0, 0.0)?,
        frequency_penalty: within("frequency_penalty", wishes.frequency_penalty, -2.0, 2.0, 0.0)?,
    };
    let stop = wishes.stop.map(Stop::into_vec).unwrap_or_default();
    if stop.len() > 4 || stop.iter().any(String::is_empty) {
        return Err(Failure::invalid("stop", "takes up to four texts that are not empty"));
    }
    let context = chat.engine.limits().context_tokens;
    let room = context.saturating_sub(prompt.len());
    if room == 0 || prompt.is_empty() {
        let reason = format!("the prompt has {} tokens; 1 to {} fit", prompt.len(), context.saturating_sub(1));
        return Err(Failure::invalid("messages", reason));
    }
    let max_tokens = match wishes.max_tokens {
        Some(0) => return Err(Failure::invalid("max_tokens", "must be at least 1")),
        Some(wanted) => room.min(wanted as usize),
        None => room.min(default_tokens.max(1)),
    };
    let prompt_tokens = u32::try_from(prompt.len()).unwrap_or(u32::MAX);
    let (sender, deltas) = mpsc::channel(max_tokens + 2);
    chat.engine.submit(Request { prompt, max_tokens, sampling, stop }, Box::new(Wire(sender))).map_err(|error| {
        match error {
            SubmitError::Busy { .. } => Failure::Busy,
            SubmitError::TooLong { .. } | SubmitError::Empty => Failure::invalid("messages", error.to_string()),
            SubmitError::Stopped => Failure::Internal(error.to_string()),
        }
    })?;
    Ok(Running { prompt_tokens, deltas })
}

/// A whole answer: text, tokens, reason.
///
/// # Errors
/// [`Failure::Internal`] when the engine broke off.
pub async fn collect(running: &mut Running) -> Result<(String, u32, &'static str), Failure> {
    let mut text = String::new();
    while let Some(delta) = running.deltas.recv().await {
        let delta = delta.map_err(|e| Failure::Internal(e.to_string()))?;
        text.push_str(&delta.text);
        if let Some(finish) = delta.finish {
            return Ok((text, delta.tokens as u32, reason(finish)));
        }
    }
    Err(Failure::Internal("the answer broke off".into()))
}

/// The name of a reason on the wire.
pub fn reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
    }
}
