//! The bot's HTTP calls to the chat server: names, uploads, results and status of a job.

use serde::Deserialize;
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// Deadline of a small request and of one upload.
const REQUEST: Duration = Duration::from_secs(10);
const UPLOAD: Duration = Duration::from_secs(300);
/// Attempts of an upload, with (attempt × 5 s) between them.
const UPLOAD_ATTEMPTS: u32 = 20;

/// Why a call to the chat server failed.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// No answer.
    #[error("{what}: {source}")]
    Transport { what: &'static str, source: reqwest::Error },
    /// An answer that is a refusal.
    #[error("{what}: the chat server answered {status}: {reason}")]
    Refused { what: &'static str, status: u16, reason: String },
    /// The file to upload cannot be read.
    #[error("reading {name}: {source}")]
    File { name: String, source: std::io::Error },
}

impl SiteError {
    /// Whether another attempt is pointless: the server understood and said no.
    fn is_final(&self) -> bool {
        matches!(self, Self::Refused { status: 400..=499, .. })
    }
}

/// Who a session belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Id of the user.
    pub id: String,
    /// Unique name.
    pub username: String,
    /// Given name, may be empty.
    pub first_name: String,
    /// Family name, may be empty.
    pub last_name: String,
}

impl Profile {
    /// Full name, else the username.
    pub fn display_name(&self) -> String {
        let full = format!("{} {}", self.first_name, self.last_name).trim().to_owned();
        if full.is_empty() { self.username.clone() } else { full }
    }
}

/// A finished transcription in the form of the bot API.
pub struct TranscriptionFiles {
    /// Title of the captions track.
    pub title: String,
    /// Language of most of the speech.
    pub language: String,
    /// File ids: WebVTT, then text.
    pub file_ids: Vec<String>,
}

/// The bot's access to one site and channel.
#[derive(Clone)]
pub struct Site {
    http: reqwest::Client,
    base: String,
    token: String,
    channel_id: String,
}

impl Site {
    /// Access with the bot's token.
    ///
    /// # Errors
    /// [`SiteError::Transport`] when no HTTP client can be made.
    pub fn new(site_url: &str, token: &str, channel_id: &str) -> Result<Self, SiteError> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .build()
            .map_err(|source| SiteError::Transport { what: "preparing HTTP", source })?;
        let base = format!("{}/plugins/com.mattermost.calls/bot", site_url.trim_end_matches('/'));
        Ok(Self { http, base, token: token.to_owned(), channel_id: channel_id.to_owned() })
    }

    /// Whose session it is; tried five times, because the server may hear of a session a little later than the SFU.
    ///
    /// # Errors
    /// The last [`SiteError`].
    pub async fn profile(&self, session_id: &str) -> Result<Profile, SiteError> {
        let path = format!("calls/{}/sessions/{session_id}/profile", self.channel_id);
        let mut attempt = 1;
        loop {
            let asked = self.get("asking whose session it is", &path).await;
            match asked {
                Err(_) if attempt < 5 => {
                    attempt += 1;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                result => return result,
            }
        }
    }

    /// Name for the files of this call, without extension.
    ///
    /// # Errors
    /// [`SiteError`].
    pub async fn file_name(&self) -> Result<String, SiteError> {
        #[derive(Deserialize)]
        struct Named {
            filename: String,
        }
        let named: Named = self.get("asking for a file name", &format!("calls/{}/filename", self.channel_id)).await?;
        // The name becomes part of paths here and there; the server's rule for it is the same.
        let safe = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        Ok(named.filename.chars().map(|c| if safe(c) { c } else { '_' }).take(120).collect())
    }

    /// Uploads a file under `name` and gives its id. Goes on where it was cut off.
    ///
    /// # Errors
    /// The last [`SiteError`] after twenty attempts, or the first refusal that another attempt would not change.
    pub async fn upload(&self, path: &Path, name: &str) -> Result<String, SiteError> {
        let mut upload = None;
        let mut attempt = 1;
        loop {
            match self.try_upload(path, name, &mut upload).await {
                Ok(id) => return Ok(id),
                Err(error) if error.is_final() || attempt == UPLOAD_ATTEMPTS => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, attempt, name, "upload cut off, trying again");
                    tokio::time::sleep(Duration::from_secs(5) * attempt).await;
                    attempt += 1;
                }
            }
        }
    }

    async fn try_upload(&self, path: &Path, name: &str, upload: &mut Option<String>) -> Result<String, SiteError> {
        #[derive(Deserialize)]
        struct Session {
            id: String,
            #[serde(default)]
            file_offset: u64,
        }
        #[derive(Deserialize)]
        struct FileInfo {
            id: String,
        }
        let what = "uploading a file";
        let unreadable = |source| SiteError::File { name: name.to_owned(), source };
        let size = tokio::fs::metadata(path).await.map_err(unreadable)?.len();
        let session: Session = match upload {
            Some(id) => self.get(what, &format!("uploads/{id}")).await?,
            None => {
                let body = json!({ "channel_id": self.channel_id, "filename": name, "file_size": size });
                let answer = self.send(what, self.http.post(format!("{}/uploads", self.base)).json(&body)).await?;
                answer.json().await.map_err(|source| SiteError::Transport { what, source })?
            }
        };
        *upload = Some(session.id.clone());
        let mut offset = session.file_offset;
        loop {
            let mut file = tokio::fs::File::open(path).await.map_err(unreadable)?;
            file.seek(std::io::SeekFrom::Start(offset)).await.map_err(unreadable)?;
            let rest = size.saturating_sub(offset);
            let body = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::new(file.take(rest)));
            let request = self
                .http
                .post(format!("{}/uploads/{}", self.base, session.id))
                .header("Content-Length", rest)
                .timeout(UPLOAD)
                .body(body);
            let answer = self.send_timed(what, request).await?;
            if answer.status().as_u16() != 204 {
                let info: FileInfo = answer.json().await.map_err(|source| SiteError::Transport { what, source })?;
                return Ok(info.id);
            }
            let now: Session = self.get(what, &format!("uploads/{}", session.id)).await?;
            if now.file_offset <= offset {
                let reason = format!("took nothing beyond byte {offset}");
                return Err(SiteError::Refused { what, status: 204, reason });
            }
            offset = now.file_offset;
        }
    }

    /// Hands over a finished recording.
    ///
    /// # Errors
    /// [`SiteError`] after five attempts.
    pub async fn post_recording(&self, job_id: &str, post_id: &str, file_id: &str) -> Result<(), SiteError> {
        let body = json!({ "JobID": job_id, "PostID": post_id, "FileIDs": [file_id] });
        self.post_patiently("handing over the recording", "recordings", &body).await
    }

    /// Hands over a finished transcription.
    ///
    /// # Errors
    /// [`SiteError`] after five attempts.
    pub async fn post_transcription(
        &self,
        job_id: &str,
        post_id: &str,
        files: &TranscriptionFiles,
    ) -> Result<(), SiteError> {
        let one = json!({ "Title": files.title, "Language": files.language, "FileIDs": files.file_ids });
        let body = json!({ "JobID": job_id, "PostID": post_id, "Transcriptions": [one] });
        self.post_patiently("handing over the transcription", "transcriptions", &body).await
    }

    /// Reports that a job (`recording` or `transcribing`) has started.
    ///
    /// # Errors
    /// [`SiteError`] after three attempts.
    pub async fn report_started(&self, job_id: &str, kind: &str) -> Result<(), SiteError> {
        self.report(job_id, json!({ "JobType": kind, "Status": "started" })).await
    }

    /// Reports that a job failed, with the reason for its users.
    ///
    /// # Errors
    /// [`SiteError`] after three attempts.
    pub async fn report_failed(&self, job_id: &str, kind: &str, reason: &str) -> Result<(), SiteError> {
        // Upstream reads the reason from a key that is called `omitempty` by mistake; both are sent.
        self.report(job_id, json!({ "JobType": kind, "Status": "failed", "omitempty": reason, "Error": reason })).await
    }

    async fn report(&self, job_id: &str, body: serde_json::Value) -> Result<(), SiteError> {
        let path = format!("jobs/{job_id}/status");
        self.retried("reporting the job's status", &path, &body, 3, Duration::from_secs(2)).await
    }

    async fn post_patiently(&self, what: &'static str, path: &str, body: &serde_json::Value) -> Result<(), SiteError> {
        self.retried(what, path, body, 5, Duration::from_secs(5)).await
    }

    async fn retried(
        &self,
        what: &'static str,
        path: &str,
        body: &serde_json::Value,
        attempts: u32,
        wait: Duration,
    ) -> Result<(), SiteError> {
        let url = format!("{}/calls/{}/{path}", self.base, self.channel_id);
        let mut attempt = 1;
        loop {
            match self.send(what, self.http.post(&url).json(body)).await {
                Ok(_) => return Ok(()),
                Err(error) if attempt == attempts || error.is_final() => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, attempt, "trying again");
                    attempt += 1;
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, what: &'static str, path: &str) -> Result<T, SiteError> {
        let answer = self.send(what, self.http.get(format!("{}/{path}", self.base))).await?;
        answer.json().await.map_err(|source| SiteError::Transport { what, source })
    }

    async fn send(&self, what: &'static str, request: reqwest::RequestBuilder) -> Result<reqwest::Response, SiteError> {
        self.send_timed(what, request.timeout(REQUEST)).await
    }

    async fn send_timed(
        &self,
        what: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, SiteError> {
        let sent = request.bearer_auth(&self.token).send().await;
        let answer = sent.map_err(|source| SiteError::Transport { what, source })?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap_or_default();
        Err(SiteError::Refused { what, status, reason: text.chars().take(300).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_called_by_their_full_name_if_they_gave_one() {
        let named = |username: &str, first: &str, last: &str| {
            let (username, first_name, last_name) = (username.into(), first.into(), last.into());
            Profile { id: String::new(), username, first_name, last_name }.display_name()
        };
        assert_eq!(named("ada", "Ada", "Lovelace"), "Ada Lovelace");
        assert_eq!(named("ada", "Ada", ""), "Ada");
        assert_eq!(named("ada", "", ""), "ada");
    }
}
