//! Section `llm` of the configuration.

use kit::telemetry::LogConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keys of `[llm]`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to listen, host:port.
    pub listen_address: String,
    /// Folder of the models that muster-weights fetches: llm/, embed/, translate/.
    pub models_dir: String,
    /// Name of the chat model: a folder of models_dir/llm that holds model.gguf.
    pub default_model: String,
    /// Name of the embedding model: a folder of models_dir/embed.
    pub embedding_model: String,
    /// Threads that compute; 0 takes one per physical core.
    pub threads: usize,
    /// Tokens that prompt and answer of one chat may have together; the model's own limit holds as well.
    pub context_tokens: usize,
    /// Most tokens of an answer when the request sets no limit.
    pub default_answer_tokens: usize,
    /// Requests that may wait, for chat and for embeddings and translations each; more are answered 429.
    pub max_queue: usize,
    /// Chats answered at the same time.
    pub max_sequences: usize,
    /// Prompt tokens read per step; smaller keeps running answers fluent.
    pub chunk_tokens: usize,
    /// Tokens that the memory of all running chats may hold; SmolLM2 takes 45 KiB each.
    pub cache_tokens: usize,
    /// Most characters of one text to translate or embed.
    pub max_text_chars: usize,
    /// Most texts of one request to translate or embed.
    pub max_texts: usize,
    /// Most bytes of a request body, sound files included.
    pub max_body_bytes: usize,
    /// Keys that clients send as a bearer token; empty lets everybody in who reaches the address.
    pub api_keys: Vec<String>,
    /// Address of the offloader, which transcribes sound.
    pub offloader_url: String,
    /// Seconds a transcription may take.
    pub transcription_timeout_seconds: u64,
    /// Logging.
    pub log: LogConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen_address: "127.0.0.1:8000".into(),
            models_dir: ".muster/models".into(),
            default_model: "smollm2-135m-instruct".into(),
            embedding_model: "all-minilm-l6-v2".into(),
            threads: 0,
            context_tokens: 4096,
            default_answer_tokens: 512,
            max_queue: 16,
            max_sequences: 4,
            chunk_tokens: 128,
            cache_tokens: 8192,
            max_text_chars: 20_000,
            max_texts: 128,
            max_body_bytes: 64 << 20,
            api_keys: Vec::new(),
            offloader_url: "http://127.0.0.1:4545".into(),
            transcription_timeout_seconds: 600,
            log: LogConfig::default(),
        }
    }
}
