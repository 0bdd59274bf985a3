//! The actor: one OS thread owns the model, the running sequences and the caches kept for reuse.

use crate::sampler::Sampling;
use crate::scheduler::{admits, plan};
use crate::sequence::{Sequence, Sink};
use llm_models::{LanguageModel, ModelError, Rows, Vocabulary};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};

/// Bounds of the engine.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests that may wait.
    pub queue: usize,
    /// Requests that run at the same time.
    pub sequences: usize,
    /// Prompt tokens read per step; smaller keeps running answers fluent, larger reads prompts faster.
    pub chunk_tokens: usize,
    /// Tokens that prompt and answer of one request may have together.
    pub context_tokens: usize,
    /// Tokens that the caches of all running requests may hold together.
    pub cache_tokens: usize,
}

/// What to generate.
#[derive(Clone, Debug)]
pub struct Request {
    /// Tokens to continue, at least one.
    pub prompt: Vec<u32>,
    /// Most tokens to generate, at least one.
    pub max_tokens: usize,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Texts that end the answer.
    pub stop: Vec<String>,
}

/// Why a request was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The queue is full.
    #[error("the queue of {queue} requests is full")]
    Busy { queue: usize },
    /// Prompt and answer do not fit the context.
    #[error("{prompt} prompt tokens and {answer} for the answer exceed the context of {context} tokens")]
    TooLong { prompt: usize, answer: usize, context: usize },
    /// No prompt, or no room for an answer.
    #[error("a prompt and an answer of at least one token each are needed")]
    Empty,
    /// The engine's thread has ended.
    #[error("the engine has stopped")]
    Stopped,
}

/// Why an answer broke off.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EngineError {
    /// The model refused a step.
    #[error("the model failed: {0}")]
    Model(Arc<ModelError>),
    /// The model gave no usable number for any token.
    #[error("the model gave no logits")]
    NoLogits,
}

type Job = (Request, Box<dyn Sink>);

/// The way into a running engine; the thread ends when the last clone is dropped.
#[derive(Clone)]
pub struct Engine {
    inbox: SyncSender<Job>,
    limits: Limits,
}

impl Engine {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start<M: LanguageModel + 'static>(
        model: M,
        vocabulary: Arc<Vocabulary>,
        limits: Limits,
    ) -> std::io::Result<Self> {
        let ends = vocabulary.ends().to_vec();
        let detokenizer = move || vocabulary.detokenizer();
        Self::start_with(model, ends, Box::new(detokenizer), limits)
    }

    fn start_with<M: LanguageModel + 'static>(
        model: M,
        ends: Vec<u32>,
        detokenizer: Box<dyn Fn() -> llm_models::Detokenizer + Send>,
        limits: Limits,
    ) -> std::io::Result<Self> {
        let (inbox, jobs) = sync_channel(limits.queue.max(1));
        let actor = Actor { model, ends, detokenizer, limits, running: Vec::new(), kept: VecDeque::new() };
        std::thread::Builder::new().name("llm-engine".into()).spawn(move || actor.run(&jobs))?;
        Ok(Self { inbox, limits })
    }

    /// The engine's bounds.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Queues a request; answers at once.
    ///
    /// # Errors
    /// [`SubmitError`], `Busy` when the queue is full.
    pub fn submit(&self, request: Request, sink: Box<dyn Sink>) -> Result<(), SubmitError> {
        let (prompt, answer, context) = (request.prompt.len(), request.max_tokens, self.limits.context_tokens);
        if prompt == 0 || answer == 0 {
            return Err(SubmitError::Empty);
        }
        if prompt + answer > context {
            return Err(SubmitError::TooLong { prompt, answer, context });
        }
        self.inbox.try_send((request, sink)).map_err(|error| match error {
            TrySendError::Full(_) => SubmitError::Busy { queue: self.limits.queue },
            TrySendError::Disconnected(_) => SubmitError::Stopped,
        })
    }
}

/// Finished conversations whose caches may serve a request that begins with the same tokens.
const KEPT: usize = 2;

struct Actor<M: LanguageModel> {
    model: M,
    ends: Vec<u32>,
    detokenizer: Box<dyn Fn() -> llm_models::Detokenizer + Send>,
    limits: Limits,
    running: Vec<Sequence<M::Cache>>,
    kept: VecDeque<(Vec<u32>, M::Cache)>,
}

impl<M: LanguageModel> Actor<M> {
    fn run(mut self, jobs: &Receiver<Job>) {
        let mut next: Option<Job> = None;
        loop {
            if next.is_none() {
                next = match self.running.is_empty() {
                    true => match jobs.recv() {
                        Ok(job) => Some(job),
                        Err(_) => return,
                    },
                    false => match jobs.try_recv() {
                        Ok(job) => Some(job),
                        Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
                    },
                };
            }
            if let Some((request, sink)) = next.take() {
                if sink.is_closed() {
                    continue;
                }
                let reserved = self.running.iter().map(Sequence::reserved).sum();
                let need = request.prompt.len() + request.max_tokens;
                if admits(self.running.len(), reserved, need, self.limits.sequences, self.limits.cache_tokens) {
                    self.admit(request, sink);
                    continue;
                }
                next = Some((request, sink));
            }
            self.step();
        }
    }

    /// Starts a request, on the cache of a kept conversation when that begins alike.
    fn admit(&mut self, request: Request, sink: Box<dyn Sink>) {
        let shared = |tokens: &[u32]| tokens.iter().zip(&request.prompt).take_while(|(a, b)| a == b).count();
        let best = self.kept.iter().enumerate().map(|(index, (tokens, _))| (shared(tokens), index)).max();
        let (cache, fed) =
            match best.filter(|(common, _)| *common > 0).and_then(|(c, i)| Some((c, self.kept.remove(i)?))) {
                Some((common, (_, mut cache))) => {
                    // The last token must be fed again: its logits are what the answer starts from.
                    let fed = common.min(request.prompt.len() - 1);
                    self.model.truncate(&mut cache, fed);
                    (cache, fed)
                }
                None => (self.model.cache(), 0),
            };
        tracing::debug!(prompt = request.prompt.len(), reused = fed, "request admitted");
        self.running.push(Sequence::new(request, cache, fed, sink, (self.detokenizer)()));
    }

    fn step(&mut self) {
        for sequence in &mut self.running {
            sequence.done |= sequence.sink.is_closed();
        }
        self.retire();
        let pending: Vec<usize> = self.running.iter().map(|s| s.tokens.len() - s.fed).collect();
        let rows = plan(&pending, self.limits.chunk_tokens);
        let mut batch = Vec::new();
        let mut who = Vec::new();
        for (index, (sequence, rows)) in self.running.iter_mut().zip(rows).enumerate() {
            if rows > 0 {
                let end = sequence.fed + rows;
                let logits = end == sequence.tokens.len();
                batch.push(Rows { tokens: &sequence.tokens[sequence.fed..end], cache: &mut sequence.cache, logits });
                who.push((index, end));
            }
        }
        if batch.is_empty() {
            return;
        }
        match self.model.forward(&mut batch) {
            Ok(results) => {
                for ((index, end), mut logits) in who.into_iter().zip(results) {
                    let sequence = &mut self.running[index];
                    sequence.fed = end;
                    if end == sequence.tokens.len() {
                        sequence.step(&mut logits, &self.ends);
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, "a step of the model failed");
                let error = Arc::new(error);
                for (index, _) in who {
                    self.running[index].fail(EngineError::Model(Arc::clone(&error)));
                    // What the cache holds after a failed step is unknown.
                    self.running[index].fed = 0;
                }
            }
        }
        self.retire();
    }

    /// Takes finished sequences out and keeps the caches of the latest.
    fn retire(&mut self) {
        let (done, running) = std::mem::take(&mut self.running).into_iter().partition(|s| s.done);
        self.running = running;
        let done: Vec<Sequence<M::Cache>> = done;
        for mut sequence in done {
            sequence.tokens.truncate(sequence.fed);
            if sequence.fed > 0 {
                self.kept.push_back((sequence.tokens, sequence.cache));
            }
            while self.kept.len() > KEPT {
                self.kept.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequence::{Delta, Finish};
    use llm_models::Detokenizer;
    use std::sync::Mutex;
    use std::sync::mpsc::{Sender, channel};

    /// Counts upwards from the last token; remembers what it was shown, so a wrong cache is noticed.
    struct Counter(Arc<Mutex<Vec<usize>>>);

    impl LanguageModel for Counter {
        type Cache = Vec<u32>;
        fn cache(&self) -> Vec<u32> {
            Vec::new()
        }
        fn truncate(&self, cache: &mut Vec<u32>, len: usize) {
            cache.truncate(len);
        }
        fn forward(&mut self, batch: &mut [Rows<'_, Vec<u32>>]) -> Result<Vec<Vec<f32>>, ModelError> {
            self.0.lock().unwrap().push(batch.iter().map(|rows| rows.tokens.len()).sum());
            Ok(batch
                .iter_mut()
                .map(|rows| {
                    rows.cache.extend_from_slice(rows.tokens);
                    let next = rows.cache.iter().sum::<u32>() % 64;
                    (0..64).map(|t| if t == next + 64 * u32::from(!rows.logits) { 1.0 } else { 0.0 }).collect()
                })
                .collect())
        }
    }

    struct Wire(Sender<Delta>, Arc<()>);

    impl Sink for Wire {
        fn send(&mut self, delta: Result<Delta, EngineError>) {
            drop(self.0.send(delta.unwrap()));
        }
        fn is_closed(&self) -> bool {
            Arc::strong_count(&self.1) < 2
        }
    }

    fn engine(limits: Limits) -> (Engine, Arc<Mutex<Vec<usize>>>) {
        let steps = Arc::new(Mutex::new(Vec::new()));
        let bytes: Arc<Vec<Box<[u8]>>> = Arc::new((0..64u8).map(|t| Box::from([t + 48])).collect());
        let detokenizer = Box::new(move || Detokenizer::new(Arc::clone(&bytes)));
        (Engine::start_with(Counter(Arc::clone(&steps)), vec![63], detokenizer, limits).unwrap(), steps)
    }

    const LIMITS: Limits = Limits { queue: 8, sequences: 3, chunk_tokens: 4, context_tokens: 100, cache_tokens: 300 };

    fn request(prompt: &[u32], max_tokens: usize) -> Request {
        let sampling =
            Sampling { temperature: 0.0, top_p: 1.0, seed: 0, presence_penalty: 0.0, frequency_penalty: 0.0 };
        Request { prompt: prompt.to_vec(), max_tokens, sampling, stop: vec![] }
    }

    fn expected(prompt: &[u32], max_tokens: usize) -> String {
        let mut tokens = prompt.to_vec();
        for _ in 0..max_tokens {
            match tokens.iter().sum::<u32>() % 64 {
                63 => break,
                next => tokens.push(next),
            }
        }
        tokens[prompt.len()..].iter().map(|t| char::from(*t as u8 + 48)).collect()
    }

    #[test]
    fn many_at_once_answer_as_each_alone() {
        let (engine, steps) = engine(LIMITS);
        let prompts: Vec<Vec<u32>> = (1..7u32).map(|i| (0..i * 3).map(|t| (t * i) % 60).collect()).collect();
        let waiting: Vec<_> = prompts
            .iter()
            .map(|prompt| {
                let (sender, receiver) = channel();
                let alive = Arc::new(());
                engine.submit(request(prompt, 10), Box::new(Wire(sender, Arc::clone(&alive)))).unwrap();
                (receiver, alive)
            })
            .collect();
        for (prompt, (receiver, _alive)) in prompts.iter().zip(waiting) {
            let deltas: Vec<Delta> = receiver.iter().collect();
            let text: String = deltas.iter().map(|d| d.text.as_str()).collect();
            assert_eq!(text, expected(prompt, 10));
            assert!(deltas.last().unwrap().finish.is_some());
            assert!(deltas.iter().rev().skip(1).all(|d| d.finish.is_none()));
        }
        assert!(steps.lock().unwrap().iter().all(|rows| *rows <= LIMITS.chunk_tokens + LIMITS.sequences));
    }

    #[test]
    fn a_conversation_continues_on_its_cache() {
        let (engine, steps) = engine(LIMITS);
        let ask = |prompt: &[u32]| {
            let (sender, receiver) = channel();
            let alive = Arc::new(());
            engine.submit(request(prompt, 2), Box::new(Wire(sender, Arc::clone(&alive)))).unwrap();
            let deltas: Vec<Delta> = receiver.iter().collect();
            assert_eq!(deltas.last().unwrap().finish, Some(Finish::Length));
            deltas.iter().map(|d| d.text.as_str()).collect::<String>()
        };
        let prompt: Vec<u32> = (0..40).map(|t| t % 5).collect();
        assert_eq!(ask(&prompt), expected(&prompt, 2));
        let before: usize = steps.lock().unwrap().iter().sum();
        let longer = [&prompt[..], &[7, 7]].concat();
        assert_eq!(ask(&longer), expected(&longer, 2));
        let fed = steps.lock().unwrap().iter().sum::<usize>() - before;
        assert!(fed < 8, "only the new tokens are read, not {fed}");
    }

    #[test]
    fn what_does_not_fit_is_refused_at_once_and_the_gone_free_their_place() {
        let (engine, _steps) = engine(Limits { queue: 1, sequences: 1, ..LIMITS });
        let nobody = || {
            let (sender, _) = channel();
            Box::new(Wire(sender, Arc::new(())))
        };
        let long = SubmitError::TooLong { prompt: 95, answer: 6, context: 100 };
        assert_eq!(engine.submit(request(&[1; 95], 6), nobody()), Err(long));
        assert_eq!(engine.submit(request(&[], 6), nobody()), Err(SubmitError::Empty));
        // A sink without listener is dropped before it runs, so the queue drains however many are sent.
        for _ in 0..200 {
            match engine.submit(request(&[1], 6), nobody()) {
                Ok(()) => {}
                Err(busy) => assert_eq!(busy, SubmitError::Busy { queue: 1 }),
            }
            std::thread::yield_now();
        }
        let (sender, receiver) = channel();
        let alive = Arc::new(());
        while engine.submit(request(&[2], 3), Box::new(Wire(sender.clone(), Arc::clone(&alive)))).is_err() {
            std::thread::yield_now();
        }
        assert!(receiver.iter().any(|delta| delta.finish.is_some()));
    }
}
