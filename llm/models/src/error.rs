//! What can be wrong with a model file or an input.

use std::path::PathBuf;

/// Why a model cannot be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    /// A file is not what its name says.
    #[error("{}: {reason}", path.display())]
    Format { path: PathBuf, reason: String },
    /// A GGUF key is missing or has another type.
    #[error("GGUF key {key}: {reason}")]
    Metadata { key: String, reason: String },
    /// A tensor is missing or has an unexpected shape.
    #[error("tensor {name}: {reason}")]
    Tensor { name: String, reason: String },
    /// An input the model cannot take.
    #[error("model input: {0}")]
    Input(String),
    /// The tokenizer refused.
    #[error("tokenizer: {0}")]
    Tokenizer(String),
    /// The system gives no threads.
    #[error("threads: {0}")]
    Threads(std::io::Error),
    /// A kernel refused.
    #[error("kernel: {0}")]
    Kernel(#[from] candle_core::Error),
}
