//! Jobs: work that outlives the request that asked for it. Rows are durable, one runner works them off in order, and a
//! job whose process died begins again; work is written so that beginning again does no harm.

mod routes;
mod run;
mod state;
mod store;

pub use routes::router;
pub use run::{Ended, Report, Runner, Work};
pub use state::{Status, Step};
pub use store::{get, page};

use chat::{Result, Site};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What goes into a job and comes out of it; texts by name, as clients know them.
pub type Data = BTreeMap<String, String>;

/// A job as clients see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub priority: i64,
    pub create_at: i64,
    pub start_at: i64,
    pub last_activity_at: i64,
    pub status: Status,
    /// Per cent.
    pub progress: i64,
    pub data: Data,
}

/// Puts a job into the queue.
///
/// # Errors
/// When the database fails.
pub async fn create(site: &Site, kind: &str, data: Data) -> Result<Job> {
    let id = kit::id::new();
    let mut tx = site.db.write().await?;
    store::insert(&mut tx, &id, kind, &data, site.clock.now_ms()).await?;
    let job = store::get(&mut tx, &id).await?.ok_or_else(missing)?;
    let runner = site.kept::<Runner>();
    tx.after_commit(move || {
        if let Some(runner) = runner {
            runner.wake();
        }
    });
    tx.commit().await?;
    Ok(job)
}

fn missing() -> chat::Error {
    chat::Error::not_found("app.job.get.app_error", "There is no such job.")
}
