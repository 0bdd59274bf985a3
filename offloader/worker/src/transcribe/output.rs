//! A finished transcript as WebVTT, as text to read, and as JSON.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::Write;

/// What one speaker said in one go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Session of the speaker.
    pub session_id: String,
    /// User of the speaker, empty when the server did not say.
    pub user_id: String,
    /// Name as shown.
    pub speaker: String,
    /// Milliseconds from the start of the transcript.
    pub start_ms: i64,
    /// Milliseconds from the start of the transcript.
    pub end_ms: i64,
    /// What was said.
    pub text: String,
    /// Language spoken, two letters.
    pub language: String,
}

/// A name with nothing in it that could be markup: letters, digits, `.`, `-`, `_` and single spaces.
pub fn speaker_name(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { ' ' }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The language of most of the text; `en` when nothing was said.
pub fn main_language(lines: &[Line]) -> String {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for line in lines.iter().filter(|l| !l.language.is_empty()) {
        *counts.entry(&line.language).or_default() += line.text.len();
    }
    counts.into_iter().max_by_key(|(_, n)| *n).map_or_else(|| "en".to_owned(), |(l, _)| l.to_owned())
}

/// WebVTT with a voice span and, for players that show none, the name in brackets.
pub fn vtt(lines: &[Line], omit_speaker: bool) -> String {
    let mut out = String::from("WEBVTT\n");
    for line in lines {
        let (start, end) = (clock_ms(line.start_ms), clock_ms(line.end_ms.max(line.start_ms + 1)));
        let text = escape(&line.text);
        let said = if omit_speaker { text } else { format!("<v {0}>({0}) {text}", escape(&line.speaker)) };
        write!(out, "\n{start} --> {end}\n{said}\n").expect("because writing to a String cannot fail");
    }
    out
}

/// Text in blocks: times, speaker, words. A speaker's lines are joined while the pause between them is shorter than
/// `silence_ms` and the block shorter than `duration_ms`.
pub fn text(lines: &[Line], silence_ms: i64, duration_ms: i64) -> String {
    let mut blocks: Vec<Line> = vec![];
    for line in lines {
        match blocks.last_mut() {
            Some(block)
                if block.session_id == line.session_id
                    && line.start_ms - block.end_ms < silence_ms
                    && block.end_ms - block.start_ms < duration_ms =>
            {
                block.end_ms = block.end_ms.max(line.end_ms);
                block.text = format!("{} {}", block.text, line.text);
            }
            _ => blocks.push(line.clone()),
        }
    }
    let shown: Vec<String> = blocks
        .iter()
        .map(|b| format!("{} -> {}\n{}\n{}\n", clock_s(b.start_ms), clock_s(b.end_ms), b.speaker, b.text))
        .collect();
    shown.join("\n")
}

/// All that is known, for programs.
pub fn json(lines: &[Line], language: &str) -> String {
    serde_json::to_string_pretty(&serde_json::json!({ "language": language, "lines": lines }))
        .expect("because strings and numbers are always JSON")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn clock_ms(ms: i64) -> String {
    let ms = ms.max(0);
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

fn clock_s(ms: i64) -> String {
    let s = (ms.max(0) + 500) / 1000;
    format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

/// Names the lines whose speaker could not be asked for: as the other lines of the session, which an earlier attempt may
/// have named while the speaker was there.
pub(super) fn name_the_rest(lines: &mut [Line]) {
    let named = |l: &&Line| !l.speaker.is_empty();
    let known: HashMap<String, (String, String)> =
        lines.iter().filter(named).map(|l| (l.session_id.clone(), (l.speaker.clone(), l.user_id.clone()))).collect();
    for line in lines.iter_mut().filter(|l| l.speaker.is_empty()) {
        match known.get(&line.session_id) {
            Some((speaker, user_id)) => (line.speaker, line.user_id) = (speaker.clone(), user_id.clone()),
            None => line.speaker = "Unknown speaker".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(session: &str, speaker: &str, start_ms: i64, end_ms: i64, text: &str) -> Line {
        let (session_id, speaker, text) = (session.into(), speaker.into(), text.into());
        Line { session_id, speaker, start_ms, end_ms, text, language: "en".into(), user_id: String::new() }
    }

    fn meeting() -> Vec<Line> {
        vec![
            line("a", "Ada Lovelace", 1200, 3400, "Shall we begin?"),
            line("b", "bob", 3900, 5000, "Yes, if 1 < 2 & all."),
            line("b", "bob", 6000, 7600, "It is."),
            line("b", "bob", 3_725_000, 3_726_501, "Still here."),
        ]
    }

    #[test]
    fn webvtt_as_players_and_the_web_client_read_it() {
        assert_eq!(
            vtt(&meeting(), false),
            "WEBVTT\n\n00:00:01.200 --> 00:00:03.400\n<v Ada Lovelace>(Ada Lovelace) Shall we begin?\n\n\
             00:00:03.900 --> 00:00:05.000\n<v bob>(bob) Yes, if 1 &lt; 2 &amp; all.\n\n\
             00:00:06.000 --> 00:00:07.600\n<v bob>(bob) It is.\n\n\
             01:02:05.000 --> 01:02:06.501\n<v bob>(bob) Still here.\n"
        );
        assert!(vtt(&meeting(), true).contains("\nIt is.\n"));
    }

    #[test]
    fn text_joins_what_one_speaker_says_without_a_pause() {
        assert_eq!(
            text(&meeting(), 2000, 10_000),
            "00:00:01 -> 00:00:03\nAda Lovelace\nShall we begin?\n\n\
             00:00:04 -> 00:00:08\nbob\nYes, if 1 < 2 & all. It is.\n\n\
             01:02:05 -> 01:02:07\nbob\nStill here.\n"
        );
        assert_eq!(text(&meeting(), 500, 10_000).matches("\nbob\n").count(), 3);
    }

    #[test]
    fn names_carry_no_markup() {
        assert_eq!(speaker_name("  Ada <b>  Lovelace\n"), "Ada b Lovelace");
        assert_eq!(speaker_name("José-María O'Neil_2.0"), "José-María O Neil_2.0");
    }

    #[test]
    fn the_language_is_that_of_most_text() {
        let mut lines = meeting();
        lines.push(Line {
            language: "pt".into(),
            text: "uma frase bem mais longa do que todas as outras juntas, de verdade".into(),
            ..Line::default()
        });
        assert_eq!(main_language(&lines), "pt");
        assert_eq!(main_language(&[]), "en");
    }
}
