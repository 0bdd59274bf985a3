//! The API as programs meet it: the real router, on both engines, without a socket in between.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use chat::site::Parts;
use chat::{Config, Site, ws::Hub};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

struct TestSite {
    site: Site,
    router: Router,
}

/// Status, `Token` header and JSON body of an answer.
struct Answer {
    status: StatusCode,
    token: String,
    body: Value,
}

impl TestSite {
    async fn on(db: db::Db) -> Self {
        db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
        let files = Arc::new(object_store::memory::InMemory::new());
        let config = Config { open_signup: true, ..Config::default() };
        let site = Site::new(Parts {
            db,
            hub: Hub::default(),
            clock: kit::Clock::system(),
            keys: chat::keys::Keys::default(),
            config,
            files,
        });
        Self { router: chat::routes::api(&site), site }
    }

    async fn call(&self, method: Method, path: &str, token: &str, body: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/v4{path}"));
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let token = response.headers().get("token").map_or("", |t| t.to_str().unwrap()).to_owned();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Answer { status, token, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(Method::GET, path, token, Value::Null).await
    }

    /// Signs up and logs in: id and session token.
    async fn person(&self, name: &str) -> (String, String) {
        let new = json!({"username": name, "email": format!("{name}@example.com"), "password": "correct horse"});
        let made = self.call(Method::POST, "/users", "", new).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        (made.body["id"].as_str().unwrap().to_owned(), self.log_in(name).await.token)
    }

    async fn log_in(&self, name: &str) -> Answer {
        self.call(Method::POST, "/users/login", "", json!({"login_id": name, "password": "correct horse"})).await
    }
}

async fn sites() -> Vec<(&'static str, TestSite)> {
    let mut all = Vec::new();
    for (engine, db) in db::testing::databases().await {
        all.push((engine, TestSite::on(db).await));
    }
    all
}

#[tokio::test]
async fn the_first_account_administers_and_can_lock_others_out() {
    for (engine, t) in sites().await {
        let (admin_id, admin) = t.person("ana").await;
        let (bruno_id, bruno) = t.person("bruno").await;
        let path = format!("/users/{bruno_id}/active");
        let refused = t.call(Method::PUT, &format!("/users/{admin_id}/active"), &bruno, json!({"active": false})).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{engine}");
        let actor = chat::Actor { user_id: bruno_id.clone(), session_id: "s".into(), ..chat::Actor::default() };
        let connection = chat::ws::open(&t.site, &actor).await.unwrap();
        let generation = connection.attach();

        assert_eq!(
            t.call(Method::PUT, &path, &admin, json!({"active": false})).await.status,
            StatusCode::OK,
            "{engine}"
        );
        assert_eq!(t.get("/users/me", &bruno).await.status, StatusCode::UNAUTHORIZED, "{engine}: the session is over");
        assert!(matches!(connection.next(generation).await, chat::ws::Next::Close), "{engine}: and so is the socket");
        assert_eq!(t.log_in("bruno").await.body["id"], "api.user.login.inactive.app_error", "{engine}");

        assert_eq!(
            t.call(Method::PUT, &path, &admin, json!({"active": true})).await.status,
            StatusCode::OK,
            "{engine}"
        );
        assert_eq!(
            t.get("/users/me", &bruno).await.status,
            StatusCode::UNAUTHORIZED,
            "{engine}: old sessions stay dead"
        );
        assert_eq!(t.log_in("bruno").await.status, StatusCode::OK, "{engine}");

        let last = t.call(Method::DELETE, "/users/me", &admin, Value::Null).await;
        assert_eq!(last.status, StatusCode::BAD_REQUEST, "{engine}: somebody must administer the site");
        assert_eq!(t.get("/users/me", &admin).await.status, StatusCode::OK, "{engine}: nothing of it was kept");
    }
}

#[tokio::test]
async fn roles_are_given_and_taken_by_administrators() {
    for (engine, t) in sites().await {
        let (admin_id, admin) = t.person("ana").await;
        let (bruno_id, bruno) = t.person("bruno").await;
        let give = |who: &str| format!("/users/{who}/roles");
        let both = json!({"roles": "system_user system_admin"});
        assert_eq!(
            t.call(Method::PUT, &give(&bruno_id), &bruno, both.clone()).await.status,
            StatusCode::FORBIDDEN,
            "{engine}"
        );
        assert_eq!(t.call(Method::PUT, &give(&bruno_id), &admin, both).await.status, StatusCode::OK, "{engine}");
        let member = json!({"roles": "system_user"});
        assert_eq!(
            t.call(Method::PUT, &give(&admin_id), &bruno, member.clone()).await.status,
            StatusCode::OK,
            "{engine}"
        );
        let last = t.call(Method::PUT, &give(&bruno_id), &bruno, member).await;
        assert_eq!(last.status, StatusCode::BAD_REQUEST, "{engine}: {}", last.body);
    }
}

#[tokio::test]
async fn a_bot_speaks_with_its_token_until_that_is_revoked() {
    for (engine, t) in sites().await {
        let (_, admin) = t.person("ana").await;
        let (_, bruno) = t.person("bruno").await;
        let new = json!({"username": "helper", "display_name": "Helper", "description": "answers"});
        assert_eq!(t.call(Method::POST, "/bots", &bruno, new.clone()).await.status, StatusCode::FORBIDDEN, "{engine}");
        let bot = t.call(Method::POST, "/bots", &admin, new.clone()).await;
        assert_eq!((bot.status, bot.body["display_name"].as_str()), (StatusCode::CREATED, Some("Helper")), "{engine}");
        assert_eq!(t.call(Method::POST, "/bots", &admin, new).await.status, StatusCode::BAD_REQUEST, "{engine}: taken");
        let id = bot.body["user_id"].as_str().unwrap();

        let made =
            t.call(Method::POST, &format!("/users/{id}/tokens"), &admin, json!({"description": "for tests"})).await;
        assert_eq!(made.status, StatusCode::CREATED, "{engine}: {}", made.body);
        let token = made.body["token"].as_str().unwrap();
        let me = t.get("/users/me", token).await;
        assert_eq!((me.body["id"].as_str(), me.body["is_bot"].as_bool()), (Some(id), Some(true)), "{engine}");
        let listed = t.get(&format!("/users/{id}/tokens"), &admin).await;
        assert_eq!(listed.body[0]["description"], "for tests", "{engine}");
        assert!(listed.body[0].get("token").is_none(), "{engine}: the secret is shown once");

        let which = json!({"token_id": made.body["id"]});
        assert_eq!(
            t.call(Method::POST, "/users/tokens/disable", &bruno, which.clone()).await.status,
            StatusCode::NOT_FOUND
        );
        for (call, expected) in
            [("disable", StatusCode::UNAUTHORIZED), ("enable", StatusCode::OK), ("revoke", StatusCode::UNAUTHORIZED)]
        {
            assert_eq!(
                t.call(Method::POST, &format!("/users/tokens/{call}"), &admin, which.clone()).await.status,
                StatusCode::OK
            );
            assert_eq!(t.get("/users/me", token).await.status, expected, "{engine}: after {call}");
        }
    }
}

/// The first line of the answer to a WebSocket handshake with `extra` headers.
async fn handshake(address: std::net::SocketAddr, extra: &str) -> String {
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /api/v4/websocket HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extra}\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 64];
    let got = tokio::time::timeout(std::time::Duration::from_secs(5), socket.read(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer[..got]).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn another_sites_page_cannot_open_a_socket_with_our_cookie() {
    for (engine, t) in sites().await {
        let (_, token) = t.person("ana").await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(axum::serve(listener, t.router.clone()).into_future());
        let cookie = format!("Cookie: MMAUTHTOKEN={token}\r\n");
        let own = handshake(address, &format!("{cookie}Origin: http://{address}\r\n")).await;
        let program = handshake(address, &cookie).await;
        let foreign = handshake(address, &format!("{cookie}Origin: http://evil.example\r\n")).await;
        server.abort();
        assert!(own.contains("101"), "{engine}: {own}");
        assert!(program.contains("101"), "{engine}: {program}");
        assert!(foreign.contains("400"), "{engine}: {foreign}");
    }
}
