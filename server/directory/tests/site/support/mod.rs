//! A site with a directory, and people who use its API through the real router.

mod slapd;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use kit::Clock;
use operations::jobs::Runner;
use serde_json::{Value, json};
pub use slapd::{BASE, Slapd, dn};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A site whose first person, root, has a password of the site's own and administers it.
pub struct Place {
    pub engine: &'static str,
    pub site: Site,
    pub clock: Clock,
    api: Router,
    runner: Runner,
    pub root: String,
}

/// One per engine.
pub async fn places(settings: &directory::Config) -> Vec<Place> {
    kit::init_crypto();
    let mut all = Vec::new();
    for (engine, db) in db::testing::databases().await {
        db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
        let clock = Clock::fixed(1_800_000_000_000);
        let config = Config { max_login_attempts: 3, ..Config::default() };
        let files = Arc::new(object_store::memory::InMemory::new());
        let keys = chat::keys::Keys::default();
        let site = Site::new(Parts { db, hub: Hub::default(), clock: clock.clone(), config, keys, files });
        let runner = Runner::default();
        site.keep(runner.clone());
        directory::Directory::open(&site, settings, &CancellationToken::new()).await.unwrap();
        let api = chat::routes::api_with(&site, directory::router().merge(operations::router()));
        let mut place = Place { engine, site, clock, api, runner, root: String::new() };
        let account = json!({"username": "root", "email": "root@site.example", "password": "Correct-horse-9"});
        let (status, _, user) = place.call("", "POST", "/users", account).await;
        assert_eq!(status, StatusCode::CREATED, "{user}");
        place.root = place.token("root", "Correct-horse-9").await;
        all.push(place);
    }
    all
}

impl Place {
    /// Status, session token and answer.
    pub async fn call(&self, token: &str, method: &str, path: &str, body: Value) -> (StatusCode, String, Value) {
        let mut request = Request::builder().method(method).uri(format!("/api/v4{path}"));
        request = request.header("content-type", "application/json");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let answer = self.api.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status();
        let token = answer.headers().get("token").map(|t| t.to_str().unwrap().to_owned()).unwrap_or_default();
        let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, token, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub async fn ok(&self, token: &str, method: &str, path: &str, body: Value) -> Value {
        let (status, _, value) = self.call(token, method, path, body).await;
        assert!(status.is_success(), "{}: {method} {path}: {status} {value}", self.engine);
        value
    }

    /// As root.
    pub async fn get(&self, path: &str) -> Value {
        self.ok(&self.root, "GET", path, Value::Null).await
    }

    /// As root.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.ok(&self.root, "POST", path, body).await
    }

    /// Status and error id of something that is refused.
    pub async fn refused(&self, token: &str, method: &str, path: &str, body: Value) -> (u16, String) {
        let (status, _, value) = self.call(token, method, path, body).await;
        assert!(!status.is_success(), "{}: {method} {path} is not refused: {value}", self.engine);
        (status.as_u16(), text(&value, "id"))
    }

    pub async fn log_in(&self, name: &str, password: &str) -> (StatusCode, String, Value) {
        self.call("", "POST", "/users/login", json!({"login_id": name, "password": password})).await
    }

    /// As root, a form with one file; the status.
    pub async fn upload(&self, path: &str, file: &std::path::Path) -> StatusCode {
        let text = std::fs::read_to_string(file).unwrap();
        let head = "Content-Disposition: form-data; name=\"certificate\"; filename=\"f.pem\"";
        let form = format!("--x\r\n{head}\r\n\r\n{text}\r\n--x--\r\n");
        let request = Request::builder().method("POST").uri(format!("/api/v4{path}"));
        let request = request.header("content-type", "multipart/form-data; boundary=x");
        let request = request.header("authorization", format!("Bearer {}", self.root)).body(Body::from(form)).unwrap();
        self.api.clone().oneshot(request).await.unwrap().status()
    }

    /// Status and error id of a login that fails.
    pub async fn turned_away(&self, name: &str, password: &str) -> (u16, String) {
        self.refused("", "POST", "/users/login", json!({"login_id": name, "password": password})).await
    }

    /// The session of somebody who logs in.
    pub async fn token(&self, name: &str, password: &str) -> String {
        let (status, token, user) = self.log_in(name, password).await;
        assert_eq!(status, StatusCode::OK, "{}: {name}: {user}", self.engine);
        token
    }

    /// The account of somebody from the directory, after a login.
    pub async fn comes(&self, name: &str) -> Value {
        let (status, _, user) = self.log_in(name, &format!("{name}-Pass-9")).await;
        assert_eq!(status, StatusCode::OK, "{}: {name}: {user}", self.engine);
        user
    }

    /// Asks for a synchronisation and works it off; the job as it ended.
    pub async fn synchronised(&self) -> Value {
        self.post("/ldap/sync", Value::Null).await;
        let stop = CancellationToken::new();
        while self.runner.next(&self.site, &stop).await.unwrap() {}
        self.clock.advance(1000);
        self.get("/jobs/type/ldap_sync?per_page=1").await[0].clone()
    }
}

pub fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}")).to_owned()
}
