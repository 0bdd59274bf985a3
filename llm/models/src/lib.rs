//! Model architectures on candle, one file each, and what is needed to load them.
//!
//! [`Llama`] generates text from a GGUF file, [`Bert`] embeds sentences from safetensors. Start at [`LanguageModel`],
//! the three methods through which the engine sees a generator. No tokio, no sockets, no clock.

mod attention;
mod bert;
mod cache;
mod error;
mod gguf;
mod llama;
mod matrix;
mod norm;
mod pool;
mod rope;
mod vocabulary;

pub use bert::{Bert, Embedded};
pub use cache::KvCache;
pub use error::ModelError;
pub use gguf::Gguf;
pub use llama::{Llama, LlamaConfig};
pub use vocabulary::{Detokenizer, Vocabulary};

/// Rows that one sequence contributes to a step: tokens that follow those in `cache`.
pub struct Rows<'a, C> {
    /// Token ids, at least one.
    pub tokens: &'a [u32],
    /// What the model remembers of the sequence; [`LanguageModel::forward`] appends to it.
    pub cache: &'a mut C,
    /// Whether the logits after the last of `tokens` are wanted.
    pub logits: bool,
}

/// A text generator as the engine sees it.
pub trait LanguageModel: Send {
    /// Memory of one sequence.
    type Cache: Send;

    /// An empty memory.
    fn cache(&self) -> Self::Cache;

    /// Drops everything after the first `len` tokens from a memory.
    fn truncate(&self, cache: &mut Self::Cache, len: usize);

    /// Runs the rows of several sequences, each at its own position, in one step. Returns, per entry of `batch`, the
    /// logits after its last token (`vocabulary` numbers) or an empty vector where they were not wanted.
    ///
    /// # Errors
    /// [`ModelError`] when a token is outside the vocabulary or a kernel refuses its input.
    fn forward(&mut self, batch: &mut [Rows<'_, Self::Cache>]) -> Result<Vec<Vec<f32>>, ModelError>;
}
