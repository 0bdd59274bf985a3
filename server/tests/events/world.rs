//! A site with people of every kind, each with an open connection.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chat::site::Parts;
use chat::ws::{Connection, Hub, Next};
use chat::{Config, Site};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// `actor` causes most events and has a `second` connection; `member` and `guest` share a team and a channel with the
/// actor; `outsider` and `other_guest` are in the team only, and share a channel of their own; `stranger` is in no team; `admin`
/// administers the site and is in no team either.
pub const EARS: [&str; 8] = ["actor", "second", "member", "guest", "outsider", "other_guest", "stranger", "admin"];
const PEOPLE: [&str; 7] = ["admin", "actor", "member", "guest", "outsider", "other_guest", "stranger"];

type Ear = (&'static str, Arc<Connection>, u64);

pub struct World {
    pub site: Site,
    pub clock: kit::Clock,
    api: Router,
    tokens: HashMap<&'static str, String>,
    ids: HashMap<String, String>,
    ears: Vec<Ear>,
    /// The first frames of the connections.
    pub hellos: Vec<Value>,
}

impl World {
    pub async fn new() -> Self {
        let (_, db) = db::testing::databases().await.remove(0);
        db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
        let files = Arc::new(object_store::memory::InMemory::new());
        let clock = kit::Clock::fixed(1_800_000_000_000);
        let site = Site::new(Parts {
            db,
            hub: Hub::default(),
            clock: clock.clone(),
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
        let api = server::api(&site, &integrations, &links, &federation, &sso);
        let (tokens, ids) = (HashMap::new(), HashMap::new());
        let mut world = Self { site, clock, api, tokens, ids, ears: Vec::new(), hellos: Vec::new() };
        for name in PEOPLE {
            world.arrive(name).await;
        }
        for guest in ["guest", "other_guest"] {
            let path = format!("/users/{}/demote", world.id(guest));
            world.ok("admin", "POST", &path, Value::Null).await;
        }
        world
    }

    /// Makes an account, known here by `name`.
    pub async fn arrive(&mut self, name: &'static str) {
        let username = format!("{}.{}", name.replace('_', "-"), &kit::id::new()[..8]);
        let account =
            json!({"username": username, "email": format!("{username}@site.example"), "password": "Correct-horse-9"});
        let (status, user) = self.call("", "POST", "/users", "application/json", account.to_string()).await;
        assert_eq!(status, StatusCode::CREATED, "{user}");
        let id = user["id"].as_str().unwrap().to_owned();
        self.tokens.insert(name, chat::auth::bot_token(&self.site, &id).await.unwrap());
        self.ids.insert(name.into(), id);
        self.ids.insert(format!("@{name}"), username);
    }

    /// The id of a person or thing; `@name` gives a person's username.
    pub fn id(&self, name: &str) -> String {
        self.ids.get(name).unwrap_or_else(|| panic!("there is no {name}")).clone()
    }

    pub fn keep(&mut self, name: &str, thing: &Value) -> String {
        let id = thing["id"].as_str().unwrap_or_else(|| panic!("no id in {thing}")).to_owned();
        self.ids.insert(name.into(), id.clone());
        id
    }

    async fn call(
        &self,
        who: &str,
        method: &str,
        path: &str,
        kind: &str,
        body: impl Into<Body>,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(format!("/api/v4{path}")).header("content-type", kind);
        if let Some(token) = self.tokens.get(who) {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some((_, connection, _)) = self.ears.iter().find(|(name, ..)| *name == who) {
            request = request.header("connection-id", &*connection.id);
        }
        let answer = tower::ServiceExt::oneshot(self.api.clone(), request.body(body.into()).unwrap()).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Asks as somebody; fails unless it succeeds.
    pub async fn ok(&self, who: &str, method: &str, path: &str, body: Value) -> Value {
        self.clock.advance(1);
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let (status, value) = self.call(who, method, path, "application/json", text).await;
        assert!(status.is_success(), "{who} {method} {path}: {status} {value}");
        value
    }

    /// Sends a form.
    pub async fn form(&self, who: &str, path: &str, bytes: Vec<u8>) -> Value {
        let (status, value) = self.call(who, "POST", path, "multipart/form-data; boundary=x", bytes).await;
        assert!(status.is_success(), "{who} {path}: {status} {value}");
        value
    }

    /// A new team with its channels and a message; nobody listens any more.
    pub async fn furnish(&mut self) {
        for (_, connection, _) in self.ears.drain(..) {
            self.site.hub.forget(&connection);
        }
        let name = format!("n{}", &kit::id::new()[..12]);
        let team = self.ok("actor", "POST", "/teams", json!({"name": name, "display_name": name, "type": "I"})).await;
        let team = self.keep("team", &team);
        for person in ["member", "guest", "outsider", "other_guest"] {
            let body = json!({"team_id": team, "user_id": self.id(person)});
            self.ok("admin", "POST", &format!("/teams/{team}/members"), body).await;
        }
        for (key, founder, people) in
            [("channel", "actor", vec!["member", "guest"]), ("elsewhere", "outsider", vec!["other_guest"])]
        {
            let new = json!({"team_id": team, "name": format!("{key}-{name}"), "display_name": key, "type": "O"});
            let channel = self.ok(founder, "POST", "/channels", new).await;
            let channel = self.keep(key, &channel);
            for person in people {
                let body = json!({"user_id": self.id(person)});
                self.ok(founder, "POST", &format!("/channels/{channel}/members"), body).await;
            }
        }
        let post = json!({"channel_id": self.id("channel"), "message": "who takes the night shift?"});
        let post = self.ok("member", "POST", "/posts", post).await;
        self.keep("post", &post);
    }

    /// Opens a connection of each ear.
    pub async fn listen(&mut self) {
        self.hellos.clear();
        for ear in EARS {
            let person = if ear == "second" { "actor" } else { ear };
            let actor = chat::actor::by_token(&self.site, &self.tokens[person]).await.unwrap().unwrap();
            let connection = chat::ws::open(&self.site, &actor).await.unwrap();
            let generation = connection.attach();
            let Next::Frames(frames) = connection.next(generation).await else { panic!("{ear} is closed") };
            self.hellos.push(serde_json::from_str(&frames[0]).unwrap());
            self.ears.push((ear, connection, generation));
        }
    }

    /// Everything that each ear heard since the last time.
    pub async fn heard(&self) -> Vec<(&'static str, Vec<Value>)> {
        for (_, connection, _) in &self.ears {
            self.site.hub.publish(wire::Event::new("end").to_connection(&connection.id));
        }
        let mut all = Vec::new();
        for (ear, connection, generation) in &self.ears {
            let mut heard: Vec<Value> = Vec::new();
            while heard.last().is_none_or(|f| f["event"] != "end") {
                let next = tokio::time::timeout(Duration::from_secs(5), connection.next(*generation)).await;
                // A connection that ended, because its user lost a role, hears nothing more.
                let Ok(Next::Frames(frames)) = next else { break };
                heard.extend(frames.iter().map(|f| serde_json::from_str::<Value>(f).unwrap()));
            }
            all.push((*ear, heard));
        }
        all
    }
}
