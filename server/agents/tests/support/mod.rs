//! A site with people in memory, and a stand-in for the language model service.

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::sse::{Event as Sse, Sse as Stream};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use futures::StreamExt;
use kit::Clock;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use wire::{Event, Post};

/// A server of `/v1/chat/completions` that says the same words to everybody, one per permit of `words`.
#[derive(Clone)]
pub struct StandIn {
    pub url: String,
    /// What it was asked, in order.
    pub requests: Arc<Mutex<Vec<Value>>>,
    /// One permit lets one word out.
    pub words: Arc<Semaphore>,
    /// Answers 429 as long as this is above 0, counting down.
    pub busy: Arc<Mutex<u32>>,
}

pub const ANSWER: [&str; 4] = ["It", " gives", " electric", " power."];

impl StandIn {
    pub async fn start(permits: usize) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stand_in =
            Self { url, requests: Arc::default(), words: Arc::new(Semaphore::new(permits)), busy: Arc::default() };
        let app = Router::new().route("/v1/chat/completions", post(complete)).with_state(stand_in.clone());
        tokio::spawn(async move { axum::serve(listener, app.merge(translation())).await });
        stand_in
    }

    /// All that the model was told, as one text per request.
    pub fn prompts(&self) -> Vec<String> {
        let text = |request: &Value| {
            let messages = request["messages"].as_array().unwrap();
            messages.iter().map(|m| m["content"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
        };
        self.requests.lock().unwrap().iter().map(text).collect()
    }
}

/// LibreTranslate's API for English and Portuguese; `olá` is Portuguese, and translations name their languages.
fn translation() -> Router {
    let all = || json!([{"code": "en", "name": "English"}, {"code": "pt", "name": "Portuguese"}]);
    let of = |text: &str| if text.contains("olá") { "pt" } else { "en" };
    let detect = move |Json(body): Json<Value>| async move {
        Json(json!([{"confidence": 99.0, "language": of(&text(&body, "q"))}]))
    };
    let translate = move |Json(body): Json<Value>| async move {
        let target = text(&body, "target");
        let one = |q: &Value| {
            let q = q.as_str().unwrap().to_owned();
            let source = if body["source"] == "auto" { of(&q).to_owned() } else { text(&body, "source") };
            if source == target { q } else { format!("[{source}>{target}] {q}") }
        };
        let texts: Vec<String> = body["q"].as_array().unwrap().iter().map(one).collect();
        Json(json!({"translatedText": texts}))
    };
    Router::new()
        .route("/languages", get(move || async move { Json(all()) }))
        .route("/detect", post(detect))
        .route("/translate", post(translate))
}

async fn complete(State(stand_in): State<StandIn>, Json(request): Json<Value>) -> Response {
    {
        let mut busy = stand_in.busy.lock().unwrap();
        if *busy > 0 {
            *busy -= 1;
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response();
        }
    }
    stand_in.requests.lock().unwrap().push(request);
    let words = stand_in.words.clone();
    let said = futures::stream::iter(ANSWER).then(move |word| {
        let words = words.clone();
        async move {
            words.acquire().await.unwrap().forget();
            Sse::default().data(json!({"choices": [{"index": 0, "delta": {"content": word}}]}).to_string())
        }
    });
    let done = futures::stream::iter([Sse::default().data("[DONE]")]);
    Stream::new(said.chain(done).map(Ok::<_, Infallible>)).into_response()
}

/// A running site with its agent.
pub struct Place {
    pub site: Site,
    pub api: Router,
    pub stop: CancellationToken,
    pub events: mpsc::Receiver<Arc<Event>>,
    pub channel: String,
    pub team: String,
    pub invite: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A person with a session.
pub struct Person {
    pub api: Router,
    pub token: String,
    pub id: String,
}

pub fn config(llm_url: &str) -> agents::Config {
    agents::Config { llm_url: llm_url.into(), stream_update_ms: 20, store_update_ms: 40, ..agents::Config::default() }
}

impl Place {
    /// The site, its first person and a channel they are in.
    pub async fn open(db: db::Db, config: agents::Config) -> (Self, Person) {
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
        let agent = agents::start(site.clone(), config, stop.clone()).await.unwrap();
        let api = chat::routes::api(&site).nest("/plugins/mattermost-ai", agent);
        let events = site.hub.tap();
        let ana = arrive(&api, "ana", "").await;
        let team =
            ana.ok("POST", "/api/v4/teams", json!({"name": "field", "display_name": "Field", "type": "O"})).await;
        let (team, invite) = (text(&team, "id"), text(&team, "invite_id"));
        let square = ana.ok("GET", &format!("/api/v4/teams/{team}/channels/name/town-square"), Value::Null).await;
        let channel = text(&square, "id");
        (Self { site, api, stop, events, channel, team, invite }, ana)
    }

    /// Waits for a post of the agent that `wanted` accepts.
    pub async fn reply(&self, channel: &str, wanted: impl Fn(&Post) -> bool) -> Post {
        for _ in 0..500 {
            let mut conn = self.site.db.read().await.unwrap();
            let posts = chat::posts::latest(&mut conn, channel, 200, 0, true).await.unwrap();
            if let Some(found) = posts.into_iter().find(|p| p.kind == "custom_llmbot" && wanted(p)) {
                return found;
            }
            drop(conn);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the agent did not write what was waited for");
    }

    /// What the agent told about the post, up to and with `end`: texts, and controls in brackets.
    pub async fn told(&mut self, post_id: &str) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            let event = tokio::time::timeout(Duration::from_secs(10), self.events.recv()).await.unwrap().unwrap();
            if event.event != "custom_mattermost-ai_postupdate" || event.data["post_id"] != post_id {
                continue;
            }
            assert!(!event.broadcast.channel_id.is_empty(), "only the channel is told");
            match event.data.get("control").and_then(Value::as_str) {
                Some(control) => told.push(format!("[{control}]")),
                None => told.push(event.data["next"].as_str().unwrap().to_owned()),
            }
            if told.last().is_some_and(|t| t == "[end]") {
                return told;
            }
        }
    }
}

pub async fn arrive(api: &Router, name: &str, invite: &str) -> Person {
    let account = json!({"username": name, "email": format!("{name}@site.example"), "password": "Correct-horse-9"});
    let (status, _, user) = call(api, "POST", &format!("/api/v4/users?iid={invite}"), account, None).await;
    assert_eq!(status, StatusCode::CREATED, "{user}");
    let login = json!({"login_id": name, "password": "Correct-horse-9"});
    let (_, token, _) = call(api, "POST", "/api/v4/users/login", login, None).await;
    Person { api: api.clone(), token: token.unwrap(), id: text(&user, "id") }
}

impl Person {
    pub async fn call(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, _, value) = call(&self.api, method, path, body, Some(&self.token)).await;
        (status, value)
    }

    pub async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, value) = self.call(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {value}");
        value
    }

    /// Asks the agent's plugin.
    pub async fn ask(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call("POST", &format!("/plugins/mattermost-ai{path}"), body).await
    }

    pub async fn say(&self, channel: &str, root: &str, message: &str) -> String {
        // Posts of one millisecond have no order; people are slower.
        tokio::time::sleep(Duration::from_millis(2)).await;
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
