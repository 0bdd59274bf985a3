//! The llama architecture (Llama, SmolLM2, Mistral, …) from GGUF: RMS norm, rotary grouped-query attention, SwiGLU.
//!
//! A step takes rows of several sequences at once: matrices multiply all rows together, attention looks row by row
//! into each sequence's own [`KvCache`]. So prompts and single next tokens share a step, at any positions.

use crate::attention::{Look, attend};
use crate::cache::KvCache;
use crate::matrix::{Matrix, multiply};
use crate::norm::{add, rms, swiglu};
use crate::pool::Pool;
use crate::rope::Rope;
use crate::{Gguf, LanguageModel, ModelError, Rows};

/// Sizes of a model, from the file's metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct LlamaConfig {
    /// Layers.
    pub layers: usize,
    /// Numbers per token between layers.
    pub hidden: usize,
    /// Numbers per token inside the feed-forward part.
    pub feed_forward: usize,
    /// Query heads.
    pub heads: usize,
    /// Key-value heads; `heads` is a multiple of it.
    pub kv_heads: usize,
    /// Numbers per head.
    pub head_dim: usize,
    /// Most tokens the model was trained to look at.
    pub context: usize,
    /// Distinct tokens.
    pub vocabulary: usize,
    /// Base of the rotary angles.
    pub rope_base: f32,
    /// Numbers of a head that are rotated.
    pub rope_dims: usize,
    /// Guard against division by zero in RMS norms.
    pub epsilon: f32,
}

impl LlamaConfig {
    /// Reads the sizes.
    ///
    /// # Errors
    /// [`ModelError::Metadata`] when the architecture is another, or a size is missing or impossible.
    pub fn read(gguf: &Gguf) -> Result<Self, ModelError> {
        let wrong = |key: &str, reason: String| ModelError::Metadata { key: key.into(), reason };
        let architecture = gguf.text("general.architecture")?;
        if architecture != "llama" {
            let reason = format!("is {architecture:?}; this program runs \"llama\"");
            return Err(wrong("general.architecture", reason));
        }
        let scaling = "llama.rope.scaling.type";
        if let Ok(kind) = gguf.text(scaling)
            && kind != "none"
        {
            return Err(wrong(scaling, format!("{kind:?} is not supported")));
        }
        let heads = gguf.count("llama.attention.head_count")?;
        let hidden = gguf.count("llama.embedding_length")?;
        let kv_heads = gguf.count_or("llama.attention.head_count_kv", heads)?;
        if heads == 0 || kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
            return Err(wrong("llama.attention.head_count_kv", format!("{kv_heads} does not divide {heads} heads")));
        }
        let head_dim = gguf.count_or("llama.attention.key_length", hidden / heads)?;
        let rope_dims = gguf.count_or("llama.rope.dimension_count", head_dim)?;
        if head_dim == 0 || rope_dims > head_dim || !rope_dims.is_multiple_of(2) {
            return Err(wrong("llama.rope.dimension_count", format!("{rope_dims} of {head_dim} cannot be rotated")));
        }
        let config = Self {
            layers: gguf.count("llama.block_count")?,
            hidden,
            feed_forward: gguf.count("llama.feed_forward_length")?,
            heads,
            kv_heads,
            head_dim,
            context: gguf.count("llama.context_length")?,
            vocabulary: gguf.texts("tokenizer.ggml.tokens")?.len(),
            rope_base: gguf.real_or("llama.rope.freq_base", 10_000.0)?,
            rope_dims,
            epsilon: gguf.real_or("llama.attention.layer_norm_rms_epsilon", 1e-5)?,
        };
        Ok(config)
    }

    /// Bytes that the cache of one sequence needs per token.
    pub fn cache_bytes_per_token(&self) -> usize {
        2 * self.layers * self.kv_heads * self.head_dim * size_of::<f32>()
    }
}

struct Layer {
    attention_norm: Vec<f32>,
    query: Matrix,
    key: Matrix,
    value: Matrix,
    output: Matrix,
    feed_norm: Vec<f32>,
    gate: Matrix,
    up: Matrix,
    down: Matrix,
}

/// A loaded model.
pub struct Llama {
    config: LlamaConfig,
    embedding: Matrix,
    layers: Vec<Layer>,
    final_norm: Vec<f32>,
    head: Option<Matrix>,
    rope: Rope,
    pool: Pool,
}

impl Llama {
    /// Loads every weight into memory, to be multiplied by `threads` threads, the caller's included.
    ///
    /// # Errors
    /// [`ModelError`] that names the key or tensor which is missing or has another shape.
    pub fn load(gguf: &mut Gguf, threads: usize) -> Result<Self, ModelError> {
        let config = LlamaConfig::read(gguf)?;
        let (hidden, feed) = (config.hidden, config.feed_forward);
        let (queries, keys) = (config.heads * config.head_dim, config.kv_heads * config.head_dim);
        let mut layers = Vec::with_capacity(config.layers);
        for index in 0..config.layers {
            let name = |part: &str| format!("blk.{index}.{part}.weight");
            layers.push(Layer {
                attention_norm: gguf.vector(&name("attn_norm"), hidden)?,
                query: gguf.matrix(&name("attn_q"), queries, hidden)?,
                key: gguf.matrix(&name("attn_k"), keys, hidden)?,
                value: gguf.matrix(&name("attn_v"), keys, hidden)?,
                output: gguf.matrix(&name("attn_output"), hidden, queries)?,
                feed_norm: gguf.vector(&name("ffn_norm"), hidden)?,
                gate: gguf.matrix(&name("ffn_gate"), feed, hidden)?,
                up: gguf.matrix(&name("ffn_up"), feed, hidden)?,
                down: gguf.matrix(&name("ffn_down"), hidden, feed)?,
            });
        }
        let embedding = gguf.matrix("token_embd.weight", config.vocabulary, hidden)?;
        let head = match gguf.has_tensor("output.weight") {
            true => Some(gguf.matrix("output.weight", config.vocabulary, hidden)?),
            false => None,
        };
        let factors = match gguf.has_tensor("rope_freqs.weight") {
            true => Some(gguf.vector("rope_freqs.weight", config.rope_dims / 2)?),
            false => None,
        };
        let rope = Rope::new(config.rope_dims, config.rope_base, factors.as_deref());
        let final_norm = gguf.vector("output_norm.weight", hidden)?;
        let pool = Pool::new(threads).map_err(ModelError::Threads)?;
        Ok(Self { config, embedding, layers, final_norm, head, rope, pool })
    }

    /// Sizes of the model.
    pub fn config(&self) -> &LlamaConfig {
        &self.config
    }

    /// Rotated keys and queries; keys and values of each row go to its sequence's cache.
    fn remember(
        &self,
        layer: usize,
        batch: &mut [Rows<'_, KvCache>],
        queries: &mut [f32],
        mut keys: Vec<f32>,
        values: &[f32],
    ) {
        let config = &self.config;
        let (query_row, key_row) = (config.heads * config.head_dim, config.kv_heads * config.head_dim);
        let mut angles = Vec::new();
        let mut row = 0;
        for rows in batch {
            for offset in 0..rows.tokens.len() {
                let position = rows.cache.len() + offset;
                let key = &mut keys[row * key_row..(row + 1) * key_row];
                self.rope.rotate(key, config.head_dim, position, &mut angles);
                let query = &mut queries[row * query_row..(row + 1) * query_row];
                self.rope.rotate(query, config.head_dim, position, &mut angles);
                rows.cache.write(layer, position, key, &values[row * key_row..(row + 1) * key_row]);
                row += 1;
            }
        }
    }

    /// Attention of every row and head; the work is spread over the pool.
    fn look(&self, layer: usize, batch: &[Rows<'_, KvCache>], queries: &[f32]) -> Vec<f32> {
        let config = &self.config;
        let (heads, dim) = (config.heads, config.head_dim);
        let group = heads / config.kv_heads;
        let places: Vec<(&KvCache, usize)> = batch
            .iter()
            .flat_map(|rows| {
                let cache: &KvCache = rows.cache;
                (0..rows.tokens.len()).map(move |offset| (cache, cache.len() + offset + 1))
            })
            .collect();
        let mut output = vec![0.0f32; queries.len()];
        let base = output.as_mut_ptr() as usize;
        self.pool.run(places.len() * heads, |units| {
            let mut scores = Vec::new();
            for unit in units {
                let (cache, tokens) = places[unit / heads];
                let at = unit * dim;
                // SAFETY: a unit is one head of one row and owns its `dim` numbers of `output`; units are disjoint.
                let out = unsafe { std::slice::from_raw_parts_mut((base as *mut f32).add(at), dim) };
                let look = Look { layer, head: (unit % heads) / group, tokens };
                attend(&queries[at..at + dim], cache, look, &mut scores, out);
            }
        });
        output
    }
}

impl LanguageModel for Llama {
    type Cache = KvCache;

    fn cache(&self) -> KvCache {
        KvCache::new(self.config.layers, self.config.kv_heads, self.config.head_dim)
    }

    fn truncate(&self, cache: &mut KvCache, len: usize) {
        cache.truncate(len);
    }

    fn forward(&mut self, batch: &mut [Rows<'_, KvCache>]) -> Result<Vec<Vec<f32>>, ModelError> {
        if batch.iter().any(|rows| rows.tokens.is_empty()) {
            return Err(ModelError::Input("a sequence without tokens".into()));
        }
        let (hidden, epsilon) = (self.config.hidden, self.config.epsilon);
        let tokens: Vec<u32> = batch.iter().flat_map(|rows| rows.tokens.iter().copied()).collect();
        let mut state = self.embedding.pick(&tokens)?;
        for rows in batch.iter_mut() {
            rows.cache.reserve(rows.tokens.len());
        }
        let pool = &self.pool;
        for (index, layer) in self.layers.iter().enumerate() {
            let input = rms(&state, &layer.attention_norm, epsilon);
            let [mut queries, keys, values] = multiply(pool, [&layer.query, &layer.key, &layer.value], input)?;
            self.remember(index, batch, &mut queries, keys, &values);
            let [seen] = multiply(pool, [&layer.output], self.look(index, batch, &queries))?;
            add(&mut state, &seen);

            let input = rms(&state, &layer.feed_norm, epsilon);
            let [mut gate, up] = multiply(pool, [&layer.gate, &layer.up], input)?;
            swiglu(pool, &mut gate, &up);
            let [fed] = multiply(pool, [&layer.down], gate)?;
            add(&mut state, &fed);
        }
        let mut last = 0;
        let mut wanted = Vec::new();
        for rows in batch.iter_mut() {
            last += rows.tokens.len();
            rows.cache.advance(rows.tokens.len());
            if rows.logits {
                wanted.extend_from_slice(&state[(last - 1) * hidden..last * hidden]);
            }
        }
        if wanted.is_empty() {
            return Ok(batch.iter().map(|_| Vec::new()).collect());
        }
        let normed = rms(&wanted, &self.final_norm, epsilon);
        let [logits] = multiply(pool, [self.head.as_ref().unwrap_or(&self.embedding)], normed)?;
        let mut rows_of_logits = logits.chunks_exact(self.config.vocabulary);
        let next = |rows: &Rows<'_, KvCache>| match rows.logits {
            true => rows_of_logits.next().map(<[f32]>::to_vec).unwrap_or_default(),
            false => Vec::new(),
        };
        Ok(batch.iter().map(next).collect())
    }
}
