//! The HTTP side of jobs.

use super::state::{Status, Step};
use super::{Data, Job, Runner, create, missing, store};
use crate::access::require;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, patch, post};
use chat::Json;
use chat::{Actor, Error, Result, Site};
use serde::Deserialize;
use wire::StatusOk;

const READ: &[&str] = &["read_jobs", "manage_jobs"];
const WRITE: &[&str] = &["manage_jobs"];

/// Who may begin and stop jobs of a type.
fn writers(kind: &str) -> &'static [&'static str] {
    match kind {
        "data_retention" => &["manage_jobs", "create_data_retention_job", "manage_data_retention_job"],
        _ => WRITE,
    }
}

/// Who may look at jobs of a type.
fn readers(kind: &str) -> &'static [&'static str] {
    match kind {
        "data_retention" => &["read_jobs", "manage_jobs", "read_data_retention_job"],
        _ => READ,
    }
}

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/jobs", get(list).post(begin))
        .route("/jobs/{job_id}", get(one))
        .route("/jobs/{job_id}/cancel", post(cancel))
        .route("/jobs/{job_id}/status", patch(set_status))
        .route("/jobs/type/{job_type}", get(of_type))
}

/// Query of the lists.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Q {
    page: i64,
    per_page: Option<i64>,
    job_type: String,
    status: String,
}

impl Q {
    fn limits(&self) -> (i64, i64) {
        chat::paging::limits(self.page, self.per_page)
    }
}

async fn list(State(site): State<Site>, actor: Actor, Query(q): Query<Q>) -> Result<Json<Vec<Job>>> {
    require(&actor, READ)?;
    if !q.status.is_empty() && Status::of_name(&q.status).is_none() {
        return Err(Error::invalid_param("status"));
    }
    let (limit, offset) = q.limits();
    Ok(Json(store::page(&mut site.db.read().await?, &q.job_type, &q.status, limit, offset).await?))
}

async fn of_type(
    State(site): State<Site>,
    actor: Actor,
    Path(kind): Path<String>,
    Query(q): Query<Q>,
) -> Result<Json<Vec<Job>>> {
    require(&actor, readers(&kind))?;
    let (limit, offset) = q.limits();
    Ok(Json(store::page(&mut site.db.read().await?, &kind, "", limit, offset).await?))
}

async fn one(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Job>> {
    require(&actor, READ)?;
    store::get(&mut site.db.read().await?, &id).await?.map(Json).ok_or_else(missing)
}

/// Body of POST /jobs.
#[derive(Debug, Deserialize)]
pub struct New {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Option<Data>,
}

async fn begin(State(site): State<Site>, actor: Actor, Json(new): Json<New>) -> Result<(StatusCode, Json<Job>)> {
    require(&actor, writers(&new.kind))?;
    if !site.kept::<Runner>().is_some_and(|r| r.knows(&new.kind)) {
        return Err(Error::invalid_body("type", &format!("this site has no jobs of type {}", new.kind)));
    }
    Ok((StatusCode::CREATED, Json(create(&site, &new.kind, new.data.unwrap_or_default()).await?)))
}

async fn cancel(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    require(&actor, WRITE)?;
    let mut tx = site.db.write().await?;
    let job = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    if !store::step(&mut tx, &id, job.status, Step::Cancel, site.clock.now_ms()).await? {
        let message = format!("The job cannot be canceled: it is {}.", job.status.name());
        return Err(Error::invalid("jobs.request_cancellation.status.error", message));
    }
    tx.commit().await?;
    if let Some(runner) = site.kept::<Runner>() {
        runner.stop(&id);
    }
    Ok(Json(StatusOk::default()))
}

/// Body of PATCH …/status.
#[derive(Debug, Deserialize)]
pub struct NewStatus {
    status: String,
    #[serde(default)]
    force: bool,
}

/// Puts a job back into the queue or out of it. Without `force` only what does not fight with the runner is allowed.
async fn set_status(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    Json(new): Json<NewStatus>,
) -> Result<Json<StatusOk>> {
    require(&actor, WRITE)?;
    let to = Status::of_name(&new.status).ok_or_else(|| Error::invalid_body("status", "no such status"))?;
    let mut tx = site.db.write().await?;
    let job = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    let gentle = [Step::Cancel, Step::Orphan].iter().any(|s| job.status.after(*s) == Some(to));
    if !new.force && !gentle {
        let message = format!("A job that is {} cannot become {} without force.", job.status.name(), to.name());
        return Err(Error::invalid("api.job.status.invalid", message));
    }
    store::set(&mut tx, &id, job.status, to, site.clock.now_ms()).await?;
    tx.commit().await?;
    if let Some(runner) = site.kept::<Runner>() {
        if matches!(to, Status::CancelRequested | Status::Canceled) {
            runner.stop(&id);
        }
        runner.wake();
    }
    Ok(Json(StatusOk::default()))
}
