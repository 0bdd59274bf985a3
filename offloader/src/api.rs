//! The HTTP API: routes and thin handlers.

use crate::auth::Auth;
use crate::config::Config;
use crate::error::ApiError;
use crate::jobs::State as JobState;
use crate::runner::{self, Runner};
use crate::store;
use crate::transcriptions::{self, Desk};
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use db::Db;
use http::{HeaderMap, StatusCode};
use kit::Clock;
use offloader_client::job::{Credentials, Reply};
use offloader_client::{CreateJob, InitJobs, Job, JobType, VersionInfo};
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

/// Most bytes of a job's log that are answered: the end of it.
const LOG_TAIL: u64 = 1 << 20;
/// Largest body of a request of the job API.
const LARGEST_BODY: usize = 1 << 20;

/// What handlers need.
#[derive(Clone)]
pub struct App {
    /// Settings.
    pub config: Arc<Config>,
    /// Table of jobs and clients.
    pub db: Db,
    /// Who is asking.
    pub auth: Arc<Auth>,
    /// Who does the work.
    pub runner: Runner,
    /// Files on their way to text.
    pub desk: Arc<Desk>,
    /// Time.
    pub clock: Clock,
}

/// All routes.
pub fn router(app: App) -> Router {
    let upload = usize::try_from(app.config.max_upload_mib << 20).unwrap_or(usize::MAX).saturating_add(1 << 20);
    let audio = Router::new()
        .route("/v1/audio/transcriptions", post(transcriptions::transcribe))
        .layer(axum::extract::DefaultBodyLimit::max(upload));
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/version", get(version))
        .route("/login", post(login))
        .route("/register", post(register))
        .route("/unregister", post(unregister))
        .route("/jobs/init", post(init))
        .route("/jobs", post(create))
        .route("/jobs/{id}", get(read).merge(delete(forget)))
        .route("/jobs/{id}/logs", get(logs))
        .layer(axum::extract::DefaultBodyLimit::max(LARGEST_BODY))
        .merge(audio)
        .with_state(app)
}

async fn ready(State(app): State<App>) -> impl IntoResponse {
    let (worker, model) = (app.config.worker(), app.config.model_path());
    let reason = if !worker.is_file() {
        format!("the worker {} is missing", worker.display())
    } else if !model.is_file() {
        format!("the speech model {} is missing", model.display())
    } else if let Err(error) = app.db.read().await {
        format!("the job table cannot be read: {error}")
    } else {
        return (StatusCode::OK, Json(serde_json::json!({ "ready": true })));
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(serde_json::json!({ "ready": false, "reason": reason })))
}

async fn version() -> Json<VersionInfo> {
    Json(VersionInfo {
        build_date: String::new(),
        // Clients of calls-offloader ask for at least 0.9.0.
        build_version: "v0.9.5".into(),
        build_hash: env!("CARGO_PKG_VERSION").into(),
        go_version: "rust".into(),
        go_os: std::env::consts::OS.into(),
        go_arch: std::env::consts::ARCH.into(),
    })
}

async fn login(State(app): State<App>, body: String) -> Result<Json<Reply>, ApiError> {
    let asked: Credentials = parse(&body)?;
    let checked = app.auth.check(&asked.client_id, &asked.auth_key).await;
    checked.map_err(|e| match e {
        ApiError::Unauthorised(_) => ApiError::Invalid("login failed: authentication failed".into()),
        other => other,
    })?;
    Ok(Json(Reply { code: "200".into(), bearer_token: app.auth.token(&asked.client_id), ..Reply::default() }))
}

async fn register(
    State(app): State<App>,
    headers: HeaderMap,
    body: String,
) -> Result<(StatusCode, Json<Reply>), ApiError> {
    if !app.auth.is_open() {
        app.auth.client(&headers, false).await?;
    }
    let asked: Credentials = parse(&body)?;
    app.auth.register(&asked.client_id, &asked.auth_key).await?;
    let reply = Reply { code: "201".into(), client_id: asked.client_id, ..Reply::default() };
    Ok((StatusCode::CREATED, Json(reply)))
}

async fn unregister(State(app): State<App>, headers: HeaderMap, body: String) -> Result<Json<Reply>, ApiError> {
    if !app.auth.is_open() {
        return Err(ApiError::Forbidden("unregister not enabled"));
    }
    let asker = app.auth.client(&headers, false).await?;
    let asked: Credentials = parse(&body)?;
    if asked.client_id.is_empty() {
        return Err(ApiError::Invalid("client id should not be empty".into()));
    }
    if asked.client_id != asker {
        return Err(ApiError::Forbidden("client id not valid"));
    }
    app.auth.unregister(&asked.client_id).await?;
    Ok(Json(Reply { code: "200".into(), ..Reply::default() }))
}

async fn init(State(app): State<App>, headers: HeaderMap, body: String) -> Result<(), ApiError> {
    app.auth.client(&headers, true).await?;
    // There is nothing to fetch: the workers are part of this program's installation.
    let asked: InitJobs = parse(&body)?;
    asked.runners.iter().try_for_each(|runner| check_runner(runner, None))
}

async fn create(State(app): State<App>, headers: HeaderMap, body: String) -> Result<Json<Job>, ApiError> {
    app.auth.client(&headers, true).await?;
    let ask: CreateJob = parse(&body)?;
    check_runner(&ask.runner, Some(ask.kind))?;
    if ask.max_duration_sec <= 0 {
        return Err(ApiError::Invalid("invalid MaxDurationSec value: should be positive".into()));
    }
    let mut tx = app.db.write().await?;
    let most = app.config.max_concurrent_jobs;
    let added = store::insert(&mut tx, &ask, app.clock.now_ms(), most).await?;
    let refused = || ApiError::Busy("failed to create recording job: max concurrent jobs reached".into());
    let record = added.ok_or_else(refused)?;
    tx.commit().await?;
    app.runner.wake();
    Ok(Json(shown(record.job)))
}

async fn read(State(app): State<App>, headers: HeaderMap, Path(id): Path<String>) -> Result<Json<Job>, ApiError> {
    app.auth.client(&headers, true).await?;
    Ok(Json(shown(find(&app, &id).await?.job)))
}

async fn forget(State(app): State<App>, headers: HeaderMap, Path(id): Path<String>) -> Result<(), ApiError> {
    app.auth.client(&headers, true).await?;
    let record = find(&app, &id).await?;
    if record.progress.state == JobState::Running {
        return Err(ApiError::Invalid("job is running".into()));
    }
    let mut tx = app.db.write().await?;
    store::delete(&mut tx, &id).await?;
    tx.commit().await?;
    runner::remove(&app.runner.folder(&id));
    Ok(())
}

async fn logs(State(app): State<App>, headers: HeaderMap, Path(id): Path<String>) -> Result<String, ApiError> {
    app.auth.client(&headers, true).await?;
    find(&app, &id).await?;
    let path = app.runner.log_path(&id);
    let read = tokio::task::spawn_blocking(move || -> std::io::Result<String> {
        let mut file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL)))?;
        let mut bytes = vec![];
        file.take(LOG_TAIL).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    });
    match read.await.map_err(|e| ApiError::Internal("log", e.to_string()))? {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(ApiError::Internal("log", error.to_string())),
    }
}

async fn find(app: &App, id: &str) -> Result<store::Record, ApiError> {
    let missing = || ApiError::Missing(format!("failed to get job: job {id:?} is not known"));
    let plain = (12..=26).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
    if !plain {
        return Err(missing());
    }
    store::get(&mut app.db.read().await?, id).await?.ok_or_else(missing)
}

/// A job without its secret.
fn shown(mut job: Job) -> Job {
    job.input_data.remove("auth_token");
    job
}

fn parse<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, ApiError> {
    serde_json::from_str(body).map_err(|e| ApiError::Invalid(format!("failed to decode request body: {e}")))
}

/// Whether a runner is one of the official images, of the kind of the job; our own worker does the work of both.
fn check_runner(runner: &str, kind: Option<JobType>) -> Result<(), ApiError> {
    let refuse = |why: &str| Err(ApiError::Invalid(format!("invalid Runner value: {runner:?} {why}")));
    let Some((image, tag)) = runner.rsplit_once(':') else { return refuse("has no tag") };
    let name = image.rsplit('/').next().unwrap_or(image);
    let found = match name {
        "calls-recorder" => JobType::Recording,
        "calls-transcriber" => JobType::Transcribing,
        _ => return refuse("should be calls-recorder or calls-transcriber"),
    };
    let version = tag.strip_prefix('v').map(|v| v.split('-').next().unwrap_or(v));
    let numbered = version.is_some_and(|v| v.split('.').count() == 3 && v.split('.').all(|n| n.parse::<u32>().is_ok()));
    if !numbered && tag != "master" {
        return refuse("should have a tag like v1.2.3");
    }
    if kind.is_some_and(|k| k != found) {
        return refuse("does not do this type of job");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn official_runners_are_accepted_for_their_kind() {
        for (runner, kind, good) in [
            ("mattermost/calls-recorder:v0.8.13", JobType::Recording, true),
            ("registry.example.com/x/calls-transcriber:v0.7.2-dev4", JobType::Transcribing, true),
            ("mattermost/calls-recorder:master", JobType::Recording, true),
            ("mattermost/calls-recorder:v0.8.13", JobType::Transcribing, false),
            ("mattermost/calls-recorder", JobType::Recording, false),
            ("mattermost/calls-recorder:latest", JobType::Recording, false),
            ("evil/other:v1.2.3", JobType::Recording, false),
        ] {
            assert_eq!(check_runner(runner, Some(kind)).is_ok(), good, "{runner}");
        }
    }
}
