//! Runs due jobs: claims one, starts its worker, and writes down how it ended.

use crate::config::Config;
use crate::jobs::{Event, Exit, Limits, State};
use crate::store::{self, Record, StoreError};
use crate::worker;
use db::Db;
use kit::Clock;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Child;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often due attempts are looked for when nothing wakes the runner.
const LOOK: Duration = Duration::from_millis(500);
/// How often ended jobs are cleared away.
const CLEAR: Duration = Duration::from_secs(60);

/// Runs jobs; cheap to clone.
#[derive(Clone)]
pub struct Runner {
    config: Arc<Config>,
    db: Db,
    clock: Clock,
    wake: Arc<Notify>,
}

impl Runner {
    /// A runner on the table of `db`.
    pub fn new(config: Arc<Config>, db: Db, clock: Clock) -> Self {
        Self { config, db, clock, wake: Arc::new(Notify::new()) }
    }

    /// Looks for due jobs at once.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Folder of a job.
    pub fn folder(&self, id: &str) -> PathBuf {
        self.config.data_dir.join("jobs").join(id)
    }

    /// The file that a job's workers log to.
    pub fn log_path(&self, id: &str) -> PathBuf {
        self.folder(id).join("worker.log")
    }

    fn limits(&self) -> Limits {
        Limits { max_attempts: self.config.max_attempts, retry_ms: self.config.retry_seconds.max(0) * 1000 }
    }

    /// Runs until `stop`. Workers that run then die with the process, and their jobs go on at the next start.
    ///
    /// # Errors
    /// When the table cannot be read at the start.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        self.adopt().await?;
        let tasks = TaskTracker::new();
        let mut clear = tokio::time::interval(CLEAR);
        loop {
            if let Err(error) = self.start_due(&tasks, &stop).await {
                tracing::error!(%error, "looking for due jobs");
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                _ = clear.tick() => {
                    if let Err(error) = self.clear().await {
                        tracing::error!(%error, "clearing away ended jobs");
                    }
                }
            }
        }
        tasks.close();
        tasks.wait().await;
        Ok(())
    }

    /// Makes jobs due again whose worker died with an earlier run of the service.
    async fn adopt(&self) -> Result<(), StoreError> {
        let running = store::active(&mut self.db.read().await?).await?;
        for record in running.into_iter().filter(|r| r.progress.state == State::Running) {
            tracing::info!(job.id = record.job.id, "going on with a job of an earlier run");
            self.step(&record.job.id, Event::Orphaned).await?;
        }
        Ok(())
    }

    async fn step(&self, id: &str, event: Event) -> Result<Option<Record>, StoreError> {
        let mut tx = self.db.write().await?;
        let record = store::step(&mut tx, id, event, self.clock.now_ms(), self.limits()).await?;
        tx.commit().await?;
        Ok(record)
    }

    async fn start_due(&self, tasks: &TaskTracker, stop: &CancellationToken) -> Result<(), StoreError> {
        let now = self.clock.now_ms();
        let active = store::active(&mut self.db.read().await?).await?;
        for record in active.into_iter().filter(|r| r.progress.state == State::Waiting && r.progress.due_at <= now) {
            let Some(record) = self.step(&record.job.id, Event::Claim).await? else { continue };
            let (runner, stop) = (self.clone(), stop.clone());
            tasks.spawn(async move { runner.attempt(record, stop).await });
        }
        Ok(())
    }

    async fn attempt(&self, record: Record, stop: CancellationToken) {
        let (id, attempt) = (record.job.id.clone(), record.progress.attempts);
        tracing::info!(job.id = id, kind = record.job.kind.as_str(), attempt, "job starts");
        let exit = match self.spawn(&record) {
            Ok(child) => match self.supervise(child, &record, &stop).await {
                Some(exit) => exit,
                // The service stops: the table keeps the job as running, and the next start goes on with it.
                None => return,
            },
            Err(error) => Exit::Broken(format!("starting the worker: {error}")),
        };
        match &exit {
            Exit::Success => tracing::info!(job.id = id, "job done"),
            Exit::WrongInput(why) | Exit::Broken(why) => {
                tracing::warn!(job.id = id, attempt, why, "attempt failed");
            }
        }
        match self.step(&id, Event::Exited(exit)).await {
            Ok(Some(record)) if record.progress.state == State::Done => remove_all_but_log(&self.folder(&id)),
            Ok(_) => {}
            Err(error) => tracing::error!(job.id = id, %error, "writing down how a job ended"),
        }
        self.wake();
    }

    fn spawn(&self, record: &Record) -> std::io::Result<Child> {
        let folder = self.folder(&record.job.id);
        std::fs::create_dir_all(&folder)?;
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log_path(&record.job.id))?;
        let mut command = worker::command(&self.config, record.job.kind.as_str(), &record.job.input_data, &folder);
        command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(log);
        command.spawn()
    }

    /// Waits for the worker; tells it to finish when the job's time is over, and ends it when it does not. `None` when
    /// the service stops first.
    async fn supervise(&self, mut child: Child, record: &Record, stop: &CancellationToken) -> Option<Exit> {
        let end_at = record.job.start_at.saturating_add(record.job.max_duration_sec.saturating_mul(1000));
        let left = Duration::from_millis(u64::try_from(end_at - self.clock.now_ms()).unwrap_or(0));
        let finish = Duration::from_secs(self.config.finish_seconds);
        tokio::select! {
            () = stop.cancelled() => return None,
            ended = child.wait() => return Some(exit(ended)),
            () = tokio::time::sleep(left) => {}
        }
        tracing::info!(job.id = record.job.id, "the job's time is over");
        if let Some(pid) = child.id().and_then(|p| i32::try_from(p).ok()) {
            let told = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM);
            if let Err(error) = told {
                tracing::debug!(%error, "the worker is gone already");
            }
        }
        tokio::select! {
            () = stop.cancelled() => None,
            ended = child.wait() => Some(exit(ended)),
            () = tokio::time::sleep(finish) => {
                let ended = child.kill().await;
                Some(Exit::Broken(format!("did not finish within {finish:?} of its end: {ended:?}")))
            }
        }
    }

    /// Forgets jobs that ended long ago.
    async fn clear(&self) -> Result<(), StoreError> {
        let now = self.clock.now_ms();
        let done = now - self.config.done_jobs_retention_hours.max(0) * 3_600_000;
        let failed = match self.config.failed_jobs_retention_days {
            0 => i64::MIN,
            days => now - days * 86_400_000,
        };
        for (state, before) in [(State::Done, done), (State::Failed, failed)] {
            for id in store::ended(&mut self.db.read().await?, state, before).await? {
                let mut tx = self.db.write().await?;
                store::delete(&mut tx, &id).await?;
                tx.commit().await?;
                remove(&self.folder(&id));
            }
        }
        Ok(())
    }
}

fn exit(ended: std::io::Result<std::process::ExitStatus>) -> Exit {
    match ended {
        Ok(status) if status.success() => Exit::Success,
        Ok(status) if status.code() == Some(2) => Exit::WrongInput("the worker refused its input; see the log".into()),
        Ok(status) => Exit::Broken(format!("the worker ended with {status}")),
        Err(error) => Exit::Broken(format!("waiting for the worker: {error}")),
    }
}

/// Removes a job's folder; what cannot be removed is told and left.
pub fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(folder = %folder.display(), %error, "folder of a job not removed");
    }
}

/// Frees the space of a job that is done; its log can still be asked for.
fn remove_all_but_log(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name() != "worker.log"
            && let Err(error) = std::fs::remove_file(entry.path())
        {
            tracing::warn!(file = %entry.path().display(), %error, "file of a job not removed");
        }
    }
}
