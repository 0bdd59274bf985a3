//! A resumable upload over a real socket, on both databases: the client breaks off, the server restarts, and it goes on.

use axum::Router;
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use kit::Clock;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A server on a port of its own, with files in a folder.
async fn serve(db: db::Db, folder: &Path) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let files = object_store::local::LocalFileSystem::new_with_prefix(folder).unwrap();
    let config = Config { max_file_bytes: 20 << 20, max_uploads_per_user: 2, ..Config::default() };
    let site = Site::new(Parts {
        db,
        hub: Hub::default(),
        clock: Clock::system(),
        keys: chat::keys::Keys::default(),
        config,
        files: Arc::new(files),
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app: Router = chat::routes::api(&site);
    (address, tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }))
}

struct Client {
    address: SocketAddr,
    token: String,
}

impl Client {
    async fn send(&self, method: &str, path: &str, body: &[u8]) -> (u16, Option<String>, Value) {
        let mut socket = self.begin(method, path, body.len()).await;
        socket.write_all(body).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let token = head.lines().find_map(|l| l.strip_prefix("token: ")).map(str::to_owned);
        (status, token, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// Sends the head of a request whose body has `length` bytes.
    async fn begin(&self, method: &str, path: &str, length: usize) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "{method} /api/v4{path} HTTP/1.1\r\nhost: site.example\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n",
            self.token
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        socket
    }

    async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, _, value) = self.send(method, path, body.as_bytes()).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {value}");
        value
    }

    async fn offset(&self, id: &str) -> i64 {
        self.ok("GET", &format!("/uploads/{id}"), Value::Null).await["file_offset"].as_i64().unwrap()
    }

    async fn arrive(address: SocketAddr, name: &str, invite: &str) -> Self {
        let nobody = Self { address, token: String::new() };
        let account = json!({"username": name, "email": format!("{name}@site.example"), "password": "Correct-horse-9"});
        nobody.ok("POST", &format!("/users?iid={invite}"), account).await;
        let login = json!({"login_id": name, "password": "Correct-horse-9"}).to_string();
        let (_, token, _) = nobody.send("POST", "/users/login", login.as_bytes()).await;
        Self { address, token: token.unwrap() }
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}")).to_owned()
}

#[tokio::test]
async fn a_client_breaks_off_the_server_restarts_and_the_upload_goes_on() {
    for (engine, db) in db::testing::databases().await {
        db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (address, first) = serve(db.clone(), folder.path()).await;
        let ana = Client::arrive(address, "ana", "").await;
        let team = ana.ok("POST", "/teams", json!({"name": "field", "display_name": "Field", "type": "O"})).await;
        let bruno = Client::arrive(address, "bruno", &text(&team, "invite_id")).await;
        let square = format!("/teams/{}/channels/name/town-square", text(&team, "id"));
        let channel = text(&ana.ok("GET", &square, Value::Null).await, "id");
        let bytes: Vec<u8> = (0..9_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();

        for (field, wrong) in [
            ("file_size", json!({"channel_id": channel, "filename": "a", "file_size": 0})),
            ("filename", json!({"channel_id": channel, "filename": " ", "file_size": 1})),
            ("channel_id", json!({"channel_id": "x", "filename": "a", "file_size": 1})),
            ("type", json!({"channel_id": channel, "filename": "a", "file_size": 1, "type": "other"})),
        ] {
            let (status, _, body) = ana.send("POST", "/uploads", wrong.to_string().as_bytes()).await;
            assert!(status == 400 && text(&body, "message").contains(field), "{engine}: {field}: {status} {body}");
        }
        let huge = json!({"channel_id": channel, "filename": "a", "file_size": 21 << 20}).to_string();
        assert_eq!(ana.send("POST", "/uploads", huge.as_bytes()).await.0, 413, "{engine}");

        let wanted = json!({"channel_id": channel, "filename": "talk.webm", "file_size": bytes.len()});
        let session = ana.ok("POST", "/uploads", wanted.clone()).await;
        let (id, path) = (text(&session, "id"), format!("/uploads/{}", text(&session, "id")));
        assert_eq!(session["file_offset"], 0, "{engine}");
        assert_eq!(bruno.send("GET", &path, b"").await.0, 403, "{engine}: only who began it");
        assert_eq!(bruno.send("POST", &path, b"abc").await.0, 403, "{engine}: only who began it");

        // The line breaks in the middle of the third piece.
        let mut socket = ana.begin("POST", &path, bytes.len()).await;
        socket.write_all(&bytes[..8_500_000]).await.unwrap();
        socket.shutdown().await.unwrap();
        drop(socket);
        let mut offset = 0;
        for _ in 0..500 {
            offset = ana.offset(&id).await;
            if offset == 8_500_000 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(offset, 8_500_000, "{engine}: all that arrived is kept");

        first.abort();
        let (address, second) = serve(db.clone(), folder.path()).await;
        let ana = Client { address, ..ana };
        let mine = ana.ok("GET", "/users/me/uploads", Value::Null).await;
        assert_eq!((text(&mine[0], "id"), &mine[0]["file_offset"]), (id.clone(), &json!(8_500_000)), "{engine}");
        let (status, _, body) = ana.send("POST", &path, &[0; 500_001]).await;
        assert!(status == 400 && text(&body, "message").contains("500000 of 9000000"), "{engine}: {status} {body}");
        assert_eq!(ana.send("POST", &path, &bytes[8_500_000..8_900_000]).await.0, 204, "{engine}");
        let (status, _, info) = ana.send("POST", &path, &bytes[8_900_000..]).await;
        assert_eq!(status, 201, "{engine}: {info}");
        assert_eq!((&info["name"], &info["size"]), (&json!("talk.webm"), &json!(bytes.len())), "{engine}");

        // Whoever missed the answer asks again, and the file is as usable as any other.
        assert_eq!(ana.offset(&id).await, 9_000_000, "{engine}");
        assert_eq!(ana.send("POST", &path, b"").await.2["id"], info["id"], "{engine}");
        let post = json!({"channel_id": channel, "message": "the talk", "file_ids": [info["id"]]});
        ana.ok("POST", "/posts", post).await;
        let inside = |path: &Path| -> Vec<_> { std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect() };
        let blobs: Vec<_> = inside(&folder.path().join("blobs")).iter().flat_map(|f| inside(f)).collect();
        assert!(blobs.len() == 1 && std::fs::read(&blobs[0]).unwrap() == bytes, "{engine}: every byte is where it was");
        let pieces = std::fs::read_dir(folder.path().join("uploads").join(&id)).map_or(0, Iterator::count);
        assert_eq!(pieces, 0, "{engine}: nothing is stored twice");
        assert_eq!(ana.ok("GET", "/users/me/uploads", Value::Null).await, json!([]), "{engine}");

        for _ in 0..2 {
            ana.ok("POST", "/uploads", wanted.clone()).await;
        }
        assert_eq!(ana.send("POST", "/uploads", wanted.to_string().as_bytes()).await.0, 429, "{engine}");
        second.abort();
    }
}

#[tokio::test]
async fn a_body_without_a_length_that_is_too_long_changes_nothing() {
    for (engine, db) in db::testing::databases().await {
        db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (address, server) = serve(db.clone(), folder.path()).await;
        let ana = Client::arrive(address, "ana", "").await;
        let team = ana.ok("POST", "/teams", json!({"name": "field", "display_name": "Field", "type": "O"})).await;
        let square = format!("/teams/{}/channels/name/town-square", text(&team, "id"));
        let channel = text(&ana.ok("GET", &square, Value::Null).await, "id");
        let wanted = json!({"channel_id": channel, "filename": "a.bin", "file_size": 5_000_000});
        let id = text(&ana.ok("POST", "/uploads", wanted).await, "id");
        ana.send("POST", &format!("/uploads/{id}"), b"abc").await;
        let mut socket = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /api/v4/uploads/{id} HTTP/1.1\r\nhost: site.example\r\nauthorization: Bearer {}\r\n\
             transfer-encoding: chunked\r\nconnection: close\r\n\r\n",
            ana.token
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        for _ in 0..6 {
            let chunk = [b"f4240\r\n".as_slice(), &[7; 1_000_000], b"\r\n"].concat();
            // The server may close as soon as it has seen one byte too many.
            if socket.write_all(&chunk).await.is_err() {
                break;
            }
        }
        drop(socket.write_all(b"0\r\n\r\n").await);
        if socket.read_exact(&mut answer).await.is_ok() {
            assert_eq!(&answer, b"HTTP/1.1 400", "{engine}");
        }
        assert_eq!(ana.offset(&id).await, 3, "{engine}: as before the request");
        server.abort();
    }
}
