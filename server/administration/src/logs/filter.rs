//! Which lines somebody asks for.

use chat::{Error, Result};
use kit::telemetry::Entry;
use serde::Deserialize;

/// Body of POST /logs/query. There is one server, whatever names are given.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    log_levels: Option<Vec<String>>,
    date_from: Option<String>,
    date_to: Option<String>,
}

/// [`Wanted`], understood.
pub struct Filter {
    levels: Vec<String>,
    from: i64,
    to: i64,
}

/// Milliseconds of `2024-01-15 14:30:45.123 -05:00`; `None` for no text.
fn instant(text: Option<&str>, field: &str) -> Result<Option<i64>> {
    let Some(text) = text.map(str::trim).filter(|t| !t.is_empty()) else { return Ok(None) };
    let spelled = text.trim_end_matches('Z').trim_end();
    let zoned = if text.ends_with('Z') { format!("{spelled} +00:00") } else { text.to_owned() };
    let parsed = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S%.f %:z", &zoned).and_then(|t| t.to_timestamp());
    let wanted = "a time like 2024-01-15 14:30:45.123 -05:00 is wanted";
    parsed.map(|t| Some(t.as_millisecond())).map_err(|_| Error::invalid_body(field, wanted))
}

impl Wanted {
    /// # Errors
    /// 400 for a time that is none.
    pub fn filter(self) -> Result<Filter> {
        Ok(Filter {
            levels: self.log_levels.unwrap_or_default().iter().map(|l| l.to_lowercase()).collect(),
            from: instant(self.date_from.as_deref(), "date_from")?.unwrap_or(i64::MIN),
            to: instant(self.date_to.as_deref(), "date_to")?.unwrap_or(i64::MAX),
        })
    }
}

impl Filter {
    /// Whether the line is asked for.
    pub fn takes(&self, entry: &Entry) -> bool {
        let level = entry.level.to_lowercase();
        (self.levels.is_empty() || self.levels.contains(&level)) && (self.from..=self.to).contains(&entry.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_levels_are_bounds() {
        let entry = |level, at| Entry { at, level, target: "t", message: String::new(), fields: vec![] };
        let wanted = Wanted {
            log_levels: Some(vec!["ERROR".into()]),
            date_from: Some("2024-01-15 09:30:45.123 -05:00".into()),
            date_to: Some("2024-01-15 14:30:46 Z".into()),
        };
        let filter = wanted.filter().unwrap();
        assert!(filter.takes(&entry("ERROR", 1_705_329_045_123)));
        assert!(filter.takes(&entry("ERROR", 1_705_329_046_000)));
        assert!(!filter.takes(&entry("ERROR", 1_705_329_045_122)) && !filter.takes(&entry("WARN", 1_705_329_045_123)));
        assert!(Wanted { date_to: Some("yesterday".into()), ..Wanted::default() }.filter().is_err());
    }
}
