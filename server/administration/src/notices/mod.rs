//! Notices: what an administrator should know, told once by the client and then put away.

mod rules;
mod store;

use crate::about::About;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, put};
use chat::{Actor, Error, Json, Result, Site, system, teams};
use db::Conn;
use rules::{Facts, Notice};
use wire::StatusOk;

/// Most ids in one request.
const MOST: usize = 100;
/// Name of the value of the installation that says when the last backup was made, Unix milliseconds.
pub const LAST_BACKUP: &str = "LastBackupAt";
/// Names of the values that say which version runs, and since when, Unix milliseconds.
const VERSION: &str = "RunningVersion";
const VERSION_SINCE: &str = "RunningVersionSince";

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new().route("/system/notices/{team_id}", get(list)).route("/system/notices/view", put(seen))
}

/// Notes that this version runs, when another one did before.
///
/// # Errors
/// When the database fails.
pub async fn note_version(site: &Site, version: &str) -> Result<()> {
    let mut tx = site.db.write().await?;
    let before = system::value(&mut tx, VERSION).await?;
    if before.as_deref() != Some(version) {
        // The first version is no news.
        let since = if before.is_some() { site.clock.now_ms() } else { 0 };
        system::set_value(&mut tx, VERSION, version).await?;
        system::set_value(&mut tx, VERSION_SINCE, &since.to_string()).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A stored time, Unix milliseconds; 0 when there is none.
async fn time(conn: &mut Conn, name: &str) -> Result<i64> {
    Ok(system::value(conn, name).await?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

async fn facts(site: &Site) -> Result<Facts> {
    let mut conn = site.db.read().await?;
    let (last_backup, version_since) = (time(&mut conn, LAST_BACKUP).await?, time(&mut conn, VERSION_SINCE).await?);
    let begun = store::begun(&mut conn).await?;
    drop(conn);
    let about = site.kept::<About>();
    let disk = match about {
        Some(about) => tokio::task::spawn_blocking(move || about.disk()).await.map_err(Error::internal)?,
        None => None,
    };
    let version = env!("CARGO_PKG_VERSION");
    Ok(Facts { now: site.clock.now_ms(), begun, last_backup, version, version_since, disk })
}

/// Only administrators have something to do about these.
async fn list(State(site): State<Site>, actor: Actor, Path(team): Path<String>) -> Result<Json<Vec<Notice>>> {
    teams::require_member(&mut site.db.read().await?, &actor, &team).await?;
    if !actor.is_system_admin() {
        return Ok(Json(vec![]));
    }
    let mut all = rules::notices(&facts(&site).await?);
    let seen = store::seen(&mut site.db.read().await?, &actor.user_id).await?;
    all.retain(|notice| !seen.contains(&notice.id));
    Ok(Json(all))
}

async fn seen(State(site): State<Site>, actor: Actor, Json(ids): Json<Vec<String>>) -> Result<Json<StatusOk>> {
    if ids.len() > MOST || ids.iter().any(|id| id.len() > 64) {
        return Err(Error::invalid_body("ids", &format!("at most {MOST} ids of notices are wanted")));
    }
    let mut tx = site.db.write().await?;
    for id in &ids {
        store::put_away(&mut tx, &actor.user_id, id, site.clock.now_ms()).await?;
    }
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
