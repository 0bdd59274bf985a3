//! Whisper through whisper.cpp: greedy decoding, one model in memory, a state for each thread that transcribes.

use crate::SAMPLE_RATE;
use crate::guard::{self, Reason};
use serde::{Deserialize, Serialize};
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperError, WhisperState};

/// Frames of Whisper's encoder for 30 seconds of sound, its largest window.
const FULL_CONTEXT: i32 = 1500;

/// Shortest input that whisper.cpp takes without complaint, with room: one second.
const SHORTEST: usize = SAMPLE_RATE;

/// Why sound could not be turned into text.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    /// The file is not there; nothing is downloaded here.
    #[error("speech model {} is missing", path.display())]
    Missing { path: PathBuf },
    /// The file is no whisper.cpp (ggml) model, or memory is short.
    #[error("speech model {} cannot be loaded: {source}", path.display())]
    Load { path: PathBuf, source: WhisperError },
    /// The model does not speak this language.
    #[error("language {language:?} is not one that the speech model knows")]
    Language { language: String },
    /// whisper.cpp gave up.
    #[error("transcribing failed: {0}")]
    Run(WhisperError),
    /// The caller's abort flag was set.
    #[error("transcribing was stopped")]
    Aborted,
}

/// Whisper's weights. Load once a process and share; about 150 MB for `base`.
pub struct Model {
    context: WhisperContext,
}

impl Model {
    /// Reads a ggml model file.
    ///
    /// # Errors
    /// [`SpeechError::Missing`] or [`SpeechError::Load`].
    pub fn load(path: &Path) -> Result<Self, SpeechError> {
        whisper_rs::install_logging_hooks();
        if !path.is_file() {
            return Err(SpeechError::Missing { path: path.to_owned() });
        }
        let context = WhisperContext::new_with_params(path, WhisperContextParameters::default())
            .map_err(|source| SpeechError::Load { path: path.to_owned(), source })?;
        Ok(Self { context })
    }

    /// Whether the model knows languages besides English.
    pub fn multilingual(&self) -> bool {
        self.context.is_multilingual()
    }

    /// A worker on these weights that computes with `threads` threads (at least 1).
    ///
    /// # Errors
    /// [`SpeechError::Run`] when memory is short.
    pub fn transcriber(&self, threads: usize) -> Result<Transcriber, SpeechError> {
        let state = self.context.create_state().map_err(SpeechError::Run)?;
        let threads = i32::try_from(threads.max(1)).unwrap_or(1);
        Ok(Transcriber { state, threads, multilingual: self.multilingual(), end_of_text: self.context.token_eot() })
    }
}

/// What to do with a piece of sound.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// Two-letter language; `None` lets the model find out, which costs a second encoding.
    pub language: Option<&'a str>,
    /// Words that are likely to occur, such as the names of the speakers.
    pub prompt: Option<&'a str>,
    /// Whether the piece may be split into several timed segments. Off for live utterances: one segment, faster.
    pub split: bool,
    /// Whether words are timed, too.
    pub words: bool,
    /// Set by another thread to stop early.
    pub abort: Option<&'a AtomicBool>,
}

/// A timed piece of text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Milliseconds from the beginning of the sound.
    pub start_ms: u64,
    /// Milliseconds from the beginning of the sound; never before `start_ms`.
    pub end_ms: u64,
    /// What was said, trimmed, never empty.
    pub text: String,
    /// Language spoken, two letters.
    pub language: String,
    /// The model's belief that nobody spoke, 0 to 1.
    pub no_speech_prob: f32,
    /// Mean natural logarithm of the tokens' probabilities.
    pub avg_logprob: f32,
    /// Timed words, when asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Word>,
}

/// A timed word.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// Milliseconds from the beginning of the sound.
    pub start_ms: u64,
    /// Milliseconds from the beginning of the sound.
    pub end_ms: u64,
    /// The word with its punctuation.
    pub text: String,
    /// Its probability, 0 to 1.
    pub probability: f32,
}

/// What was said in a piece of sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript {
    /// Language spoken, two letters.
    pub language: String,
    /// The text in order of time; empty when nobody spoke.
    pub segments: Vec<Segment>,
}

impl Transcript {
    /// All text, segments joined by spaces.
    pub fn text(&self) -> String {
        self.segments.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// Encoder frames for `samples` of sound: 50 a second and a margin of 64 (1.3 s), in steps of 64, at most 1500.
/// Less gives wrong text; the full window for short sound costs several times more.
pub fn audio_context(samples: usize) -> i32 {
    let needed = samples * 50 / SAMPLE_RATE + 1 + 64;
    i32::try_from(needed.div_ceil(64) * 64).map_or(FULL_CONTEXT, |n| n.min(FULL_CONTEXT))
}

/// Most tokens that `samples` of sound can hold: speech has about 4 a second, and a model that goes round in circles has
/// no end.
fn most_tokens(samples: usize) -> i32 {
    i32::try_from(samples * 10 / SAMPLE_RATE + 16).unwrap_or(i32::MAX)
}

/// What one pass gave.
struct Read {
    transcript: Transcript,
    /// A segment was dropped because it said too much or the same over and over. That comes of too little context for
    /// the sound more often than of the sound itself.
    looped: bool,
}

/// Transcribes one piece at a time; not shared between threads.
pub struct Transcriber {
    state: WhisperState,
    threads: i32,
    multilingual: bool,
    end_of_text: i32,
}

impl Transcriber {
    /// Turns up to 30 seconds of sound into text; longer sound belongs to [`crate::transcribe_long`]. Text that the
    /// guards take for invented is left out.
    ///
    /// # Errors
    /// [`SpeechError::Language`], [`SpeechError::Aborted`], or [`SpeechError::Run`].
    pub fn transcribe(&mut self, samples: &[f32], request: &Request<'_>) -> Result<Transcript, SpeechError> {
        if samples.is_empty() {
            return Ok(Transcript::default());
        }
        if let Some(language) = request.language.filter(|l| !known_language(l)) {
            return Err(SpeechError::Language { language: language.to_owned() });
        }
        let mut padded = samples.to_vec();
        padded.resize(samples.len().max(SHORTEST), 0.0);
        let context = audio_context(padded.len());
        let transcript = self.run(&padded, samples.len() as u64, context, request)?;
        match transcript {
            Read { looped: true, .. } if context < FULL_CONTEXT => {
                tracing::debug!(samples = samples.len(), "the model went round in circles; again with all context");
                Ok(self.run(&padded, samples.len() as u64, FULL_CONTEXT, request)?.transcript)
            }
            Read { transcript, .. } => Ok(transcript),
        }
    }

    /// One pass over `padded`, of which the first `samples` were said, with `context` encoder frames.
    fn run(&mut self, padded: &[f32], samples: u64, context: i32, request: &Request<'_>) -> Result<Read, SpeechError> {
        let language = if self.multilingual { request.language.unwrap_or("auto") } else { "en" };
        let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
        params.set_n_threads(self.threads);
        params.set_language(Some(language));
        params.set_audio_ctx(context);
        params.set_no_context(true);
        params.set_single_segment(!request.split);
        params.set_no_timestamps(!request.split);
        params.set_token_timestamps(request.words);
        params.set_temperature(0.0);
        params.set_temperature_inc(0.0);
        params.set_suppress_blank(true);
        params.set_suppress_nst(true);
        params.set_print_progress(false);
        params.set_print_realtime(false);
        params.set_print_timestamps(false);
        params.set_print_special(false);
        if !request.split {
            params.set_max_tokens(most_tokens(padded.len()));
        }
        if let Some(prompt) = request.prompt.filter(|p| !p.is_empty() && !p.contains('\0')) {
            params.set_initial_prompt(prompt);
        }
        if let Some(abort) = request.abort {
            // SAFETY: `abort` outlives this call, within which alone whisper.cpp calls `flag_is_set` on it.
            unsafe {
                params.set_abort_callback(Some(flag_is_set));
                params.set_abort_callback_user_data(std::ptr::from_ref(abort).cast_mut().cast());
            }
        }
        let outcome = self.state.full(params, padded);
        if request.abort.is_some_and(|a| a.load(Ordering::Relaxed)) {
            return Err(SpeechError::Aborted);
        }
        outcome.map_err(SpeechError::Run)?;
        Ok(self.read(samples, request))
    }

    fn read(&self, samples: u64, request: &Request<'_>) -> Read {
        let duration = crate::samples_to_ms(samples);
        let language = whisper_rs::get_lang_str(self.state.full_lang_id_from_state()).unwrap_or("en").to_owned();
        let (mut segments, mut looped) = (vec![], false);
        for raw in self.state.as_iter() {
            let (start, end) = if request.split {
                (centiseconds(raw.start_timestamp()).min(duration), centiseconds(raw.end_timestamp()).min(duration))
            } else {
                (0, duration)
            };
            let (words, avg_logprob) = self.tokens(&raw, request.words, duration);
            let segment = Segment {
                start_ms: start,
                end_ms: end.max(start),
                text: raw.to_str_lossy().map(|t| guard::clean(&t)).unwrap_or_default(),
                language: language.clone(),
                no_speech_prob: raw.no_speech_probability(),
                avg_logprob,
                words,
            };
            match guard::verdict(&segment) {
                None => segments.push(segment),
                Some(reason) => {
                    looped |= matches!(reason, Reason::TooFast | Reason::Repetition);
                    tracing::debug!(?reason, no_speech = segment.no_speech_prob, "segment dropped");
                }
            }
        }
        Read { transcript: Transcript { language, segments }, looped }
    }

    fn tokens(&self, raw: &whisper_rs::WhisperSegment<'_>, wanted: bool, duration: u64) -> (Vec<Word>, f32) {
        let (mut words, mut sum, mut count) = (Vec::<(Word, Vec<u8>)>::new(), 0.0, 0u32);
        for token in (0..raw.n_tokens()).filter_map(|i| raw.get_token(i)) {
            if token.token_id() >= self.end_of_text {
                continue;
            }
            let data = token.token_data();
            sum += data.plog;
            count += 1;
            let Some(bytes) = token.to_bytes().ok().filter(|_| wanted) else { continue };
            if words.is_empty() || bytes.starts_with(b" ") {
                words.push((Word { start_ms: centiseconds(data.t0), probability: data.p, ..Word::default() }, vec![]));
            }
            if let Some((word, text)) = words.last_mut() {
                text.extend_from_slice(bytes);
                word.end_ms = centiseconds(data.t1).min(duration);
                word.start_ms = word.start_ms.min(word.end_ms);
                word.probability = word.probability.min(data.p);
            }
        }
        let words = words
            .into_iter()
            .map(|(word, text)| Word { text: String::from_utf8_lossy(&text).trim().to_owned(), ..word })
            .filter(|w| !w.text.is_empty())
            .collect();
        (words, if count == 0 { 0.0 } else { sum / count as f32 })
    }
}

/// Whether Whisper has a token for this language code.
fn known_language(code: &str) -> bool {
    !code.is_empty() && !code.contains('\0') && whisper_rs::get_lang_id(code).is_some()
}

fn centiseconds(cs: i64) -> u64 {
    u64::try_from(cs).unwrap_or(0) * 10
}

unsafe extern "C" fn flag_is_set(flag: *mut c_void) -> bool {
    // SAFETY: whisper.cpp passes back the pointer given in `transcribe`, whose target lives until `full` returns.
    unsafe { &*flag.cast::<AtomicBool>() }.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_covers_the_sound_and_no_more_than_needed() {
        assert_eq!(audio_context(16_000), 128);
        assert!(audio_context(11 * 16_000) >= 11 * 50 + 64);
        assert!(audio_context(8 * 16_000) <= 512);
        assert_eq!(audio_context(30 * 16_000), 1500);
        assert_eq!(audio_context(3600 * 16_000), 1500);
    }

    #[test]
    fn a_missing_model_is_named() {
        let error = Model::load(Path::new("no/such/model.bin")).map(drop).unwrap_err();
        assert_eq!(error.to_string(), "speech model no/such/model.bin is missing");
    }

    #[test]
    fn languages_are_whispers() {
        assert!(known_language("en") && known_language("pt"));
        assert!(!known_language("xx") && !known_language("") && !known_language("e\0"));
    }
}
