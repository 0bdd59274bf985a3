//! Settings of the agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the agent, a bot that answers with the language model.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether there is an agent.
    pub enabled: bool,
    /// Address of the language model service: any server of OpenAI's HTTP API; empty: the server's llm_url.
    pub llm_url: String,
    /// Key that is sent to the service as a bearer token; empty: none.
    pub llm_api_key: String,
    /// User name of the bot; people call it by @name.
    pub bot_username: String,
    /// Name of the bot as shown.
    pub bot_display_name: String,
    /// Name of the model; empty: the service's default.
    pub model: String,
    /// Code of the language that the model speaks well. What people say in others is translated for it, and its answers
    /// for them, if the service translates; empty: never.
    pub model_language: String,
    /// What the model is told about itself before every question.
    pub instructions: String,
    /// Most posts of a thread or channel that the model reads; the newest.
    pub max_context_posts: usize,
    /// Posts of a channel that are read before a question that starts a thread; they confuse small models.
    pub channel_context_posts: usize,
    /// Most characters of one prompt. About three make a token; prompt and answer must fit the model's context.
    pub max_prompt_chars: usize,
    /// Most tokens of an answer.
    pub max_tokens: u32,
    /// How freely the model chooses its words, from 0 (the likeliest always) to 2.
    pub temperature: f32,
    /// The same for an answer that somebody wants again: at 0 it would be the same one.
    pub again_temperature: f32,
    /// From 0 to 2: how much a word that was said already is held back; small models go round in circles without.
    pub frequency_penalty: f32,
    /// Most parts that a long text is read in; the rest is left out and the answer says so.
    pub max_parts: usize,
    /// Most bytes of a transcript.
    pub max_transcript_bytes: u64,
    /// Milliseconds between two updates of an answer that is being written.
    pub stream_update_ms: u64,
    /// Milliseconds between two stored states of an answer that is being written.
    pub store_update_ms: u64,
    /// Answers written at the same time.
    pub max_parallel_runs: usize,
    /// Questions that wait for their turn; more are refused politely.
    pub max_waiting_runs: usize,
    /// Answers of one user that are written or wait; the others are for others.
    pub max_user_runs: usize,
    /// Seconds that one answer may take, its turn in the queue not counted.
    pub timeout_s: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            llm_url: String::new(),
            llm_api_key: String::new(),
            bot_username: "muster".into(),
            bot_display_name: "Muster".into(),
            model: String::new(),
            model_language: "en".into(),
            instructions: "You are Muster, a helpful assistant in a team chat. Answer briefly and plainly. \
                           If you do not know something, say so."
                .into(),
            max_context_posts: 60,
            channel_context_posts: 0,
            max_prompt_chars: 6000,
            max_tokens: 256,
            temperature: 0.0,
            again_temperature: 0.6,
            frequency_penalty: 0.3,
            max_parts: 16,
            max_transcript_bytes: 2 << 20,
            stream_update_ms: 200,
            store_update_ms: 1000,
            max_parallel_runs: 2,
            max_waiting_runs: 8,
            max_user_runs: 3,
            timeout_s: 300,
        }
    }
}
