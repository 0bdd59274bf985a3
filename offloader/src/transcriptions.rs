//! `POST /v1/audio/transcriptions`: OpenAI's request, answered by a worker process for each file.

use crate::api::App;
use crate::config::Config;
use crate::error::ApiError;
use crate::worker;
use axum::Json;
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{ConnectInfo, FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use offloader_client::{ResponseFormat, Transcription};
use serde_json::{Map, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;

/// Exit code of the worker when the file is at fault.
const BAD_FILE: i32 = 3;

/// Why there is no text, in OpenAI's terms.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// The request is wrong; `param` names the field.
    #[error("{message}")]
    Invalid { message: String, param: Option<&'static str> },
    /// Who is asking?
    #[error("{0}")]
    Unauthorised(String),
    /// Larger than allowed.
    #[error("the file is larger than {0} MiB")]
    TooLarge(u64),
    /// Too many files wait.
    #[error("too many files are being transcribed, try again later")]
    Busy,
    /// Took longer than allowed.
    #[error("the transcription took longer than {0} seconds")]
    TooSlow(u64),
    /// Something of ours broke.
    #[error("transcription failed")]
    Internal(String),
}

impl IntoResponse for AudioError {
    fn into_response(self) -> Response {
        let (status, kind, param) = match &self {
            Self::Invalid { param, .. } => (StatusCode::BAD_REQUEST, "invalid_request_error", *param),
            Self::Unauthorised(_) => (StatusCode::UNAUTHORIZED, "invalid_request_error", None),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request_error", Some("file")),
            Self::Busy => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", None),
            Self::TooSlow(_) => (StatusCode::GATEWAY_TIMEOUT, "server_error", None),
            Self::Internal(why) => {
                tracing::error!(why, "transcription of a file");
                (StatusCode::INTERNAL_SERVER_ERROR, "server_error", None)
            }
        };
        let error = json!({ "message": self.to_string(), "type": kind, "param": param, "code": null });
        (status, Json(json!({ "error": error }))).into_response()
    }
}

/// Places for files: a few are transcribed at a time and a few may wait.
pub struct Desk {
    working: Semaphore,
    present: AtomicUsize,
    most: usize,
}

impl Desk {
    /// Places as configured.
    pub fn new(config: &Config) -> Self {
        let working = config.max_concurrent_transcriptions.max(1);
        let most = working + config.max_waiting_transcriptions;
        Self { working: Semaphore::new(working), present: AtomicUsize::new(0), most }
    }

    fn enter(&self) -> Option<Visit<'_>> {
        let before = self.present.fetch_add(1, Ordering::SeqCst);
        let visit = Visit(self);
        (before < self.most).then_some(visit)
    }
}

/// Counts one file until dropped.
struct Visit<'a>(&'a Desk);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.present.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What the request says beside the file.
#[derive(Debug, Default, PartialEq)]
struct Asked {
    language: String,
    prompt: String,
    format: ResponseFormat,
    words: bool,
}

impl Asked {
    /// Takes in a text field; unknown ones (temperature, model, stream) are accepted and have no effect.
    fn field(&mut self, name: &str, value: String) -> Result<(), AudioError> {
        match name {
            "language" => self.language = value,
            "prompt" => self.prompt = value,
            "response_format" => {
                self.format = ResponseFormat::parse(&value).ok_or_else(|| AudioError::Invalid {
                    message: format!("response_format {value:?} should be json, text, srt, verbose_json or vtt"),
                    param: Some("response_format"),
                })?;
            }
            "timestamp_granularities[]" | "timestamp_granularities" => self.words |= value == "word",
            _ => {}
        }
        Ok(())
    }
}

/// The handler.
pub async fn transcribe(State(app): State<App>, request: Request) -> Result<Response, AudioError> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| c.0);
    let headers = request.headers().clone();
    authorise(&app, peer, &headers).await?;
    let _visit = app.desk.enter().ok_or(AudioError::Busy)?;
    let form = Multipart::from_request(request, &()).await;
    let form = form.map_err(|e| AudioError::Invalid { message: e.body_text(), param: None })?;
    let folder = app.config.data_dir.join("uploads");
    let internal = |e: std::io::Error| AudioError::Internal(e.to_string());
    tokio::fs::create_dir_all(&folder).await.map_err(internal)?;
    let file = Upload { path: folder.join(kit::id::new()) };
    let asked = receive(form, &file.path, app.config.max_upload_mib).await?;
    let _place = app.desk.working.acquire().await.map_err(|e| AudioError::Internal(e.to_string()))?;
    let said = run(&app.config, &file.path, &asked).await?;
    Ok(render(&said, asked.format))
}

/// An uploaded file, removed when the request is over.
struct Upload {
    path: PathBuf,
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "uploaded file not removed");
        }
    }
}

async fn authorise(app: &App, peer: Option<SocketAddr>, headers: &HeaderMap) -> Result<(), AudioError> {
    if app.config.open_to_this_machine && peer.is_some_and(|p| p.ip().is_loopback()) {
        return Ok(());
    }
    match app.auth.client(headers, true).await {
        Ok(_) => Ok(()),
        Err(ApiError::Internal(what, why)) => Err(AudioError::Internal(format!("{what}: {why}"))),
        Err(error) => Err(AudioError::Unauthorised(error.to_string())),
    }
}

async fn receive(mut form: Multipart, path: &Path, most_mib: u64) -> Result<Asked, AudioError> {
    let broken = |e: axum::extract::multipart::MultipartError| {
        if e.status() == StatusCode::PAYLOAD_TOO_LARGE {
            AudioError::TooLarge(most_mib)
        } else {
            AudioError::Invalid { message: e.body_text(), param: None }
        }
    };
    let (mut asked, mut got_file) = (Asked::default(), false);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default().to_owned().as_str() {
            "file" => {
                save(field, path, most_mib).await?;
                got_file = true;
            }
            name => {
                let name = name.to_owned();
                asked.field(&name, field.text().await.map_err(broken)?)?;
            }
        }
    }
    if !got_file {
        return Err(AudioError::Invalid { message: "file is missing".into(), param: Some("file") });
    }
    Ok(asked)
}

async fn save(mut field: Field<'_>, path: &Path, most_mib: u64) -> Result<(), AudioError> {
    let internal = |e: std::io::Error| AudioError::Internal(e.to_string());
    let mut file = tokio::fs::File::create(path).await.map_err(internal)?;
    let mut size = 0u64;
    loop {
        let chunk = match field.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(e) if e.status() == StatusCode::PAYLOAD_TOO_LARGE => return Err(AudioError::TooLarge(most_mib)),
            Err(e) => return Err(AudioError::Invalid { message: e.body_text(), param: Some("file") }),
        };
        size += chunk.len() as u64;
        if size > most_mib << 20 {
            return Err(AudioError::TooLarge(most_mib));
        }
        file.write_all(&chunk).await.map_err(internal)?;
    }
    file.flush().await.map_err(internal)
}

async fn run(config: &Config, file: &Path, asked: &Asked) -> Result<Transcription, AudioError> {
    let input = Map::from_iter([
        ("file".to_owned(), file.to_string_lossy().into()),
        ("language".to_owned(), asked.language.clone().into()),
        ("prompt".to_owned(), asked.prompt.clone().into()),
        ("words".to_owned(), asked.words.into()),
        ("max_seconds".to_owned(), config.max_audio_seconds.into()),
    ]);
    let mut command = worker::command(config, "transcribe-file", &input, &config.data_dir);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let limit = config.transcription_timeout_seconds;
    // Dropping the future at the deadline drops the child, which ends it.
    let ended = tokio::time::timeout(Duration::from_secs(limit), command.output());
    let ended = ended.await.map_err(|_| AudioError::TooSlow(limit))?;
    let output = ended.map_err(|e| AudioError::Internal(format!("starting the worker: {e}")))?;
    if output.status.success() {
        let said = serde_json::from_slice(&output.stdout);
        return said.map_err(|e| AudioError::Internal(format!("the worker's answer: {e}")));
    }
    if output.status.code() == Some(BAD_FILE) {
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let message = told["error"].as_str().unwrap_or("the file cannot be read").to_owned();
        let param = if message.starts_with("language") { "language" } else { "file" };
        return Err(AudioError::Invalid { message, param: Some(param) });
    }
    let log = String::from_utf8_lossy(&output.stderr);
    Err(AudioError::Internal(format!("the worker ended with {}: {}", output.status, log.trim_end())))
}

fn render(said: &Transcription, format: ResponseFormat) -> Response {
    let plain = |kind: &'static str, text: String| ([(header::CONTENT_TYPE, kind)], text).into_response();
    match format {
        ResponseFormat::Json => Json(json!({ "text": said.text })).into_response(),
        ResponseFormat::VerboseJson => Json(said).into_response(),
        ResponseFormat::Text => plain("text/plain; charset=utf-8", format!("{}\n", said.text)),
        ResponseFormat::Srt => plain("application/x-subrip; charset=utf-8", srt(said)),
        ResponseFormat::Vtt => plain("text/vtt; charset=utf-8", vtt(said)),
    }
}

fn srt(said: &Transcription) -> String {
    let cue = |(n, s): (usize, &offloader_client::TranscriptionSegment)| {
        format!("{}\n{} --> {}\n{}\n", n + 1, clock(s.start, ','), clock(s.end, ','), s.text)
    };
    said.segments.iter().enumerate().map(cue).collect::<Vec<_>>().join("\n")
}

fn vtt(said: &Transcription) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let cue = |s: &offloader_client::TranscriptionSegment| {
        format!("\n{} --> {}\n{}\n", clock(s.start, '.'), clock(s.end, '.'), escape(&s.text))
    };
    format!("WEBVTT\n{}", said.segments.iter().map(cue).collect::<String>())
}

fn clock(seconds: f64, point: char) -> String {
    let ms = (seconds.max(0.0) * 1000.0).round() as u64;
    format!("{:02}:{:02}:{:02}{point}{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use offloader_client::TranscriptionSegment;

    #[test]
    fn subtitles_in_both_forms() {
        let segment =
            |start, end, text: &str| TranscriptionSegment { start, end, text: text.into(), ..Default::default() };
        let segments = vec![segment(0.5, 2.25, "One < two."), segment(3661.0, 3662.5, "Two.")];
        let said = Transcription { segments, ..Default::default() };
        assert_eq!(
            srt(&said),
            "1\n00:00:00,500 --> 00:00:02,250\nOne < two.\n\n2\n01:01:01,000 --> 01:01:02,500\nTwo.\n"
        );
        assert_eq!(
            vtt(&said),
            "WEBVTT\n\n00:00:00.500 --> 00:00:02.250\nOne &lt; two.\n\n01:01:01.000 --> 01:01:02.500\nTwo.\n"
        );
    }

    #[test]
    fn an_unknown_format_is_refused_by_name() {
        let mut asked = Asked::default();
        asked.field("response_format", "srt".into()).unwrap();
        asked.field("timestamp_granularities[]", "word".into()).unwrap();
        asked.field("temperature", "0".into()).unwrap();
        assert_eq!((asked.format, asked.words), (ResponseFormat::Srt, true));
        let error = asked.field("response_format", "xml".into()).unwrap_err();
        assert!(error.to_string().contains("\"xml\""), "{error}");
    }

    #[test]
    fn the_desk_refuses_when_all_places_are_taken() {
        let config = Config { max_concurrent_transcriptions: 1, max_waiting_transcriptions: 1, ..Config::default() };
        let desk = Desk::new(&config);
        let first = desk.enter();
        let second = desk.enter();
        assert!(first.is_some() && second.is_some() && desk.enter().is_none());
        drop(first);
        assert!(desk.enter().is_some());
    }
}
