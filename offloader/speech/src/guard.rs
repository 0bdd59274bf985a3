//! Rules against text that Whisper invents over silence, music and noise. Pure functions on finished segments.

use crate::whisper::Segment;

/// Why a segment is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing is left after cleaning.
    Empty,
    /// The model itself says that nobody spoke and is unsure of its words.
    NoSpeech,
    /// More characters a second than anybody speaks.
    TooFast,
    /// The same few words over and over.
    Repetition,
    /// A phrase from the ends of videos in the training data, over little sound.
    Outro,
}

/// Most characters a second that are believed of a human speaker.
const FASTEST_CHARS_PER_SECOND: f64 = 25.0;

/// Endings that Whisper learnt from video captions; lower case, without punctuation.
const OUTROS: &[&str] = &[
    "thank you",
    "thank you for watching",
    "thank you very much for watching",
    "thanks for watching",
    "please subscribe",
    "please subscribe to my channel",
    "subtitles by the amara org community",
    "bye bye",
    "legendas pela comunidade amara org",
    "obrigado por assistir",
    "e aí",
    "subtítulos realizados por la comunidad de amara org",
    "gracias por ver el video",
    "sous titres réalisés par la communauté d amara org",
    "sous titrage société radio canada",
    "merci d avoir regardé cette vidéo",
    "untertitel der amara org community",
    "untertitel im auftrag des zdf für funk 2017",
    "vielen dank fürs zuschauen",
    "sottotitoli creati dalla comunità amara org",
    "grazie per la visione",
    "продолжение следует",
    "ご視聴ありがとうございました",
    "谢谢观看",
];

/// Text without stage directions (`[Music]`, `(applause)`, `♪`) and without space around it.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0usize;
    for c in text.chars() {
        match c {
            '[' | '(' | '（' | '【' => depth += 1,
            ']' | ')' | '）' | '】' if depth > 0 => depth -= 1,
            '♪' | '♫' | '\u{fffd}' => {}
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    // An unclosed bracket would swallow speech: keep what was said.
    if depth > 0 {
        out = text.to_owned();
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a cleaned segment should be dropped, and why.
pub fn verdict(segment: &Segment) -> Option<Reason> {
    let words = normalised(&segment.text);
    if words.is_empty() {
        return Some(Reason::Empty);
    }
    if segment.no_speech_prob > 0.6 && segment.avg_logprob < -1.0 {
        return Some(Reason::NoSpeech);
    }
    let seconds = (segment.end_ms.saturating_sub(segment.start_ms)) as f64 / 1000.0;
    // Timestamps of very short segments are coarse; half a second is granted to all.
    if segment.text.chars().count() as f64 > FASTEST_CHARS_PER_SECOND * seconds.max(0.5) + 5.0 {
        return Some(Reason::TooFast);
    }
    if repeats(&words) {
        return Some(Reason::Repetition);
    }
    let doubtful = segment.no_speech_prob > 0.3 || segment.avg_logprob < -0.8 || seconds < 0.6;
    if doubtful && OUTROS.contains(&words.join(" ").as_str()) {
        return Some(Reason::Outro);
    }
    None
}

/// Lower-case words without punctuation.
pub(crate) fn normalised(text: &str) -> Vec<String> {
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// Whether a run of 1 to 6 words comes back at once four times or more and makes up most of the text.
fn repeats(words: &[String]) -> bool {
    (1..=6).any(|n| {
        let mut best = 0;
        let mut start = 0;
        while start + 2 * n <= words.len() {
            let mut times = 1;
            while start + (times + 1) * n <= words.len()
                && words[start..start + n] == words[start + times * n..start + (times + 1) * n]
            {
                times += 1;
            }
            best = best.max(times);
            start += if times > 1 { times * n } else { 1 };
        }
        best >= 4 && best * n * 10 >= words.len() * 6
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, seconds: f64, no_speech: f32, logprob: f32) -> Segment {
        Segment {
            end_ms: (seconds * 1000.0) as u64,
            text: clean(text),
            no_speech_prob: no_speech,
            avg_logprob: logprob,
            ..Segment::default()
        }
    }

    #[test]
    fn the_rules_by_example() {
        for (segment, expected) in [
            (said("It was the best of times, it was the worst of times.", 4.0, 0.1, -0.3), None),
            (said("[Music] (applause) ♪", 4.0, 0.1, -0.3), Some(Reason::Empty)),
            (said("...", 1.0, 0.1, -0.3), Some(Reason::Empty)),
            (said("So we should go then.", 4.0, 0.8, -1.4), Some(Reason::NoSpeech)),
            (said("So we should go then.", 4.0, 0.8, -0.2), None),
            (said(&"I think that we can do it today. ".repeat(3), 1.0, 0.1, -0.3), Some(Reason::TooFast)),
            (said("no no no no no no", 3.0, 0.1, -0.3), Some(Reason::Repetition)),
            (said("I don't know. I don't know. I don't know. I don't know.", 6.0, 0.1, -0.3), Some(Reason::Repetition)),
            (said("yes yes, of course we can do that", 3.0, 0.1, -0.3), None),
            (said("Thank you.", 1.0, 0.05, -0.2), None),
            (said("Thank you.", 0.4, 0.05, -0.2), Some(Reason::Outro)),
            (said("Thanks for watching!", 5.0, 0.5, -0.4), Some(Reason::Outro)),
            (said("Obrigado por assistir.", 5.0, 0.5, -0.4), Some(Reason::Outro)),
        ] {
            assert_eq!(verdict(&segment), expected, "{segment:?}");
        }
    }

    #[test]
    fn cleaning_keeps_what_was_said() {
        assert_eq!(clean("  Hello   [noise] there "), "Hello there");
        assert_eq!(clean("an open ( bracket"), "an open ( bracket");
        assert_eq!(clean("a) b"), "a) b");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged_without_panic(text in "\\PC{0,200}", ms in 0u64..100_000) {
            let segment = Segment { end_ms: ms, text: clean(&text), ..Segment::default() };
            proptest::prop_assert_eq!(verdict(&segment), verdict(&segment.clone()));
        }
    }
}
