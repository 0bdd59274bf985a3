//! Chat texts around a sentence translator: Markdown, mentions, links, code and emoji pass through untouched.
//!
//! Protected spans of a line are replaced by markers that the translator tends to copy. If the translation does not
//! hold every marker once and in order, the stretches between the spans are translated one by one instead: less
//! fluent, but nothing protected can be lost.

use regex::Regex;
use std::sync::LazyLock;

/// Everything inside a line that must come out as it went in.
static PROTECTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"``[^\n]*?``|`[^`\n]*`",                                 // code
        r"|https?://[^\s<>()]+(?:\([^\s()]*\))?[^\s<>().,;:!?]?", // addresses
        r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
        r"|\]\([^)\n]*\)|!?\[|\]", // links
        r"|<[^>\n]*>",
        r"|[@~][A-Za-z0-9_][A-Za-z0-9._-]*", // mentions, channels
        r"|#[\p{L}_][\p{L}\p{N}_-]*",
        r"|:[A-Za-z0-9_+-]+:",
        r"|[\p{Extended_Pictographic}\x{200d}\x{fe0f}\x{1f3fb}-\x{1f3ff}\x{1f1e6}-\x{1f1ff}]+",
        r"|\*{1,3}|~~|__|[`|\\]", // emphasis, table cells
    ))
    .expect("the pattern is a constant")
});

/// Markdown that opens a line: quotes, headings, list items, indentation.
static OPENING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:[ \t]*>)*[ \t]*(?:#{1,6}[ \t]+|(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?)?")
        .expect("the pattern is a constant")
});

/// Translates a text line by line with `translate`, which is given plain stretches of text.
pub fn translate(text: &str, translate: &mut dyn FnMut(&str) -> String) -> String {
    let mut output = String::with_capacity(text.len());
    let mut fence: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        let opened = ["```", "~~~"].into_iter().find(|mark| body.trim_start().starts_with(mark));
        let inside = fence.is_some();
        match (fence, opened) {
            (Some(mark), Some(found)) if mark == found => fence = None,
            (None, Some(found)) => fence = Some(found),
            _ => {}
        }
        if inside || opened.is_some() || body.starts_with("    ") || body.starts_with('\t') {
            output.push_str(body);
        } else {
            let start = OPENING.find(body).map_or(0, |found| found.end());
            output.push_str(&body[..start]);
            output.push_str(&translate_line(&body[start..], translate));
        }
        output.push_str(&line[body.len()..]);
    }
    output
}

/// Ranges of a line that must not change.
fn protected(line: &str) -> Vec<std::ops::Range<usize>> {
    let word = |at: usize| line[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
    let needs_edge = |text: &str| text.starts_with(['@', '#', ':']) || (text.starts_with('~') && text != "~~");
    PROTECTED
        .find_iter(line)
        .map(|found| {
            let punctuated = found.as_str().starts_with(['@', '~']) && found.len() > 2;
            let trimmed = if punctuated { found.as_str().trim_end_matches('.').len() } else { found.len() };
            found.start()..found.start() + trimmed
        })
        .filter(|range| !(needs_edge(&line[range.clone()]) && word(range.start)))
        .collect()
}

fn translate_line(line: &str, translate: &mut dyn FnMut(&str) -> String) -> String {
    let spans = protected(line);
    if spans.is_empty() {
        return stretch(line, translate);
    }
    if let Some(done) = with_markers(line, &spans, translate) {
        return done;
    }
    let mut output = String::new();
    let mut from = 0;
    for span in spans {
        output.push_str(&stretch(&line[from..span.start], translate));
        output.push_str(&line[span.clone()]);
        from = span.end;
    }
    output.push_str(&stretch(&line[from..], translate));
    output
}

/// Translates a stretch and keeps the white space around it; what has no letters is kept as it is.
fn stretch(text: &str, translate: &mut dyn FnMut(&str) -> String) -> String {
    let core = text.trim();
    if !core.chars().any(char::is_alphabetic) {
        return text.to_owned();
    }
    let at = text.len() - text.trim_start().len();
    format!("{}{}{}", &text[..at], translate(core).trim(), &text[at + core.len()..])
}

/// One translation with a marker per span; `None` when the markers did not survive.
fn with_markers(
    line: &str,
    spans: &[std::ops::Range<usize>],
    translate: &mut dyn FnMut(&str) -> String,
) -> Option<String> {
    let marker = |index: usize| format!("XQ{}X", index + 10);
    if spans.len() > 20 || line.contains("XQ") {
        return None;
    }
    let mut gaps = Vec::with_capacity(spans.len() + 1);
    let mut from = 0;
    for span in spans {
        gaps.push(&line[from..span.start]);
        from = span.end;
    }
    gaps.push(&line[from..]);
    if !gaps.iter().any(|gap| gap.chars().any(char::is_alphabetic)) {
        return None;
    }
    let mut masked = String::new();
    for (index, gap) in gaps.iter().enumerate() {
        // A marker glued to a word would be read as part of it.
        if index > 0 && gap.chars().next().is_none_or(char::is_alphanumeric) {
            masked.push(' ');
        }
        masked.push_str(gap);
        if index < spans.len() {
            if gap.chars().next_back().is_some_and(char::is_alphanumeric) {
                masked.push(' ');
            }
            masked.push_str(&marker(index));
        }
    }
    let translated = stretch(&masked, translate);
    let mut output = String::new();
    let mut rest = translated.as_str();
    for (index, gap) in gaps.iter().enumerate() {
        let (found, after) = match spans.get(index) {
            Some(_) => rest.split_once(marker(index).as_str())?,
            None => (rest, ""),
        };
        let letters = |text: &str| text.chars().any(char::is_alphabetic);
        let (kept, core) = (gap.trim(), found.trim());
        // A lost or moved marker, or words that went into one, show as a gap that was filled or emptied.
        if core.contains("XQ") || letters(kept) != letters(core) || kept.is_empty() != core.is_empty() {
            return None;
        }
        let start = gap.len() - gap.trim_start().len();
        let end = if kept.is_empty() { start } else { start + kept.len() };
        output.push_str(&gap[..start]);
        output.push_str(core);
        output.push_str(&gap[end..]);
        if let Some(span) = spans.get(index) {
            output.push_str(&line[span.clone()]);
        }
        rest = after;
    }
    Some(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn upper(text: &str) -> String {
        translate(text, &mut |t| t.to_uppercase())
    }

    /// Loses and mangles markers as a bad translator would.
    fn vandal(text: &str) -> String {
        translate(text, &mut |t| t.chars().rev().filter(|c| !c.is_ascii_digit()).collect())
    }

    #[test]
    fn chat_markup_comes_out_as_it_went_in() {
        assert_eq!(
            upper("hi @ana.b, see ~town-square and #news :tada: now"),
            "HI @ana.b, SEE ~town-square AND #news :tada: NOW"
        );
        assert_eq!(
            upper("run `cargo test` at https://a.b/c?d=e#f today."),
            "RUN `cargo test` AT https://a.b/c?d=e#f TODAY."
        );
        assert_eq!(
            upper("# title\n- [ ] **bold** item\n> quote\n1. one"),
            "# TITLE\n- [ ] **BOLD** ITEM\n> QUOTE\n1. ONE"
        );
        assert_eq!(upper("a\n```rust\nlet a = 1;\n```\nb\r\n"), "A\n```rust\nlet a = 1;\n```\nB\r\n");
        assert_eq!(upper("see [the docs](https://x.y/z) 🦀 ok"), "SEE [THE DOCS](https://x.y/z) 🦀 OK");
        assert_eq!(upper("| a | b |\n|---|---|"), "| A | B |\n|---|---|");
        assert_eq!(upper("mail me@x.org at 10:30: ok"), "MAIL me@x.org AT 10:30: OK");
        assert_eq!(upper("thanks @bob."), "THANKS @bob.");
    }

    #[test]
    fn a_bad_translator_loses_nothing_protected() {
        let out = vandal("please @ana look at `x1` and https://a.b/1 :tada1:");
        assert!(
            out.contains("@ana") && out.contains("`x1`") && out.contains("https://a.b/1") && out.contains(":tada1:"),
            "{out}"
        );
    }

    #[test]
    fn a_word_swallowed_by_a_marker_is_translated_alone() {
        let mut swallow = |t: &str| if t.contains("XQ") { t.replace(" new ", "") } else { t.to_uppercase() };
        assert_eq!(translate("the **new** one", &mut swallow), "THE **NEW** ONE");
    }

    proptest! {
        #[test]
        fn protected_spans_survive_any_translator_in_order(
            words in prop::collection::vec("[a-z]{1,6}|@[a-z]{2,5}|:[a-z]{2,5}:|`[a-z0-9 ]{1,6}`|https://[a-z]{2,4}\\.org/[a-z0-9]{0,4}|\\*\\*|~[a-z]{2,4}", 0..12)
        ) {
            let text = words.join(" ");
            let out = vandal(&text);
            let mut rest = out.as_str();
            for word in words.iter().filter(|w| !w.chars().all(char::is_alphabetic)) {
                let at = rest.find(word.as_str());
                prop_assert!(at.is_some(), "{word} lost from {out:?} of {text:?}");
                rest = &rest[at.unwrap() + word.len()..];
            }
        }

        #[test]
        fn an_identity_translator_changes_nothing_but_lines_stay(text in "[ a-z@#:*`~\\[\\]()|>\n-]{0,80}") {
            let out = translate(&text, &mut |t| t.to_owned());
            prop_assert_eq!(out, text);
        }
    }
}
