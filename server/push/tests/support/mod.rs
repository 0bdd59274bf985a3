//! A site with three people in memory, and a stand-in for the push proxy on loopback: it takes down what it is sent and
//! answers what the test wants. The real one would need keys of Apple and Google.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chat::push::{Contents, Settings};
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use kit::Clock;
use push::{Notification, Push};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The stand-in.
#[derive(Clone, Default)]
pub struct StandIn {
    pub url: String,
    sent: Arc<Mutex<Vec<Notification>>>,
    receipts: Arc<Mutex<Vec<Value>>>,
    /// What the next ones are answered instead of OK.
    answers: Arc<Mutex<Vec<(StatusCode, Value)>>>,
}

impl StandIn {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = Self { url: format!("http://{}", listener.local_addr().unwrap()), ..Self::default() };
        let app = Router::new().fallback(answer).with_state(here.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        here
    }

    pub fn answer_next(&self, status: StatusCode, body: Value) {
        self.answers.lock().unwrap().push((status, body));
    }

    /// What it was sent since it was asked the last time.
    pub fn take(&self) -> Vec<Notification> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    pub async fn receipt(&self) -> Value {
        for _ in 0..1500 {
            if let Some(receipt) = self.receipts.lock().unwrap().pop() {
                return receipt;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no receipt was passed on");
    }
}

async fn answer(State(here): State<StandIn>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = to_bytes(request.into_body(), 1 << 20).await.unwrap();
    match path.as_str() {
        "/api/v1/send_push" => {
            here.sent.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
            let mut answers = here.answers.lock().unwrap();
            let next = if answers.is_empty() { None } else { Some(answers.remove(0)) };
            let (status, body) = next.unwrap_or((StatusCode::OK, json!({"status": "OK"})));
            (status, axum::Json(body)).into_response()
        }
        "/api/v1/ack" => {
            here.receipts.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
            axum::Json(json!({"status": "OK"})).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

pub fn settings(proxy: &StandIn, contents: Contents) -> Settings {
    Settings {
        enabled: true,
        proxy_url: proxy.url.clone(),
        contents,
        allowed_addresses: vec!["127.0.0.1".into()],
        timeout_s: 5,
        retry_s: 0,
        ..Settings::default()
    }
}

/// A running site.
pub struct Place {
    pub site: Site,
    api: Router,
    push: Push,
    stop: CancellationToken,
    settings: Settings,
    keys: chat::keys::Keys,
    pub team: String,
    pub square: String,
    pub ana: Person,
    pub bruno: Person,
    pub carla: Person,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Somebody with a session of a browser.
#[derive(Clone, Default)]
pub struct Person {
    pub id: String,
    pub token: String,
}

async fn begin(db: db::Db, settings: &Settings, keys: &chat::keys::Keys) -> (Site, Router, Push) {
    kit::init_crypto();
    db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
    let files = Arc::new(object_store::memory::InMemory::new());
    let config = Config { push: settings.clone(), diagnostic_id: "site".into(), ..Config::default() };
    let (keys, clock) = (keys.clone(), Clock::system());
    let site = Site::new(Parts { db, hub: Hub::default(), clock, config, keys, files });
    let push = Push::open(&site).await.unwrap();
    let api = chat::routes::api_with(&site, push::router());
    (site, api, push)
}

impl Place {
    /// Ana and Bruno are in a team, Carla is not; nothing is sent before [`Place::start`].
    pub async fn open(db: db::Db, settings: Settings) -> Self {
        let keys = chat::keys::Keys::default();
        let (site, api, push) = begin(db, &settings, &keys).await;
        let mut place = Self {
            site,
            api,
            push,
            stop: CancellationToken::new(),
            settings,
            keys,
            team: String::new(),
            square: String::new(),
            ana: Person::default(),
            bruno: Person::default(),
            carla: Person::default(),
        };
        place.ana = place.arrive("ana").await;
        place.bruno = place.arrive("bruno").await;
        place.carla = place.arrive("carla").await;
        let team = json!({"name": "field", "display_name": "Field", "type": "O"});
        place.team = text(&place.ok(&place.ana, "POST", "/teams", team).await, "id");
        let member = json!({"team_id": place.team, "user_id": place.bruno.id});
        place.ok(&place.ana, "POST", &format!("/teams/{}/members", place.team), member).await;
        let square = format!("/teams/{}/channels/name/town-square", place.team);
        place.square = text(&place.ok(&place.ana, "GET", &square, Value::Null).await, "id");
        place
    }

    pub fn start(&self) {
        self.push.start(&self.site, &self.stop);
    }

    /// The same database in a new process.
    pub async fn restarted(&self) -> Self {
        self.stop.cancel();
        let (site, api, push) = begin(self.site.db.clone(), &self.settings, &self.keys).await;
        Self {
            site,
            api,
            push,
            stop: CancellationToken::new(),
            settings: self.settings.clone(),
            keys: self.keys.clone(),
            team: self.team.clone(),
            square: self.square.clone(),
            ana: self.ana.clone(),
            bruno: self.bruno.clone(),
            carla: self.carla.clone(),
        }
    }

    async fn arrive(&self, name: &str) -> Person {
        let account = json!({"username": name, "email": format!("{name}@site.example"), "password": "Correct-horse-9"});
        let (status, _, user) = self.request("", "POST", "/users", account).await;
        assert_eq!(status, StatusCode::CREATED, "{user}");
        Person { id: text(&user, "id"), token: self.login(name, "").await }
    }

    /// A session, of an app when there is a device.
    pub async fn login(&self, name: &str, device: &str) -> String {
        let login = json!({"login_id": name, "password": "Correct-horse-9", "device_id": device});
        self.request("", "POST", "/users/login", login).await.1
    }

    async fn request(&self, token: &str, method: &str, path: &str, body: Value) -> (StatusCode, String, Value) {
        let mut request = Request::builder().method(method).uri(format!("/api/v4{path}"));
        request = request.header("content-type", "application/json");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let answer = self.api.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status();
        let token = answer.headers().get("token").map_or("", |t| t.to_str().unwrap()).to_owned();
        let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, token, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub async fn call(&self, who: &Person, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, _, value) = self.request(&who.token, method, path, body).await;
        (status, value)
    }

    pub async fn ok(&self, who: &Person, method: &str, path: &str, body: Value) -> Value {
        let (status, value) = self.call(who, method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {value}");
        value
    }

    /// Ana writes.
    pub async fn say(&self, message: &str, root: &str) -> String {
        let post = json!({"channel_id": self.square, "message": message, "root_id": root});
        text(&self.ok(&self.ana, "POST", "/posts", post).await, "id")
    }

    /// Waits until nothing is left to be told.
    pub async fn settled(&self) {
        for _ in 0..1500 {
            if self.waiting().await == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("notifications still wait");
    }

    pub async fn waiting(&self) -> i64 {
        let waiting = db::Sql::new("SELECT (SELECT COUNT(*) FROM push_posts) + (SELECT COUNT(*) FROM push_queue)");
        let mut conn = self.site.db.read().await.unwrap();
        conn.fetch_optional(&waiting, vec![], db::Row::only).await.unwrap().unwrap()
    }

    /// Whether the site's key, as it is told to apps, signed this for its device.
    pub async fn is_signed(&self, sent: &Notification) -> bool {
        let config = self.ok(&Person::default(), "GET", "/config/client?format=old", Value::Null).await;
        let der = BASE64.decode(text(&config, "AsymmetricSigningPublicKey").as_bytes()).unwrap();
        let (said, signature) = sent.signature.rsplit_once('.').unwrap();
        let claims = BASE64URL_NOPAD.decode(said.split_once('.').unwrap().1.as_bytes()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &der[der.len() - 65..]);
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        claims == json!({"ack_id": sent.ack_id, "device_id": sent.device_id})
            && key.verify(said.as_bytes(), &signature).is_ok()
    }
}

pub fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}")).to_owned()
}
