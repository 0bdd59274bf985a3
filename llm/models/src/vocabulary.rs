//! Text to tokens and back, from the tokenizer inside a GGUF file (byte-level BPE, `tokenizer.ggml.model = gpt2`).

use crate::{Gguf, ModelError};
use std::collections::HashMap;
use std::sync::Arc;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::SplitDelimiterBehavior;
use tokenizers::{ModelWrapper, Tokenizer};

/// `tokenizer.ggml.token_type` of tokens that stand for structure and never for text.
const CONTROL: i64 = 3;
/// Tokens that a person added: matched whole in text, like control tokens, but printed.
const USER_DEFINED: i64 = 4;

/// A private-use character that breaks up structure tokens in what users write.
const GUARD: char = '\u{f0000}';

/// Cuts of Llama 3's pre-tokenizer.
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Tokens of a model.
pub struct Vocabulary {
    bpe: Tokenizer,
    bytes: Arc<Vec<Box<[u8]>>>,
    specials: Vec<(String, u32)>,
    bos: Option<u32>,
    ends: Vec<u32>,
}

impl Vocabulary {
    /// Builds the tokenizer of a file.
    ///
    /// # Errors
    /// [`ModelError`] when the file's tokenizer is of a kind this program does not know.
    pub fn load(gguf: &Gguf) -> Result<Self, ModelError> {
        let wrong = |key: &str, reason: String| ModelError::Metadata { key: key.into(), reason };
        let kind = gguf.text("tokenizer.ggml.model")?;
        if kind != "gpt2" {
            return Err(wrong("tokenizer.ggml.model", format!("is {kind:?}; this program reads \"gpt2\"")));
        }
        let tokens = gguf.texts("tokenizer.ggml.tokens")?;
        let types = gguf.integers("tokenizer.ggml.token_type")?.unwrap_or_default();
        let of = |index: usize| types.get(index).copied().unwrap_or(1);
        let mut merges = Vec::new();
        for merge in gguf.texts("tokenizer.ggml.merges")? {
            let pair = merge.split_once(' ').ok_or_else(|| wrong("tokenizer.ggml.merges", format!("{merge:?}")))?;
            merges.push((pair.0.to_owned(), pair.1.to_owned()));
        }
        let pre = gguf.text("tokenizer.ggml.pre").unwrap_or("default");
        let by_text: HashMap<String, u32> = tokens.iter().cloned().zip(0u32..).collect();
        let model = BPE::builder()
            .vocab_and_merges(by_text.clone().into_iter().collect::<ahash_map::Map>(), merges)
            .ignore_merges(pre == "llama-bpe")
            .build()
            .map_err(|e| ModelError::Tokenizer(e.to_string()))?;
        let mut bpe = Tokenizer::new(ModelWrapper::BPE(model));
        bpe.with_pre_tokenizer(Some(pre_tokenizer(pre)?));

        let mut specials: Vec<(String, u32)> = tokens
            .iter()
            .zip(0u32..)
            .filter(|(text, id)| matches!(of(*id as usize), CONTROL | USER_DEFINED) && !text.is_empty())
            .map(|(text, id)| (text.clone(), id))
            .collect();
        // Where one special text begins another, the longer is meant.
        specials.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        let decode = byte_alphabet();
        let bytes = tokens.iter().enumerate().map(|(index, text)| match of(index) {
            CONTROL => Box::default(),
            USER_DEFINED => text.as_bytes().into(),
            _ => spelled(text, &decode),
        });
        let bytes = Arc::new(bytes.collect());

        let id = |key: &str| gguf.count(key).ok().map(|n| n as u32);
        let ends = [
            id("tokenizer.ggml.eos_token_id"),
            id("tokenizer.ggml.eot_token_id"),
            by_text.get("<|im_end|>").copied(),
            by_text.get("<|eot_id|>").copied(),
            by_text.get("<|endoftext|>").copied(),
        ];
        let mut ends: Vec<u32> = ends.into_iter().flatten().collect();
        ends.sort_unstable();
        ends.dedup();
        let bos = id("tokenizer.ggml.bos_token_id").filter(|_| gguf.flag_or("tokenizer.ggml.add_bos_token", false));
        Ok(Self { bpe, bytes, specials, bos, ends })
    }

    /// Distinct tokens.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no token at all.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The token to begin every prompt with, for models that want one.
    pub fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// Tokens that end an answer.
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// Texts of the tokens that stand for structure (`<|im_start|>`, …).
    pub fn specials(&self) -> impl Iterator<Item = &str> {
        self.specials.iter().map(|(text, _)| text.as_str())
    }

    /// Tokens of plain text. Structure tokens written in it are spelled out as text and have no force.
    ///
    /// # Errors
    /// [`ModelError::Tokenizer`].
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, ModelError> {
        let encoding = self.bpe.encode_fast(text, false).map_err(|e| ModelError::Tokenizer(e.to_string()))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// `text` with a guard inside every structure token, so that [`Vocabulary::encode_prompt`] reads what a user wrote
    /// as text. The guard itself leaves no trace in the tokens.
    pub fn disarm(&self, text: &str) -> String {
        let mut text = text.replace(GUARD, "");
        for (special, _) in &self.specials {
            if let Some(first) = special.chars().next()
                && text.contains(special.as_str())
            {
                let guarded = format!("{first}{GUARD}{}", &special[first.len_utf8()..]);
                text = text.replace(special.as_str(), &guarded);
            }
        }
        text
    }

    /// Tokens of a rendered prompt, in which structure tokens have force.
    ///
    /// # Errors
    /// [`ModelError::Tokenizer`].
    pub fn encode_prompt(&self, prompt: &str) -> Result<Vec<u32>, ModelError> {
        let mut ids: Vec<u32> = self.bos.into_iter().collect();
        let mut rest = prompt;
        while !rest.is_empty() {
            let found = self
                .specials
                .iter()
                .filter_map(|(text, id)| rest.find(text.as_str()).map(|at| (at, std::cmp::Reverse(text.len()), *id)))
                .min();
            let Some((at, std::cmp::Reverse(len), id)) = found else {
                ids.extend(self.encode(&rest.replace(GUARD, ""))?);
                break;
            };
            if at > 0 {
                ids.extend(self.encode(&rest[..at].replace(GUARD, ""))?);
            }
            ids.push(id);
            rest = &rest[at + len..];
        }
        Ok(ids)
    }

    /// A detokenizer for one answer.
    pub fn detokenizer(&self) -> Detokenizer {
        Detokenizer { bytes: Arc::clone(&self.bytes), pending: Vec::new() }
    }

    /// The text of tokens; structure tokens have none, broken UTF-8 becomes U+FFFD.
    pub fn decode(&self, tokens: &[u32]) -> String {
        let mut detokenizer = self.detokenizer();
        let mut text: String = tokens.iter().map(|token| detokenizer.push(*token)).collect();
        text.push_str(&detokenizer.finish());
        text
    }
}

/// Turns tokens into text as they come and holds back the bytes of unfinished characters.
#[derive(Debug, Clone)]
pub struct Detokenizer {
    bytes: Arc<Vec<Box<[u8]>>>,
    pending: Vec<u8>,
}

impl Detokenizer {
    /// A detokenizer over a table of what each token spells.
    pub fn new(bytes: Arc<Vec<Box<[u8]>>>) -> Self {
        Self { bytes, pending: Vec::new() }
    }

    /// The characters that `token` completes.
    pub fn push(&mut self, token: u32) -> String {
        if let Some(bytes) = self.bytes.get(token as usize) {
            self.pending.extend_from_slice(bytes);
        }
        let mut text = String::new();
        loop {
            match std::str::from_utf8(&self.pending) {
                Ok(valid) => {
                    text.push_str(valid);
                    self.pending.clear();
                    return text;
                }
                Err(error) => {
                    let (valid, rest) = self.pending.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(valid));
                    // None: the bytes at the end may still become a character.
                    let Some(broken) = error.error_len() else {
                        self.pending = rest.to_vec();
                        return text;
                    };
                    text.push(char::REPLACEMENT_CHARACTER);
                    self.pending = rest[broken..].to_vec();
                }
            }
        }
    }

    /// What is left at the end of an answer: a character broken off becomes U+FFFD.
    pub fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned()
    }
}

mod ahash_map {
    /// The map type that the BPE builder takes.
    pub(super) type Map = tokenizers::models::bpe::Vocab;
}

fn pre_tokenizer(name: &str) -> Result<PreTokenizerWrapper, ModelError> {
    let gpt2 = || PreTokenizerWrapper::ByteLevel(ByteLevel::new(false, false, true));
    let digits = || PreTokenizerWrapper::Digits(Digits::new(true));
    let sequence = |steps| PreTokenizerWrapper::Sequence(Sequence::new(steps));
    match name {
        "smollm" | "starcoder" | "refact" | "command-r" => Ok(sequence(vec![digits(), gpt2()])),
        "gpt-2" | "default" => Ok(gpt2()),
        "llama-bpe" | "llama3" | "llama-v3" => {
            let pattern = SplitPattern::Regex(LLAMA3.into());
            let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false)
                .map_err(|e| ModelError::Tokenizer(e.to_string()))?;
            let bytes = PreTokenizerWrapper::ByteLevel(ByteLevel::new(false, false, false));
            Ok(sequence(vec![PreTokenizerWrapper::Split(split), bytes]))
        }
        other => {
            let reason = format!("{other:?} is unknown; known are smollm, gpt-2, llama-bpe");
            Err(ModelError::Metadata { key: "tokenizer.ggml.pre".into(), reason })
        }
    }
}

/// GPT-2's alphabet: every byte has a printable character that stands for it.
fn byte_alphabet() -> HashMap<char, u8> {
    let plain = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let mut next = 256;
    let mut alphabet = HashMap::new();
    for byte in 0..=u8::MAX {
        let stands = if plain(byte) {
            char::from(byte)
        } else {
            next += 1;
            char::from_u32(next - 1).expect("256 to 323 are letters of Latin Extended-A")
        };
        alphabet.insert(stands, byte);
    }
    alphabet
}

/// The bytes a token's text stands for; characters outside the alphabet stand for themselves.
fn spelled(text: &str, alphabet: &HashMap<char, u8>) -> Box<[u8]> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match alphabet.get(&character) {
            Some(byte) => bytes.push(*byte),
            None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytewise() -> Detokenizer {
        Detokenizer::new(Arc::new((0..=255u8).map(|b| Box::from([b])).collect()))
    }

    #[test]
    fn a_character_appears_when_its_last_byte_does() {
        let mut d = bytewise();
        let seen: Vec<String> = "aé🦀".bytes().map(|b| d.push(u32::from(b))).collect();
        assert_eq!(seen, ["a", "", "é", "", "", "", "🦀"]);
        assert_eq!(d.push(0xc3), "");
        assert_eq!(d.push(0x41), "\u{fffd}A", "a broken character is replaced once it is known to be broken");
        assert_eq!((d.push(0xf0).as_str(), d.finish().as_str()), ("", "\u{fffd}"));
    }

    proptest! {
        #[test]
        fn pieces_add_up_to_lossy_decoding(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut d = bytewise();
            let mut text: String = bytes.iter().map(|b| d.push(u32::from(*b))).collect();
            text.push_str(&d.finish());
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes).into_owned());
        }
    }

    #[test]
    fn the_alphabet_has_every_byte_once() {
        let alphabet = byte_alphabet();
        let mut bytes: Vec<u8> = alphabet.values().copied().collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (0..=255).collect::<Vec<u8>>());
        assert_eq!(alphabet[&'Ġ'], b' ');
    }
}
