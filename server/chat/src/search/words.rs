//! What counts as a word: the one tokenizer behind the indexes of both engines and behind the posts that are in none yet.
//!
//! Letters are compared without case, accents and width. A word is a run of letters or a run of digits, so that
//! `foo_bar.baz`, addresses and dates are found by their parts. Languages that put no spaces between words are cut into
//! overlapping pairs of characters (`水道橋` is `水道`, `道橋`, `橋`): whatever part of a sentence somebody types is then a
//! row of pairs in the same order, and a single character is the beginning of a pair.

use unicode_normalization::UnicodeNormalization;

/// Longest word, characters; the rest of a longer one is not looked at. PostgreSQL takes 2,046 bytes.
const LONGEST: usize = 255;
/// What stands before a hashtag that is kept as one word. No letter of any language, so no message can hold it.
const TAG: char = '\u{e001}';
/// What stands for a character that separates words, inside a hashtag.
const SIGN: u32 = 0xe100;

/// What a character is for the tokenizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    /// Of a script without spaces between words.
    Dense,
    /// A picture or symbol that is a word by itself.
    Symbol,
    Separator,
}

fn class(c: char) -> Class {
    match u32::from(c) {
        0x3005..=0x3007 | 0x3041..=0x3096 | 0x3099..=0x309f | 0x30a1..=0x30fa | 0x30fc..=0x312f => Class::Dense,
        0x1100..=0x11ff | 0x3131..=0x318e | 0xa960..=0xa97c | 0xac00..=0xd7fb => Class::Dense,
        0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff => Class::Dense,
        // Thai, Lao, Myanmar, Khmer; their digits are digits.
        0x0e01..=0x0e3a | 0x0e40..=0x0e4e | 0x0e81..=0x0ece | 0x0edc..=0x0edf => Class::Dense,
        0x1000..=0x103f | 0x1050..=0x108f | 0x1780..=0x17d3 => Class::Dense,
        0x2190..=0x2bff | 0x1_f000..=0x1_faff => Class::Symbol,
        _ if c.is_numeric() => Class::Digit,
        _ if c.is_alphabetic() || unicode_normalization::char::is_combining_mark(c) => Class::Letter,
        _ => Class::Separator,
    }
}

/// Whether a sign only says how a letter is spoken: accents of Latin, Greek and Cyrillic, vowel signs of Hebrew and Arabic;
/// and which picture of a symbol is meant.
fn is_accent(c: char) -> bool {
    matches!(u32::from(c), 0x0300..=0x036f | 0x0591..=0x05bd | 0x05bf..=0x05c7 | 0x064b..=0x065f | 0x0670 | 0xfe00..=0xfe0f)
}

/// The text as it is compared.
fn folded(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_accent(*c)).flat_map(char::to_lowercase).filter(|c| !is_accent(*c));
    let mut out = String::with_capacity(text.len());
    for c in plain {
        match c {
            'ß' => out.push_str("ss"),
            'ς' => out.push('σ'),
            c => out.push(c),
        }
    }
    // Hangul and kana were taken apart.
    if out.is_ascii() { out } else { out.nfc().collect() }
}

/// Runs of one class, in order.
fn runs(folded: &str) -> Vec<(Class, &str)> {
    let mut out: Vec<(Class, &str)> = Vec::new();
    let mut from = 0;
    let mut last = Class::Separator;
    for (at, c) in folded.char_indices() {
        let now = class(c);
        if now != last || now == Class::Symbol {
            if last != Class::Separator {
                out.push((last, &folded[from..at]));
            }
            (from, last) = (at, now);
        }
    }
    if last != Class::Separator {
        out.push((last, &folded[from..]));
    }
    out
}

fn capped(word: &str) -> String {
    word.chars().take(LONGEST).collect()
}

/// The pairs of a run of a dense script, and its last character.
fn pairs(run: &str) -> impl Iterator<Item = String> {
    let ends = run.char_indices().map(|(at, c)| at + c.len_utf8()).skip(1).chain([run.len()]);
    run.char_indices().zip(ends).map(|((from, _), to)| run[from..to].to_owned())
}

/// The words of a text, in order.
pub fn words(text: &str) -> Vec<String> {
    let folded = folded(text);
    let mut out = Vec::new();
    for (class, run) in runs(&folded) {
        if class == Class::Dense { out.extend(pairs(run)) } else { out.push(capped(run)) }
    }
    out
}

/// Words that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    pub words: Vec<String>,
    /// The last one may go on.
    pub open: bool,
}

/// What a text must hold so that this is found in it; `None` when there are no words in it. `open`: the last word may be
/// the beginning of a longer one.
pub fn phrase(text: &str, open: bool) -> Option<Phrase> {
    let folded = folded(text);
    let runs = runs(&folded);
    let mut words = words(text);
    let mut open = open;
    if let Some((Class::Dense, run)) = runs.last() {
        // The end of what was typed need not be the end of what was written: its last character alone is no word, unless
        // there is nothing else of it.
        open = run.chars().count() == 1;
        if !open {
            words.pop();
        }
    }
    (!words.is_empty()).then_some(Phrase { words, open })
}

/// A hashtag (without `#`) as one word.
pub fn tag(text: &str) -> String {
    let mut out = String::from(TAG);
    for c in folded(text).chars().take(LONGEST) {
        let plain = !c.is_ascii() || c.is_ascii_alphanumeric();
        out.push(if plain { c } else { char::from_u32(SIGN + u32::from(c)).unwrap_or(c) });
    }
    out
}

/// A text as it is searched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    pub words: Vec<String>,
    /// As [`tag`] makes them.
    pub tags: Vec<String>,
}

impl Text {
    /// `tags`: the hashtags, with spaces between.
    pub fn of(text: &str, tags: &str) -> Self {
        let tags = tags.split_whitespace().map(|t| tag(t.strip_prefix('#').unwrap_or(t))).collect();
        Self { words: words(text), tags }
    }

    pub fn holds(&self, phrase: &Phrase) -> bool {
        let fits = |there: &[String]| {
            there.iter().zip(&phrase.words).enumerate().all(|(n, (word, wanted))| {
                word == wanted || phrase.open && n + 1 == phrase.words.len() && word.starts_with(wanted.as_str())
            })
        };
        self.words.windows(phrase.words.len()).any(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finds(text: &str, typed: &str) -> bool {
        Text::of(text, "").holds(&phrase(typed, false).unwrap())
    }

    #[test]
    fn words_are_whole_and_know_neither_case_nor_accent_nor_width() {
        assert_eq!(words("Água, ÉCOLE ＡＢＣ Straße ёлка"), ["agua", "ecole", "abc", "strasse", "елка"]);
        assert!(finds("Concatenate", "concatenate") && !finds("concatenate", "cat"));
        assert!(Text::of("concatenate", "").holds(&phrase("conc", true).unwrap()));
        assert!(
            finds("We can't go", "can't")
                && finds("clean water", "Clean  Water")
                && !finds("clean, the water", "clean water")
        );
        assert_eq!(phrase("!!! -", false), None);
    }

    #[test]
    fn identifiers_addresses_and_numbers_are_found_by_their_parts() {
        let text = "see foo_bar.baz, write to ana.b@site.example, https://a.example/x?id=1234, v1.20, 2026-11-24, ABC-123x @bruno #night-shift";
        for typed in [
            "foo",
            "bar",
            "foo_bar",
            "bar.baz",
            "foo_bar.baz",
            "ana.b@site.example",
            "site.example",
            "site",
            "1234",
            "https://a.example/x",
            "v1",
            "1.20",
            "2026",
            "11-24",
            "2026-11-24",
            "abc",
            "123",
            "ABC-123",
            "abc-123x",
            "@bruno",
            "bruno",
            "night",
            "#night-shift",
        ] {
            assert!(finds(text, typed), "{typed}");
        }
        assert!(!finds(text, "foobar") && !finds(text, "1_20x"));
        assert_ne!(tag("night-shift"), tag("nightshift"));
        assert_eq!(tag("Água"), tag("agua"));
    }

    #[test]
    fn scripts_without_spaces_are_found_in_any_part() {
        assert_eq!(words("水道橋abc 水"), ["水道", "道橋", "橋", "abc", "水"]);
        for (text, typed) in [
            ("明日の給水車は午後に到着します", "給水車"),
            ("明日の給水車は", "車"),
            ("明日の給水車は", "は"),
            ("ガソリン", "ｶﾞｿﾘﾝ"),
            ("서울시청안내", "시청"),
            ("น้ำสะอาดมาถึงแล้ว", "สะอาด"),
            ("第1回の会議", "第1回"),
            ("第1回の会議", "1回の"),
            ("iPhone15发布", "15发"),
            ("done 👍🏽 ok", "👍"),
        ] {
            assert!(finds(text, typed), "{typed} in {text}");
        }
        assert!(!finds("水車", "車水") && !finds("給水 車", "水車"));
    }

    proptest! {
        #[test]
        fn any_part_of_a_dense_text_is_found(text in "[\u{4e00}-\u{4e10}\u{3041}-\u{3050}\u{ac00}-\u{ac10}]{1,12}", from in 0..12usize, length in 1..12usize) {
            let all: Vec<char> = text.chars().collect();
            let from = from.min(all.len() - 1);
            let part: String = all[from..(from + length).min(all.len())].iter().collect();
            prop_assert!(finds(&text, &part), "{} in {}", part, text);
        }

        #[test]
        fn a_text_is_found_by_itself_and_its_words_are_safe_for_both_engines(text in "\\PC{0,60}") {
            if let Some(whole) = phrase(&text, false) {
                prop_assert!(Text::of(&text, "").holds(&whole));
            }
            for word in words(&text).into_iter().chain([tag(&text)]) {
                prop_assert!(!word.is_empty());
                prop_assert!(word.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric()), "{:?}", word);
            }
        }
    }
}
