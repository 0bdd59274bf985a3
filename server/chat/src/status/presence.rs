//! Who is at the keyboard: people who do nothing for a while are shown as away until they do something again, and "do not
//! disturb" ends by itself. Activity is kept in memory; after a restart whoever connects is active.

use super::{announce, row, store_row};
use crate::{Result, Site};
use db::{Sql, params};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wire::Status;

/// How often is looked for who is idle.
const EVERY: Duration = Duration::from_secs(15);

const ENDED: Sql = Sql::new(
    "SELECT user_id, status, manual, last_activity_at, dnd_end_time FROM statuses
     WHERE status = 'dnd' AND dnd_end_time > 0 AND dnd_end_time <= $1 LIMIT 1000",
);

/// What one user did last.
#[derive(Clone, Copy, Debug, Default)]
struct Activity {
    /// Milliseconds.
    at: i64,
    away: bool,
}

/// The activity of connected users; cheap to clone.
#[derive(Clone, Default)]
pub struct Presence(Arc<Mutex<HashMap<String, Activity>>>);

impl Presence {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Activity>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True when the user was shown as away.
    fn is_active(&self, user: &str, now: i64) -> bool {
        let before = self.lock().insert(user.to_owned(), Activity { at: now, away: false });
        before.is_some_and(|a| a.away)
    }

    /// True when the user was not shown as away before.
    fn is_idle(&self, user: &str) -> bool {
        let mut all = self.lock();
        let activity = all.entry(user.to_owned()).or_default();
        !std::mem::replace(&mut activity.away, true)
    }

    /// When the user last did something, and whether that is too long ago.
    pub(super) fn of(&self, user: &str) -> Option<(i64, bool)> {
        self.lock().get(user).map(|a| (a.at, a.away))
    }

    /// Marks everybody who did nothing since `before` as away; those who were not. Whoever is gone is forgotten.
    fn sweep(&self, before: i64, is_connected: impl Fn(&str) -> bool) -> Vec<String> {
        let mut all = self.lock();
        all.retain(|user, _| is_connected(user));
        let mut idle = Vec::new();
        for (user, activity) in all.iter_mut().filter(|(_, a)| !a.away && a.at < before) {
            activity.away = true;
            idle.push(user.clone());
        }
        idle
    }
}

/// The user did something: whoever was away is back.
///
/// # Errors
/// When the database fails.
pub async fn active(site: &Site, user: &str) -> Result<()> {
    if site.presence.is_active(user, site.clock.now_ms()) {
        announce(site, user).await?;
    }
    Ok(())
}

/// The user's client says that nobody is there.
///
/// # Errors
/// When the database fails.
pub async fn idle(site: &Site, user: &str) -> Result<()> {
    if site.presence.is_idle(user) {
        announce(site, user).await?;
    }
    Ok(())
}

/// Looks for who is idle until `stop`.
pub async fn run(site: Site, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = do_due(&site).await {
            tracing::warn!(%error, "presence could not be looked at; the next round tries again");
        }
    }
}

/// Shows idle users as away and ends "do not disturb" whose time is over; how many statuses changed.
///
/// # Errors
/// When the database fails.
pub async fn do_due(site: &Site) -> Result<usize> {
    let now = site.clock.now_ms();
    let idle = site.presence.sweep(now - site.config().away_after_ms, |user| site.hub.is_connected(user));
    for user in &idle {
        announce(site, user).await?;
    }
    let ended = site.db.read().await?.fetch(&ENDED, params![now / 1000], row).await?;
    for status in &ended {
        let mut tx = site.db.write().await?;
        let over = Status { status: "online".into(), manual: false, dnd_end_time: 0, ..status.clone() };
        store_row(&mut tx, &over).await?;
        tx.commit().await?;
        announce(site, &status.user_id).await?;
    }
    Ok(idle.len() + ended.len())
}
