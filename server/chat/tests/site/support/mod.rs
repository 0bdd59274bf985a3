//! People who use the API through the real router, on both engines, without a socket in between.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chat::site::Parts;
use chat::ws::{Connection, Hub, Next};
use chat::{Config, Site};
use kit::Clock;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

/// A site on one engine, with a clock that the test moves.
pub struct World {
    pub engine: &'static str,
    pub site: Site,
    pub api: Router,
    pub clock: Clock,
}

/// An empty site per engine.
pub async fn worlds() -> Vec<World> {
    worlds_with(Config::default()).await
}

/// An empty site per engine with these settings.
pub async fn worlds_with(config: Config) -> Vec<World> {
    let mut all = Vec::new();
    for (engine, db) in db::testing::databases().await {
        db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
        let clock = Clock::fixed(1_800_000_000_000);
        let files = Arc::new(object_store::memory::InMemory::new());
        let site = Site::new(Parts {
            db,
            hub: Hub::default(),
            clock: clock.clone(),
            keys: chat::keys::Keys::default(),
            config: config.clone(),
            files,
        });
        all.push(World { engine, api: chat::routes::api(&site), site, clock });
    }
    all
}

/// A team with its founder and one more member, and the id of its town square.
pub struct Team<'a> {
    pub ana: Person<'a>,
    pub bruno: Person<'a>,
    pub id: String,
    pub square: String,
    pub invite: String,
}

/// Ana founds the team, Bruno joins by invite.
pub async fn team(world: &World) -> Team<'_> {
    let ana = arrive(&world.api, "ana", "").await;
    let made = ana.ok("POST", "/teams", json!({"name": "field", "display_name": "Field", "type": "O"})).await;
    let (id, invite) = (text(&made, "id"), text(&made, "invite_id"));
    let bruno = arrive(&world.api, "bruno", &invite).await;
    let square = ana.ok("GET", &format!("/teams/{id}/channels/name/town-square"), Value::Null).await;
    world.clock.advance(10);
    Team { ana, bruno, id, square: text(&square, "id"), invite }
}

pub struct Person<'a> {
    pub api: &'a Router,
    pub token: String,
    pub id: String,
}

impl Person<'_> {
    pub async fn call(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, _, value) = call(self.api, method, path, body, Some(&self.token)).await;
        (status, value)
    }

    pub async fn get(&self, path: &str) -> Value {
        self.ok("GET", path, Value::Null).await
    }

    /// Writes a message; the post.
    pub async fn says(&self, channel: &str, root: &str, message: &str) -> Value {
        self.ok("POST", "/posts", json!({"channel_id": channel, "root_id": root, "message": message})).await
    }

    /// Sends bytes that are no JSON.
    pub async fn sends(&self, path: &str, kind: &str, bytes: &[u8]) -> Value {
        let request = Request::builder().method("POST").uri(format!("/api/v4{path}"));
        let request = request.header("content-type", kind).header("authorization", format!("Bearer {}", self.token));
        let answer = self.api.clone().oneshot(request.body(Body::from(bytes.to_vec())).unwrap()).await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        serde_json::from_slice(&to_bytes(answer.into_body(), 1 << 20).await.unwrap()).unwrap_or(Value::Null)
    }

    pub async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, value) = self.call(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {value}");
        value
    }
}

pub async fn call(
    api: &Router,
    method: &str,
    path: &str,
    body: Value,
    token: Option<&str>,
) -> (StatusCode, Option<String>, Value) {
    let mut request =
        Request::builder().method(method).uri(format!("/api/v4{path}")).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let answer = api.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    let (status, token) = (answer.status(), answer.headers().get("token").map(|t| t.to_str().unwrap().to_owned()));
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, token, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

pub async fn arrive<'a>(api: &'a Router, name: &str, invite: &str) -> Person<'a> {
    let account = json!({"username": name, "email": format!("{name}@site.example"), "password": "Correct-horse-9"});
    let (status, _, user) = call(api, "POST", &format!("/users?iid={invite}"), account, None).await;
    assert_eq!(status, StatusCode::CREATED, "{user}");
    let login = json!({"login_id": name, "password": "Correct-horse-9"});
    let (_, token, _) = call(api, "POST", "/users/login", login, None).await;
    Person { api, token: token.unwrap(), id: user["id"].as_str().unwrap().to_owned() }
}

pub fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}")).to_owned()
}

/// What one user's client hears, as over a socket.
pub struct Ears {
    connection: Arc<Connection>,
    generation: u64,
    heard: VecDeque<Heard>,
}

/// A frame.
#[derive(Debug)]
pub struct Heard(pub Value);

impl Heard {
    /// The JSON text under `key` of the data.
    pub fn inner(&self, key: &str) -> Value {
        let text = self.0["data"][key].as_str().unwrap_or_else(|| panic!("no {key} in {}", self.0));
        serde_json::from_str(text).unwrap()
    }
}

impl Ears {
    pub async fn of(world: &World, user: &str) -> Self {
        let mut conn = world.site.db.read().await.unwrap();
        let account = chat::users::get(&mut conn, user).await.unwrap().unwrap();
        drop(conn);
        let roles = account.roles.split_whitespace().map(str::to_owned).collect();
        let (user_id, session_id, book) = (user.to_owned(), "session".to_owned(), world.site.roles.clone());
        let actor = chat::Actor { user_id, session_id, roles, book, ..chat::Actor::default() };
        let connection = chat::ws::open(&world.site, &actor).await.unwrap();
        let generation = connection.attach();
        Self { connection, generation, heard: VecDeque::new() }
    }

    async fn any(&mut self) -> Heard {
        while self.heard.is_empty() {
            let next = tokio::time::timeout(Duration::from_secs(5), self.connection.next(self.generation)).await;
            match next.expect("an event within five seconds") {
                Next::Frames(frames) => {
                    self.heard.extend(frames.iter().map(|f| Heard(serde_json::from_str(f).unwrap())));
                }
                Next::Close => panic!("closed"),
            }
        }
        self.heard.pop_front().unwrap()
    }

    /// The next event of this name; others before it are passed over.
    pub async fn next(&mut self, name: &str) -> Heard {
        loop {
            let heard = self.any().await;
            if heard.0["event"] == name {
                return heard;
            }
        }
    }

    /// Passes over everything up to the first `until`, and fails at an `unwanted`.
    pub async fn none_before(&mut self, unwanted: &str, until: &str) {
        loop {
            let heard = self.any().await;
            assert_ne!(heard.0["event"], unwanted, "{}", heard.0);
            if heard.0["event"] == until {
                return;
            }
        }
    }
}
