//! Our server: REST to write, WebSockets to read.

use crate::load::{Peer, Plan};
use crate::process::{Process, free_port};
use anyhow::Context;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;

/// A running server with a folder of its own.
pub struct Muster {
    pub url: String,
    pub http: reqwest::Client,
    process: Process,
    _data: Option<tempfile::TempDir>,
}

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub struct User {
    pub id: String,
    pub token: String,
}

/// The command that serves `port` from `data`. What is not under test is out of the way.
pub fn command(server: &Path, port: u16, data: &Path, database: &str) -> Command {
    let mut command = Command::new(server);
    command.args(["--listen-address", &format!("127.0.0.1:{port}")]).arg("--data-dir").arg(data);
    command.args(["--database-url", database, "--agents.enabled=false", "--translations.enabled=false"]);
    command.args(["--limits.max-connections-per-user", "1000"]).env("RUST_LOG", "warn");
    command
}

impl Muster {
    /// Starts it; how long it took to be healthy.
    pub async fn start(server: &Path, plan: &Plan) -> anyhow::Result<(Self, Duration)> {
        let data = tempfile::tempdir()?;
        let (mut muster, took) = Self::start_in(server, plan, data.path()).await?;
        muster._data = Some(data);
        Ok((muster, took))
    }

    /// Starts it on a folder that outlives it.
    pub async fn start_in(server: &Path, plan: &Plan, data: &Path) -> anyhow::Result<(Self, Duration)> {
        let port = free_port()?;
        let mut process = Process::start(&mut command(server, port, data, &plan.database), &data.join("log"))?;
        let url = format!("http://127.0.0.1:{port}");
        let took = process.healthy(&format!("{url}/readyz"), Duration::from_secs(30)).await?;
        Ok((Self { url, http: reqwest::Client::new(), process, _data: None }, took))
    }
}

/// POST with a token; the answer's JSON.
pub async fn post(http: &reqwest::Client, url: &str, token: &str, body: &Value) -> anyhow::Result<Value> {
    let answer = http.post(url).bearer_auth(token).json(body).timeout(Duration::from_secs(30)).send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    anyhow::ensure!(status.is_success(), "{url}: {status}: {text}");
    Ok(serde_json::from_str(&text)?)
}

/// Makes an account and logs in.
pub async fn sign_up(http: &reqwest::Client, url: &str, name: &str) -> anyhow::Result<User> {
    let body = json!({"username": name, "email": format!("{name}@example.test"), "password": "correct horse 1"});
    let made = post(http, &format!("{url}/api/v4/users"), "", &body).await?;
    let login = json!({"login_id": name, "password": "correct horse 1"});
    let answer = http.post(format!("{url}/api/v4/users/login")).json(&login).send().await?.error_for_status()?;
    let token = answer.headers().get("token").context("no token")?.to_str()?.to_owned();
    Ok(User { id: made["id"].as_str().context("no id")?.to_owned(), token })
}

/// Adds everybody to a new team `name` of the first one.
pub async fn team(http: &reqwest::Client, url: &str, name: &str, users: &[User]) -> anyhow::Result<String> {
    let body = json!({"name": name, "display_name": name, "type": "O"});
    let made = post(http, &format!("{url}/api/v4/teams"), &users[0].token, &body).await?;
    let team = made["id"].as_str().context("no team id")?.to_owned();
    for chunk in users[1..].chunks(20) {
        let members: Vec<Value> = chunk.iter().map(|u| json!({"team_id": team, "user_id": u.id})).collect();
        post(http, &format!("{url}/api/v4/teams/{team}/members/batch"), &users[0].token, &members.into()).await?;
    }
    Ok(team)
}

/// A WebSocket that has said who it is.
pub async fn socket(
    url: &str,
    token: &str,
    query: &str,
) -> anyhow::Result<tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>> {
    let address = format!("{}/api/v4/websocket{query}", url.replacen("http", "ws", 1));
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await?;
    let challenge = json!({"seq": 1, "action": "authentication_challenge", "data": {"token": token}});
    socket.send(Message::text(challenge.to_string())).await?;
    Ok(socket)
}

impl Peer for Muster {
    type User = User;

    fn process(&self) -> &Process {
        &self.process
    }

    async fn users(&self, names: Vec<String>) -> anyhow::Result<Vec<User>> {
        let mut users = Vec::new();
        for name in names {
            users.push(sign_up(&self.http, &self.url, &name).await?);
        }
        Ok(users)
    }

    async fn channels(&self, count: usize, users: &[User]) -> anyhow::Result<Vec<String>> {
        let team = team(&self.http, &self.url, "bench", users).await?;
        let mut channels = Vec::new();
        for n in 0..count {
            let body = json!({"team_id": team, "name": format!("c{n}"), "display_name": format!("C {n}"), "type": "O"});
            let made = post(&self.http, &format!("{}/api/v4/channels", self.url), &users[0].token, &body).await?;
            let id = made["id"].as_str().context("no channel id")?.to_owned();
            for user in &users[1..] {
                let body = json!({"user_id": user.id});
                post(&self.http, &format!("{}/api/v4/channels/{id}/members", self.url), &users[0].token, &body).await?;
            }
            channels.push(id);
        }
        Ok(channels)
    }

    async fn send(&self, user: &User, channel: &str, text: &str) -> anyhow::Result<()> {
        let body = json!({"channel_id": channel, "message": text});
        post(&self.http, &format!("{}/api/v4/posts", self.url), &user.token, &body).await.map(drop)
    }

    async fn listen(&self, user: User, ready: Arc<Notify>, heard: impl Fn(&str) + Send + Sync) -> anyhow::Result<()> {
        let mut socket = socket(&self.url, &user.token, "").await?;
        while let Some(frame) = socket.next().await {
            let Message::Text(text) = frame? else { continue };
            let event: Value = serde_json::from_str(&text)?;
            match event["event"].as_str() {
                Some("hello") => ready.notify_one(),
                Some("posted") => {
                    let post: Value = serde_json::from_str(event["data"]["post"].as_str().unwrap_or("{}"))?;
                    // People joining are told of too; they are not the work.
                    if post["type"] == "" {
                        heard(post["message"].as_str().unwrap_or_default());
                    }
                }
                _ => {}
            }
        }
        anyhow::bail!("the server closed a reader's socket")
    }
}
