//! The ledger of the API (`tests/compat/ledger.jsonl`) and the router say the same.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use tower::ServiceExt;

const LEDGER: &str = include_str!("../../tests/compat/ledger.jsonl");
const OPERATIONS: usize = 600;

#[derive(Debug, Deserialize)]
struct Row {
    method: String,
    path: String,
    tier: String,
    state: String,
    #[serde(default)]
    anonymous: bool,
    #[serde(default)]
    outside: bool,
    #[serde(default)]
    extra: bool,
}

impl Row {
    fn absent(&self) -> bool {
        self.state.starts_with("absent: ")
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

fn ledger() -> Vec<Row> {
    LEDGER.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

async fn api() -> Router {
    let (_, db) = db::testing::databases().await.remove(0);
    db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
    let files = Arc::new(object_store::memory::InMemory::new());
    let clock = kit::Clock::system();
    let site = Site::new(Parts {
        db,
        hub: Hub::default(),
        clock,
        config: Config::default(),
        keys: chat::keys::Keys::default(),
        files,
    });
    let integrations = integrations::Integrations::open(&site, integrations::Config::default(), "").await.unwrap();
    let pictures = tempfile::tempdir().unwrap();
    let links = links::Links::open(&site, links::Config::default(), pictures.path()).await.unwrap();
    let on = federation::Config { enabled: true, ..federation::Config::default() };
    let federation = federation::Federation::open(on).unwrap();
    let sso = sso::Sso::open(&site, sso::Config::default()).await.unwrap();
    server::api(&site, &integrations, &links, &federation, &sso)
}

/// Parameters become something that an id or a number could be.
fn example(path: &str) -> String {
    let number = path.replace("{timestamp}", "1");
    Regex::new(r"\{[^}]*\}").unwrap().replace_all(&number, "a".repeat(26)).into_owned()
}

/// Asks as nobody.
async fn ask(api: &Router, method: &str, path: &str, outside: bool) -> (StatusCode, Value) {
    let base = if outside { "" } else { "/api/v4" };
    let request = Request::builder().method(method).uri(format!("{base}{}", example(path)));
    let request = request.header("content-type", "application/json").body(Body::from("{}")).unwrap();
    let answer = api.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// Whether no route took the request.
fn unrouted(status: StatusCode, body: &Value) -> bool {
    body["id"] == "api.context.404.app_error" || status == StatusCode::NOT_IMPLEMENTED
}

#[test]
fn the_ledger_has_every_operation_once() {
    let rows = ledger();
    assert_eq!(rows.iter().filter(|r| !r.extra).count(), OPERATIONS);
    let names: BTreeSet<String> = rows.iter().map(Row::name).collect();
    assert_eq!(names.len(), rows.len(), "an operation has two rows");
    for row in &rows {
        let reason =
            row.state.split_once(": ").filter(|(kind, why)| ["partial", "absent"].contains(kind) && !why.is_empty());
        assert!(row.state == "full" || reason.is_some(), "{}: {}", row.name(), row.state);
        assert!(["A", "B", "C"].contains(&row.tier.as_str()), "{}", row.name());
    }
}

#[tokio::test]
async fn what_the_ledger_claims_is_routed_and_asks_who_is_there() {
    let api = api().await;
    let mut wrong = Vec::new();
    for row in ledger().iter().filter(|r| !r.absent()) {
        let (status, body) = ask(&api, &row.method, &row.path, row.outside).await;
        let refused = status == StatusCode::UNAUTHORIZED;
        if unrouted(status, &body) || refused == row.anonymous {
            wrong.push(format!("{}: {status} {body}", row.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_the_ledger_calls_absent_answers_the_protocols_error() {
    let api = api().await;
    let mut wrong = Vec::new();
    for row in ledger().iter().filter(|r| r.absent()) {
        let (status, body) = ask(&api, &row.method, &row.path, row.outside).await;
        let told = row.outside
            || row.method == "HEAD"
            || body["status_code"] == status.as_u16() && body["message"].is_string();
        let answered = [StatusCode::NOT_FOUND, StatusCode::NOT_IMPLEMENTED].contains(&status);
        if !answered || !told || !row.outside && !unrouted(status, &body) {
            wrong.push(format!("{}: {status} {body}", row.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every path that the sources give to a router.
fn paths_in_the_sources(folder: &Path, found: &mut BTreeSet<String>) {
    let route = Regex::new(r#"\.route\(\s*"([^"]+)""#).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths_in_the_sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.extend(route.captures_iter(&text).map(|c| c[1].to_owned()));
        }
    }
}

#[tokio::test]
async fn every_route_has_a_row() {
    let plain = |text: &str| Regex::new(r"\{[^}]*\}").unwrap().replace_all(text, "{}").into_owned();
    let rows: BTreeSet<String> = ledger().iter().filter(|r| !r.absent()).map(|r| plain(&r.name())).collect();
    let mut paths = BTreeSet::new();
    for part in ["chat", "integrations", "links", "operations", "administration", "sso"] {
        paths_in_the_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(part).join("src"), &mut paths);
    }
    assert!(paths.len() > 150, "the sources were not read: {} paths", paths.len());
    let api = api().await;
    let mut wrong = Vec::new();
    for path in &paths {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let (status, body) = ask(&api, method, path, path.ends_with("/public")).await;
            if !unrouted(status, &body)
                && !rows.contains(&plain(&format!("{method} {path}")))
                && status != StatusCode::METHOD_NOT_ALLOWED
            {
                wrong.push(format!("{method} {path}: {status}"));
            }
        }
    }
    assert!(wrong.is_empty(), "routes without a row:\n{}", wrong.join("\n"));
}
