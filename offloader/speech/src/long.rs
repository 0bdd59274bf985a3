//! Recordings of any length: cut into utterances, transcribed one by one, times put back.

use crate::segmenter::{Event, Segmenter, SegmenterConfig, Utterance};
use crate::whisper::{Request, SpeechError, Transcriber, Transcript};
use crate::{LanguageTracker, samples_to_ms};

/// Pieces for a recording: longer than live ones, because nobody waits and more context reads better.
const PIECES: SegmenterConfig =
    SegmenterConfig { begin_score: 0.4, pause_score: 0.3, begin_ms: 64, pause_ms: 800, pad_ms: 304, max_ms: 24_000 };

/// Transcribes sound of any length; `progress` is told the position in samples after each piece.
///
/// # Errors
/// The first [`SpeechError`] of a piece.
pub fn transcribe_long(
    transcriber: &mut Transcriber,
    samples: &[f32],
    request: &Request<'_>,
    mut progress: impl FnMut(u64),
) -> Result<Transcript, SpeechError> {
    let mut whole = Transcript::default();
    let mut language = request.language.map(LanguageTracker::fixed).unwrap_or_default();
    let mut counts: Vec<(String, usize)> = vec![];
    for piece in utterances(samples) {
        let offset = samples_to_ms(piece.start);
        let asked = language.language().map(str::to_owned);
        let piece_request = Request { language: asked.as_deref(), split: true, ..*request };
        let said = transcriber.transcribe(&piece.samples, &piece_request)?;
        let duration = samples_to_ms(piece.samples.len() as u64);
        let logprob = said.segments.iter().map(|s| s.avg_logprob).fold(0.0, f32::min);
        if !said.segments.is_empty() {
            language.learn(&said.language, logprob, duration);
            match counts.iter_mut().find(|(l, _)| *l == said.language) {
                Some((_, n)) => *n += piece.samples.len(),
                None => counts.push((said.language.clone(), piece.samples.len())),
            }
        }
        whole.segments.extend(said.segments.into_iter().map(|mut s| {
            s.start_ms += offset;
            s.end_ms += offset;
            for word in &mut s.words {
                word.start_ms += offset;
                word.end_ms += offset;
            }
            s
        }));
        progress(piece.end());
    }
    whole.language = counts.into_iter().max_by_key(|(_, n)| *n).map(|(l, _)| l).unwrap_or_default();
    Ok(whole)
}

fn utterances(samples: &[f32]) -> Vec<Utterance> {
    let mut segmenter = Segmenter::new(PIECES);
    let mut events = segmenter.push(samples);
    events.extend(segmenter.flush());
    events.into_iter().filter_map(|e| if let Event::Ended(u) = e { Some(u) } else { None }).collect()
}
