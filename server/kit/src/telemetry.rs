//! Log lines on standard error: text by default, JSON with `json = true`; `MUSTER_LOG` filters (`info,rtcd=debug`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

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

/// Installs the process-wide subscriber; a second call (tests) is ignored.
pub fn init(cfg: &LogConfig) {
    let filter = EnvFilter::try_from_env("MUSTER_LOG")
        .or_else(|_| EnvFilter::try_new(&cfg.level))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    let installed = if cfg.json { builder.json().try_init() } else { builder.try_init() };
    if installed.is_err() {
        tracing::debug!("a log subscriber is installed already");
    }
}
