//! Every route as nobody, as a stranger to the team, and as each role from guest to system administrator.
//!
//! `tests/compat/least.jsonl` says for each route which role may, and the request that this walk makes: on other
//! people's objects, in a private channel of a private team, made anew for each route. Lower roles must be refused, the
//! named one must not.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use regex::Regex;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use tower::ServiceExt;

const LEDGER: &str = include_str!("../../tests/compat/ledger.jsonl");
const LEAST: &str = include_str!("../../tests/compat/least.jsonl");
/// From the least to the most.
const ROLES: [&str; 7] = ["nobody", "stranger", "guest", "member", "channel_admin", "team_admin", "system_admin"];

/// What the walk reads of a row of the ledger.
#[derive(Debug, Deserialize)]
struct Row {
    method: String,
    path: String,
    state: String,
    #[serde(default)]
    outside: bool,
}

impl Row {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

fn lines<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// Who may use a route, and how the walk uses it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Least {
    route: String,
    /// One of [`ROLES`]; `none` when only the owner may, or who has other credentials than a session.
    least: String,
    /// With `{names}` of the world's objects; `{}` when it says nothing.
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    query: String,
    /// Other ids than the world's: a name in the path, and whose id stands for it.
    #[serde(default)]
    ids: HashMap<String, String>,
    /// Why a lower role is answered something else than 401, 403 or 404 without getting anything.
    #[serde(default)]
    answers_anyway: String,
}

struct World {
    site: Site,
    api: Router,
    /// Of each role; nobody has none.
    tokens: HashMap<&'static str, String>,
    ids: HashMap<String, String>,
}

async fn call(api: &Router, token: Option<&str>, method: &str, uri: &str, body: &Value) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(uri).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let text = if let Value::String(text) = body { text.clone() } else { body.to_string() };
    let answer = api.clone().oneshot(request.body(Body::from(text)).unwrap()).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 16 << 20).await.unwrap_or_default();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

impl World {
    /// The people; the first one administers the site.
    async fn new() -> Self {
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
        let api = server::api(&site, &integrations, &links, &federation, &sso);
        let mut world = Self { site, api, tokens: HashMap::new(), ids: HashMap::new() };
        for role in ["system_admin", "stranger", "guest", "member", "channel_admin", "team_admin"] {
            let name = role.replace('_', ".");
            let account =
                json!({"username": name, "email": format!("{name}@site.example"), "password": "Correct-horse-9"});
            let (status, user) = call(&world.api, None, "POST", "/api/v4/users", &account).await;
            assert_eq!(status, StatusCode::CREATED, "{user}");
            let id = user["id"].as_str().unwrap().to_owned();
            let token = chat::auth::bot_token(&world.site, &id).await.unwrap();
            world.tokens.insert(role, token);
            world.ids.insert(role.into(), id);
        }
        let guest = world.ids["guest"].clone();
        world.made("POST", &format!("/users/{guest}/demote"), json!({})).await;
        world
    }

    /// As the administrator.
    async fn made(&self, method: &str, path: &str, body: Value) -> Value {
        self.made_as("system_admin", method, path, body).await
    }

    async fn made_as(&self, role: &str, method: &str, path: &str, body: Value) -> Value {
        let token = self.tokens.get(role).map(String::as_str);
        let (status, value) = call(&self.api, token, method, &format!("/api/v4{path}"), &body).await;
        assert!(status.is_success(), "{role} {method} {path}: {status} {value}");
        value
    }

    /// New places and things for one route. The owner of the things is nobody of those who try.
    async fn furnish(&mut self) {
        let id = |v: &Value| v["id"].as_str().unwrap_or_default().to_owned();
        let name = format!("n{}", &kit::id::new()[..12]);
        let owner = chat::users::ensure_bot(&self.site, &name, "", "", &self.ids["system_admin"]).await.unwrap();
        self.tokens.insert("owner", chat::auth::bot_token(&self.site, &owner.id).await.unwrap());
        self.ids.insert("user_id".into(), owner.id.clone());
        self.ids.insert("owner_name".into(), owner.username.clone());
        self.ids.insert("bot_user_id".into(), owner.id.clone());
        let team = self.made("POST", "/teams", json!({"name": name, "display_name": name, "type": "I"})).await;
        let team_id = id(&team);
        self.ids.insert("team_id".into(), team_id.clone());
        self.ids.insert("team_name".into(), name.clone());
        self.ids.insert("invite_id".into(), team["invite_id"].as_str().unwrap_or_default().into());
        let people = ["guest", "member", "channel_admin", "team_admin"];
        let mut members: Vec<String> = people.iter().map(|role| self.ids[*role].clone()).collect();
        members.push(owner.id.clone());
        for user in &members {
            let path = format!("/teams/{team_id}/members");
            self.made("POST", &path, json!({"team_id": team_id, "user_id": user})).await;
        }
        let admin = json!({"scheme_admin": true, "scheme_user": true});
        let path = format!("/teams/{team_id}/members/{}/schemeRoles", self.ids["team_admin"]);
        self.made("PUT", &path, admin.clone()).await;
        for (key, kind) in [("channel_id", "P"), ("public_id", "O")] {
            let name = format!("{key}{name}").replace('_', "-");
            let new = json!({"team_id": team_id, "name": name, "display_name": name, "type": kind});
            let channel = id(&self.made("POST", "/channels", new).await);
            self.made("POST", &format!("/channels/{channel}/members"), json!({"user_ids": members})).await;
            let path = format!("/channels/{channel}/members/{}/schemeRoles", self.ids["channel_admin"]);
            self.made("PUT", &path, admin.clone()).await;
            self.ids.insert(key.into(), channel);
            self.ids.insert(key.replace("_id", "_name"), name);
        }
        let channel = self.ids["channel_id"].clone();
        let post = json!({"channel_id": channel, "message": "the owner's words #tag"});
        let post = id(&self.made_as("owner", "POST", "/posts", post).await);
        let reply = json!({"channel_id": channel, "root_id": post, "message": "a reply"});
        self.made_as("owner", "POST", "/posts", reply).await;
        let edit = json!({"message": "the owner's better words"});
        self.made_as("owner", "PUT", &format!("/posts/{post}/patch"), edit).await;
        let reaction = json!({"user_id": owner.id, "post_id": post, "emoji_name": "smile"});
        self.made_as("owner", "POST", "/reactions", reaction).await;
        let bookmark = json!({"display_name": "b", "type": "link", "link_url": "https://site.example"});
        let bookmark = self.made_as("owner", "POST", &format!("/channels/{channel}/bookmarks"), bookmark).await;
        let file = self.uploaded(&channel).await;
        let hook = json!({"channel_id": self.ids["public_id"], "display_name": "h"});
        let command = json!({"team_id": team_id, "trigger": name, "method": "P", "url": "http://93.184.216.34/"});
        self.ids.insert("command_id".into(), id(&self.made("POST", "/commands", command).await));
        self.ids.insert("hook_id".into(), id(&self.made("POST", "/hooks/incoming", hook).await));
        let out = json!({"team_id": team_id, "display_name": "o", "trigger_words": ["x"],
            "callback_urls": ["http://93.184.216.34/"], "channel_id": self.ids["public_id"]});
        self.ids.insert("outgoing_id".into(), id(&self.made("POST", "/hooks/outgoing", out).await));
        let policy = json!({"display_name": name, "post_duration": 30, "team_ids": [team_id]});
        self.ids.insert("policy_id".into(), id(&self.made("POST", "/data_retention/policies", policy).await));
        self.ids.insert("post_id".into(), post.clone());
        self.ids.insert("thread_id".into(), post);
        self.ids.insert("bookmark_id".into(), id(&bookmark));
        self.ids.insert("file_id".into(), file);
        self.ids.insert("emoji_name".into(), "smile".into());
        self.ids.insert("timestamp".into(), "1".into());
        self.ids.insert("role_id".into(), self.role_id("run_member").await);
    }

    async fn role_id(&self, name: &str) -> String {
        let role = self.made("GET", &format!("/roles/name/{name}"), Value::Null).await;
        role["id"].as_str().unwrap_or_default().to_owned()
    }

    /// A file that the owner attached to a message in the channel.
    async fn uploaded(&self, channel: &str) -> String {
        let request = Request::builder()
            .method("POST")
            .uri(format!("/api/v4/files?channel_id={channel}&filename=secret.txt"))
            .header("authorization", format!("Bearer {}", self.tokens["owner"]))
            .header("content-type", "text/plain");
        let answer = self.api.clone().oneshot(request.body(Body::from("secret")).unwrap()).await.unwrap();
        let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        let file = value["file_infos"][0]["id"].as_str().unwrap_or_else(|| panic!("{value}")).to_owned();
        let post = json!({"channel_id": channel, "message": "see the file", "file_ids": [file]});
        self.made_as("owner", "POST", "/posts", post).await;
        file
    }

    fn fill(&self, text: &str) -> String {
        let names = Regex::new(r"\{([a-z_]+)\}").unwrap();
        let id = |found: &regex::Captures<'_>| self.ids.get(&found[1]).cloned().unwrap_or_else(|| "a".repeat(26));
        names.replace_all(text, id).into_owned()
    }

    async fn walk(&mut self, row: &Row, least: &Least, wrong: &mut Vec<String>) {
        self.furnish().await;
        self.ids.insert("role_name".into(), "run_member".into());
        self.ids.insert("username".into(), self.ids["owner_name"].clone());
        self.ids.insert("email".into(), format!("{}@localhost", self.ids["owner_name"]));
        let mut path = row.path.clone();
        if path.contains("/hooks/outgoing") {
            path = path.replace("{hook_id}", "{outgoing_id}");
        }
        for (name, whose) in &least.ids {
            self.ids.insert(name.clone(), self.ids[whose].clone());
        }
        let base = if row.outside { "" } else { "/api/v4" };
        let uri = format!("{base}{}{}", self.fill(&path), self.fill(&least.query));
        let body = match &least.body {
            Some(body) => serde_json::from_str(&self.fill(&body.to_string())).unwrap(),
            None => json!({}),
        };
        let at = match least.least.as_str() {
            "none" => ROLES.len() - 1,
            role => ROLES.iter().position(|r| *r == role).unwrap_or_else(|| panic!("{least:?}: no such role")),
        };
        for role in &ROLES[..=at] {
            let token = self.tokens.get(role).map(String::as_str);
            let (status, answer) = call(&self.api, token, &row.method, &uri, &body).await;
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
            let hidden = status == StatusCode::NOT_FOUND;
            let text: String = answer.to_string().chars().take(160).collect();
            if *role == least.least {
                if refused || status == StatusCode::INTERNAL_SERVER_ERROR {
                    wrong.push(format!("{}: {role} is refused: {status} {text}", row.name()));
                }
            } else if !refused && !hidden && (least.answers_anyway.is_empty() || status.is_success()) {
                wrong.push(format!("{}: {role} is not refused: {status} {text}", row.name()));
            }
        }
    }
}

#[tokio::test]
async fn every_route_refuses_who_may_not() {
    let least: Vec<Least> = lines(LEAST);
    let mut rows: Vec<Row> = lines(LEDGER);
    rows.retain(|r| !r.state.starts_with("absent: ") && r.method != "HEAD");
    // These end the sessions of everybody who walks.
    rows.sort_by_key(|r| r.path.ends_with("/users/sessions/revoke/all"));
    let mut wrong = Vec::new();
    for entry in least.iter().filter(|l| !rows.iter().any(|r| r.name() == l.route)) {
        wrong.push(format!("least.jsonl has {}, which is no route of the ledger", entry.route));
    }
    let mut world = World::new().await;
    for row in &rows {
        match least.iter().find(|l| l.route == row.name()) {
            Some(entry) => world.walk(row, entry, &mut wrong).await,
            None => wrong.push(format!(
                "{}: say in tests/compat/least.jsonl who may: {{\"route\": \"{}\", \"least\": \"member\", \"body\": {{…}}}}; \
                 roles: {}; in path, query and body stand {{team_id}}, {{channel_id}}, {{user_id}}, {{post_id}} … of server/tests/walk.rs",
                row.name(),
                row.name(),
                ROLES.join(", ")
            )),
        }
    }
    assert!(wrong.is_empty(), "{} answers:\n{}", wrong.len(), wrong.join("\n"));
}
