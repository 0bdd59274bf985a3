//! What ends a session, and that the sockets of an ended one close.

use crate::support::{Person, World, arrive, call, text, worlds, worlds_with};
use axum::Router;
use axum::http::StatusCode;
use chat::Config;
use chat::auth::Settings;
use futures::StreamExt;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const DAY: i64 = 24 * 3_600_000;

/// The site on a port of this machine.
struct Served {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn served(api: &Router) -> Served {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = api.clone().into_make_service_with_connect_info::<SocketAddr>();
    Served { address, task: tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }) }
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A real WebSocket that has been greeted.
async fn socket(served: &Served, token: &str) -> Socket {
    let mut request = format!("ws://{}/api/v4/websocket", served.address).into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let hello = tokio::time::timeout(Duration::from_secs(10), socket.next()).await.unwrap().unwrap().unwrap();
    assert!(hello.to_text().unwrap().contains("\"hello\""), "{hello}");
    socket
}

/// Reads until the server closes the socket; panics when it does not.
async fn closes(mut socket: Socket, why: &str) {
    let end = async {
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), end).await.unwrap_or_else(|_| panic!("still open after {why}"));
}

async fn log_in<'a>(world: &'a World, name: &str, device: &str) -> Person<'a> {
    let body = json!({"login_id": name, "password": "Correct-horse-9", "device_id": device});
    let (_, token, user) = call(&world.api, "POST", "/users/login", body, None).await;
    Person { api: &world.api, token: token.unwrap(), id: text(&user, "id") }
}

async fn is_out(person: &Person<'_>) -> bool {
    person.call("GET", "/users/me", Value::Null).await.0 == StatusCode::UNAUTHORIZED
}

#[tokio::test]
async fn whatever_ends_a_session_closes_its_sockets() {
    for world in worlds().await {
        let server = served(&world.api).await;
        let ana = arrive(&world.api, "ana", "").await;
        let bruno = arrive(&world.api, "bruno", "").await;
        let member = json!({"roles": "system_user"});
        let admin = json!({"roles": "system_admin system_user"});

        let phone = log_in(&world, "bruno", "android:1").await;
        let open = socket(&server, &phone.token).await;
        log_in(&world, "bruno", "android:1").await;
        closes(open, "another login of the same device").await;
        assert!(is_out(&phone).await && !is_out(&bruno).await, "{}", world.engine);

        let sessions = bruno.get("/users/me/sessions").await;
        let laptop = log_in(&world, "bruno", "").await;
        let known: Vec<String> = sessions.as_array().unwrap().iter().map(|s| text(s, "id")).collect();
        let now = laptop.get("/users/me/sessions").await;
        let new = now.as_array().unwrap().iter().map(|s| text(s, "id")).find(|id| !known.contains(id)).unwrap();
        assert!(now.as_array().unwrap().iter().all(|s| text(s, "token").is_empty()), "{}", world.engine);
        let open = socket(&server, &laptop.token).await;
        bruno.ok("POST", "/users/me/sessions/revoke", json!({"session_id": new})).await;
        closes(open, "revocation").await;

        let laptop = log_in(&world, "bruno", "").await;
        let open = socket(&server, &laptop.token).await;
        let change = json!({"current_password": "Correct-horse-9", "new_password": "Correct-horse-9"});
        bruno.ok("PUT", "/users/me/password", change).await;
        closes(open, "a new password").await;
        assert!(is_out(&laptop).await && !is_out(&bruno).await, "{}: whoever changed it stays", world.engine);

        ana.ok("PUT", &format!("/users/{}/roles", bruno.id), admin).await;
        let open = socket(&server, &bruno.token).await;
        ana.ok("PUT", &format!("/users/{}/roles", bruno.id), member).await;
        closes(open, "a role was taken").await;

        let made = ana.ok("POST", &format!("/users/{}/tokens", ana.id), json!({"description": "script"})).await;
        let open = socket(&server, &text(&made, "token")).await;
        ana.ok("POST", "/users/tokens/revoke", json!({"token_id": text(&made, "id")})).await;
        closes(open, "the access token was revoked").await;

        let open = socket(&server, &bruno.token).await;
        ana.ok("PUT", &format!("/users/{}/active", bruno.id), json!({"active": false})).await;
        closes(open, "deactivation").await;
        assert!(is_out(&bruno).await, "{}", world.engine);
    }
}

#[tokio::test]
async fn use_prolongs_a_session_and_its_end_closes_the_socket() {
    let accounts = Settings { session_max_days: 45, ..Settings::default() };
    for world in worlds_with(Config { accounts, ..Config::default() }).await {
        let server = served(&world.api).await;
        let ana = arrive(&world.api, "ana", "").await;
        let bruno = arrive(&world.api, "bruno", "").await;
        world.clock.advance(20 * DAY);
        ana.get("/users/me").await;
        world.clock.advance(20 * DAY);
        assert!(is_out(&bruno).await, "{}: 40 days without use", world.engine);
        assert!(!is_out(&ana).await, "{}", world.engine);
        let open = socket(&server, &ana.token).await;
        assert_eq!(chat::auth::sweep(&world.site).await.unwrap(), 1, "{}: Bruno's", world.engine);
        world.clock.advance(6 * DAY);
        assert_eq!(chat::auth::sweep(&world.site).await.unwrap(), 1, "{}: use does not move this end", world.engine);
        closes(open, "its days are over").await;
    }
}

#[tokio::test]
async fn the_record_says_who_did_what_from_where() {
    for world in worlds().await {
        let server = served(&world.api).await;
        let ana = arrive(&world.api, "ana", "").await;
        let bruno = arrive(&world.api, "bruno", "").await;
        let client = reqwest::Client::new();
        let body = json!({"login_id": "bruno", "password": "wrong"});
        let url = format!("http://{}/api/v4/users/login", server.address);
        assert_eq!(client.post(url).json(&body).send().await.unwrap().status(), 401);
        assert_eq!(bruno.call("GET", "/audits", Value::Null).await.0, StatusCode::FORBIDDEN, "{}", world.engine);
        let seen = bruno.get(&format!("/users/{}/audits", bruno.id)).await;
        let failed = seen.as_array().unwrap().iter().find(|a| text(a, "extra_info").starts_with("fail")).unwrap();
        assert_eq!(text(failed, "ip_address"), "127.0.0.1", "{}", world.engine);
        assert_eq!(bruno.call("GET", &format!("/users/{}/audits", ana.id), Value::Null).await.0, StatusCode::FORBIDDEN);
        assert!(ana.get("/audits").await.as_array().unwrap().len() >= 3, "{}", world.engine);
    }
}
