//! A statement and how each engine spells it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

/// A statement with parameters `$1…$n`; `LIST($n)` stands for the members of a list parameter.
#[derive(Clone, Debug)]
pub struct Sql {
    sqlite: Cow<'static, str>,
    postgres: Cow<'static, str>,
}

impl Sql {
    /// The same text for both engines.
    pub const fn new(text: &'static str) -> Self {
        Self { sqlite: Cow::Borrowed(text), postgres: Cow::Borrowed(text) }
    }

    /// Two texts, where the dialects truly differ. The number of these is worth watching.
    pub const fn forked(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite: Cow::Borrowed(sqlite), postgres: Cow::Borrowed(postgres) }
    }

    /// A text put together at run time from constant parts (optional filters); values still go through parameters.
    pub fn built(text: String) -> Self {
        Self { sqlite: Cow::Owned(text.clone()), postgres: Cow::Owned(text) }
    }

    pub(crate) fn for_sqlite(&self) -> Arc<str> {
        spelled(&self.sqlite, "s", sqlite_text)
    }

    pub(crate) fn for_postgres(&self) -> Arc<str> {
        spelled(&self.postgres, "p", postgres_text)
    }
}

type Cache = RwLock<HashMap<(&'static str, usize, usize), Arc<str>>>;
static CACHE: LazyLock<Cache> = LazyLock::new(Cache::default);

/// Constant texts are rewritten once and found again by their address.
fn spelled(text: &Cow<'static, str>, engine: &'static str, rewrite: fn(&str) -> String) -> Arc<str> {
    let Cow::Borrowed(text) = text else { return rewrite(text).into() };
    let key = (engine, text.as_ptr() as usize, text.len());
    if let Some(found) = CACHE.read().ok().and_then(|cache| cache.get(&key).cloned()) {
        return found;
    }
    let rewritten: Arc<str> = rewrite(text).into();
    if let Ok(mut cache) = CACHE.write() {
        cache.insert(key, rewritten.clone());
    }
    rewritten
}

/// SQLite reads `$1` as a named parameter numbered by first appearance, so it becomes `?1`.
fn sqlite_text(text: &str) -> String {
    lists(text, |n| format!("(SELECT value FROM json_each(${n}))")).replace('$', "?")
}

fn postgres_text(text: &str) -> String {
    lists(text, |n| format!("(SELECT unnest(${n}::text[]))"))
}

fn lists(text: &str, spell: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some(at) = rest.find("LIST($") {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let inner = &tail["LIST($".len()..];
        let Some(end) = inner.find(')') else {
            out.push_str(tail);
            return out;
        };
        out.push_str(&spell(&inner[..end]));
        rest = &inner[end + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_engine_gets_its_spelling() {
        let sql = Sql::new("SELECT a FROM t WHERE b = $2 AND c IN LIST($1) AND d > $3");
        assert_eq!(
            &*sql.for_sqlite(),
            "SELECT a FROM t WHERE b = ?2 AND c IN (SELECT value FROM json_each(?1)) AND d > ?3"
        );
        assert_eq!(
            &*sql.for_postgres(),
            "SELECT a FROM t WHERE b = $2 AND c IN (SELECT unnest($1::text[])) AND d > $3"
        );
    }
}
