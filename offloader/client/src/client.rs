//! The client: Basic authentication, registering itself when the service does not know it, a deadline on every call.

use crate::job::{CreateJob, Credentials, InitJobs, Job, Reply, VersionInfo};
use crate::transcription::{ResponseFormat, Transcription, TranscriptionOptions};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use std::time::Duration;
use url::Url;

/// Why a call to the service failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is no http URL with a host.
    #[error("address of the job service {url:?}: {reason}")]
    Address { url: String, reason: String },
    /// No answer: refused connection, lost connection, deadline.
    #[error("job service, {what}: {source}")]
    Transport { what: &'static str, source: reqwest::Error },
    /// The service refused.
    #[error("job service, {what}: {status}: {message}")]
    Refused { what: &'static str, status: u16, message: String },
}

/// Speaks to one job service as one installation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    base: Url,
    client_id: String,
    auth_key: String,
    http: reqwest::Client,
    deadline: Duration,
}

impl Client {
    /// A client of the service at `url`. User and password in the URL win over `client_id` and `auth_key`; a key needs
    /// at least 32 characters to be registered. Calls are given 10 seconds until [`Client::with_deadline`] says other.
    ///
    /// # Errors
    /// [`Error::Address`] when `url` is not an http or https URL.
    pub fn new(url: &str, client_id: &str, auth_key: &str) -> Result<Self, Error> {
        let refuse = |reason: String| Error::Address { url: url.to_owned(), reason };
        let mut base = Url::parse(url).map_err(|e| refuse(e.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(refuse("should be http://host:port".into()));
        }
        let (user, password) = (base.username().to_owned(), base.password().unwrap_or_default().to_owned());
        // Only non-hierarchical URLs refuse to drop their credentials, and those failed above.
        let cleared = base.set_username("").is_ok() && base.set_password(None).is_ok();
        debug_assert!(cleared, "an http URL has an authority");
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .build()
            .map_err(|source| Error::Transport { what: "preparing the client", source })?;
        Ok(Self {
            base,
            client_id: if user.is_empty() { client_id.to_owned() } else { user },
            auth_key: if password.is_empty() { auth_key.to_owned() } else { password },
            http,
            deadline: Duration::from_secs(10),
        })
    }

    /// The same client with another deadline for every call but [`Client::transcribe`].
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Version of the service; needs no account.
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn version(&self) -> Result<VersionInfo, Error> {
        let what = "asking the version";
        json(what, checked(what, self.request(Method::GET, "version", false).send().await).await?).await
    }

    /// Makes the client's id and key known to the service.
    ///
    /// # Errors
    /// [`Error::Refused`] with status 400 when the id is taken or the key too short, 401 when registration is closed.
    pub async fn register(&self) -> Result<(), Error> {
        let what = "registering";
        let body = Credentials { client_id: self.client_id.clone(), auth_key: self.auth_key.clone() };
        checked(what, self.request(Method::POST, "register", true).json(&body).send().await).await.map(drop)
    }

    /// Forgets the client at the service.
    ///
    /// # Errors
    /// [`Error::Refused`] when the service does not allow it.
    pub async fn unregister(&self) -> Result<(), Error> {
        let what = "unregistering";
        let body = Credentials { client_id: self.client_id.clone(), ..Default::default() };
        checked(what, self.request(Method::POST, "unregister", true).json(&body).send().await).await.map(drop)
    }

    /// Exchanges id and key for a bearer token.
    ///
    /// # Errors
    /// [`Error::Refused`] when they are wrong.
    pub async fn login(&self) -> Result<String, Error> {
        let what = "logging in";
        let body = Credentials { client_id: self.client_id.clone(), auth_key: self.auth_key.clone() };
        let sent = self.request(Method::POST, "login", false).json(&body).send().await;
        let reply: Reply = json(what, checked(what, sent).await?).await?;
        Ok(reply.bearer_token)
    }

    /// Tells the service which workers will be asked for, so that it can fetch what they need.
    ///
    /// # Errors
    /// [`Error::Refused`] when a runner is not known.
    pub async fn init_jobs(&self, runners: &[String]) -> Result<(), Error> {
        let body = InitJobs { runners: runners.to_vec() };
        self.authorised("preparing jobs", || self.request(Method::POST, "jobs/init", true).json(&body)).await.map(drop)
    }

    /// Starts a job.
    ///
    /// # Errors
    /// [`Error::Refused`] with the service's reason, for example that it runs as many jobs as it may.
    pub async fn create_job(&self, job: &CreateJob) -> Result<Job, Error> {
        let what = "creating a job";
        json(what, self.authorised(what, || self.request(Method::POST, "jobs", true).json(job)).await?).await
    }

    /// The state of a job.
    ///
    /// # Errors
    /// [`Error::Refused`] with status 404 when there is none; a finished job is forgotten after a while.
    pub async fn get_job(&self, id: &str) -> Result<Job, Error> {
        let what = "reading a job";
        json(what, self.authorised(what, || self.request(Method::GET, &format!("jobs/{id}"), true)).await?).await
    }

    /// Forgets a job that has ended.
    ///
    /// # Errors
    /// [`Error::Refused`] when it runs or is not known.
    pub async fn delete_job(&self, id: &str) -> Result<(), Error> {
        self.authorised("deleting a job", || self.request(Method::DELETE, &format!("jobs/{id}"), true)).await.map(drop)
    }

    /// What the job's worker logged.
    ///
    /// # Errors
    /// [`Error::Refused`] when the job is not known.
    pub async fn job_logs(&self, id: &str) -> Result<String, Error> {
        let what = "reading a job's log";
        let answer = self.authorised(what, || self.request(Method::GET, &format!("jobs/{id}/logs"), true)).await?;
        answer.text().await.map_err(|source| Error::Transport { what, source })
    }

    /// Transcribes a sound or video file of any format that ffmpeg reads, within `deadline`.
    ///
    /// # Errors
    /// [`Error::Refused`] with OpenAI's message when the file cannot be read or is too large.
    pub async fn transcribe(
        &self,
        audio: bytes::Bytes,
        options: &TranscriptionOptions,
        deadline: Duration,
    ) -> Result<Transcription, Error> {
        let what = "transcribing";
        let build = || {
            let name = if options.file_name.is_empty() { "audio".to_owned() } else { options.file_name.clone() };
            let file = reqwest::multipart::Part::stream(audio.clone()).file_name(name);
            let mut form = reqwest::multipart::Form::new()
                .part("file", file)
                .text("model", "whisper-1")
                .text("response_format", ResponseFormat::VerboseJson.as_str());
            if !options.language.is_empty() {
                form = form.text("language", options.language.clone());
            }
            if !options.prompt.is_empty() {
                form = form.text("prompt", options.prompt.clone());
            }
            if options.words {
                form = form.text("timestamp_granularities[]", "word");
            }
            self.request(Method::POST, "v1/audio/transcriptions", true).timeout(deadline).multipart(form)
        };
        json(what, self.authorised(what, build).await?).await
    }

    /// Sends a request; when the service does not know the client, registers and sends it once more.
    async fn authorised(&self, what: &'static str, build: impl Fn() -> RequestBuilder) -> Result<Response, Error> {
        let first = build().send().await.map_err(|source| Error::Transport { what, source })?;
        if first.status() != StatusCode::UNAUTHORIZED {
            return checked(what, Ok(first)).await;
        }
        match self.register().await {
            Ok(()) => checked(what, build().send().await).await,
            // The refusal that the caller asked about says more than that of the attempt to register.
            Err(error) => {
                tracing::debug!(%error, "the job service does not let this client register");
                checked(what, Ok(first)).await
            }
        }
    }

    fn request(&self, method: Method, path: &str, authenticate: bool) -> RequestBuilder {
        let base = self.base.as_str().trim_end_matches('/');
        let request = self.http.request(method, format!("{base}/{path}")).timeout(self.deadline);
        if authenticate { request.basic_auth(&self.client_id, Some(&self.auth_key)) } else { request }
    }
}

async fn checked(what: &'static str, sent: Result<Response, reqwest::Error>) -> Result<Response, Error> {
    let answer = sent.map_err(|source| Error::Transport { what, source })?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap_or_default();
    Err(Error::Refused { what, status, message: reason(&text) })
}

async fn json<T: serde::de::DeserializeOwned>(what: &'static str, answer: Response) -> Result<T, Error> {
    answer.json().await.map_err(|source| Error::Transport { what, source })
}

/// The reason in an error body: `{"error":"…"}`, OpenAI's `{"error":{"message":"…"}}`, or the beginning of any text.
fn reason(body: &str) -> String {
    let parsed: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let error = parsed.as_ref().and_then(|v| v.get("error"));
    error
        .and_then(|e| e.as_str().or_else(|| e.get("message").and_then(|m| m.as_str())))
        .map_or_else(|| body.chars().take(300).collect(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// A service that answers each connection with the next (status, body) and reports the request lines it saw.
    async fn service(answers: Vec<(&'static str, &'static str)>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = tokio::spawn(async move {
            let mut lines = vec![];
            for (status, body) in answers {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut buffer = vec![0; 65536];
                let n = socket.read(&mut buffer).await.unwrap();
                let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
                let basic = text.to_lowercase().contains("authorization: basic");
                lines.push(format!("{} basic={basic}", text.lines().next().unwrap()));
                let length = body.len();
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
                socket.write_all(head.as_bytes()).await.unwrap();
                socket.write_all(body.as_bytes()).await.unwrap();
                socket.shutdown().await.unwrap();
            }
            lines
        });
        (url, seen)
    }

    #[tokio::test]
    async fn an_unknown_client_registers_itself_and_tries_again() {
        let job = r#"{"type":"recording","max_duration_sec":60,"runner":"r","id":"abcdefghijkl","start_at":5}"#;
        let (url, seen) = service(vec![("401 Unauthorized", "{}"), ("201 Created", "{}"), ("200 OK", job)]).await;
        let client = Client::new(&url, "me", "k").unwrap();
        assert_eq!(client.get_job("abcdefghijkl").await.unwrap().start_at, 5);
        assert_eq!(
            seen.await.unwrap(),
            [
                "GET /jobs/abcdefghijkl HTTP/1.1 basic=true",
                "POST /register HTTP/1.1 basic=true",
                "GET /jobs/abcdefghijkl HTTP/1.1 basic=true"
            ]
        );
    }

    #[tokio::test]
    async fn a_refusal_carries_the_reason_of_the_service() {
        let body = "{\"error\":\"max concurrent jobs reached\",\"code\":\"500\"}";
        let (url, _seen) = service(vec![("500 Internal Server Error", body)]).await;
        let error = Client::new(&url, "me", "k").unwrap().job_logs("abcdefghijkl").await.unwrap_err().to_string();
        assert!(error.contains("max concurrent jobs reached") && error.contains("500"), "{error}");
    }

    #[test]
    fn credentials_in_the_url_win_and_do_not_stay_there() {
        let client = Client::new("http://a:b@127.0.0.1:4545", "x", "y").unwrap();
        assert_eq!((client.client_id.as_str(), client.auth_key.as_str()), ("a", "b"));
        assert_eq!(client.base.as_str(), "http://127.0.0.1:4545/");
        assert!(matches!(Client::new("127.0.0.1:4545", "x", "y"), Err(Error::Address { .. })));
        assert!(matches!(Client::new("ftp://h", "x", "y"), Err(Error::Address { .. })));
    }
}
