//! BERT sentence encoders (all-MiniLM-L6-v2 and its kin): mean of the last layer, scaled to length 1.

use crate::ModelError;
use candle_core::{D, DType, Device, Tensor};
use candle_nn::{Embedding, LayerNorm, Linear, Module, VarBuilder, embedding, layer_norm, linear, ops::softmax};
use serde::Deserialize;
use std::path::Path;
use tokenizers::{Tokenizer, TruncationParams};

/// Texts are cut after this many tokens, as sentence-transformers does for this family.
const MAX_TOKENS: usize = 256;

#[derive(Debug, Deserialize)]
struct Config {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    layer_norm_eps: f64,
    hidden_act: String,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    output_norm: LayerNorm,
    up: Linear,
    down: Linear,
    down_norm: LayerNorm,
}

/// A loaded encoder.
pub struct Bert {
    config: Config,
    tokenizer: Tokenizer,
    words: Embedding,
    positions: Embedding,
    types: Embedding,
    norm: LayerNorm,
    layers: Vec<Layer>,
}

/// A text's vector.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// Numbers of Euclidean length 1.
    pub vector: Vec<f32>,
    /// Tokens that were looked at, at most 256.
    pub tokens: usize,
}

impl Bert {
    /// Loads `model.safetensors`, `config.json` and `tokenizer.json` from a folder.
    ///
    /// # Errors
    /// [`ModelError`] that names the file and what is wrong with it.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).map_err(|source| ModelError::Read { path, source })
        };
        let wrong = |name: &str, reason: String| ModelError::Format { path: folder.join(name), reason };
        let config: Config =
            serde_json::from_slice(&read("config.json")?).map_err(|e| wrong("config.json", e.to_string()))?;
        if config.hidden_act != "gelu" || !config.hidden_size.is_multiple_of(config.num_attention_heads.max(1)) {
            let reason = format!("activation {:?} or head count is not supported", config.hidden_act);
            return Err(wrong("config.json", reason));
        }
        let mut tokenizer =
            Tokenizer::from_bytes(read("tokenizer.json")?).map_err(|e| wrong("tokenizer.json", e.to_string()))?;
        let max_length = MAX_TOKENS.min(config.max_position_embeddings);
        tokenizer
            .with_padding(None)
            .with_truncation(Some(TruncationParams { max_length, ..TruncationParams::default() }))
            .map_err(|e| wrong("tokenizer.json", e.to_string()))?;
        let weights = VarBuilder::from_buffered_safetensors(read("model.safetensors")?, DType::F32, &Device::Cpu)
            .map_err(|e| wrong("model.safetensors", e.to_string()))?;
        Self::build(config, tokenizer, &weights).map_err(|e| wrong("model.safetensors", e.to_string()))
    }

    fn build(config: Config, tokenizer: Tokenizer, weights: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let (hidden, eps) = (config.hidden_size, config.layer_norm_eps);
        let e = weights.pp("embeddings");
        let mut layers = Vec::new();
        for index in 0..config.num_hidden_layers {
            let l = weights.pp("encoder.layer").pp(index);
            let attention = l.pp("attention.self");
            layers.push(Layer {
                query: linear(hidden, hidden, attention.pp("query"))?,
                key: linear(hidden, hidden, attention.pp("key"))?,
                value: linear(hidden, hidden, attention.pp("value"))?,
                output: linear(hidden, hidden, l.pp("attention.output.dense"))?,
                output_norm: layer_norm(hidden, eps, l.pp("attention.output.LayerNorm"))?,
                up: linear(hidden, config.intermediate_size, l.pp("intermediate.dense"))?,
                down: linear(config.intermediate_size, hidden, l.pp("output.dense"))?,
                down_norm: layer_norm(hidden, eps, l.pp("output.LayerNorm"))?,
            });
        }
        Ok(Self {
            words: embedding(config.vocab_size, hidden, e.pp("word_embeddings"))?,
            positions: embedding(config.max_position_embeddings, hidden, e.pp("position_embeddings"))?,
            types: embedding(config.type_vocab_size, hidden, e.pp("token_type_embeddings"))?,
            norm: layer_norm(hidden, eps, e.pp("LayerNorm"))?,
            layers,
            tokenizer,
            config,
        })
    }

    /// Numbers per vector.
    pub fn dimensions(&self) -> usize {
        self.config.hidden_size
    }

    /// The vector of one text. Texts longer than 256 tokens are cut.
    ///
    /// # Errors
    /// [`ModelError`] when tokenizer or kernels refuse.
    pub fn embed(&self, text: &str) -> Result<Embedded, ModelError> {
        let encoding = self.tokenizer.encode_fast(text, true).map_err(|e| ModelError::Tokenizer(e.to_string()))?;
        let ids = encoding.get_ids();
        let tokens = ids.len();
        if tokens == 0 {
            return Err(ModelError::Input("a text without tokens".into()));
        }
        let positions: Vec<u32> = (0u32..).take(tokens).collect();
        let words = self.words.forward(&Tensor::new(ids, &Device::Cpu)?)?;
        let positions = self.positions.forward(&Tensor::new(positions, &Device::Cpu)?)?;
        let types = self.types.forward(&Tensor::zeros(tokens, DType::U32, &Device::Cpu)?)?;
        let mut state = self.norm.forward(&((words + positions)? + types)?)?;
        for layer in &self.layers {
            state = self.step(layer, &state)?;
        }
        let mean = state.mean(0)?;
        let length = mean.sqr()?.sum_all()?.sqrt()?.to_scalar::<f32>()?.max(f32::MIN_POSITIVE);
        let vector = mean.to_vec1::<f32>()?.into_iter().map(|x| x / length).collect();
        Ok(Embedded { vector, tokens })
    }

    fn step(&self, layer: &Layer, state: &Tensor) -> candle_core::Result<Tensor> {
        let (tokens, hidden) = state.dims2()?;
        let heads = self.config.num_attention_heads;
        let dim = hidden / heads;
        let split = |x: Tensor| x.reshape((tokens, heads, dim))?.transpose(0, 1)?.contiguous();
        let query = split(layer.query.forward(state)?)?;
        let key = split(layer.key.forward(state)?)?;
        let value = split(layer.value.forward(state)?)?;
        let scores = (query.matmul(&key.transpose(1, 2)?.contiguous()?)? * (dim as f64).sqrt().recip())?;
        let seen = softmax(&scores, D::Minus1)?.matmul(&value)?;
        let seen = seen.transpose(0, 1)?.contiguous()?.reshape((tokens, hidden))?;
        let state = layer.output_norm.forward(&(layer.output.forward(&seen)? + state)?)?;
        let feed = layer.down.forward(&layer.up.forward(&state)?.gelu_erf()?)?;
        layer.down_norm.forward(&(feed + &state)?)
    }
}
