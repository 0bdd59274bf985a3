//! The real program and its files: hostile ones hurt nobody, what waits survives a kill, and large ones take no memory.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const REPORT: &[u8] = include_bytes!("../documents/tests/fixtures/report.pdf");
const PHOTO: &[u8] = include_bytes!("../pictures/tests/fixtures/place.jpg");
const PHONE: &[u8] = include_bytes!("../pictures/tests/fixtures/place.heic");

/// A running server; it is killed with this.
struct Server {
    child: Child,
    url: String,
    client: Client,
    token: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Server {
    async fn start(folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(env!("CARGO_BIN_EXE_server"))
            .env("MUSTER_SERVER_DATA_DIR", folder)
            .env("MUSTER_SERVER_LISTEN_ADDRESS", format!("127.0.0.1:{port}"))
            .env("MUSTER_SERVER_FILES__WORKER_SECONDS", "8")
            .env("MUSTER_SERVER_LIMITS__MAX_FILE_MB", "100")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let client = Client::new();
        let server = Self { child, url: format!("http://127.0.0.1:{port}"), client, token: String::new() };
        server
            .until("it answers", async || server.client.get(format!("{}/readyz", server.url)).send().await.is_ok())
            .await;
        server
    }

    /// Asks again until `holds`; a minute at most.
    async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let begun = Instant::now();
        while !holds().await {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.client.request(method, format!("{}/api/v4{path}", self.url)).bearer_auth(&self.token);
        let answer = request.json(&body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn log_in(&mut self) {
        let login = json!({"login_id": "ana", "password": "Correct-horse-9"});
        let answer = self.client.post(format!("{}/api/v4/users/login", self.url)).json(&login).send().await.unwrap();
        self.token = answer.headers()["token"].to_str().unwrap().to_owned();
    }

    /// The first account and its team; the town square.
    async fn found(&mut self) -> String {
        let account = json!({"username": "ana", "email": "ana@site.example", "password": "Correct-horse-9"});
        self.call(Method::POST, "/users", account).await;
        self.log_in().await;
        let team = json!({"name": "field", "display_name": "Field", "type": "O"});
        let team = self.call(Method::POST, "/teams", team).await["id"].as_str().unwrap().to_owned();
        let square = self.call(Method::GET, &format!("/teams/{team}/channels/name/town-square"), Value::Null).await;
        square["id"].as_str().unwrap().to_owned()
    }

    async fn upload(&self, channel: &str, name: &str, body: impl Into<reqwest::Body>) -> Value {
        let url = format!("{}/api/v4/files?channel_id={channel}&filename={name}", self.url);
        let answer = self.client.post(url).bearer_auth(&self.token).body(body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{name}: {status} {text}");
        serde_json::from_str::<Value>(&text).unwrap()["file_infos"][0].clone()
    }

    async fn post(&self, channel: &str, name: &str, body: Vec<u8>) -> Value {
        let info = self.upload(channel, name, body).await;
        self.call(Method::POST, "/posts", json!({"channel_id": channel, "message": "", "file_ids": [info["id"]]}))
            .await;
        info
    }

    async fn finds(&self, terms: &str) -> usize {
        let found = self.call(Method::POST, "/files/search", json!({"terms": terms, "per_page": 100})).await;
        found["order"].as_array().unwrap().len()
    }

    /// Memory that is in use, bytes.
    fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<usize>().unwrap() << 10
    }
}

/// A drawing that doubles itself thirty times: rendering it takes years.
fn endless() -> Vec<u8> {
    let mut svg =
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><g id="g0"><path d="M0 0L9 9"/></g>"#
            .to_owned();
    for n in 1..30 {
        let half = format!(r##"<use href="#g{}"/>"##, n - 1);
        svg.push_str(&format!(r#"<g id="g{n}">{half}{half}</g>"#));
    }
    svg.push_str("</svg>");
    svg.into_bytes()
}

#[tokio::test]
async fn hostile_files_hurt_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path()).await;
    let square = server.found().await;
    // As deep as a stack of any size is not.
    let deep =
        format!("%PDF-1.4\n1 0 obj\n{}\nendobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF", "[".repeat(3_000_000));
    server.post(&square, "deep.pdf", deep.into_bytes()).await;
    let endless = server.post(&square, "endless.svg", endless()).await;
    assert_eq!(endless.get("has_preview_image"), None, "given up: {endless}");
    let photo = server.post(&square, "photo.jpg", PHOTO.to_vec()).await;
    assert_eq!(photo["has_preview_image"], true, "the next one is looked at: {photo}");
    // Its decoder starts threads: there must be memory for them.
    let phone = server.post(&square, "phone.heic", PHONE.to_vec()).await;
    assert_eq!(phone["has_preview_image"], true, "{phone}");
    server.post(&square, "report.pdf", REPORT.to_vec()).await;
    server.until("a document behind a hostile one is read", async || server.finds("chlorine").await == 1).await;
}

#[tokio::test]
async fn documents_that_wait_are_read_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path()).await;
    let square = server.found().await;
    for n in 0..12 {
        server.post(&square, &format!("note{n}.md"), format!("well number {n} holds water").into_bytes()).await;
    }
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    std::fs::write(folder.path().join("spool").join("half"), "received when it was killed").unwrap();
    let mut server = Server::start(folder.path()).await;
    server.log_in().await;
    assert!(!folder.path().join("spool").join("half").exists());
    server.until("all are found", async || server.finds("\"holds water\"").await == 12).await;
}

#[tokio::test]
async fn eight_large_uploads_at_once_stay_small_in_memory() {
    // A build without optimisation sums up some megabytes a second.
    let size: usize = if cfg!(debug_assertions) { 24 << 20 } else { 100 << 20 };
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path()).await;
    let square = server.found().await;
    server.upload(&square, "warm.bin", vec![1; 1 << 20]).await;
    let before = server.memory();
    let piece = 64 << 10;
    let uploads = futures::future::join_all((0..8_u8).map(|n| {
        let pieces = (0..size / piece).map(move |at| Ok::<_, std::io::Error>(vec![n ^ at as u8; piece]));
        let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
        let (server, square) = (&server, &square);
        async move { server.upload(square, &format!("large{n}.bin"), body).await }
    }));
    let mut most = 0;
    let watch = async {
        loop {
            most = most.max(server.memory());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        infos = uploads => assert!(infos.iter().all(|i| i["size"] == size), "{infos:?}"),
        () = watch => unreachable!("it never ends"),
    }
    let growth = most.saturating_sub(before) >> 20;
    eprintln!("8 uploads of {} MB at once: {growth} MB more memory (from {} MB)", size >> 20, before >> 20);
    assert!(growth < 100, "{growth} MB");
}
