//! The support packet: what somebody needs who helps from afar. No secrets, no messages, no names of people.

use crate::about::About;
use crate::settings::Settings;
use crate::settings::document::Shown;
use crate::{analytics, logs};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chat::{Actor, Error, Result, Site, audits};
use operations::access::require_admin;
use operations::doctor;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

/// What is said by clients is left out: nobody knows what is in it.
const SAID_BY_CLIENTS: &str = "client log";

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new().route("/system/support_packet", get(packet))
}

/// What the packet is to hold.
#[derive(Debug, Deserialize)]
#[serde(default)]
struct Wanted {
    basic_server_logs: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { basic_server_logs: true }
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn zipped(files: Vec<(&'static str, String)>) -> std::result::Result<Vec<u8>, zip::result::ZipError> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(name, SimpleFileOptions::default())?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

async fn numbers(site: &Site) -> Result<Value> {
    let mut conn = site.db.read().await?;
    let counts = analytics::counts(&mut conn, "", site.clock.now_ms()).await?;
    Ok(counts
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect::<serde_json::Map<_, _>>()
        .into())
}

async fn packet(State(site): State<Site>, actor: Actor, Query(wanted): Query<Wanted>) -> Result<Response> {
    require_admin(&actor)?;
    let about = site.kept::<About>();
    let now = site.clock.now_ms();
    let engine = match site.db.engine() {
        db::Engine::Sqlite => "SQLite",
        db::Engine::Postgres => "PostgreSQL",
    };
    let head = json!({
        "program": "muster", "version": env!("CARGO_PKG_VERSION"), "speaks_as": site.config().version,
        "database": engine, "system": std::env::consts::OS, "machine": std::env::consts::ARCH,
        "processors": std::thread::available_parallelism().map_or(0, usize::from),
        "made_at": logs::time(now),
        "started_at": about.as_ref().map(|a| logs::time(a.started_at)),
        "migrations": chat::schema::MIGRATIONS.iter().map(|m| m.version).collect::<Vec<i64>>(),
    });
    let settings = Settings::of(&site);
    let config = Value::Object(settings.document(Shown { without_masked: true, without_defaults: false }));
    let elsewhere = Value::Object(settings.set_elsewhere());
    let mut files = vec![
        ("about.json", pretty(&head)),
        ("config.json", pretty(&config)),
        ("config_set_elsewhere.json", pretty(&elsewhere)),
        ("numbers.json", pretty(&numbers(&site).await?)),
    ];
    if let Some(about) = about {
        let findings = doctor::examine(&about.subject).await;
        files.push(("doctor.txt", doctor::text(&findings)));
    }
    if wanted.basic_server_logs {
        let told = logs::kept(&site);
        let told = told.iter().filter(|line| line.message != SAID_BY_CLIENTS);
        files.push(("server.log", told.map(|line| format!("{}\n", logs::object(line))).collect()));
    }
    let bytes =
        tokio::task::spawn_blocking(|| zipped(files)).await.map_err(Error::internal)?.map_err(Error::internal)?;
    let mut tx = site.db.write().await?;
    audits::record(&site, &mut tx, &actor, "/api/v4/system/support_packet", "").await?;
    tx.commit().await?;
    let name = format!("attachment; filename=\"muster_support_packet_{}.zip\"", now / 1000);
    Ok(([(header::CONTENT_TYPE, "application/zip".to_owned()), (header::CONTENT_DISPOSITION, name)], bytes)
        .into_response())
}
