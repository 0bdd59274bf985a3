//! Recording, transcription and captions: asked for by the host, done by workers that join as the bot.
//!
//! The recording and the transcription stand and fall together. A worker may drop out and come back with its job id;
//! only when it stays away its job has ended.

use super::{Audience, Call, Job, JobKind, Refusal, job_state};
use serde_json::{Value, json};

/// Why a job cannot be started, stopped or reported on; users and workers read it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    #[error("no call ongoing")]
    NoCall,
    #[error("no permissions to record")]
    NotHost,
    #[error("recording already in progress")]
    AlreadyRecording,
    #[error("no recording in progress")]
    NotRecording,
    #[error("invalid job type")]
    InvalidType,
    #[error("no job ongoing")]
    NoJob,
    #[error("invalid job ID")]
    InvalidId,
    #[error("job has ended")]
    Ended,
    #[error("job has already started")]
    AlreadyStarted,
}

/// Ids of the jobs that have to be created at the recording service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jobs {
    pub post_id: String,
    pub recording: String,
    /// `None` when transcriptions are off.
    pub transcription: Option<String>,
}

/// What a worker reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusReport {
    Started,
    /// With the reason.
    Failed(String),
}

impl Call {
    /// Begins a recording for the host: rows for the jobs, of which the recording service does not know yet.
    ///
    /// # Errors
    /// [`JobError`]; nothing has changed then.
    pub fn start_recording(
        &mut self,
        user_id: &str,
        new_id: &mut dyn FnMut() -> String,
        now: i64,
    ) -> Result<Jobs, JobError> {
        self.may_record(user_id)?;
        if self.recording.as_ref().is_some_and(Job::goes_on) {
            return Err(JobError::AlreadyRecording);
        }
        let mut job = |kind| Job { id: new_id(), kind, creator_id: user_id.to_owned(), init_at: now, ..Job::default() };
        let mut recording = job(JobKind::Recording);
        let transcription = self.rules.transcriptions.then(|| job(JobKind::Transcribing));
        self.captions = (self.rules.transcriptions && self.rules.live_captions).then(|| job(JobKind::Captioning));
        self.transcription = transcription.map(|t| Job { sibling: recording.id.clone(), ..t });
        recording.sibling = self.transcription.as_ref().map(|t| t.id.clone()).unwrap_or_default();
        let jobs = Jobs {
            post_id: self.post_id.clone(),
            recording: recording.id.clone(),
            transcription: self.transcription.as_ref().map(|t| t.id.clone()),
        };
        self.recording = Some(recording);
        self.dirty.jobs = true;
        self.tell_job(JobKind::Recording);
        Ok(jobs)
    }

    fn may_record(&self, user_id: &str) -> Result<(), JobError> {
        if self.end_at != 0 || self.ending {
            return Err(JobError::NoCall);
        }
        if user_id == self.host_id { Ok(()) } else { Err(JobError::NotHost) }
    }

    /// The recording service has taken a job, or refused it for the reason given. The state of the recording.
    pub fn job_created(&mut self, job_id: &str, outcome: Result<String, String>, now: i64) -> Option<Value> {
        let kind = self.job_with(job_id)?.kind;
        match outcome {
            Ok(service_id) => {
                if let Some(job) = self.job_mut(kind) {
                    job.service_id = service_id;
                }
                self.dirty.jobs = true;
                self.tell_job(kind);
            }
            Err(reason) => self.fail(kind, &format!("failed to create {} job: {reason}", kind.as_str()), now),
        }
        self.recording.as_ref().map(job_state)
    }

    /// Ends the recording for the host. The state of the recording.
    ///
    /// # Errors
    /// [`JobError`]; nothing has changed then.
    pub fn stop_recording(&mut self, user_id: &str, now: i64) -> Result<Value, JobError> {
        self.may_record(user_id)?;
        if !self.recording.as_ref().is_some_and(Job::goes_on) {
            return Err(JobError::NotRecording);
        }
        self.end_jobs(now);
        self.recording.as_ref().map(job_state).ok_or(JobError::NotRecording)
    }

    /// What a worker says of its job.
    ///
    /// # Errors
    /// [`JobError`]; nothing has changed then.
    pub fn job_status(&mut self, job_id: &str, kind: &str, report: &StatusReport, now: i64) -> Result<(), JobError> {
        let kind = JobKind::parse(kind).filter(|k| *k != JobKind::Captioning).ok_or(JobError::InvalidType)?;
        let job = self.job_mut(kind).ok_or(JobError::NoJob)?;
        if job.id != job_id {
            return Err(JobError::InvalidId);
        }
        if !job.goes_on() {
            return Err(JobError::Ended);
        }
        match report {
            StatusReport::Started if job.start_at > 0 => return Err(JobError::AlreadyStarted),
            StatusReport::Started => {
                job.start_at = now;
                self.dirty.jobs = true;
                self.tell_job(kind);
                if let Some(captions) = self.captions.as_mut().filter(|c| kind == JobKind::Transcribing && c.goes_on())
                {
                    captions.start_at = now;
                    self.tell_job(JobKind::Captioning);
                }
            }
            StatusReport::Failed(reason) => self.fail(kind, reason, now),
        }
        Ok(())
    }

    /// Whether a worker with this job id is expected.
    pub(super) fn job_waits_for(&self, job_id: &str) -> Result<(), Refusal> {
        if job_id.is_empty() {
            return Err(Refusal::NoJobId);
        }
        let mut running =
            [&self.recording, &self.transcription].into_iter().flatten().filter(|j| j.goes_on()).peekable();
        if running.peek().is_none() {
            return Err(Refusal::NoJob);
        }
        if running.any(|j| j.id == job_id) { Ok(()) } else { Err(Refusal::OtherJob) }
    }

    pub(super) fn worker_is_back(&mut self, job_id: &str) {
        for job in [&mut self.recording, &mut self.transcription].into_iter().flatten().filter(|j| j.id == job_id) {
            job.worker_gone_by = 0;
        }
    }

    /// A worker is no longer in the call; if its job goes on, it may come back for a while.
    pub(super) fn worker_left(&mut self, job_id: &str, now: i64) {
        let gone_by = now + self.rules.worker_rejoin_ms;
        let jobs = [&mut self.recording, &mut self.transcription].into_iter().flatten();
        for job in jobs.filter(|j| j.id == job_id && j.goes_on() && j.start_at > 0) {
            job.worker_gone_by = gone_by;
        }
    }

    pub(super) fn tell_bot_of_recording(&mut self) {
        let Some(job) = &self.recording else { return };
        let data = json!({"callID": self.channel_id, "jobState": job_state(job), "channelID": self.channel_id});
        self.tell(Audience::User(self.rules.bot_id.clone()), "call_job_state", data);
    }

    /// Ends every job that goes on, without an error; workers finish and hand in what they have.
    pub(super) fn end_jobs(&mut self, now: i64) {
        for kind in [JobKind::Recording, JobKind::Transcribing, JobKind::Captioning] {
            self.end_job(kind, "", now);
        }
    }

    /// Ends a job with an error, and the others with it.
    fn fail(&mut self, kind: JobKind, reason: &str, now: i64) {
        self.end_job(kind, reason, now);
        self.end_jobs(now);
    }

    fn end_job(&mut self, kind: JobKind, err: &str, now: i64) {
        let Some(job) = self.job_mut(kind).filter(|j| j.goes_on()) else { return };
        job.end_at = now;
        job.err = err.to_owned();
        job.worker_gone_by = 0;
        let id = job.id.clone();
        self.dirty.jobs = true;
        if kind != JobKind::Captioning {
            self.tell(Audience::User(self.rules.bot_id.clone()), "job_stop", json!({"job_id": id}));
        }
        self.tell_job(kind);
    }

    fn tell_job(&mut self, kind: JobKind) {
        let Some(job) = self.job_mut(kind) else { return };
        let state = job_state(job);
        self.tell_participants("call_job_state", json!({"callID": self.channel_id, "jobState": state}));
    }

    fn job_mut(&mut self, kind: JobKind) -> Option<&mut Job> {
        match kind {
            JobKind::Recording => self.recording.as_mut(),
            JobKind::Transcribing => self.transcription.as_mut(),
            JobKind::Captioning => self.captions.as_mut(),
        }
    }

    /// The job with this id, if it is the latest of its kind.
    pub fn job_with(&self, id: &str) -> Option<&Job> {
        self.jobs().find(|j| j.id == id)
    }

    /// The latest job of each kind.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        [&self.recording, &self.transcription, &self.captions].into_iter().flatten()
    }

    pub(super) fn job_deadlines(&self) -> impl Iterator<Item = i64> {
        let recording = self.recording.as_ref().filter(|j| j.goes_on() && j.start_at > 0);
        let longest = recording.map(|j| j.start_at + self.rules.max_recording_ms);
        let jobs = [&self.recording, &self.transcription].into_iter().flatten().filter(|j| j.goes_on());
        let start_ms = self.rules.job_start_ms;
        let each = jobs.flat_map(move |j| {
            [(j.start_at == 0).then_some(j.init_at + start_ms), (j.worker_gone_by > 0).then_some(j.worker_gone_by)]
        });
        longest.into_iter().chain(each.flatten())
    }

    pub(super) fn tick_jobs(&mut self, now: i64) {
        let too_long = |j: &Job| j.goes_on() && j.start_at > 0 && j.start_at + self.rules.max_recording_ms <= now;
        if self.recording.as_ref().is_some_and(too_long) {
            self.end_jobs(now);
        }
        for (kind, what) in [(JobKind::Recording, "recording"), (JobKind::Transcribing, "transcriber")] {
            let start_ms = self.rules.job_start_ms;
            let Some(job) = self.job_mut(kind).filter(|j| j.goes_on()) else { continue };
            if job.start_at == 0 && job.init_at + start_ms <= now {
                self.fail(kind, &format!("failed to start {what} job: timed out waiting for bot to join call"), now);
            } else if job.worker_gone_by > 0 && job.worker_gone_by <= now {
                self.fail(kind, &format!("the {what} job left the call and did not come back"), now);
            }
        }
    }
}
