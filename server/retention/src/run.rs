//! The job that erases what is too old. Each batch is a transaction that also holds how far the run is and how much it
//! erased, so that a run that is killed goes on where it was and says the right numbers in the end.

use crate::effective::{cutoff, since};
use crate::store;
use chat::audits::By;
use chat::erasing::aged::{self, Erased, Old, Wanted};
use chat::{Result, Site, audits};
use operations::jobs::{Ended, Job, Report};
use std::time::Duration;

/// Type of the job.
pub const JOB: &str = "data_retention";
/// Channels that are looked up at once.
const CHANNELS: i64 = 100;
/// Part of the progress that belongs to messages, per cent.
const MESSAGES: i64 = 90;

// What the data of the job say.
const AS_OF: &str = "as_of";
const POSTS: &str = "posts_deleted";
const FILES: &str = "files_deleted";
const CHANNEL: &str = "last_channel";

/// Where a run stands.
struct Run {
    site: Site,
    report: Report,
    /// Ages are counted from here, also after a restart; milliseconds.
    as_of: i64,
    erased: Erased,
    per_cent: i64,
}

impl Run {
    fn of(site: Site, job: &Job, report: Report) -> Self {
        let number = |name: &str| job.data.get(name).and_then(|n| n.parse::<i64>().ok());
        let count = |name: &str| number(name).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let as_of = number(AS_OF).unwrap_or_else(|| site.clock.now_ms());
        let erased = Erased { posts: count(POSTS), files: count(FILES) };
        Self { site, report, as_of, erased, per_cent: job.progress }
    }

    fn is_stopped(&self) -> bool {
        self.report.stop.is_cancelled()
    }

    fn wanted(&self, before: i64, after: Option<Old>) -> Wanted {
        let settings = self.site.config().retention.clone();
        Wanted { before, keep_pinned: settings.preserve_pinned_posts, after, limit: settings.batch_posts.max(1) }
    }

    /// Notes what a batch erased, in its transaction.
    async fn count(&mut self, tx: &mut db::Tx, more: Erased) -> Result<()> {
        self.erased.posts += more.posts;
        self.erased.files += more.files;
        self.report.note(POSTS, self.erased.posts.to_string());
        self.report.note(FILES, self.erased.files.to_string());
        self.report.progress_in(tx, self.per_cent).await
    }

    /// Lets everybody else write.
    async fn breathe(&self) {
        let pause = Duration::from_millis(self.site.config().retention.pause_ms.max(0).unsigned_abs());
        self.report.stop.run_until_cancelled(tokio::time::sleep(pause)).await;
    }

    async fn channel(&mut self, channel: &str, before: i64) -> Result<()> {
        let mut after = None;
        while !self.is_stopped() {
            let wanted = self.wanted(before, after.take());
            let batch = aged::old_posts(&mut self.site.db.read().await?, channel, &wanted).await?;
            let Some(last) = batch.last().cloned() else { return Ok(()) };
            let mut tx = self.site.db.write().await?;
            let erased = aged::erase_posts(&self.site, &mut tx, channel, &batch).await?;
            self.count(&mut tx, erased).await?;
            tx.commit().await?;
            after = Some(last);
            self.breathe().await;
        }
        Ok(())
    }

    async fn messages(&mut self, mut last: String) -> Result<()> {
        let site_wide = self.site.config().retention.messages();
        loop {
            let some = store::channels(&mut self.site.db.read().await?, &last, CHANNELS, site_wide).await?;
            if some.is_empty() {
                return Ok(());
            }
            for (channel, said) in some {
                if let Some(before) = cutoff(said, self.as_of) {
                    self.channel(&channel, before).await?;
                }
                if self.is_stopped() {
                    return Ok(());
                }
                last = channel;
            }
            self.report.note(CHANNEL, last.as_str());
            let (all, done) = store::count_channels(&mut self.site.db.read().await?, &last).await?;
            self.per_cent = (done * MESSAGES / all.max(1)).clamp(self.per_cent, MESSAGES);
            self.report.progress(self.per_cent).await?;
        }
    }

    async fn files(&mut self) -> Result<()> {
        let Some(hours) = self.site.config().retention.files() else { return Ok(()) };
        let before = since(hours, self.as_of);
        let mut after = None;
        while !self.is_stopped() {
            let wanted = self.wanted(before, after.take());
            let batch = aged::old_files(&mut self.site.db.read().await?, &wanted).await?;
            let Some(last) = batch.last().cloned() else { return Ok(()) };
            let mut tx = self.site.db.write().await?;
            let erased = aged::erase_files(&self.site, &mut tx, &batch).await?;
            self.count(&mut tx, erased).await?;
            tx.commit().await?;
            after = Some(last);
            self.breathe().await;
        }
        Ok(())
    }

    /// Says in the audits what was done.
    async fn tell(&self, job: &Job) -> Result<()> {
        let (posts, files, whole) = (self.erased.posts, self.erased.files, !self.is_stopped());
        let info = format!("job_id={} posts_deleted={posts} files_deleted={files} whole={whole}", job.id);
        let mut tx = self.site.db.write().await?;
        audits::record(&self.site, &mut tx, By::default(), "data_retention_job", &info).await?;
        tx.commit().await?;
        tracing::info!(posts, files, whole, "what was too old is erased");
        Ok(())
    }
}

/// Does the job.
///
/// # Errors
/// When the database fails.
pub async fn run(site: Site, job: Job, report: Report) -> Result<Ended> {
    let mut run = Run::of(site, &job, report);
    run.report.note(AS_OF, run.as_of.to_string());
    run.report.note(POSTS, run.erased.posts.to_string());
    run.report.note(FILES, run.erased.files.to_string());
    run.report.progress(run.per_cent).await?;
    run.messages(job.data.get(CHANNEL).cloned().unwrap_or_default()).await?;
    run.per_cent = run.per_cent.max(MESSAGES);
    run.files().await?;
    run.tell(&job).await?;
    Ok(if run.is_stopped() { Ended::Stopped } else { Ended::Well })
}
