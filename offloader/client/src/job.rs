//! What travels on `/jobs`, `/version` and the account routes. Field names are calls-offloader's.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The two kinds of work the service knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobType {
    /// Record a call into one playable file.
    Recording,
    /// Transcribe a call, with live captions while it lasts when the input asks for them.
    Transcribing,
}

impl JobType {
    /// The name on the wire: `recording` or `transcribing`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Transcribing => "transcribing",
        }
    }
}

/// Body of `POST /jobs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreateJob {
    /// What to do.
    #[serde(rename = "type")]
    pub kind: JobType,
    /// Seconds after which the job is told to stop and finish; more than 0.
    pub max_duration_sec: i64,
    /// Image name of the official worker, for example `mattermost/calls-recorder:v0.8.13`.
    pub runner: String,
    /// Input of the worker; each key reaches it as an environment variable in upper case.
    #[serde(default)]
    pub input_data: Map<String, Value>,
}

/// A job as the service tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What the job does.
    #[serde(rename = "type")]
    pub kind: JobType,
    /// Seconds after which the job is told to stop.
    pub max_duration_sec: i64,
    /// Image name it was asked with.
    pub runner: String,
    /// Input of the worker. Answers of the service carry no `auth_token`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub input_data: Map<String, Value>,
    /// Id of the job, 12 to 26 characters of `[a-z0-9]`.
    pub id: String,
    /// Unix milliseconds of the first start.
    pub start_at: i64,
    /// Unix milliseconds of the end; 0 while it runs.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stop_at: i64,
    /// What the worker left behind, kind by kind.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub output_data: Map<String, Value>,
}

fn is_zero(n: &i64) -> bool {
    *n == 0
}

/// Body of `POST /jobs/init`: the images that will be asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InitJobs {
    /// Image names.
    #[serde(rename = "Runners", alias = "runners")]
    pub runners: Vec<String>,
}

/// Answer of `GET /version`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VersionInfo {
    /// When it was built, empty when unknown.
    pub build_date: String,
    /// Semantic version.
    pub build_version: String,
    /// Commit.
    pub build_hash: String,
    /// Upstream's toolchain field; we name our compiler.
    pub go_version: String,
    /// Operating system.
    #[serde(rename = "goOS")]
    pub go_os: String,
    /// Processor architecture.
    #[serde(rename = "goArch")]
    pub go_arch: String,
}

/// Body of `/login` and `/register`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Credentials {
    /// Name of the installation.
    #[serde(rename = "clientID")]
    pub client_id: String,
    /// Its key, at least 32 characters.
    #[serde(rename = "authKey")]
    pub auth_key: String,
}

/// Answer of the account routes and of every error: all values are text, `code` too.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reply {
    /// Status as text.
    pub code: String,
    /// Reason of a refusal.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// Set by `/register`.
    #[serde(rename = "clientID", skip_serializing_if = "String::is_empty")]
    pub client_id: String,
    /// Set by `/login`.
    #[serde(rename = "bearerToken", skip_serializing_if = "String::is_empty")]
    pub bearer_token: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_reads_as_upstream_writes_it() {
        let text = r#"{"type":"recording","max_duration_sec":3600,"runner":"mattermost/calls-recorder:v0.8.13",
            "input_data":{"site_url":"http://127.0.0.1:8065","width":1280},"id":"0123456789ab","start_at":17}"#;
        let job: Job = serde_json::from_str(text).unwrap();
        assert_eq!((job.kind, job.stop_at, job.input_data["width"].as_i64()), (JobType::Recording, 0, Some(1280)));
        let back = serde_json::to_value(&job).unwrap();
        assert!(back.get("stop_at").is_none() && back.get("output_data").is_none(), "{back}");
        assert_eq!(back["type"], "recording");
    }
}
