//! Conditions of a search in SQL, the same text for both engines. Values always go through parameters.

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
    values: Vec<Value>,
    /// The earliest time, and the first that is too late.
    times: (Option<i64>, Option<i64>),
}

impl Condition {
    /// Adds a parameter; how it is spelled.
    pub fn bind(&mut self, value: impl Into<Value>) -> String {
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
            (Term::Text(text) | Term::Prefix(text), _) => {
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

    /// Channels, authors and times: what posts and files have in common.
    pub fn filters(query: &Query, scope: &Scope) -> Self {
        let mut c = Self::default();
        let n = c.bind(scope.channels.clone());
        c.parts.push(format!("channel_id IN LIST({n})"));
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
        let from = [query.on.map(day), query.after.map(next)].into_iter().flatten().max();
        let to = [query.on.map(next), query.before.map(day)].into_iter().flatten().min();
        for (bound, comparison) in [(from, ">="), (to, "<")] {
            if let Some(at) = bound {
                let n = c.bind(at);
                c.parts.push(format!("create_at {comparison} {n}"));
            }
        }
        c.times = (from, to);
        c
    }

    /// The earliest time, and the first that is too late.
    pub fn times(&self) -> (Option<i64>, Option<i64>) {
        self.times
    }

    /// Adds the terms, each as a part of the text: what a row can be asked for that is in no index.
    pub fn words(&mut self, query: &Query, scope: &Scope, columns: Columns) {
        let terms: Vec<String> = query.terms.iter().map(|t| self.holds(columns, t)).collect();
        if !terms.is_empty() {
            self.parts.push(format!("({})", terms.join(if scope.any { " OR " } else { " AND " })));
        }
        for term in &query.without {
            let held = self.holds(columns, term);
            self.parts.push(format!("NOT {held}"));
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

    /// What stands after WHERE, and the parameters.
    pub fn ended(self) -> (String, Vec<Value>) {
        (self.parts.join(" AND "), self.values)
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
        let mut condition = Condition::filters(&query, &scope);
        condition.words(&query, &scope, POSTS);
        let (text, values) = condition.ended();
        assert!(!text.contains("DROP") && !text.contains("a%"), "{text}");
        assert_eq!(values[2], Value::from("%a\\%%"));
        assert_eq!(values[4], Value::from("% #c\\_ %"));
        assert!(text.contains("NOT (LOWER(message) LIKE $6") && text.contains("create_at < $2"), "{text}");
    }

    #[test]
    fn a_day_begins_at_the_askers_midnight() {
        let date = jiff::civil::date(2026, 1, 1);
        assert_eq!(start_of_day(date, 0), 1_767_225_600_000);
        assert_eq!(start_of_day(date, 3600), 1_767_225_600_000 - 3_600_000);
    }
}
