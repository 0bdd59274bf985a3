//! How long messages and files are kept.
//!
//! * `[server.retention]` ([`chat::erasing::Retention`]) says it for the whole site, policies (`policies`, `places`) for single
//!   teams and channels; `effective` says which one holds.
//! * `run` is the job that erases, in batches that [`chat::erasing::aged`] knows how to erase; how far it is stands in the
//!   transaction of each batch, so that a killed server goes on where it was, with the right numbers.
//! * `schedule` begins it once a day.

mod effective;
mod global;
mod places;
mod policies;
mod run;
mod schedule;
mod store;

pub use run::JOB;
pub use schedule::begin_if_due;

use axum::Router;
use chat::{Actor, Result, Site};
use operations::access;
use operations::jobs::{Runner, Work};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Routes under `/api/v4`.
pub fn router() -> Router<Site> {
    global::router().merge(policies::router()).merge(places::router())
}

/// Says that this crate does the jobs that erase.
pub fn register(runner: &Runner) {
    let work: Work = Arc::new(|site, job, report| Box::pin(run::run(site, job, report)));
    runner.register(JOB, work);
}

/// Begins the job once a day, until `stop`.
pub fn start(site: &Site, stop: &CancellationToken) {
    tokio::spawn(schedule::run(site.clone(), stop.clone()));
}

fn may_read(actor: &Actor) -> Result<()> {
    access::require(actor, &["sysconsole_read_compliance_data_retention_policy"])
}

fn may_write(actor: &Actor) -> Result<()> {
    access::require(actor, &["sysconsole_write_compliance_data_retention_policy"])
}
