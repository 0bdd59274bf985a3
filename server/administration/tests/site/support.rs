//! A site with its administrator and one more person, on each engine.

use administration::{About, Settings, Source};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use kit::Clock;
use object_store::memory::InMemory;
use operations::doctor::Subject;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub const NOW: i64 = 1_800_000_000_000;

pub struct World {
    pub engine: &'static str,
    pub site: Site,
    pub api: Router,
    pub clock: Clock,
    /// Tokens and ids.
    pub ana: (String, String),
    pub bruno: (String, String),
    pub folder: tempfile::TempDir,
    pub stop: CancellationToken,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// One key for every server of a test.
fn keys() -> chat::keys::Keys {
    static KEYS: std::sync::LazyLock<chat::keys::Keys> = std::sync::LazyLock::new(chat::keys::Keys::default);
    KEYS.clone()
}

/// A handle on the same database, as a second server has it.
pub async fn open(
    db: db::Db,
    origins: &[(&str, &str)],
) -> (Site, Router, Settings, tempfile::TempDir, CancellationToken, Clock) {
    let clock = Clock::fixed(NOW);
    let files = Arc::new(InMemory::new());
    let config = Config { site_name: "Field".into(), ..Config::default() };
    let parts = Parts { db, hub: Hub::default(), clock: clock.clone(), config: config.clone(), keys: keys(), files };
    let site = Site::new(parts);
    let origins: BTreeMap<String, String> = origins.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let shown = json!({"SqlSettings": {"DataSource": administration::settings::document::MASK}});
    let source = Source { config, origins, shown: shown.as_object().unwrap().clone() };
    let again = source.clone();
    let settings = Settings::new(source, Arc::new(move || Ok(again.clone())));
    let folder = tempfile::tempdir().unwrap();
    let subject = Subject {
        listen_address: "127.0.0.1:0".into(),
        site_url: String::new(),
        data_dir: folder.path().into(),
        database: db::Options::Sqlite { path: folder.path().join("none.db"), readers: 1, full_sync: false },
        tls: tls::Settings::default(),
        place: tls::Place { site_name: String::new(), site_url: String::new(), folder: tls::folder(folder.path()) },
        files: chat::files::StoreConfig::default(),
        push_proxy: String::new(),
        services: vec![],
    };
    let stop = CancellationToken::new();
    operations::start(&site, &stop);
    let about = About { data_dir: folder.path().into(), subject, started_at: NOW };
    administration::start(&site, &settings, about, &stop).await.unwrap();
    let api = chat::routes::api_with(&site, operations::router().merge(administration::router()));
    (site, api, settings, folder, stop, clock)
}

pub async fn worlds() -> Vec<World> {
    let mut all = Vec::new();
    for (engine, db) in db::testing::databases().await {
        db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
        let origins = [("limits.max_login_attempts", "flag --limits.max-login-attempts")];
        let (site, api, _, folder, stop, clock) = open(db, &origins).await;
        let ana = arrive(&api, "ana").await;
        let bruno = arrive(&api, "bruno").await;
        all.push(World { engine, site, api, clock, ana, bruno, folder, stop });
    }
    all
}

/// The bytes of an answer.
pub async fn raw(api: &Router, token: &str, method: &str, path: &str, body: Value) -> (StatusCode, String, Vec<u8>) {
    let mut request =
        Request::builder().method(method).uri(format!("/api/v4{path}")).header("content-type", "application/json");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let answer = api.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    let status = answer.status();
    let token = answer.headers().get("token").map(|t| t.to_str().unwrap().to_owned()).unwrap_or_default();
    (status, token, to_bytes(answer.into_body(), 64 << 20).await.unwrap().to_vec())
}

pub async fn call(api: &Router, token: &str, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let (status, _, bytes) = raw(api, token, method, path, body).await;
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn arrive(api: &Router, name: &str) -> (String, String) {
    let account = json!({"username": name, "email": format!("{name}@site.example"), "password": "Correct-horse-9"});
    let (status, user) = call(api, "", "POST", "/users", account).await;
    assert_eq!(status, StatusCode::CREATED, "{user}");
    let login = json!({"login_id": name, "password": "Correct-horse-9"});
    let (_, token, _) = raw(api, "", "POST", "/users/login", login).await;
    (token, user["id"].as_str().unwrap().to_owned())
}

impl World {
    /// As the administrator; the call has to succeed.
    pub async fn ana(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, value) = call(&self.api, &self.ana.0, method, path, body).await;
        assert!(status.is_success(), "{}: {method} {path}: {status} {value}", self.engine);
        value
    }

    /// As somebody who administers nothing.
    pub async fn bruno(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        call(&self.api, &self.bruno.0, method, path, body).await
    }
}
