//! Log lines on standard error: text by default, JSON with `json = true`; `MUSTER_LOG` filters (`info,rtcd=debug`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

/// Longest message and longest value of a field that a [`Ring`] keeps, bytes.
const MAX_TEXT: usize = 2048;

/// The `log` table of every service's configuration.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Filter in the syntax of tracing's EnvFilter, for example `info,rtcd=debug`. MUSTER_LOG overrides it.
    pub level: String,
    /// One JSON object a line in place of text.
    pub json: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: "info".into(), json: false }
    }
}

/// A log line that was kept.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Unix milliseconds.
    pub at: i64,
    /// `INFO` and the like.
    pub level: &'static str,
    /// The module that said it.
    pub target: &'static str,
    pub message: String,
    pub fields: Vec<(&'static str, String)>,
}

/// The last log lines of this process, for whoever cannot read standard error; cheap to clone.
#[derive(Clone, Debug)]
pub struct Ring {
    most: usize,
    entries: Arc<Mutex<VecDeque<Entry>>>,
}

impl Ring {
    /// Keeps at most so many lines.
    pub fn new(most: usize) -> Self {
        Self { most, entries: Arc::default() }
    }

    /// The oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn push(&self, entry: Entry) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        while entries.len() >= self.most.max(1) {
            entries.pop_front();
        }
        entries.push_back(entry);
    }
}

/// Writes down the fields of an event.
#[derive(Default)]
struct Noted {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Visit for Noted {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut text = String::new();
        if write!(text, "{value:?}").is_err() {
            return;
        }
        let mut end = text.len().min(MAX_TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        match field.name() {
            "message" => self.message = text,
            name => self.fields.push((name, text)),
        }
    }
}

impl<S: tracing::Subscriber> Layer<S> for Ring {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if self.most == 0 {
            return;
        }
        let mut noted = Noted::default();
        event.record(&mut noted);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
        self.push(Entry {
            at: i64::try_from(now).unwrap_or(i64::MAX),
            level: event.metadata().level().as_str(),
            target: event.metadata().target(),
            message: noted.message,
            fields: noted.fields,
        });
    }
}

/// Installs the process-wide subscriber; a second call (tests) is ignored.
pub fn init(cfg: &LogConfig) {
    init_keeping(cfg, &Ring::new(0));
}

/// [`init`], with the last lines kept in `ring` too.
pub fn init_keeping(cfg: &LogConfig, ring: &Ring) {
    let filter = EnvFilter::try_from_env("MUSTER_LOG")
        .or_else(|_| EnvFilter::try_new(&cfg.level))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if cfg.json { lines.json().boxed() } else { lines.boxed() };
    let installed = tracing_subscriber::registry().with(lines.and_then(ring.clone()).with_filter(filter)).try_init();
    if installed.is_err() {
        tracing::debug!("a log subscriber is installed already");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_with_their_fields() {
        let ring = Ring::new(2);
        let subscriber = tracing_subscriber::registry().with(ring.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("first");
            tracing::warn!(user.id = "abc", count = 3, "second");
            tracing::error!(reason = %"ä".repeat(MAX_TEXT), "third");
        });
        let kept = ring.entries();
        let said: Vec<_> = kept.iter().map(|e| (e.level, e.message.as_str())).collect();
        assert_eq!(said, [("WARN", "second"), ("ERROR", "third")]);
        assert_eq!(kept[0].fields, [("user.id", "abc".to_owned()), ("count", "3".to_owned())]);
        assert_eq!(kept[1].fields[0].1.len(), MAX_TEXT, "one line cannot fill the memory");
    }
}
