//! What an administrator does with the site as a whole: jobs, import and export, backup, configuration, logs, metrics, checks.

pub mod access;
pub mod bulk;
pub mod command;
pub mod doctor;
pub mod dump;
pub mod jobs;
pub mod metrics;

use axum::Router;
use chat::Site;
use tokio_util::sync::CancellationToken;

/// Begins to work off jobs, until `stop`.
pub fn start(site: &Site, stop: &CancellationToken) {
    start_with(site, stop, |_| {});
}

/// [`start`], with jobs that other crates do: they have to be known before the first one is looked at.
pub fn start_with(site: &Site, stop: &CancellationToken, more: impl FnOnce(&jobs::Runner)) {
    let runner = jobs::Runner::default();
    bulk::register(&runner);
    more(&runner);
    site.keep(runner.clone());
    tokio::spawn(runner.run(site.clone(), stop.clone()));
}

/// Routes under `/api/v4`.
pub fn router() -> Router<Site> {
    jobs::router().merge(bulk::router())
}
