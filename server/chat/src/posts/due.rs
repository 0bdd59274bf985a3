//! The one loop of what happens to posts by itself: reminders, and urgent posts that are told again.

use super::{persist, remind};
use crate::{Result, Site};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often is looked for what is due.
const EVERY: Duration = Duration::from_secs(5);

/// Does what is due until `stop`.
pub async fn run(site: Site, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = do_due(&site).await {
            tracing::warn!(%error, "reminders could not be looked at; the next round tries again");
        }
    }
}

/// Says every reminder whose time has come and tells urgent posts again; how many of both.
///
/// # Errors
/// When the database fails.
pub async fn do_due(site: &Site) -> Result<usize> {
    Ok(remind::say_due(site).await? + persist::tell_due(site).await?)
}
