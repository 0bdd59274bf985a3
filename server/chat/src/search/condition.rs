//! A search as one SQL condition, the same text for both engines. Values always go through parameters.

use super::grammar::{Query, Term};
use db::Value;
use jiff::civil::Date;
use jiff::tz::Offset;

/// Which columns a search looks at.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    /// The text that words are looked for in.
    pub text: &'static str,
    /// Space-separated `#tags`; `None` where there are none.
    pub tags: Option<&'static str>,
    /// A condition that holds when a longer text, kept in lower case, is LIKE `{}`; `None` where there is no such text.
    pub inside: Option<&'static str>,
}

/// What names in a search turned out to be.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Channels to look in, already cut down to what the asker may read.
    pub channels: Vec<String>,
    /// Ids of the authors; `None` when nobody was named.
    pub authors: Option<Vec<String>>,
    pub not_authors: Vec<String>,
    /// Any of the terms is enough.
    pub any: bool,
    /// How far the asker's clock is from UTC, seconds.
    pub offset: i64,
}

/// `text` for use between `%` of a LIKE with `ESCAPE '\'`.
pub fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// A condition under construction.
#[derive(Debug, Default)]
pub struct Condition {
    parts: Vec<String>,
    pub values: Vec<Value>,
}

impl Condition {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// A LIKE for one term. LOWER may know ASCII only, so that other letters are tried in the three usual spellings.
    fn holds(&mut self, columns: Columns, term: &Term) -> String {
        match (term, columns.tags) {
            (Term::Tag(tag), Some(column)) => {
                let n = self.bind(format!("% #{} %", escaped(&tag.to_lowercase())));
                format!("LOWER(' ' || {column} || ' ') LIKE {n} ESCAPE '\\'")
            }
            (Term::Tag(tag), None) => self.holds(columns, &Term::Text(format!("#{tag}"))),
            (Term::Text(text), _) => {
                let lower = text.to_lowercase();
                let n = self.bind(format!("%{}%", escaped(&lower)));
                let mut any = format!("LOWER({}) LIKE {n} ESCAPE '\\'", columns.text);
                if !text.is_ascii() {
                    for spelling in [text.to_uppercase(), title(&lower)] {
                        if spelling != lower {
                            let n = self.bind(format!("%{}%", escaped(&spelling)));
                            any.push_str(&format!(" OR {} LIKE {n} ESCAPE '\\'", columns.text));
                        }
                    }
                }
                if let Some(inside) = columns.inside {
                    any.push_str(" OR ");
                    any.push_str(&inside.replace("{}", &n));
                }
                format!("({any})")
            }
        }
    }

    /// Adds everything that posts and files have in common.
    pub fn of(query: &Query, scope: &Scope, columns: Columns) -> Self {
        let mut c = Self::default();
        let n = c.bind(scope.channels.clone());
        c.parts.push(format!("channel_id IN LIST({n})"));
        let terms: Vec<String> = query.terms.iter().map(|t| c.holds(columns, t)).collect();
        if !terms.is_empty() {
            c.parts.push(format!("({})", terms.join(if scope.any { " OR " } else { " AND " })));
        }
        for term in &query.without {
            let held = c.holds(columns, term);
            c.parts.push(format!("NOT {held}"));
        }
        if let Some(authors) = &scope.authors {
            let n = c.bind(authors.clone());
            c.parts.push(format!("user_id IN LIST({n})"));
        }
        if !scope.not_authors.is_empty() {
            let n = c.bind(scope.not_authors.clone());
            c.parts.push(format!("user_id NOT IN LIST({n})"));
        }
        let day = |date: Date| start_of_day(date, scope.offset);
        let next = |date: Date| day(date.tomorrow().unwrap_or(Date::MAX));
        if let Some(on) = query.on {
            c.between(Some(day(on)), Some(next(on)));
        }
        c.between(query.after.map(next), query.before.map(day));
        c
    }

    fn between(&mut self, from: Option<i64>, to: Option<i64>) {
        for (bound, comparison) in [(from, ">="), (to, "<")] {
            if let Some(at) = bound {
                let n = self.bind(at);
                self.parts.push(format!("create_at {comparison} {n}"));
            }
        }
    }

    /// Adds a list that a column has to be in, or must not be in.
    pub fn one_of(&mut self, column: &str, list: &[String], wanted: bool) {
        if !list.is_empty() {
            let n = self.bind(list);
            self.parts.push(format!("{column} {}IN LIST({n})", if wanted { "" } else { "NOT " }));
        }
    }

    /// Adds a condition without parameters.
    pub fn also(&mut self, text: &str) {
        self.parts.push(text.to_owned());
    }

    /// `WHERE …` newest first, one page.
    pub fn page(mut self, limit: i64, offset: i64) -> (String, Vec<Value>) {
        let (limit, offset) = (self.bind(limit), self.bind(offset));
        let text = format!(
            "WHERE {} ORDER BY create_at DESC, id DESC LIMIT {limit} OFFSET {offset}",
            self.parts.join(" AND ")
        );
        (text, self.values)
    }
}

fn title(lower: &str) -> String {
    let mut letters = lower.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Midnight of the asker's day in milliseconds.
fn start_of_day(date: Date, offset: i64) -> i64 {
    let offset = i32::try_from(offset).ok().and_then(|s| Offset::from_seconds(s).ok()).unwrap_or(Offset::UTC);
    offset.to_timestamp(date.at(0, 0, 0, 0)).map_or(i64::MAX, |t| t.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::grammar::parse;

    const POSTS: Columns = Columns { text: "message", tags: Some("hashtags"), inside: None };

    #[test]
    fn values_never_get_into_the_text() {
        let query = parse(r#"a% "b'; DROP" #c_ -d before:2026-01-02"#).unwrap();
        let scope = Scope { channels: vec!["x".into()], ..Scope::default() };
        let (text, values) = Condition::of(&query, &scope, POSTS).page(10, 0);
        assert!(!text.contains("DROP") && !text.contains("a%"), "{text}");
        assert_eq!(values[1], Value::from("%a\\%%"));
        assert_eq!(values[3], Value::from("% #c\\_ %"));
        assert!(text.contains("NOT (LOWER(message) LIKE $5") && text.contains("create_at < $6"), "{text}");
    }

    #[test]
    fn a_day_begins_at_the_askers_midnight() {
        let date = jiff::civil::date(2026, 1, 1);
        assert_eq!(start_of_day(date, 0), 1_767_225_600_000);
        assert_eq!(start_of_day(date, 3600), 1_767_225_600_000 - 3_600_000);
    }
}
