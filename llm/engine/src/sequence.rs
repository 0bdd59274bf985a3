//! One request while it runs.

use crate::engine::{EngineError, Request};
use crate::sampler::Sampler;
use crate::stop::StopWatch;
use llm_models::Detokenizer;

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model ended it, or a stop text came up.
    Stop,
    /// The token limit was reached.
    Length,
}

/// What one step adds to an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// New text; whole characters only, may be empty.
    pub text: String,
    /// Tokens generated so far.
    pub tokens: usize,
    /// Set in the last delta.
    pub finish: Option<Finish>,
}

/// Where deltas go. Must not block.
pub trait Sink: Send {
    /// Takes a delta or the error that ends the answer.
    fn send(&mut self, delta: Result<Delta, EngineError>);
    /// Whether nobody listens any more; the engine then drops the request at its next step.
    fn is_closed(&self) -> bool;
}

pub(crate) struct Sequence<C> {
    pub(crate) tokens: Vec<u32>,
    pub(crate) prompt: usize,
    pub(crate) fed: usize,
    pub(crate) cache: C,
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) done: bool,
    max_tokens: usize,
    sampler: Sampler,
    text: Detokenizer,
    stop: StopWatch,
}

impl<C> Sequence<C> {
    pub(crate) fn new(request: Request, cache: C, fed: usize, sink: Box<dyn Sink>, text: Detokenizer) -> Self {
        Self {
            prompt: request.prompt.len(),
            tokens: request.prompt,
            fed,
            cache,
            sink,
            done: false,
            max_tokens: request.max_tokens,
            sampler: Sampler::new(request.sampling),
            text,
            stop: StopWatch::new(request.stop),
        }
    }

    /// Tokens the cache may have to hold.
    pub(crate) fn reserved(&self) -> usize {
        self.prompt + self.max_tokens
    }

    /// Chooses the next token and reports it.
    pub(crate) fn step(&mut self, logits: &mut [f32], ends: &[u32]) {
        let Some(token) = self.sampler.choose(logits) else {
            self.fail(EngineError::NoLogits);
            return;
        };
        let mut delta = Delta { tokens: self.tokens.len() - self.prompt, ..Delta::default() };
        if ends.contains(&token) {
            delta.finish = Some(Finish::Stop);
        } else {
            self.tokens.push(token);
            delta.tokens += 1;
            let (text, stopped) = self.stop.push(&self.text.push(token));
            delta.text = text;
            if stopped {
                delta.finish = Some(Finish::Stop);
            } else if delta.tokens >= self.max_tokens {
                delta.finish = Some(Finish::Length);
            }
            if stopped {
                self.stop = StopWatch::new(Vec::new());
                self.done = true;
                self.sink.send(Ok(delta));
                return;
            }
        }
        if delta.finish.is_some() {
            self.done = true;
            let (rest, _) = self.stop.push(&self.text.finish());
            delta.text.push_str(&rest);
            delta.text.push_str(&self.stop.finish());
        }
        self.sink.send(Ok(delta));
    }

    pub(crate) fn fail(&mut self, error: EngineError) {
        self.done = true;
        self.sink.send(Err(error));
    }
}
