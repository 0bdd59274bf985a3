//! `muster logs`: the log files of the services, merged by name, with `--follow`.

use crate::config::{Config, SERVICES};
use crate::report;
use crate::run::Error;
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Bytes shown of each log at first.
const TAIL: u64 = 16 * 1024;

/// Prints the end of the logs, and goes on when `follow` is set.
///
/// # Errors
/// [`Error::UnknownService`].
pub async fn show(config: &Config, only: Option<&str>) -> Result<ExitCode, Error> {
    if let Some(name) = only.filter(|n| !SERVICES.contains(n)) {
        return Err(Error::UnknownService { name: name.into() });
    }
    let names = SERVICES.iter().filter(|s| only.is_none_or(|o| o == **s));
    let mut offsets: BTreeMap<&str, u64> = BTreeMap::new();
    for name in names {
        let size = path(config, name).metadata().map_or(0, |m| m.len());
        offsets.insert(name, size.saturating_sub(TAIL));
    }
    loop {
        for (name, offset) in &mut offsets {
            for line in read_from(&path(config, name), offset) {
                report::line(&format!("{name:<9} | {line}"));
            }
        }
        if !config.follow {
            return Ok(ExitCode::SUCCESS);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

fn path(config: &Config, name: &str) -> PathBuf {
    config.data.join("logs").join(format!("{name}.log"))
}

/// Whole lines after `offset`, which moves on; a rotated file is read from its start.
fn read_from(path: &std::path::Path, offset: &mut u64) -> Vec<String> {
    let Ok(mut file) = std::fs::File::open(path) else { return Vec::new() };
    if file.metadata().is_ok_and(|m| m.len() < *offset) {
        *offset = 0;
    }
    let mut bytes = Vec::new();
    if file.seek(SeekFrom::Start(*offset)).is_err() || file.read_to_end(&mut bytes).is_err() {
        return Vec::new();
    }
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    *offset += whole as u64;
    String::from_utf8_lossy(&bytes[..whole]).lines().map(str::to_owned).collect()
}
