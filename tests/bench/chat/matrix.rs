//! What every Matrix homeserver does alike: rooms for channels, `/sync` to read. How one is configured and started is
//! said in a file of its own.

use crate::load::Peer;
use crate::process::{Process, free_port};
use anyhow::Context;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// A running homeserver with a folder of its own.
pub struct Homeserver {
    url: String,
    http: reqwest::Client,
    process: Process,
    transaction: AtomicU64,
    _data: tempfile::TempDir,
}

impl Homeserver {
    /// Starts what `command` makes of a new folder and a free port; how long it took to be healthy.
    pub async fn start(
        command: impl FnOnce(&Path, u16) -> anyhow::Result<Command>,
    ) -> anyhow::Result<(Self, Duration)> {
        let data = tempfile::tempdir()?;
        let port = free_port()?;
        let log = data.path().join("log");
        let mut process = Process::start(command(data.path(), port)?.current_dir(data.path()), &log)?;
        let url = format!("http://127.0.0.1:{port}");
        let healthy = process.healthy(&format!("{url}/_matrix/client/versions"), Duration::from_secs(60)).await;
        let took = healthy.with_context(|| std::fs::read_to_string(log).unwrap_or_default())?;
        Ok((Self { url, http: reqwest::Client::new(), process, transaction: AtomicU64::new(0), _data: data }, took))
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let answer = request.timeout(Duration::from_secs(60)).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        anyhow::ensure!(status.is_success(), "{status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }
}

impl Peer for Homeserver {
    /// An access token.
    type User = String;

    fn process(&self) -> &Process {
        &self.process
    }

    async fn users(&self, names: Vec<String>) -> anyhow::Result<Vec<String>> {
        let mut users = Vec::new();
        for name in names {
            let body = json!({"username": name, "password": "correct horse 1", "auth": {"type": "m.login.dummy"}});
            let made = self.ask(self.http.post(format!("{}/_matrix/client/v3/register", self.url)).json(&body)).await?;
            users.push(made["access_token"].as_str().context("no token")?.to_owned());
        }
        Ok(users)
    }

    async fn channels(&self, count: usize, users: &[String]) -> anyhow::Result<Vec<String>> {
        let mut rooms = Vec::new();
        for _ in 0..count {
            let make = self.http.post(format!("{}/_matrix/client/v3/createRoom", self.url)).bearer_auth(&users[0]);
            let made = self.ask(make.json(&json!({"preset": "public_chat"}))).await?;
            let room = made["room_id"].as_str().context("no room id")?.to_owned();
            for user in &users[1..] {
                let url = format!("{}/_matrix/client/v3/join/{}", self.url, room.replace('!', "%21"));
                self.ask(self.http.post(url).bearer_auth(user).json(&json!({}))).await?;
            }
            rooms.push(room);
        }
        Ok(rooms)
    }

    async fn send(&self, user: &String, channel: &str, text: &str) -> anyhow::Result<()> {
        let n = self.transaction.fetch_add(1, Ordering::Relaxed);
        let room = channel.replace('!', "%21");
        let url = format!("{}/_matrix/client/v3/rooms/{room}/send/m.room.message/{n}", self.url);
        let body = json!({"msgtype": "m.text", "body": text});
        self.ask(self.http.put(url).bearer_auth(user).json(&body)).await.map(drop)
    }

    async fn listen(&self, user: String, ready: Arc<Notify>, heard: impl Fn(&str) + Send + Sync) -> anyhow::Result<()> {
        let filter = json!({"presence": {"types": []}, "account_data": {"types": []},
            "room": {"timeline": {"limit": 1000, "types": ["m.room.message"]}, "ephemeral": {"types": []}}})
        .to_string();
        let mut since = String::new();
        loop {
            let timeout = if since.is_empty() { "0" } else { "30000" };
            let mut query = vec![("timeout", timeout), ("filter", filter.as_str())];
            if !since.is_empty() {
                query.push(("since", since.as_str()));
            }
            let url = format!("{}/_matrix/client/v3/sync", self.url);
            let answer = self.ask(self.http.get(url).bearer_auth(&user).query(&query)).await?;
            for room in answer["rooms"]["join"].as_object().into_iter().flat_map(|rooms| rooms.values()) {
                for event in room["timeline"]["events"].as_array().into_iter().flatten() {
                    heard(event["content"]["body"].as_str().unwrap_or_default());
                }
            }
            if since.is_empty() {
                ready.notify_one();
            }
            since = answer["next_batch"].as_str().context("no next_batch")?.to_owned();
        }
    }
}
