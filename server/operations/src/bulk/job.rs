//! Import and export as jobs: the archive comes from and goes to the file storage.

use super::export::{self, Wanted};
use super::import;
use super::source;
use crate::jobs::{Ended, Job, Report, Runner, Work};
use chat::{Error, Result, Site};
use futures::StreamExt;
use object_store::path::Path as Location;
use object_store::{ObjectStoreExt, WriteMultipart};
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Folders of the file storage.
pub const IMPORTS: &str = "import";
pub const EXPORTS: &str = "export";
/// Bytes that are copied at once.
const CHUNK: usize = 4 << 20;

/// Says that this crate does these jobs.
pub fn register(runner: &Runner) {
    let import: Work = Arc::new(|site, job, report| Box::pin(run_import(site, job, report)));
    let export: Work = Arc::new(|site, job, report| Box::pin(run_export(site, job, report)));
    runner.register("import_process", import);
    runner.register("export_process", export);
}

/// A name without folders, as these lists give them.
///
/// # Errors
/// 400.
pub fn plain_name(name: &str, parameter: &str) -> Result<String> {
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\']) {
        return Err(Error::invalid_param(parameter));
    }
    Ok(name.to_owned())
}

async fn run_import(site: Site, job: Job, report: Report) -> Result<Ended> {
    let name = job.data.get("import_file").map(String::as_str).unwrap_or_default();
    let name = plain_name(name, "import_file")?;
    let missing =
        || Error::not_found("import_process.worker.do_job.file_exists", format!("There is no import {name}."));
    let local = tempfile::NamedTempFile::new().map_err(Error::internal)?;
    let found = site.files.get(&Location::from(format!("{IMPORTS}/{name}"))).await.map_err(|_| missing())?;
    let mut out = tokio::fs::File::create(local.path()).await.map_err(Error::internal)?;
    let mut bytes = found.into_stream();
    while let Some(chunk) = bytes.next().await {
        out.write_all(&chunk.map_err(Error::internal)?).await.map_err(Error::internal)?;
    }
    out.flush().await.map_err(Error::internal)?;
    drop(out);
    let path = local.path().to_owned();
    let source = tokio::task::spawn_blocking(move || source::open(&path)).await.map_err(Error::internal)??;
    let began = Instant::now();
    let mut tell = |p: import::Progress| {
        report.note("line_number", p.line.to_string());
        report.note("posts", p.posts.to_string());
        let per_cent = p.read.saturating_mul(100) / p.size.max(1);
        report.soon(i64::try_from(per_cent).unwrap_or(0));
    };
    let done = import::run(&site, source, false, &report.stop, &mut tell).await?;
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for the eye")]
    let rate = done.posts_new as f64 / seconds.max(0.001);
    report.note("posts_per_second", format!("{rate:.0}"));
    report.note("posts_new", done.posts_new.to_string());
    report.note("posts_known", done.posts_known.to_string());
    if let Some(problem) = done.problems.first() {
        report.note("line_number", problem.line.to_string());
        return Err(Error::invalid("import_process.worker.do_job.error", problem.to_string()));
    }
    if done.stopped {
        return Ok(Ended::Stopped);
    }
    for (kind, lines) in &done.skipped {
        report.note(&format!("skipped_{kind}"), lines.to_string());
    }
    Ok(if done.skipped.is_empty() { Ended::Well } else { Ended::WithWarnings })
}

async fn run_export(site: Site, job: Job, report: Report) -> Result<Ended> {
    let on = |name: &str| job.data.get(name).is_some_and(|v| v == "true");
    let wanted = Wanted {
        attachments: on("include_attachments"),
        archived_channels: on("include_archived_channels"),
        roles_and_schemes: on("include_roles_and_schemes"),
        profile_pictures: on("include_profile_pictures"),
    };
    let local = tempfile::NamedTempFile::new().map_err(Error::internal)?;
    let mut tell = |posts: u64| {
        report.note("posts", posts.to_string());
        // How many there are in all is not counted; clients show that it moves.
        report.soon(50);
    };
    let written = export::run(&site, local.path(), wanted, &report.stop, &mut tell).await?;
    if written.stopped {
        return Ok(Ended::Stopped);
    }
    let name = format!("{}_export.zip", job.id);
    let mut from = tokio::fs::File::open(local.path()).await.map_err(Error::internal)?;
    let location = Location::from(format!("{EXPORTS}/{name}"));
    let mut out = WriteMultipart::new(site.files.put_multipart(&location).await.map_err(Error::internal)?);
    loop {
        let mut chunk = vec![0; CHUNK];
        let n = from.read(&mut chunk).await.map_err(Error::internal)?;
        if n == 0 {
            break;
        }
        chunk.truncate(n);
        out.wait_for_capacity(2).await.map_err(Error::internal)?;
        out.put(chunk.into());
    }
    out.finish().await.map_err(Error::internal)?;
    report.note("export_file", name);
    report.note("posts", written.posts.to_string());
    report.note("missing_files", written.missing_files.to_string());
    Ok(if written.missing_files > 0 { Ended::WithWarnings } else { Ended::Well })
}
