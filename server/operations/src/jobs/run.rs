//! The one runner: takes the job whose turn it is, works on it, writes down how it ended.

use super::state::{Status, Step};
use super::{Data, Job, store};
use chat::{Result, Site};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long a job may wait when nobody woke the runner (a row that another program wrote).
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Times that a job begins again after its process died.
const MOST_RESTARTS: u32 = 3;

/// How work ended that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    Well,
    /// Parts were left out; `data` says which.
    WithWarnings,
    /// Somebody cancelled it.
    Stopped,
}

type Outcome = Pin<Box<dyn Future<Output = Result<Ended>> + Send>>;
/// The work of one type of job.
pub type Work = Arc<dyn Fn(Site, Job, Report) -> Outcome + Send + Sync>;

/// Works jobs off; cheap to clone.
#[derive(Clone, Default)]
pub struct Runner {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    work: RwLock<HashMap<&'static str, Work>>,
    running: Mutex<HashMap<String, CancellationToken>>,
    wake: Notify,
}

/// What work tells while it goes on.
#[derive(Clone)]
pub struct Report {
    site: Site,
    id: String,
    data: Arc<Mutex<Data>>,
    last: Arc<Mutex<Option<Instant>>>,
    /// Cancelled when the job is to stop.
    pub stop: CancellationToken,
}

impl Report {
    /// Notes a value for clients to read.
    pub fn note(&self, name: &str, value: impl Into<String>) {
        self.data.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), value.into());
    }

    /// [`Report::progress`] for work that cannot wait for it; at most once a second.
    pub fn soon(&self, per_cent: i64) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|l| l.elapsed() < Duration::from_secs(1)) {
            return;
        }
        *last = Some(Instant::now());
        let report = self.clone();
        tokio::spawn(async move {
            if let Err(error) = report.progress(per_cent).await {
                tracing::warn!(%error, "the progress of a job could not be stored");
            }
        });
    }

    /// [`Report::progress`] as a part of a larger change: what was noted is kept when that is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn progress_in(&self, tx: &mut db::Tx, per_cent: i64) -> Result<()> {
        let data = self.data.lock().unwrap_or_else(PoisonError::into_inner).clone();
        store::report(tx, &self.id, per_cent.clamp(0, 100), &data, self.site.clock.now_ms()).await?;
        Ok(())
    }

    /// Stores how far the work is, and what was noted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn progress(&self, per_cent: i64) -> Result<()> {
        let mut tx = self.site.db.write().await?;
        self.progress_in(&mut tx, per_cent).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Runner {
    /// Says who does the jobs of a type.
    pub fn register(&self, kind: &'static str, work: Work) {
        self.inner.work.write().unwrap_or_else(PoisonError::into_inner).insert(kind, work);
    }

    /// Whether anybody does the jobs of a type.
    pub fn knows(&self, kind: &str) -> bool {
        self.inner.work.read().unwrap_or_else(PoisonError::into_inner).contains_key(kind)
    }

    /// There may be work.
    pub fn wake(&self) {
        self.inner.wake.notify_one();
    }

    /// Tells the work on a job to stop.
    pub fn stop(&self, id: &str) {
        if let Some(token) = self.inner.running.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            token.cancel();
        }
    }

    /// Works until `stop`. Jobs of an earlier process begin again.
    pub async fn run(self, site: Site, stop: CancellationToken) {
        if let Err(error) = self.adopt(&site).await {
            tracing::error!(%error, "looking after the jobs of an earlier process");
        }
        while !stop.is_cancelled() {
            match self.next(&site, &stop).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "working on jobs"),
            }
            tokio::select! {
                () = self.inner.wake.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn adopt(&self, site: &Site) -> Result<()> {
        let mut tx = site.db.write().await?;
        let now = site.clock.now_ms();
        for mut job in store::running(&mut tx).await? {
            let restarts: u32 = job.data.get("restarts").and_then(|n| n.parse().ok()).unwrap_or(0);
            job.data.insert("restarts".into(), (restarts + 1).to_string());
            let step = if restarts >= MOST_RESTARTS { Step::Fail } else { Step::Orphan };
            if step == Step::Fail {
                let reason = format!("the server ended {MOST_RESTARTS} times while it worked on this");
                job.data.insert("error".into(), reason);
            }
            store::report(&mut tx, &job.id, job.progress, &job.data, now).await?;
            store::step(&mut tx, &job.id, job.status, step, now).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Works on the next job, if there is one; whether there was.
    ///
    /// # Errors
    /// When the database fails; failing work is written down instead.
    pub async fn next(&self, site: &Site, stop: &CancellationToken) -> Result<bool> {
        let mut tx = site.db.write().await?;
        let Some(job) = store::waiting(&mut tx).await? else { return Ok(false) };
        let claimed = store::step(&mut tx, &job.id, Status::Pending, Step::Claim, site.clock.now_ms()).await?;
        tx.commit().await?;
        if !claimed {
            return Ok(true);
        }
        let token = stop.child_token();
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner).insert(job.id.clone(), token.clone());
        let data = Arc::new(Mutex::new(job.data.clone()));
        let report = Report { site: site.clone(), id: job.id.clone(), data, last: Arc::default(), stop: token };
        let (id, kind) = (job.id.clone(), job.kind.clone());
        tracing::info!(job.id = %id, job.type = %kind, "job begins");
        let work = self.inner.work.read().unwrap_or_else(PoisonError::into_inner).get(kind.as_str()).cloned();
        let outcome = match work {
            // A task of its own: work that panics ends its job, not the runner.
            Some(work) => tokio::spawn(work(site.clone(), job, report.clone()))
                .await
                .unwrap_or_else(|e| Err(chat::Error::internal(e))),
            None => Err(chat::Error::invalid("app.job.type.app_error", format!("No work is known for {kind}."))),
        };
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        if stop.is_cancelled() && outcome.as_ref().is_ok_and(|e| *e == Ended::Stopped) {
            // The server stops, not the job: it goes on at the next start.
            return Ok(true);
        }
        let step = match &outcome {
            Ok(Ended::Well) => Step::Finish,
            Ok(Ended::WithWarnings) => Step::Warn,
            Ok(Ended::Stopped) => Step::Stopped,
            Err(error) => {
                tracing::error!(job.id = %id, job.type = %kind, %error, "job failed");
                report.note("error", error.message.clone());
                Step::Fail
            }
        };
        self.end(site, &id, step, &report).await?;
        tracing::info!(job.id = %id, job.type = %kind, ended = ?step, "job ended");
        Ok(true)
    }

    async fn end(&self, site: &Site, id: &str, step: Step, report: &Report) -> Result<()> {
        let now = site.clock.now_ms();
        let data = report.data.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut tx = site.db.write().await?;
        if let Some(job) = store::get(&mut tx, id).await? {
            let progress = if step == Step::Finish { 100 } else { job.progress };
            store::report(&mut tx, id, progress, &data, now).await?;
            store::step(&mut tx, id, job.status, step, now).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
