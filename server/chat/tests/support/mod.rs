//! People who use the API through the real router, on both engines, without a socket in between.

#![allow(dead_code, reason = "each test file uses a part of this")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use kit::Clock;
use serde_json::{Value, json};
use std::sync::Arc;
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
        let site = Site::new(Parts { db, hub: Hub::default(), clock: clock.clone(), config: config.clone(), files });
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
