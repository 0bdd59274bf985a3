//! What an administrator sees and sets of a running site: settings, logs, numbers, reports, notices, and the socket through
//! which tools on the same machine administer without a password.

mod about;
mod analytics;
mod client_perf;
mod logs;
mod notices;
mod onboarding;
mod reports;
pub mod settings;
pub mod socket;
mod support;
mod trying;

pub use about::About;
pub use notices::LAST_BACKUP;
pub use settings::{Settings, Source};

use axum::Router;
use chat::{Result, Site};
use operations::jobs::Runner;
use tokio_util::sync::CancellationToken;

/// Puts the stored settings into force, and notices what changes until `stop`. Log lines are read from the
/// [`kit::telemetry::Ring`] that the site keeps.
///
/// # Errors
/// When the database fails.
pub async fn start(site: &Site, settings: &Settings, about: About, stop: &CancellationToken) -> Result<()> {
    site.keep(settings.clone());
    site.keep(about);
    settings.begin(site).await?;
    notices::note_version(site, env!("CARGO_PKG_VERSION")).await?;
    if let Some(runner) = site.kept::<Runner>() {
        reports::register(&runner);
    }
    tokio::spawn(settings.clone().watch(site.clone(), stop.clone()));
    Ok(())
}

/// Routes under `/api/v4`.
pub fn router() -> Router<Site> {
    settings::router()
        .merge(analytics::router())
        .merge(client_perf::router())
        .merge(logs::router())
        .merge(notices::router())
        .merge(onboarding::router())
        .merge(reports::router())
        .merge(support::router())
        .merge(trying::router())
}
