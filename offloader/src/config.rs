//! The `[offloader]` section of the configuration.

use kit::telemetry::LogConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Settings of the job service.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the HTTP API listens.
    pub listen_address: String,
    /// Folder of the job table, of running jobs and of uploads; kept private to this user.
    pub data_dir: PathBuf,
    /// Folder of models; speech recognition reads `whisper/<whisper_model>.bin` in it.
    pub models_dir: PathBuf,
    /// The program that does one job; empty means `offloader-worker` beside this program.
    pub worker_path: PathBuf,
    /// Most jobs at a time; a recording with transcription is two.
    pub max_concurrent_jobs: usize,
    /// Whether a client with an unknown id may register itself by its first request.
    pub allow_self_registration: bool,
    /// Name of the speech model.
    pub whisper_model: String,
    /// Threads of the speech model in each job that transcribes.
    pub whisper_threads: usize,
    /// Where the local language model listens; given to workers.
    pub llm_url: String,
    /// Attempts of a job before it counts as failed.
    pub max_attempts: i64,
    /// Seconds before the second attempt; doubled before each further one, up to five minutes.
    pub retry_seconds: i64,
    /// Seconds that a job may take to finish after it was told to stop.
    pub finish_seconds: u64,
    /// Hours that a job that is done can be asked about.
    pub done_jobs_retention_hours: i64,
    /// Days that a failed job and its files are kept; 0 means for ever.
    pub failed_jobs_retention_days: i64,
    /// Most memory of a worker in MiB of address space; 0 means no limit.
    pub worker_memory_mib: u64,
    /// How much workers yield to the other services, 0 (not at all) to 19.
    pub worker_niceness: i32,
    /// Whether `/v1/audio/transcriptions` answers programs on this machine without credentials.
    pub open_to_this_machine: bool,
    /// Largest file for `/v1/audio/transcriptions`, in MiB.
    pub max_upload_mib: u64,
    /// Longest sound for `/v1/audio/transcriptions`, in seconds.
    pub max_audio_seconds: u64,
    /// Seconds after which a transcription of a file is given up.
    pub transcription_timeout_seconds: u64,
    /// Files transcribed at a time.
    pub max_concurrent_transcriptions: usize,
    /// Files that may wait for their turn; more are refused with status 429.
    pub max_waiting_transcriptions: usize,
    /// Log lines on standard error.
    pub log: LogConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen_address: "127.0.0.1:4545".into(),
            data_dir: ".muster/offloader".into(),
            models_dir: ".muster/models".into(),
            worker_path: PathBuf::new(),
            max_concurrent_jobs: 4,
            allow_self_registration: true,
            whisper_model: "base".into(),
            whisper_threads: std::thread::available_parallelism().map_or(1, |n| (n.get() / 2).clamp(1, 4)),
            llm_url: "http://127.0.0.1:8000".into(),
            max_attempts: 5,
            retry_seconds: 2,
            finish_seconds: 1800,
            done_jobs_retention_hours: 24,
            failed_jobs_retention_days: 30,
            worker_memory_mib: 8192,
            worker_niceness: 5,
            open_to_this_machine: true,
            max_upload_mib: 200,
            max_audio_seconds: 7200,
            transcription_timeout_seconds: 1800,
            max_concurrent_transcriptions: 1,
            max_waiting_transcriptions: 8,
            log: LogConfig::default(),
        }
    }
}

impl Config {
    /// The speech model's file.
    pub fn model_path(&self) -> PathBuf {
        self.models_dir.join("whisper").join(format!("{}.bin", self.whisper_model))
    }

    /// The worker program.
    pub fn worker(&self) -> PathBuf {
        if !self.worker_path.as_os_str().is_empty() {
            return self.worker_path.clone();
        }
        let own = std::env::current_exe().ok();
        let beside = own.and_then(|p| p.parent().map(|folder| folder.join("offloader-worker")));
        beside.unwrap_or_else(|| "offloader-worker".into())
    }
}
