//! The line that a user types into the search box.

use crate::{Error, Result};
use jiff::civil::Date;

/// Most terms of one search; each costs a comparison per post.
const MAX_TERMS: usize = 32;

/// What a post has to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// A word, or several in this order when they were quoted.
    Text(String),
    /// The beginning of a word: `wat*`.
    Prefix(String),
    /// A hashtag, without the `#`.
    Tag(String),
}

/// A search as it was meant. Every list is empty when nothing was said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub terms: Vec<Term>,
    pub without: Vec<Term>,
    /// Usernames.
    pub from: Vec<String>,
    pub not_from: Vec<String>,
    /// Channel names, `@user` for direct messages.
    pub within: Vec<String>,
    pub not_within: Vec<String>,
    /// Extensions of files, without the dot.
    pub extensions: Vec<String>,
    pub not_extensions: Vec<String>,
    pub on: Option<Date>,
    pub before: Option<Date>,
    pub after: Option<Date>,
}

impl Query {
    /// Whether nothing at all was asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A piece of the line: its text, whether `-` stood before it, and whether it was quoted.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    text: String,
    negative: bool,
    quoted: bool,
}

/// Splits at white space; quoted text stays together, an open quote reaches to the end.
fn pieces(line: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (negative, tail) = match rest.strip_prefix('-') {
            Some(tail) if !tail.starts_with(char::is_whitespace) && !tail.is_empty() => (true, tail),
            _ => (false, rest),
        };
        let (text, next, quoted) = match tail.strip_prefix('"') {
            Some(inner) => {
                let (text, next) = inner.split_once('"').unwrap_or((inner, ""));
                (text, next, true)
            }
            None => {
                let end = tail.find(char::is_whitespace).unwrap_or(tail.len());
                (&tail[..end], &tail[end..], false)
            }
        };
        out.push(Piece { text: text.trim().to_owned(), negative, quoted });
        rest = next.trim_start();
    }
    out
}

/// The flags of the grammar.
const FLAGS: [&str; 7] = ["from", "in", "channel", "on", "before", "after", "ext"];

/// Splits `from:ana` into flag and value; the flag is in lower case.
fn flag(text: &str) -> Option<(String, &str)> {
    let (name, value) = text.split_once(':')?;
    let name = name.to_lowercase();
    FLAGS.contains(&name.as_str()).then_some((name, value))
}

/// Reads a line.
///
/// # Errors
/// 400 for a date that is none, and for more terms than are allowed.
pub fn parse(line: &str) -> Result<Query> {
    let mut query = Query::default();
    let mut pieces = pieces(line).into_iter().peekable();
    let mut count = 0;
    while let Some(piece) = pieces.next() {
        count += 1;
        if count > MAX_TERMS {
            return Err(Error::invalid_body("terms", &format!("at most {MAX_TERMS} words are searched for")));
        }
        let Some((name, value)) = flag(&piece.text).filter(|_| !piece.quoted) else {
            add_term(&mut query, piece);
            continue;
        };
        // `from: ana` means the same as `from:ana`.
        let value = match value {
            "" => pieces.next_if(|p| !p.negative).map(|p| p.text).unwrap_or_default(),
            value => value.to_owned(),
        };
        set_flag(&mut query, &name, value.trim_matches('"'), piece.negative)?;
    }
    Ok(query)
}

fn add_term(query: &mut Query, piece: Piece) {
    let text = if piece.quoted { piece.text.as_str() } else { piece.text.trim_end_matches('*') };
    if text.is_empty() {
        return;
    }
    let term = match text.strip_prefix('#').filter(|tag| !piece.quoted && !tag.is_empty()) {
        Some(tag) => Term::Tag(tag.to_owned()),
        None if text.len() < piece.text.len() => Term::Prefix(text.to_owned()),
        None => Term::Text(text.to_owned()),
    };
    if piece.negative { query.without.push(term) } else { query.terms.push(term) }
}

fn set_flag(query: &mut Query, name: &str, value: &str, negative: bool) -> Result<()> {
    if value.is_empty() {
        return Ok(());
    }
    let list = match (name, negative) {
        ("from", false) => &mut query.from,
        ("from", true) => &mut query.not_from,
        ("in" | "channel", false) => &mut query.within,
        ("in" | "channel", true) => &mut query.not_within,
        ("ext", false) => &mut query.extensions,
        ("ext", true) => &mut query.not_extensions,
        (date, _) => {
            let reason = format!("{date}: wants a date like 2026-01-31, not {value}");
            let parsed = value.parse::<Date>().map_err(|_| Error::invalid_body("terms", &reason))?;
            match date {
                "on" => query.on = Some(parsed),
                "before" => query.before = Some(parsed),
                _ => query.after = Some(parsed),
            }
            return Ok(());
        }
    };
    let plain = if name == "from" { value.trim_start_matches('@') } else { value.trim_start_matches(['~', '.']) };
    list.push(plain.to_lowercase());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(words: &[&str]) -> Vec<Term> {
        words.iter().map(|w| Term::Text((*w).into())).collect()
    }

    #[test]
    fn words_phrases_tags_and_exclusions() {
        let query = parse(r#"water "clean water" -dirty -"not this" #Plan gener* 水 - "open"#).unwrap();
        let mut expected = text(&["water", "clean water"]);
        expected.extend([Term::Tag("Plan".into()), Term::Prefix("gener".into())]);
        expected.extend(text(&["水", "-", "open"]));
        assert_eq!(query.terms, expected);
        assert_eq!(query.without, text(&["dirty", "not this"]));
    }

    #[test]
    fn flags_with_and_without_a_space() {
        let query = parse("from:@Ana from: bruno -from:eve in:~town-square in:@ana ext:.pdf on:2026-02-03").unwrap();
        assert_eq!(query.from, ["ana", "bruno"]);
        assert_eq!(query.not_from, ["eve"]);
        assert_eq!(query.within, ["town-square", "@ana"]);
        assert_eq!(query.extensions, ["pdf"]);
        assert_eq!(query.on, Some(jiff::civil::date(2026, 2, 3)));
        assert!(query.terms.is_empty());
        assert!(parse("before:yesterday").unwrap_err().message.contains("2026-01-31"));
        assert_eq!(parse("see http://a.example").unwrap().terms, text(&["see", "http://a.example"]));
    }

    proptest! {
        #[test]
        fn no_line_breaks_the_reader(line in "\\PC{0,80}") {
            if let Ok(query) = parse(&line) {
                prop_assert!(query.terms.len() + query.without.len() <= MAX_TERMS);
                prop_assert!(query.terms.iter().all(|t| !matches!(t, Term::Text(s) | Term::Prefix(s) | Term::Tag(s) if s.is_empty())));
            }
        }
    }
}
