//! `muster up`: one task per service that starts, probes and restarts it; one place that waits for all of them.

use crate::child::{self, Spec};
use crate::config::{Config, ServiceFlags};
use crate::plan::{self, Phase, Service};
use crate::{control, health, report, weights};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Why a command of the supervisor failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{reason}")]
    Settings { reason: String },
    #[error("{} is missing; build it first (./muster up does)", path.display())]
    Missing { path: PathBuf },
    #[error("{}: {source}", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("{name} cannot be started: {source}")]
    Start { name: &'static str, source: std::io::Error },
    #[error("{name} does not start:\n{last_words}")]
    GaveUp { name: &'static str, last_words: String, exit_code: Option<i32> },
    #[error("a site with this data folder runs already ({}); ./muster status shows it", data.display())]
    Running { data: PathBuf },
    #[error("no site with this data folder runs ({})", data.display())]
    NotRunning { data: PathBuf },
    #[error("the services did not stop within {seconds} s")]
    StopLate { seconds: u64 },
    #[error("there is no service {name:?}; services are rtcd, offloader, llm and server")]
    UnknownService { name: String },
}

impl Error {
    /// 2 for what the user can mend on the command line or in the file, 1 for the rest.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Settings { .. } | Self::UnknownService { .. } => 2,
            Self::GaveUp { exit_code: Some(2), .. } => 2,
            _ => 1,
        }
    }
}

/// The state of all services, shared by their tasks, the start and `status`.
#[derive(Clone)]
pub struct Board(Arc<Mutex<Vec<Service>>>);

impl Board {
    fn new(specs: &[Spec]) -> Self {
        let row = |s: &Spec| Service {
            name: s.name.into(),
            phase: Phase::Starting,
            address: s.address.clone(),
            pid: None,
            restarts: 0,
            detail: String::new(),
        };
        Self(Arc::new(Mutex::new(specs.iter().map(row).collect())))
    }

    /// A copy of all rows.
    pub fn snapshot(&self) -> Vec<Service> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn set(&self, name: &str, change: impl FnOnce(&mut Service)) {
        let mut rows = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(row) = rows.iter_mut().find(|r| r.name == name) {
            change(row);
        }
    }

    fn all_ready(&self) -> bool {
        self.snapshot().iter().all(|s| s.phase == Phase::Ready)
    }
}

/// Runs the site until a signal or `down`.
///
/// # Errors
/// When the configuration is wrong, a site runs already, or a service does not start.
pub async fn foreground(config: Config, flags: ServiceFlags) -> Result<ExitCode, Error> {
    for folder in ["logs", "run", "server", "rtcd", "offloader", "llm"] {
        let path = config.data.join(folder);
        std::fs::create_dir_all(&path).map_err(|source| Error::Folder { path, source })?;
    }
    let specs = child::specs(&config, &flags).await?;
    let stop = kit::shutdown::on_signal().map_err(|source| Error::Folder { path: config.data.clone(), source })?;
    let board = Board::new(&specs);
    control::serve(&config, board.clone(), stop.clone()).await?;
    if config.fetch_models {
        weights::fetch(&config).await;
    }
    let outcome = watch_all(&config, specs, &board, &stop).await;
    if config.socket().exists() {
        std::fs::remove_file(config.socket()).map_err(|source| Error::Folder { path: config.socket(), source })?;
    }
    outcome
}

async fn watch_all(
    config: &Config,
    specs: Vec<Spec>,
    board: &Board,
    stop: &CancellationToken,
) -> Result<ExitCode, Error> {
    let (url, hint) = told(specs.last());
    let mut tasks = tokio::task::JoinSet::new();
    for spec in specs {
        tasks.spawn(watch(config.clone(), spec, board.clone(), stop.clone()));
    }
    let begun = Instant::now();
    let mut told = false;
    let mut failure = None;
    loop {
        tokio::select! {
            ended = tasks.join_next() => match ended {
                None => break,
                Some(Ok(Err(error))) => {
                    stop.cancel();
                    failure.get_or_insert(error);
                }
                Some(_) => {}
            },
            () = tokio::time::sleep(Duration::from_millis(100)), if !told && !stop.is_cancelled() => {
                if board.all_ready() {
                    report::line(&format!("Muster is ready after {:.1} s: {url}", begun.elapsed().as_secs_f32()));
                    if !hint.is_empty() {
                        report::line(&hint);
                    }
                    told = true;
                } else if begun.elapsed().as_secs() >= config.start_timeout_s {
                    report::line(&format!("Muster is up, but not all of it is ready: {url}"));
                    for s in board.snapshot().iter().filter(|s| s.phase != Phase::Ready) {
                        report::line(&format!("  {} is not ready: {}", s.name, s.detail));
                    }
                    told = true;
                }
            }
        }
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// Where people find the site, and what they have to do first; the last service is the one that people see.
fn told(last: Option<&Spec>) -> (String, String) {
    let plain = format!("http://{}", health::reachable(last.map_or("", |s| &s.address)));
    match last.and_then(|s| s.https.clone()) {
        Some(https) if https.own_authority => {
            let hint = format!(
                "  each device installs the site's certificate once: {plain}/trust says how; `./muster tls show` prints its fingerprint"
            );
            (https.url, hint)
        }
        Some(https) => (https.url, format!("  on this machine also {plain}")),
        None => (plain, String::new()),
    }
}

/// Keeps one service running until `stop`.
async fn watch(config: Config, spec: Spec, board: Board, stop: CancellationToken) -> Result<(), Error> {
    let client = reqwest::Client::new();
    let max_backoff = Duration::from_secs(config.max_backoff_s);
    let mut ever_ready = false;
    let mut restarts = 0;
    loop {
        let mut process = child::start(&spec, config.max_log_mb << 20)?;
        let pid = process.id();
        let begun = Instant::now();
        board.set(spec.name, |s| {
            s.phase = Phase::Starting;
            s.pid = pid;
            s.restarts = restarts;
            s.detail = String::new();
        });
        let status = loop {
            let wait = Duration::from_millis(if ever_ready { 2000 } else { 150 });
            tokio::select! {
                status = process.wait() => break status,
                () = stop.cancelled() => {
                    end(&mut process, Duration::from_secs(config.stop_timeout_s)).await;
                    board.set(spec.name, |s| { s.phase = Phase::Stopped; s.pid = None; });
                    return Ok(());
                }
                () = tokio::time::sleep(wait) => {
                    let probed = health::probe(&client, &spec.address).await;
                    let phase = plan::after_probe(ever_ready, probed.is_ok());
                    ever_ready |= probed.is_ok();
                    board.set(spec.name, |s| { s.phase = phase; s.detail = probed.err().unwrap_or_default(); });
                }
            }
        };
        let code = status.as_ref().ok().and_then(std::process::ExitStatus::code);
        if plan::gives_up(ever_ready, code, restarts) {
            return Err(Error::GaveUp { name: spec.name, last_words: child::last_words(&spec), exit_code: code });
        }
        // A service that ran well for a minute starts its count anew.
        restarts = if begun.elapsed() > Duration::from_secs(60) { 1 } else { restarts + 1 };
        let detail = status.map_or_else(|e| e.to_string(), |s| s.to_string());
        report::error(&format!("{} ended ({detail}); starting it again", spec.name));
        board.set(spec.name, |s| {
            s.phase = Phase::Waiting;
            s.pid = None;
            s.detail = detail;
        });
        tokio::select! {
            () = tokio::time::sleep(plan::backoff(restarts - 1, max_backoff)) => {}
            () = stop.cancelled() => return Ok(()),
        }
    }
}

async fn end(process: &mut tokio::process::Child, limit: Duration) {
    if let Some(pid) = process.id().and_then(|p| i32::try_from(p).ok()) {
        let terminated = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM);
        // A process that has ended this moment is what was wanted.
        if let Err(error) = terminated
            && error != nix::errno::Errno::ESRCH
        {
            report::error(&format!("cannot ask a service to stop: {error}"));
        }
    }
    if tokio::time::timeout(limit, process.wait()).await.is_err() {
        if let Err(error) = process.kill().await {
            report::error(&format!("cannot kill a service: {error}"));
        }
    }
}

/// `muster up --detach`: starts a supervisor of its own session and returns when all services are ready.
///
/// # Errors
/// When the other process ends early; its words are in `logs/supervisor.log`.
pub async fn detached(config: &Config) -> Result<ExitCode, Error> {
    if control::ask(config, "status").await.is_ok() {
        return Err(Error::Running { data: config.data.clone() });
    }
    let logs = config.data.join("logs");
    std::fs::create_dir_all(&logs).map_err(|source| Error::Folder { path: logs.clone(), source })?;
    if config.fetch_models {
        weights::fetch(config).await;
    }
    let path = logs.join("supervisor.log");
    let log = std::fs::File::create(&path).map_err(|source| Error::Folder { path: path.clone(), source })?;
    let failed = |source| Error::Start { name: "muster-supervisor", source };
    let args = std::env::args().skip(1).filter(|a| !a.starts_with("--detach"));
    let mut command = tokio::process::Command::new(std::env::current_exe().map_err(failed)?);
    command
        .args(args)
        .arg("--detach=false")
        .arg("--fetch-models=false")
        .stdin(std::process::Stdio::null())
        .stdout(log.try_clone().map_err(failed)?)
        .stderr(log);
    // SAFETY: setsid is async-signal-safe.
    unsafe {
        command.pre_exec(|| if libc::setsid() < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) });
    }
    let mut process = command.spawn().map_err(failed)?;
    let begun = Instant::now();
    let limit = Duration::from_secs(config.start_timeout_s + 5);
    loop {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let said = std::fs::read_to_string(&path).unwrap_or_default();
        if let Ok(Some(status)) = process.try_wait() {
            let code = status.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(1);
            report::line(said.trim_end());
            return Ok(ExitCode::from(code.max(1)));
        }
        if said.contains("Muster is ") || begun.elapsed() > limit {
            report::line(said.trim_end());
            return Ok(ExitCode::SUCCESS);
        }
    }
}
