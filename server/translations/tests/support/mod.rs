//! A site with people in memory, and a stand-in for the translation service.

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use kit::Clock;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use wire::Post;

/// A server of LibreTranslate's API that puts the languages before the text: `[en>pt] hello`.
#[derive(Clone, Default)]
pub struct StandIn {
    pub url: String,
    away: Arc<AtomicBool>,
    made: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stand_in = Self { url: format!("http://{}", listener.local_addr().unwrap()), ..Self::default() };
        let app = Router::new()
            .route("/languages", get(languages))
            .route("/detect", post(detect))
            .route("/translate", post(translate))
            .with_state(stand_in.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        stand_in
    }

    /// Answers 503 from now on, or no longer.
    pub fn away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// How often this translation was made.
    pub fn count(&self, translation: &str) -> usize {
        self.made.lock().unwrap().iter().filter(|made| *made == translation).count()
    }

    fn answer(&self, answer: Value) -> Response {
        match self.away.load(Ordering::SeqCst) {
            true => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"error": "away"}))).into_response(),
            false => Json(answer).into_response(),
        }
    }
}

async fn languages(State(stand_in): State<StandIn>) -> Response {
    let all = ["en", "pt", "de"];
    stand_in.answer(all.map(|code| json!({"code": code, "name": code, "targets": all})).into_iter().collect())
}

async fn detect(State(stand_in): State<StandIn>, Json(body): Json<Value>) -> Response {
    let language = if text(&body, "q").starts_with("olá") { "pt" } else { "en" };
    stand_in.answer(json!([{"confidence": 90.0, "language": language}]))
}

async fn translate(State(stand_in): State<StandIn>, Json(body): Json<Value>) -> Response {
    let languages = format!("[{}>{}]", text(&body, "source"), text(&body, "target"));
    let texts: Vec<String> =
        body["q"].as_array().unwrap().iter().map(|q| format!("{languages} {}", q.as_str().unwrap())).collect();
    if !stand_in.away.load(Ordering::SeqCst) {
        stand_in.made.lock().unwrap().extend(texts.clone());
    }
    stand_in.answer(json!({"translatedText": texts}))
}

pub fn config(llm_url: &str) -> translations::Config {
    translations::Config { llm_url: llm_url.into(), ..translations::Config::default() }
}

/// A running site with channel translation.
pub struct Place {
    pub site: Site,
    pub api: Router,
    pub stop: CancellationToken,
    pub channel: String,
    pub team: String,
    pub invite: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A site over `db` as a process has it after its start.
async fn begin(db: db::Db, config: translations::Config) -> (Site, Router, CancellationToken) {
    kit::init_crypto();
    db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
    let files = Arc::new(object_store::memory::InMemory::new());
    let parts = Parts {
        db,
        hub: Hub::default(),
        clock: Clock::system(),
        config: Config::default(),
        keys: chat::keys::Keys::default(),
        files,
    };
    let site = Site::new(parts);
    let stop = CancellationToken::new();
    let plugin = translations::start(site.clone(), config, stop.clone()).await.unwrap();
    let api = chat::routes::api(&site).nest("/plugins/mattermost-channel-translations", plugin);
    (site, api, stop)
}

impl Place {
    /// The site, its first person and a channel they are in.
    pub async fn open(db: db::Db, config: translations::Config) -> (Self, Person) {
        let (site, api, stop) = begin(db, config).await;
        let ana = arrive(&api, "ana", "").await;
        let team =
            ana.ok("POST", "/api/v4/teams", json!({"name": "field", "display_name": "Field", "type": "O"})).await;
        let (team, invite) = (text(&team, "id"), text(&team, "invite_id"));
        let square = ana.ok("GET", &format!("/api/v4/teams/{team}/channels/name/town-square"), Value::Null).await;
        let channel = text(&square, "id");
        (Self { site, api, stop, channel, team, invite }, ana)
    }

    /// The same database in a new process.
    pub async fn restarted(&self, config: translations::Config) -> Self {
        let (site, api, stop) = begin(self.site.db.clone(), config).await;
        let (channel, team, invite) = (self.channel.clone(), self.team.clone(), self.invite.clone());
        Self { site, api, stop, channel, team, invite }
    }

    pub fn state(&self) -> String {
        format!("/channel/{}/translations", self.channel)
    }

    pub async fn post(&self, id: &str) -> Post {
        let mut conn = self.site.db.read().await.unwrap();
        chat::posts::get(&mut conn, id).await.unwrap().unwrap()
    }

    /// Waits for the translation of a post into `language`.
    pub async fn translated(&self, id: &str, language: &str) -> Post {
        for _ in 0..600 {
            let post = self.post(id).await;
            if post.props.get("translations").is_some_and(|t| t.get(language).is_some()) {
                assert_eq!(post.kind, "custom_translation");
                return post;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the post was not translated into {language}: {:?}", self.post(id).await);
    }
}

/// A person with a session.
pub struct Person {
    api: Router,
    token: String,
}

pub async fn arrive(api: &Router, name: &str, invite: &str) -> Person {
    let account = json!({"username": name, "email": format!("{name}@site.example"), "password": "Correct-horse-9"});
    let (status, _, user) = call(api, "POST", &format!("/api/v4/users?iid={invite}"), account, None).await;
    assert_eq!(status, StatusCode::CREATED, "{user}");
    let login = json!({"login_id": name, "password": "Correct-horse-9"});
    let (_, token, _) = call(api, "POST", "/api/v4/users/login", login, None).await;
    Person { api: api.clone(), token: token.unwrap() }
}

impl Person {
    /// The same session at another process.
    pub fn at(&self, api: &Router) -> Self {
        Self { api: api.clone(), token: self.token.clone() }
    }

    pub async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, _, value) = call(&self.api, method, path, body, Some(&self.token)).await;
        assert!(status.is_success(), "{method} {path}: {status} {value}");
        value
    }

    /// A call, whatever comes of it.
    pub async fn api(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, _, value) = call(&self.api, method, path, body, Some(&self.token)).await;
        (status, value)
    }

    /// A call of the plugin, whatever comes of it.
    pub async fn plugin(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let path = format!("/plugins/mattermost-channel-translations{path}");
        self.api(method, &path, body).await
    }

    /// A call of the plugin that succeeds.
    pub async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, value) = self.plugin(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {value}");
        value
    }

    pub async fn say(&self, channel: &str, root: &str, message: &str) -> String {
        let post = json!({"channel_id": channel, "root_id": root, "message": message});
        text(&self.ok("POST", "/api/v4/posts", post).await, "id")
    }
}

pub fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}")).to_owned()
}

async fn call(
    api: &Router,
    method: &str,
    path: &str,
    body: Value,
    token: Option<&str>,
) -> (StatusCode, Option<String>, Value) {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let answer = api.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    let (status, token) = (answer.status(), answer.headers().get("token").map(|t| t.to_str().unwrap().to_owned()));
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, token, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}
