//! Getting the default models before the services start.

use crate::config::Config;
use crate::report;
use tokio::process::Command;

/// Runs `muster-weights fetch`, which prints its progress and installs nothing by halves. A failure is told and the
/// site starts without the parts that need the missing model.
pub async fn fetch(config: &Config) {
    let binary = config.binaries().join("muster-weights");
    let mut command = Command::new(&binary);
    command.arg("fetch").arg("--models-dir").arg(config.models());
    if !config.package_cache.as_os_str().is_empty() {
        command.arg("--cache-dir").arg(&config.package_cache);
    }
    match command.status().await {
        Ok(status) if status.success() => {}
        Ok(_) => report::error(
            "some models are missing (see above); chat and calls start, what needs the models waits for them",
        ),
        Err(error) => report::error(&format!("{}: {error}; the site starts without new models", binary.display())),
    }
}
