//! Writing the file that whisper.cpp reads: header, mel filters, vocabulary, tensors under OpenAI's names.

use crate::ct2::{Tensor, Weights};
use crate::mel;
use anyhow::{Context, ensure};
use std::collections::BTreeMap;
use std::io::Write;

const MAGIC: i32 = 0x6767_6d6c;
/// Positions of the encoder and the decoder of every Whisper model.
const AUDIO_CONTEXT: usize = 1500;
const TEXT_CONTEXT: usize = 448;
/// Width of one attention head of every Whisper model.
const HEAD: usize = 64;
/// Vocabulary sizes up to this one are English-only models, whose plain tokens end one earlier.
const ENGLISH_VOCABULARY: usize = 51_864;

/// Writes weights and vocabulary.
///
/// # Errors
/// When the model lacks a tensor, the vocabulary is short, or the file cannot be written.
pub fn write_whisper(weights: &Weights, vocabulary: &[String], out: &mut impl Write) -> anyhow::Result<()> {
    let embedding = weights.get("decoder/embeddings/weight")?;
    let [tokens, state] = *embedding.shape.as_slice() else { anyhow::bail!("the embedding is no matrix") };
    let mels = *weights.get("encoder/conv1/weight")?.shape.get(1).context("conv1 has no channels")?;
    let heads = state / HEAD;
    let (encoder, decoder) = (weights.layers("encoder"), weights.layers("decoder"));
    let header = [tokens, AUDIO_CONTEXT, state, heads, encoder, TEXT_CONTEXT, state, heads, decoder, mels, 1];
    int(out, MAGIC)?;
    for number in header {
        size(out, number)?;
    }
    let filters = mel::filters(mels);
    size(out, mels)?;
    size(out, filters.len() / mels)?;
    for weight in filters {
        out.write_all(&weight.to_le_bytes())?;
    }
    write_vocabulary(vocabulary, tokens, out)?;
    write_tensors(weights, encoder, decoder, out)?;
    Ok(out.flush()?)
}

fn write_vocabulary(vocabulary: &[String], tokens: usize, out: &mut impl Write) -> anyhow::Result<()> {
    let plain = if tokens <= ENGLISH_VOCABULARY { 50_256 } else { 50_257 };
    ensure!(vocabulary.len() >= plain, "the vocabulary has {} entries, and {plain} are needed", vocabulary.len());
    let bytes_of = byte_alphabet();
    size(out, plain)?;
    for token in &vocabulary[..plain] {
        let bytes: Option<Vec<u8>> = token.chars().map(|c| bytes_of.get(&c).copied()).collect();
        let bytes = bytes.with_context(|| format!("token {token:?} is not in the byte alphabet"))?;
        size(out, bytes.len())?;
        out.write_all(&bytes)?;
    }
    Ok(())
}

/// GPT-2's printable stand-ins for the 256 bytes.
fn byte_alphabet() -> BTreeMap<char, u8> {
    let printable = |b: u8| matches!(b, 33..=126 | 161..=172 | 174..=255);
    let mut next = 256u32;
    let mut alphabet = BTreeMap::new();
    for byte in 0..=255u8 {
        let stand_in = if printable(byte) {
            char::from(byte)
        } else {
            next += 1;
            char::from_u32(next - 1).unwrap_or('\u{fffd}')
        };
        alphabet.insert(stand_in, byte);
    }
    alphabet
}

fn write_tensors(weights: &Weights, encoder: usize, decoder: usize, out: &mut impl Write) -> anyhow::Result<()> {
    for i in [1, 2] {
        one(out, &format!("encoder.conv{i}.weight"), weights.get(&format!("encoder/conv{i}/weight"))?)?;
        let bias = weights.get(&format!("encoder/conv{i}/bias"))?;
        let column = Tensor { shape: vec![bias.values.len(), 1], values: bias.values.clone() };
        one(out, &format!("encoder.conv{i}.bias"), &column)?;
    }
    one(out, "encoder.positional_embedding", weights.get("encoder/position_encodings/encodings")?)?;
    one(out, "decoder.positional_embedding", weights.get("decoder/position_encodings/encodings")?)?;
    norm(out, weights, "encoder/layer_norm", "encoder.ln_post")?;
    norm(out, weights, "decoder/layer_norm", "decoder.ln")?;
    one(out, "decoder.token_embedding.weight", weights.get("decoder/embeddings/weight")?)?;
    for (side, layers) in [("encoder", encoder), ("decoder", decoder)] {
        for i in 0..layers {
            write_layer(weights, &format!("{side}/layer_{i}"), &format!("{side}.blocks.{i}"), side == "decoder", out)?;
        }
    }
    Ok(())
}

fn write_layer(w: &Weights, from: &str, to: &str, decoder: bool, out: &mut impl Write) -> anyhow::Result<()> {
    norm(out, w, &format!("{from}/self_attention/layer_norm"), &format!("{to}.attn_ln"))?;
    fused(out, w, &format!("{from}/self_attention/linear_0"), &format!("{to}.attn"), &["query", "key", "value"])?;
    linear(out, w, &format!("{from}/self_attention/linear_1"), &format!("{to}.attn.out"))?;
    if decoder {
        norm(out, w, &format!("{from}/attention/layer_norm"), &format!("{to}.cross_attn_ln"))?;
        linear(out, w, &format!("{from}/attention/linear_0"), &format!("{to}.cross_attn.query"))?;
        fused(out, w, &format!("{from}/attention/linear_1"), &format!("{to}.cross_attn"), &["key", "value"])?;
        linear(out, w, &format!("{from}/attention/linear_2"), &format!("{to}.cross_attn.out"))?;
    }
    norm(out, w, &format!("{from}/ffn/layer_norm"), &format!("{to}.mlp_ln"))?;
    linear(out, w, &format!("{from}/ffn/linear_0"), &format!("{to}.mlp.0"))?;
    linear(out, w, &format!("{from}/ffn/linear_1"), &format!("{to}.mlp.2"))
}

fn linear(out: &mut impl Write, w: &Weights, from: &str, to: &str) -> anyhow::Result<()> {
    one(out, &format!("{to}.weight"), w.get(&format!("{from}/weight"))?)?;
    one(out, &format!("{to}.bias"), w.get(&format!("{from}/bias"))?)
}

fn norm(out: &mut impl Write, w: &Weights, from: &str, to: &str) -> anyhow::Result<()> {
    one(out, &format!("{to}.weight"), w.get(&format!("{from}/gamma"))?)?;
    one(out, &format!("{to}.bias"), w.get(&format!("{from}/beta"))?)
}

/// CTranslate2 stacks query, key and value; whisper.cpp wants them apart and knows no bias of the key.
fn fused(out: &mut impl Write, w: &Weights, from: &str, to: &str, names: &[&str]) -> anyhow::Result<()> {
    let (weight, bias) = (w.get(&format!("{from}/weight"))?, w.get(&format!("{from}/bias"))?);
    for (i, name) in names.iter().enumerate() {
        one(out, &format!("{to}.{name}.weight"), &weight.part(i, names.len())?)?;
        if *name != "key" {
            one(out, &format!("{to}.{name}.bias"), &bias.part(i, names.len())?)?;
        }
    }
    Ok(())
}

/// Matrices stay 16-bit floats; biases and positions are 32-bit ones.
fn one(out: &mut impl Write, name: &str, tensor: &Tensor) -> anyhow::Result<()> {
    let half = tensor.shape.len() >= 2 && !name.ends_with(".bias") && !name.contains("positional");
    size(out, tensor.shape.len())?;
    size(out, name.len())?;
    int(out, i32::from(half))?;
    for dimension in tensor.shape.iter().rev() {
        size(out, *dimension)?;
    }
    out.write_all(name.as_bytes())?;
    for value in &tensor.values {
        if half {
            out.write_all(&value.to_le_bytes())?;
        } else {
            out.write_all(&value.to_f32().to_le_bytes())?;
        }
    }
    Ok(())
}

fn size(out: &mut impl Write, value: usize) -> anyhow::Result<()> {
    int(out, i32::try_from(value)?)
}

fn int(out: &mut impl Write, value: i32) -> anyhow::Result<()> {
    Ok(out.write_all(&value.to_le_bytes())?)
}
