//! The parts of the service (chat, embeddings, translation), each loaded in the background and missed alone.

use crate::config::Config;
use crate::failure::Failure;
use crate::translation::translator::Translator;
use llm_engine::{ChatTemplate, Engine, Limits};
use llm_models::{Bert, Gguf, Llama, Vocabulary};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

/// The chat model with its engine.
pub struct Chat {
    /// The engine.
    pub engine: Engine,
    /// Tokens of the model.
    pub vocabulary: Arc<Vocabulary>,
    /// How conversations become prompts.
    pub template: ChatTemplate,
}

/// A part that is loading, ready or missing.
pub struct Part<T> {
    name: &'static str,
    state: OnceLock<Result<T, String>>,
}

impl<T> Part<T> {
    fn new(name: &'static str) -> Self {
        Self { name, state: OnceLock::new() }
    }

    /// The part, when it is ready.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] that says what is missing.
    pub fn get(&self) -> Result<&T, Failure> {
        match self.state.get() {
            Some(Ok(part)) => Ok(part),
            Some(Err(reason)) => Err(Failure::Unavailable(format!("{} is not available: {reason}", self.name))),
            None => Err(Failure::Unavailable(format!("{} is still loading", self.name))),
        }
    }

    /// `ready`, `loading` or why it is missing.
    pub fn state(&self) -> String {
        match self.state.get() {
            Some(Ok(_)) => "ready".into(),
            Some(Err(reason)) => format!("missing: {reason}"),
            None => "loading".into(),
        }
    }

    fn set(&self, loaded: Result<T, String>) {
        match &loaded {
            Ok(_) => tracing::info!(part = self.name, "ready"),
            Err(reason) => tracing::error!(part = self.name, reason, "missing"),
        }
        drop(self.state.set(loaded));
    }
}

/// Everything a request may need.
pub struct App {
    /// The configuration.
    pub config: Config,
    /// Chat and completions.
    pub chat: Part<Chat>,
    /// Embeddings.
    pub embeddings: Part<Bert>,
    /// Translation.
    pub translation: Part<Translator>,
    /// For the offloader.
    pub http: reqwest::Client,
    /// Seconds since the Unix epoch at which the service started.
    pub started: i64,
    queue: Semaphore,
    work: Semaphore,
}

impl App {
    /// An app whose parts are all still loading.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(config: Config) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(std::time::Duration::from_secs(3))
            .timeout(std::time::Duration::from_secs(config.transcription_timeout_seconds))
            .build()?;
        Ok(Self {
            chat: Part::new("the chat model"),
            embeddings: Part::new("the embedding model"),
            translation: Part::new("translation"),
            http,
            started: kit::Clock::system().now_ms() / 1000,
            queue: Semaphore::new(config.max_queue.max(1)),
            work: Semaphore::new(1),
            config,
        })
    }

    /// Loads the parts one after the other; call on a thread that may block.
    pub fn load(&self) {
        let models = Path::new(&self.config.models_dir);
        self.translation.set(Translator::load(&models.join("translate")));
        let folder = models.join("embed").join(&self.config.embedding_model);
        self.embeddings.set(Bert::load(&folder).map_err(|e| e.to_string()));
        self.chat.set(load_chat(&self.config));
    }

    /// Runs blocking work in turn.
    ///
    /// # Errors
    /// [`Failure::Busy`] at once when too many wait; what `work` answers otherwise.
    pub async fn in_turn<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&App) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let _place = self.queue.try_acquire().map_err(|_| Failure::Busy)?;
        let _turn = self.work.acquire().await.map_err(|_| Failure::Busy)?;
        let app = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&app)).await;
        done.map_err(|e| Failure::Internal(e.to_string()))?
    }
}

fn load_chat(config: &Config) -> Result<Chat, String> {
    let path = Path::new(&config.models_dir).join("llm").join(&config.default_model).join("model.gguf");
    let mut gguf = Gguf::open(&path).map_err(|e| e.to_string())?;
    let vocabulary = Arc::new(Vocabulary::load(&gguf).map_err(|e| e.to_string())?);
    let template = gguf.text("tokenizer.chat_template").map_err(|e| e.to_string())?;
    let template = ChatTemplate::new(template).map_err(|e| e.to_string())?;
    let threads = if config.threads > 0 { config.threads } else { candle_core::utils::get_num_threads() };
    let model = Llama::load(&mut gguf, threads).map_err(|e| e.to_string())?;
    let limits = Limits {
        queue: config.max_queue,
        sequences: config.max_sequences,
        chunk_tokens: config.chunk_tokens,
        context_tokens: config.context_tokens.min(model.config().context),
        cache_tokens: config.cache_tokens,
    };
    let engine = Engine::start(model, Arc::clone(&vocabulary), limits).map_err(|e| e.to_string())?;
    Ok(Chat { engine, vocabulary, template })
}
