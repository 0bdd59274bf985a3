//! A site with people and their sockets, and stand-ins for rtcd and the recording service.

mod offloader;
mod rtcd;

pub use offloader::Offloader;
pub use rtcd::Rtcd;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use futures::{SinkExt, StreamExt};
use kit::Clock;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message as Frame, client::IntoClientRequest};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub const CALLS: &str = "/plugins/com.mattermost.calls";
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server.
pub struct Place {
    pub api: Router,
    pub address: String,
    pub stop: CancellationToken,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The key of a site outlives a restart of its server.
static KEYS: LazyLock<chat::keys::Keys> = LazyLock::new(chat::keys::Keys::default);

impl Place {
    /// Starts a server on this database, as after a restart when it has been used before.
    pub async fn start(db: &db::Db, rtcd: &Rtcd, offloader: &Offloader, config: calls::Config) -> Self {
        kit::init_crypto();
        db::migrate(db, chat::schema::MIGRATIONS).await.unwrap();
        let files = Arc::new(object_store::memory::InMemory::new());
        let chat = Config { diagnostic_id: "installation".into(), ..Config::default() };
        let parts = Parts {
            db: db.clone(),
            hub: Hub::default(),
            clock: Clock::system(),
            config: chat,
            keys: KEYS.clone(),
            files,
        };
        let site = Site::new(parts);
        let stop = CancellationToken::new();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let to = calls::Addresses {
            rtcd: rtcd.url.clone(),
            offloader: offloader.url.clone(),
            site: format!("http://{address}"),
        };
        let routes = calls::start(site.clone(), config, to, stop.clone()).await.unwrap();
        let api = chat::routes::api(&site).nest(CALLS, routes);
        let (serving, over) = (api.clone(), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                served = axum::serve(listener, serving) => served.unwrap(),
                () = over.cancelled() => {}
            }
        });
        Self { api, address, stop }
    }

    /// Its first two people, in the first one's team; the id of its town square.
    pub async fn people(&self) -> (Person, Person, String) {
        let ana = self.arrive("ana", "").await;
        let team =
            ana.ok("POST", "/api/v4/teams", json!({"name": "field", "display_name": "Field", "type": "O"})).await;
        let bea = self.arrive("bea", &text(&team, "invite_id")).await;
        let square = format!("/api/v4/teams/{}/channels/name/town-square", text(&team, "id"));
        let channel = text(&ana.ok("GET", &square, Value::Null).await, "id");
        (ana, bea, channel)
    }

    async fn arrive(&self, name: &str, invite: &str) -> Person {
        let account = json!({"username": name, "email": format!("{name}@site.example"), "password": "Correct-horse-9"});
        let path = format!("/api/v4/users?iid={invite}");
        let (status, _, user) = call(&self.api, "POST", &path, account, None).await;
        assert_eq!(status, StatusCode::CREATED, "{user}");
        self.login(name).await
    }

    /// Another session of somebody who is known.
    pub async fn login(&self, name: &str) -> Person {
        let login = json!({"login_id": name, "password": "Correct-horse-9"});
        let (_, token, user) = call(&self.api, "POST", "/api/v4/users/login", login, None).await;
        Person { api: self.api.clone(), address: self.address.clone(), token: token.unwrap(), id: text(&user, "id") }
    }

    /// Waits until the server has its connection to rtcd.
    pub async fn connected(&self) {
        for _ in 0..500 {
            let (_, _, version) = call(&self.api, "GET", &format!("{CALLS}/version"), Value::Null, None).await;
            if version.get("rtcd_version").is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server did not connect to rtcd");
    }
}

/// Somebody with a session.
#[derive(Clone)]
pub struct Person {
    pub api: Router,
    pub address: String,
    pub token: String,
    pub id: String,
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

    /// A part of a file.
    pub async fn part(&self, path: &str, range: &str) -> (StatusCode, String) {
        let request =
            Request::get(path).header("authorization", format!("Bearer {}", self.token)).header("range", range);
        let answer = self.api.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The post with this id, once `wanted` accepts it.
    pub async fn post(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..500 {
            let post = self.ok("GET", &format!("/api/v4/posts/{id}"), Value::Null).await;
            if wanted(&post) {
                return post;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("post {id} did not become what was waited for");
    }

    pub async fn socket(&self) -> Socket {
        Socket::open(self, "").await
    }
}

/// A client's WebSocket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Id of the connection.
    pub id: String,
    seq: i64,
}

impl Socket {
    pub async fn open(who: &Person, query: &str) -> Self {
        let url = format!("ws://{}/api/v4/websocket{query}", who.address);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer {}", who.token).parse().unwrap());
        let (stream, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let mut socket = Self { stream, id: String::new(), seq: 0 };
        let hello = socket.event().await;
        assert_eq!(hello["event"], "hello");
        socket.id = text(&hello["data"], "connection_id");
        socket
    }

    pub async fn send(&mut self, action: &str, data: Value) {
        self.seq += 1;
        let action = format!("custom_com.mattermost.calls_{action}");
        let frame = json!({"action": action, "seq": self.seq, "data": data}).to_string();
        self.stream.send(Frame::text(frame)).await.unwrap();
    }

    /// The `sdp` action, a binary frame with compressed JSON.
    pub async fn offer(&mut self, sdp: &str) {
        use std::io::Write;
        let json = json!({"type": "offer", "sdp": sdp}).to_string();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        zlib.write_all(json.as_bytes()).unwrap();
        let data = rmpv::Value::Map(vec![("data".into(), rmpv::Value::Binary(zlib.finish().unwrap()))]);
        let action = "custom_com.mattermost.calls_sdp";
        let frame = vec![("action".into(), action.into()), ("seq".into(), 1.into()), ("data".into(), data)];
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, &rmpv::Value::Map(frame)).unwrap();
        self.stream.send(Frame::binary(bytes)).await.unwrap();
    }

    async fn event(&mut self) -> Value {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("an event comes");
            if let Frame::Text(text) = frame.expect("the socket is open").unwrap() {
                let value: Value = serde_json::from_str(&text).unwrap();
                if value.get("event").is_some() {
                    return value;
                }
            }
        }
    }

    /// The next event of calls: its name without prefix, and all of it.
    pub async fn next(&mut self) -> (String, Value) {
        loop {
            let event = self.event().await;
            if let Some(name) = event["event"].as_str().unwrap().strip_prefix("custom_com.mattermost.calls_") {
                return (name.to_owned(), event.clone());
            }
        }
    }

    /// The names of the next `count` events of calls.
    pub async fn names(&mut self, count: usize) -> Vec<String> {
        let mut names = Vec::new();
        while names.len() < count {
            names.push(self.next().await.0);
        }
        names
    }

    /// Skips to the event `name`.
    pub async fn until(&mut self, name: &str) -> Value {
        loop {
            let (found, event) = self.next().await;
            if found == name {
                return event;
            }
        }
    }

    /// Joins the call of a channel and waits for the answer.
    pub async fn join(&mut self, channel: &str) {
        self.send("join", json!({"channelID": channel, "title": "", "threadID": ""})).await;
        let joined = self.until("join").await;
        assert_eq!(joined["data"]["connID"], self.id.as_str());
    }

    pub async fn close(mut self) {
        self.stream.close(None).await.unwrap();
    }
}

async fn call(
    api: &Router,
    method: &str,
    path: &str,
    body: Value,
    token: Option<&str>,
) -> (StatusCode, Option<String>, Value) {
    let mut request = Request::builder().method(method).uri(path);
    let body = match body {
        Value::Null => Body::empty(),
        // Bytes of an upload.
        Value::String(text) => Body::from(text),
        json => {
            request = request.header("content-type", "application/json");
            Body::from(json.to_string())
        }
    };
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let answer = api.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    let (status, token) = (answer.status(), answer.headers().get("token").map(|t| t.to_str().unwrap().to_owned()));
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let text = || Value::from(String::from_utf8_lossy(&bytes).into_owned());
    (status, token, serde_json::from_slice(&bytes).unwrap_or_else(|_| text()))
}

pub fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}")).to_owned()
}
