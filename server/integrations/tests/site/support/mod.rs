//! A site with integrations on both engines, and programs of other people on loopback.

#![allow(dead_code, reason = "shared with chat, which uses more of it")]

#[path = "../../../../chat/tests/site/support/mod.rs"]
mod people;

pub use people::{Person, World, call, team, text};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use chat::site::Parts;
use chat::ws::Hub;
use integrations::{Config, Integrations};
use kit::Clock;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// An empty site per engine whose integrations may call loopback, where the tests' programs are.
pub async fn worlds() -> Vec<World> {
    worlds_with(Config { allowed_addresses: vec!["127.0.0.1".into()], timeout_s: 5, ..Config::default() }).await
}

pub async fn worlds_with(config: Config) -> Vec<World> {
    let mut all = Vec::new();
    for (engine, db) in db::testing::databases().await {
        db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
        let clock = Clock::fixed(1_800_000_000_000);
        let files = Arc::new(object_store::memory::InMemory::new());
        let config_of_chat = chat::Config { site_url: "http://chat.example".into(), ..chat::Config::default() };
        let site = chat::Site::new(Parts {
            db,
            hub: Hub::default(),
            clock: clock.clone(),
            keys: chat::keys::Keys::default(),
            config: config_of_chat,
            files,
        });
        let integrations = Integrations::open(&site, config.clone(), "").await.unwrap();
        integrations.start(&site, &CancellationToken::new());
        let api =
            chat::routes::api_with(&site, integrations.router()).merge(integrations.outside().with_state(site.clone()));
        all.push(World { engine, api, site, clock });
    }
    all
}

/// Posts to an address of the site as another program does, without a session.
pub async fn post(api: &Router, path: &str, kind: &str, body: impl Into<Body>) -> (StatusCode, String) {
    let request = Request::builder().method("POST").uri(path).header("content-type", kind).body(body.into()).unwrap();
    let answer = api.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    (status, String::from_utf8_lossy(&to_bytes(answer.into_body(), 1 << 20).await.unwrap()).into_owned())
}

/// The posts of a channel, oldest first, without the server's own.
pub async fn said(person: &Person<'_>, channel: &str) -> Vec<Value> {
    let list = person.get(&format!("/channels/{channel}/posts")).await;
    let order = list["order"].as_array().unwrap().iter().rev();
    let posts = order.map(|id| list["posts"][id.as_str().unwrap()].clone());
    posts.filter(|p| !p["type"].as_str().unwrap().starts_with("system_")).collect()
}

/// What a program was asked.
#[derive(Debug)]
pub struct Asked {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Asked {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The fields of a form.
    pub fn form(&self) -> std::collections::BTreeMap<String, String> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }
}

type Answering = Arc<dyn Fn(&Asked) -> Response + Send + Sync>;

/// A program of somebody else, on loopback.
pub struct Program {
    pub url: String,
    asked: Mutex<mpsc::UnboundedReceiver<Asked>>,
}

impl Program {
    /// A program that answers so.
    pub async fn start(answer: impl Fn(&Asked) -> Response + Send + Sync + 'static) -> Self {
        let (send, receive) = mpsc::unbounded_channel();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer: Answering = Arc::new(answer);
        let app = Router::new().fallback(hear).with_state((send, answer));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, asked: Mutex::new(receive) }
    }

    /// A program that answers JSON.
    pub async fn saying(value: Value) -> Self {
        Self::start(move |_| axum::Json(value.clone()).into_response()).await
    }

    /// The next thing it is asked.
    pub async fn asked(&self) -> Asked {
        let mut asked = self.asked.lock().await;
        tokio::time::timeout(Duration::from_secs(10), asked.recv()).await.expect("the program is asked").unwrap()
    }

    /// Whether nothing was asked that was not looked at.
    pub async fn idle(&self) -> bool {
        self.asked.lock().await.try_recv().is_err()
    }
}

async fn hear(
    State((send, answer)): State<(mpsc::UnboundedSender<Asked>, Answering)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked { method, uri, headers, body };
    let response = answer(&asked);
    drop(send.send(asked));
    response
}

/// The events that one connected user hears.
pub struct Ear {
    connection: Arc<chat::ws::Connection>,
    generation: u64,
    heard: Vec<Value>,
}

impl Ear {
    pub async fn open(world: &World, user: &str) -> Self {
        let actor = chat::Actor { user_id: user.into(), session_id: "session".into(), ..chat::Actor::default() };
        let connection = chat::ws::open(&world.site, &actor).await.unwrap();
        let generation = connection.attach();
        Self { connection, generation, heard: Vec::new() }
    }

    /// The next event of that name.
    pub async fn hear(&mut self, name: &str) -> Value {
        let wait = async {
            loop {
                if let Some(at) = self.heard.iter().position(|e| e["event"] == name) {
                    return self.heard.remove(at);
                }
                match self.connection.next(self.generation).await {
                    chat::ws::Next::Frames(frames) => {
                        self.heard.extend(frames.iter().map(|f| serde_json::from_str::<Value>(f).unwrap()));
                    }
                    chat::ws::Next::Close => panic!("closed"),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap_or_else(|_| panic!("no {name} was heard"))
    }
}
