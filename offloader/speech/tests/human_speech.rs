//! The words of a human reader must come out right, through the same path as a recording and as live captions.

use speech::{Event, Model, Request, SAMPLE_RATE, Segmenter, SegmenterConfig, transcribe_long};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

const TWO_CITIES: &str = "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age \
    of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was \
    the season of Darkness";

/// The threads of a model wait for each other without sleeping: tests side by side would take several times as long.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn model() -> Model {
    let folder = std::env::var("MUSTER_MODELS_DIR")
        .expect("MUSTER_MODELS_DIR names the folder of models with whisper/base.bin; this test transcribes with it");
    let path = Path::new(&folder).join("whisper/base.bin");
    Model::load(&path).unwrap_or_else(|e| panic!("{e}"))
}

/// Samples of a 16 kHz mono WAV file, 16-bit or 32-bit float.
fn wav(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let at = bytes.windows(4).position(|w| w == b"data").expect("a WAV file has a data chunk") + 8;
    assert_eq!(u32::from_le_bytes(bytes[24..28].try_into().unwrap()) as usize, SAMPLE_RATE, "{}", path.display());
    match u16::from_le_bytes([bytes[34], bytes[35]]) {
        16 => bytes[at..].chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0).collect(),
        32 => bytes[at..].chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect(),
        bits => panic!("{}: {bits} bits a sample", path.display()),
    }
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Word error rate: edit distance over the number of expected words.
fn word_error_rate(expected: &str, said: &str) -> f64 {
    let (a, b) = (words(expected), words(said));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut diagonal = row[0];
        row[0] = i;
        for j in 1..=b.len() {
            let above = row[j];
            row[j] = (diagonal + usize::from(a[i - 1] != b[j - 1])).min(above + 1).min(row[j - 1] + 1);
            diagonal = above;
        }
    }
    row[b.len()] as f64 / a.len() as f64
}

#[test]
fn a_reader_is_transcribed_with_few_errors_and_true_times() {
    let _turn = turn();
    let sound = wav(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/two_cities.wav"));
    let model = model();
    let mut transcriber = model.transcriber(2).unwrap();
    // A second and a half of silence before shows that times are of the whole stream.
    let late: Vec<f32> = vec![0.0; SAMPLE_RATE * 3 / 2].into_iter().chain(sound.iter().copied()).collect();
    let began = std::time::Instant::now();
    let request = Request { words: true, ..Request::default() };
    let transcript = transcribe_long(&mut transcriber, &late, &request, |_| {}).unwrap();
    let took = began.elapsed();
    let said = transcript.text();
    let rate = word_error_rate(TWO_CITIES, &said);
    println!("whole: word error rate {rate:.3}, {took:.2?} for {} s: {said}", late.len() / SAMPLE_RATE);
    for s in &transcript.segments {
        println!(
            "  {:>6} {:>6} no speech {:.2} logprob {:.2} {}",
            s.start_ms, s.end_ms, s.no_speech_prob, s.avg_logprob, s.text
        );
    }
    assert!(rate <= 0.08, "word error rate {rate}: {said}");
    assert_eq!(transcript.language, "en");
    let first = &transcript.segments[0];
    assert!((1200..2600).contains(&first.start_ms), "speech begins at 1.5 s, found {}", first.start_ms);
    assert!(transcript.segments.is_sorted_by_key(|s| s.start_ms));
    let timed = transcript.segments.iter().flat_map(|s| &s.words).count();
    assert!(timed >= words(&said).len() * 9 / 10, "{timed} timed words");
}

#[test]
fn live_utterances_of_a_reader_keep_their_words() {
    let _turn = turn();
    let sound = wav(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/two_cities.wav"));
    let model = model();
    let mut transcriber = model.transcriber(2).unwrap();
    let mut segmenter = Segmenter::new(SegmenterConfig::default());
    let (mut said, mut longest) = (vec![], 0);
    let mut events: Vec<Event> = sound.chunks(320).flat_map(|c| segmenter.push(c)).collect();
    events.extend(segmenter.flush());
    for event in events {
        let Event::Ended(utterance) = event else { continue };
        longest = longest.max(utterance.samples.len());
        let request = Request { language: Some("en"), ..Request::default() };
        let began = std::time::Instant::now();
        let text = transcriber.transcribe(&utterance.samples, &request).unwrap().text();
        println!(
            "{:>6.2} s to {:>6.2} s in {:.2?}: {text}",
            utterance.start as f64 / SAMPLE_RATE as f64,
            utterance.end() as f64 / SAMPLE_RATE as f64,
            began.elapsed()
        );
        said.push(text);
    }
    let rate = word_error_rate(TWO_CITIES, &said.join(" "));
    println!("live: word error rate {rate:.3} in {} utterances", said.len());
    assert!(longest <= SAMPLE_RATE * 8 + 256, "no utterance is longer than 8 s");
    assert!(said.len() >= 2, "a reader pauses");
    assert!(rate <= 0.12, "word error rate {rate}: {said:?}");
}

#[test]
fn silence_says_nothing() {
    let _turn = turn();
    let model = model();
    let mut transcriber = model.transcriber(1).unwrap();
    let silence = vec![0.0; SAMPLE_RATE * 3];
    assert!(transcribe_long(&mut transcriber, &silence, &Request::default(), |_| {}).unwrap().segments.is_empty());
}

/// The model goes round in circles on this sentence when it is given just the context that its length needs.
#[test]
fn a_sentence_that_makes_the_model_loop_is_asked_for_again() {
    let _turn = turn();
    let sound = wav(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/nothing_before_us.wav"));
    let mut transcriber = model().transcriber(2).unwrap();
    let request = Request { language: Some("en"), ..Request::default() };
    let text = transcriber.transcribe(&sound, &request).unwrap().text();
    let rate = word_error_rate("We had everything before us, we had nothing before us.", &text);
    assert!(rate <= 0.1, "word error rate {rate}: {text:?}");
}

/// Short sentences from the folder of samples that `./muster test` fetches: `<language>_<name>.wav` with its `.txt`.
#[test]
fn the_language_is_heard_and_its_words_are_right() {
    let _turn = turn();
    let folder = std::env::var("MUSTER_SPEECH_DIR").expect("MUSTER_SPEECH_DIR names the folder of speech samples");
    let model = model();
    let mut transcriber = model.transcriber(2).unwrap();
    for (language, name) in [("en", "en_fox"), ("pt", "pt_pangram")] {
        let path = Path::new(&folder).join(name).with_extension("wav");
        let expected = std::fs::read_to_string(path.with_extension("txt")).unwrap();
        let said = transcribe_long(&mut transcriber, &wav(&path), &Request::default(), |_| {}).unwrap();
        let rate = word_error_rate(&expected, &said.text());
        println!("{name}: {} with a word error rate of {rate:.2}: {:?}", said.language, said.text());
        assert_eq!(said.language, language, "{name}");
        assert!(rate <= 0.25, "{name}: {:?} instead of {expected:?}", said.text());
    }
}
