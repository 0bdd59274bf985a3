//! What a search wants of a text, as words; and how each engine is asked for it.

use super::grammar::{Query, Term};
use super::words::{self, Phrase, Text};

/// One thing that a text must hold, or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    Phrase(Phrase),
    /// As [`words::tag`] makes it.
    Tag(String),
}

/// The terms of a search. A term without a word in it (`!!!`) asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expression {
    pub terms: Vec<Want>,
    pub without: Vec<Want>,
    /// Any of the terms is enough.
    pub any: bool,
}

impl Expression {
    /// `tags`: whether the texts have hashtags of their own; else these are words.
    pub fn of(query: &Query, any: bool, tags: bool) -> Self {
        let want = |term: &Term| match term {
            Term::Tag(tag) if tags => Some(Want::Tag(words::tag(tag))),
            Term::Tag(text) | Term::Text(text) => words::phrase(text, false).map(Want::Phrase),
            Term::Prefix(text) => words::phrase(text, true).map(Want::Phrase),
        };
        let wants = |terms: &[Term]| terms.iter().filter_map(want).collect();
        Self { terms: wants(&query.terms), without: wants(&query.without), any }
    }

    pub fn holds(&self, text: &Text) -> bool {
        let holds = |want: &Want| match want {
            Want::Phrase(phrase) => text.holds(phrase),
            Want::Tag(tag) => text.tags.contains(tag),
        };
        let found = if self.any && !self.terms.is_empty() {
            self.terms.iter().any(holds)
        } else {
            self.terms.iter().all(holds)
        };
        found && !self.without.iter().any(holds)
    }

    /// For FTS5's MATCH. `marks` are lists of words that stand in every text that may be found: one of each list.
    pub fn fts5(&self, marks: &[Vec<String>]) -> String {
        let spell = |want: &Want| match want {
            Want::Phrase(p) => format!("\"{}\"{}", p.words.join(" "), if p.open { " *" } else { "" }),
            Want::Tag(tag) => format!("\"{tag}\""),
        };
        let any_of = |list: &[String]| format!("({})", list.join(" OR "));
        let terms: Vec<String> = self.terms.iter().map(spell).collect();
        let mut all: Vec<String> = match terms.as_slice() {
            [] => Vec::new(),
            terms if self.any => vec![any_of(terms)],
            terms => terms.to_vec(),
        };
        all.extend(marks.iter().map(|list| any_of(&list.iter().map(|m| format!("\"{m}\"")).collect::<Vec<_>>())));
        let mut out = format!("({})", all.join(" AND "));
        for want in &self.without {
            // NOT binds to the left: ((a AND b) NOT c) NOT d.
            out = format!("({out} NOT {})", spell(want));
        }
        out
    }

    /// For PostgreSQL's `@@`; empty when nothing is asked for.
    pub fn tsquery(&self) -> String {
        let terms: Vec<String> = self.terms.iter().map(lexemes).collect();
        let mut all = match terms.as_slice() {
            [] => Vec::new(),
            terms => vec![format!("({})", terms.join(if self.any { " | " } else { " & " }))],
        };
        all.extend(self.without.iter().map(|w| format!("!{}", lexemes(w))));
        all.join(" & ")
    }
}

/// One want as a tsquery.
pub fn lexemes(want: &Want) -> String {
    match want {
        Want::Phrase(p) => {
            let last = p.words.len() - 1;
            let open = |n: usize| if p.open && n == last { ":*" } else { "" };
            let list: Vec<String> = p.words.iter().enumerate().map(|(n, w)| format!("'{w}'{}", open(n))).collect();
            format!("({})", list.join(" <-> "))
        }
        Want::Tag(tag) => format!("'{tag}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::grammar::parse;

    #[test]
    fn each_engine_is_asked_in_its_own_words() {
        let query = parse(r#"foo_bar wat* "a b" !!! #Plan -x -水"#).unwrap();
        let all = Expression::of(&query, false, true);
        let tag = words::tag("plan");
        assert_eq!(
            all.fts5(&[vec!["m".into(), "n".into()]]),
            format!(
                "(((\"foo bar\" AND \"wat\" * AND \"a b\" AND \"{tag}\" AND (\"m\" OR \"n\")) NOT \"x\") NOT \"水\" *)"
            )
        );
        assert_eq!(
            all.tsquery(),
            format!("(('foo' <-> 'bar') & ('wat':*) & ('a' <-> 'b') & '{tag}') & !('x') & !('水':*)")
        );
        let any = Expression::of(&parse("a b").unwrap(), true, true);
        assert_eq!((any.fts5(&[]), any.tsquery()), ("((\"a\" OR \"b\"))".into(), "(('a') | ('b'))".into()));
        assert!(any.holds(&Text::of("b", "")) && !all.holds(&Text::of("b", "")));
    }
}
