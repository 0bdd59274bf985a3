//! GET /system/ping: whether the server is there, and on request whether what it stands on is.

use crate::{Json, Site, files};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use db::Sql;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Longest that database and file storage may take together.
const DEADLINE: Duration = Duration::from_secs(10);
/// Anybody may ask, so one answer serves all who ask within this time.
const GOOD_FOR: Duration = Duration::from_secs(5);
const ONE: Sql = Sql::new("SELECT 1");

/// What is asked for. `time` and the rest that clients send say nothing to the server.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    get_server_status: String,
    use_rest_semantics: String,
    device_id: String,
}

#[derive(Clone, Copy, Debug)]
struct Health {
    database: bool,
    files: bool,
}

/// The newest answer and when it was found.
#[derive(Clone, Default)]
struct Newest(Arc<Mutex<Option<(Instant, Health)>>>);

async fn look(site: &Site) -> Health {
    let database = async {
        let mut conn = site.db.read().await?;
        conn.query(&ONE, vec![]).await
    };
    let (database, files) = tokio::join!(
        tokio::time::timeout(DEADLINE, database),
        tokio::time::timeout(DEADLINE, files::probe(site.files.as_ref()))
    );
    Health { database: matches!(database, Ok(Ok(_))), files: matches!(files, Ok(Ok(()))) }
}

async fn health(site: &Site) -> Health {
    let newest = site.kept::<Newest>().unwrap_or_else(|| {
        let newest = Newest::default();
        site.keep(newest.clone());
        newest
    });
    let mut newest = newest.0.lock().await;
    match *newest {
        Some((at, health)) if at.elapsed() < GOOD_FOR => health,
        _ => {
            let health = look(site).await;
            *newest = Some((Instant::now(), health));
            health
        }
    }
}

/// Unhealthy is a 500 for machines that look at the status alone, unless they ask for the status of the answer itself.
pub async fn ping(State(site): State<Site>, Query(asked): Query<Asked>) -> (StatusCode, Json<Value>) {
    let mut answer = json!({"status": "OK", "ActiveSearchBackend": "database", "AndroidLatestVersion": "",
        "AndroidMinVersion": "", "DesktopLatestVersion": "", "DesktopMinVersion": "", "IosLatestVersion": "", "IosMinVersion": ""});
    if !asked.device_id.is_empty() {
        let reached = match site.pusher() {
            Some(pusher) if site.config().push.works() => pusher.reaches(&site, &asked.device_id).await,
            _ => None,
        };
        let word = reached.map_or("unknown", |reached| if reached { "true" } else { "false" });
        answer["CanReceiveNotifications"] = word.into();
    }
    if asked.get_server_status != "true" {
        return (StatusCode::OK, Json(answer));
    }
    let health = health(&site).await;
    let word = |well: bool| if well { "OK" } else { "UNHEALTHY" };
    let well = health.database && health.files;
    answer["database_status"] = word(health.database).into();
    answer["filestore_status"] = word(health.files).into();
    answer["status"] = word(well).into();
    let rest = asked.use_rest_semantics == "true";
    (if well || rest { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR }, Json(answer))
}
