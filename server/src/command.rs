//! Carries out the sub-commands: opens what each needs, shows how far it is, answers with an exit code.

mod certificates;

use crate::config::Config;
use anyhow::Context;
use operations::command::Command;
use operations::dump::restore::{Contents, Target};
use operations::dump::{backup, migrate, restore};
use operations::{bulk, doctor};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Exit code: 0 done, 1 not.
///
/// # Errors
/// What stood against it.
pub async fn run(command: Command, config: Config) -> anyhow::Result<u8> {
    match command {
        Command::Import { file, dry } => import(&config, &file, dry).await,
        Command::Export { file } => export(&config, &file).await,
        Command::Backup { file } => back_up(&config, &file).await,
        Command::Restore { file, force } => put_back(&config, &file, force).await,
        Command::Verify { file } => verify(&file).await,
        Command::MigrateToPostgres { url } => move_to(&config, url).await,
        Command::Doctor { json } => examine(&config, json).await,
        Command::KeysRotate => rotate(&config).await,
        Command::TlsShow => certificates::show(&config),
        Command::TlsExportCa { file } => certificates::export_ca(&config, &file),
        Command::TlsRenew { new_ca } => certificates::renew(&config, new_ca),
    }
}

fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// One line on a terminal that is written over; on anything else a line every five seconds.
struct Progress {
    last: Option<Instant>,
    terminal: bool,
}

impl Progress {
    fn new() -> Self {
        Self { last: None, terminal: std::io::stderr().is_terminal() }
    }

    fn show(&mut self, text: &str) {
        let every = if self.terminal { Duration::from_millis(100) } else { Duration::from_secs(5) };
        if self.last.is_some_and(|last| last.elapsed() < every) {
            return;
        }
        self.last = Some(Instant::now());
        let mut err = std::io::stderr();
        drop(if self.terminal { write!(err, "\r\x1b[K{text}") } else { writeln!(err, "{text}") });
        drop(err.flush());
    }

    fn end(&self) {
        if self.terminal && self.last.is_some() {
            drop(write!(std::io::stderr(), "\r\x1b[K"));
        }
    }
}

/// A bar of twenty signs.
fn bar(done: u64, all: u64) -> String {
    let filled = usize::try_from(done.saturating_mul(20) / all.max(1)).unwrap_or(20).min(20);
    format!("[{}{}] {:>3} %", "#".repeat(filled), ".".repeat(20 - filled), done.saturating_mul(100) / all.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "a rate for the eye")]
fn per_second(count: u64, since: Instant) -> String {
    format!("{:.0}", count as f64 / since.elapsed().as_secs_f64().max(0.001))
}

async fn import(config: &Config, file: &Path, dry: bool) -> anyhow::Result<u8> {
    let site = crate::open_site(config).await?;
    let source = bulk::open(file)?;
    let (began, mut progress) = (Instant::now(), Progress::new());
    let mut tell = |p: bulk::Progress| {
        let rate = per_second(p.posts, began);
        progress.show(&format!("{} line {}, {} posts, {rate} posts/s", bar(p.read, p.size), p.line, p.posts));
    };
    let done = bulk::import(&site, source, dry, &CancellationToken::new(), &mut tell).await?;
    progress.end();
    for (kind, lines) in &done.lines {
        say(&format!("{kind}: {lines} lines"));
    }
    for (kind, lines) in &done.skipped {
        say(&format!("{kind}: {lines} lines left out; this server has no place for them"));
    }
    if !dry {
        let (new, known, rate) = (done.posts_new, done.posts_known, per_second(done.posts_new, began));
        say(&format!(
            "{new} posts written, {known} were there, {rate} posts/s, {:.1} s",
            began.elapsed().as_secs_f64()
        ));
    }
    for problem in &done.problems {
        drop(writeln!(std::io::stderr(), "{problem}"));
    }
    Ok(u8::from(!done.problems.is_empty()))
}

async fn export(config: &Config, file: &Path) -> anyhow::Result<u8> {
    anyhow::ensure!(!file.exists(), "{} exists already", file.display());
    require_a_site(config)?;
    let site = crate::open_site(config).await?;
    let (began, mut progress) = (Instant::now(), Progress::new());
    let wanted = bulk::Wanted::ALL;
    let mut tell = |posts: u64| progress.show(&format!("{posts} posts"));
    let done = bulk::export(&site, file, wanted, &CancellationToken::new(), &mut tell).await?;
    progress.end();
    for (kind, lines) in &done.lines {
        say(&format!("{kind}: {lines} lines"));
    }
    let (posts, files) = (done.posts, done.files);
    say(&format!(
        "{posts} posts, {files} files, {} missing, {:.1} s",
        done.missing_files,
        began.elapsed().as_secs_f64()
    ));
    Ok(u8::from(done.missing_files > 0))
}

/// What a backup holds beside database and files, by its name there.
fn beside(config: &Config) -> Vec<(String, PathBuf)> {
    let mut all = Vec::new();
    if let Ok(path) = std::env::var("MUSTER_CONFIG") {
        all.push(("muster.restored.toml".to_owned(), path.into()));
    }
    let key = chat::keys::path(&config.data_dir);
    if key.exists() && std::env::var_os(chat::keys::ENVIRONMENT).is_none() {
        all.push(("keys/site.key".into(), key));
    }
    let entries = std::fs::read_dir(tls::folder(&config.data_dir)).into_iter().flatten().flatten();
    for entry in entries.filter(|e| e.path().is_file()) {
        all.push((format!("tls/{}", entry.file_name().to_string_lossy()), entry.path()));
    }
    if config.tls.mode == tls::Mode::Files {
        // They lie anywhere; a restored site finds them in one place.
        all.push(("tls/from-files/certificate.pem".into(), config.tls.certificate.clone()));
        all.push(("tls/from-files/key.pem".into(), config.tls.key.clone()));
    }
    all
}

/// A backup or an export of a site that is not there means a wrong `--data-dir`; it must not look like a success.
fn require_a_site(config: &Config) -> anyhow::Result<()> {
    if let db::Options::Sqlite { path, .. } = config.database() {
        anyhow::ensure!(path.exists(), "there is no site in {}", config.data_dir.display());
    }
    Ok(())
}

async fn rotate(config: &Config) -> anyhow::Result<u8> {
    require_a_site(config)?;
    // Opening seals everything with the key that is there, so that the new one finds nothing it cannot read.
    let site = crate::open_site(config).await?;
    site.keys.rotate()?;
    let sealed = chat::keys::settle(&site.db, &site.keys).await?;
    let id = site.keys.ids().into_iter().next().unwrap_or_default();
    say(&format!(
        "{sealed} secrets are sealed with the new key {id}; older keys stay in {} for old copies of the database",
        site.keys.place()
    ));
    Ok(0)
}

async fn back_up(config: &Config, file: &Path) -> anyhow::Result<u8> {
    require_a_site(config)?;
    let site = crate::open_site(config).await?;
    let mut progress = Progress::new();
    let now = site.clock.now_ms();
    let mut tell = |what: &str, count: u64| progress.show(&format!("{what}: {count}"));
    let made = backup::write(&site.db, &*site.files, &beside(config), file, now, &mut tell)
        .await
        .with_context(|| format!("writing {}", file.display()))?;
    progress.end();
    say(&format!("{}: {} rows, {} files", file.display(), made.rows, made.files));
    let verified = verify(file).await?;
    if verified == 0 {
        let mut tx = site.db.write().await?;
        chat::system::set_value(&mut tx, administration::LAST_BACKUP, &now.to_string()).await?;
        tx.commit().await?;
    }
    Ok(verified)
}

fn told(contents: &Contents) {
    let rows: i64 = contents.rows.values().sum();
    let (tables, files) = (contents.rows.len(), contents.files);
    say(&format!("{rows} rows of {tables} tables and {files} files, from {} {}", contents.engine, contents.program));
}

async fn verify(file: &Path) -> anyhow::Result<u8> {
    let mut progress = Progress::new();
    let mut tell = |what: &str, _: u64| progress.show(what);
    let contents = restore::verify(file, &mut tell).await.with_context(|| file.display().to_string())?;
    progress.end();
    told(&contents);
    say("every hash and count is right");
    let elsewhere = std::env::var(chat::keys::ENVIRONMENT).ok();
    let elsewhere = elsewhere.map(|text| chat::keys::ids_of(&text)).unwrap_or_default();
    for id in &contents.keys_missing {
        let known = elsewhere.contains(id);
        let place = if known { "is in MUSTER_SITE_KEY: keep it with the backup" } else { "was not in keys/site.key" };
        say(&format!("the key {id}, which secrets in it are sealed with, is not in the backup; it {place}"));
    }
    Ok(u8::from(contents.keys_missing.iter().any(|id| !elsewhere.contains(id))))
}

async fn put_back(config: &Config, file: &Path, replace: bool) -> anyhow::Result<u8> {
    std::fs::create_dir_all(config.data_dir.join("files"))?;
    let db = db::Db::open(&config.database()).await.context("opening the database")?;
    let files = crate::open_files(config)?;
    let target = Target { db: &db, files: &*files, beside: config.data_dir.clone(), replace };
    let mut progress = Progress::new();
    let mut tell = |what: &str, _: u64| progress.show(what);
    let contents = restore::restore(file, &target, &mut tell).await?;
    progress.end();
    told(&contents);
    say("restored; sessions are those of the time of the backup");
    Ok(0)
}

async fn move_to(config: &Config, url: String) -> anyhow::Result<u8> {
    anyhow::ensure!(config.database_url.is_empty(), "this site is on PostgreSQL already ([server] database_url)");
    require_a_site(config)?;
    let from = db::Db::open(&config.database()).await.context("opening the SQLite database")?;
    db::migrate(&from, chat::schema::MIGRATIONS).await?;
    let to = db::Db::open(&db::Options::Postgres { url, pool_size: 2 }).await.context("opening the target")?;
    let mut progress = Progress::new();
    let tell = |table: &str, rows: i64, all: i64| {
        progress.show(&format!("{} {table}: {rows} of {all}", bar(rows.unsigned_abs(), all.unsigned_abs())));
    };
    let moved = migrate::run(&from, &to, tell).await?;
    progress.end();
    for table in moved.iter().filter(|t| t.rows > 0) {
        say(&format!("{}: {} rows, counted on both sides", table.table, table.rows));
    }
    say("moved; set [server] database_url to the new database and start the server");
    Ok(0)
}

async fn examine(config: &Config, json: bool) -> anyhow::Result<u8> {
    let mut findings = doctor::examine(&config.subject()).await;
    findings.extend(directory::examine(&config.directory).await);
    let text = if json { serde_json::to_string_pretty(&findings)? } else { doctor::text(&findings) };
    say(text.trim_end());
    Ok(doctor::exit_code(&findings))
}
