//! OpenAI's API, one file per endpoint family.

pub mod chat;
pub mod completions;
pub mod embeddings;
pub mod generate;
pub mod models;
pub mod transcriptions;
