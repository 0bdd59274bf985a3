//! Wire types of the `llm` service and a client for it.
//!
//! Chat, embeddings, models and transcription have the shape of OpenAI's HTTP API, so [`Client`] also talks to any
//! other server of that API; [`Client::translate`], [`Client::detect`] and [`Client::languages`] have LibreTranslate's.
//!
//! ```no_run
//! use futures::StreamExt;
//! # async fn demo() -> Result<(), llm_client::Error> {
//! let client = llm_client::Client::new("http://127.0.0.1:8000", None)?;
//! let request = llm_client::ChatRequest::new("", vec![llm_client::Message::user("Hello")]);
//! let mut deltas = std::pin::pin!(client.chat_stream(request));
//! while let Some(delta) = deltas.next().await {
//!     let text = delta?.text;
//! }
//! # Ok(()) }
//! ```

mod chat;
mod client;
mod completion;
mod embedding;
mod error;
mod model;
mod sse;
mod transcription;
mod translation;

pub use chat::{
    Answer, ChatChoice, ChatChunk, ChatRequest, ChatResponse, ChunkChoice, ChunkDelta, Content, ContentPart, Delta,
    FunctionCall, Message, Stop, StreamOptions, ToolCall, Usage,
};
pub use client::{Client, Deadlines};
pub use completion::{CompletionChoice, CompletionRequest, CompletionResponse};
pub use embedding::{EmbeddingData, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, EmbeddingVector};
pub use error::{ApiError, Error, ErrorBody};
pub use model::{Model, ModelList};
pub use transcription::Transcription;
pub use translation::{Detection, Language, Texts, TranslateRequest, TranslateResponse, Translated};
