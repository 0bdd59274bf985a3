//! `transcribe-file`: the file named by FILE becomes OpenAI's `verbose_json` on standard output.
//!
//! Besides [`SpeechInput`]'s variables: PROMPT, WORDS (`true` for timed words), MAX_SECONDS (default 7200). What is wrong
//! with the file goes to standard output as `{"error": "…"}` with exit code 3.

use crate::decode::decode;
use crate::input::SpeechInput;
use offloader_client::{Transcription, TranscriptionSegment, TranscriptionWord};
use speech::{Model, Request, SpeechError, transcribe_long};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Exit code when the caller's file or language is at fault.
const BAD_FILE: u8 = 3;

/// Transcribes the file.
pub fn run(input: &SpeechInput, get: &dyn Fn(&str) -> Option<String>) -> ExitCode {
    let Some(file) = get("FILE") else {
        tracing::error!("FILE: is missing");
        return ExitCode::from(2);
    };
    let longest = get("MAX_SECONDS").and_then(|s| s.parse().ok()).unwrap_or(7200);
    let samples = match decode(Path::new(&file), longest) {
        Ok(samples) => samples,
        Err(error) => return refuse(&error),
    };
    match transcribe(input, &samples, get("PROMPT").as_deref(), get("WORDS").as_deref() == Some("true")) {
        Ok(transcription) => print(&transcription, ExitCode::SUCCESS),
        Err(error @ SpeechError::Language { .. }) => refuse(&error),
        Err(error) => {
            tracing::error!(%error, "transcription failed");
            ExitCode::FAILURE
        }
    }
}

fn transcribe(
    input: &SpeechInput,
    samples: &[f32],
    prompt: Option<&str>,
    words: bool,
) -> Result<Transcription, SpeechError> {
    let model = Model::load(&input.model)?;
    let mut transcriber = model.transcriber(input.threads)?;
    let request = Request { language: input.language.as_deref(), prompt, words, ..Request::default() };
    let said = transcribe_long(&mut transcriber, samples, &request, |_| {})?;
    let seconds = |ms: u64| ms as f64 / 1000.0;
    let timed = said.segments.iter().flat_map(|s| &s.words).map(|w| TranscriptionWord {
        word: w.text.clone(),
        start: seconds(w.start_ms),
        end: seconds(w.end_ms),
    });
    Ok(Transcription {
        task: "transcribe".into(),
        language: said.language.clone(),
        duration: samples.len() as f64 / speech::SAMPLE_RATE as f64,
        text: said.text(),
        words: words.then(|| timed.collect()),
        segments: (0..)
            .zip(&said.segments)
            .map(|(id, s)| TranscriptionSegment {
                id,
                start: seconds(s.start_ms),
                end: seconds(s.end_ms),
                text: s.text.clone(),
                no_speech_prob: s.no_speech_prob,
                avg_logprob: s.avg_logprob,
            })
            .collect(),
    })
}

fn refuse(error: &dyn std::fmt::Display) -> ExitCode {
    print(&serde_json::json!({ "error": error.to_string() }), ExitCode::from(BAD_FILE))
}

fn print(value: &impl serde::Serialize, code: ExitCode) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match serde_json::to_writer(&mut out, value).map_err(std::io::Error::from).and_then(|()| out.flush()) {
        Ok(()) => code,
        Err(error) => {
            tracing::error!(%error, "writing the result");
            ExitCode::FAILURE
        }
    }
}
