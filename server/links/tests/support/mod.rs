//! A site with one person in memory, and a web server on loopback with pages good and bad.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use kit::Clock;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A web server that counts what it is asked for.
#[derive(Clone, Default)]
pub struct Web {
    pub url: String,
    port: u16,
    /// Few bytes that are many when they are unpacked.
    bomb: Bytes,
    asked: Arc<Mutex<HashMap<String, usize>>>,
}

impl Web {
    pub async fn start() -> Self {
        // On every address of the machine's own network, of which tests allow one.
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"<title>Bomb</title>").unwrap();
        packed.write_all(&vec![b' '; 8 << 20]).unwrap();
        let bomb = packed.finish().unwrap().into();
        let web = Self { url: format!("http://127.0.0.1:{port}"), port, bomb, ..Self::default() };
        let app = Router::new().fallback(answer).with_state(web.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        web
    }

    /// How often a path was asked for.
    pub fn count(&self, path: &str) -> usize {
        self.asked.lock().unwrap().get(path).copied().unwrap_or(0)
    }

    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

pub fn png() -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let picture = image::DynamicImage::ImageRgb8(image::RgbImage::new(60, 40));
    picture.write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

fn html(text: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, "text/html")], text.into()).into_response()
}

async fn answer(State(web): State<Web>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    *web.asked.lock().unwrap().entry(path.clone()).or_default() += 1;
    match path.as_str() {
        "/page" => html(
            r#"<head><title>plain</title><meta property="og:title" content="Pumps &amp; valves">
            <meta property="og:site_name" content="Wiki"><meta name="description" content="How they are kept.">
            <meta property="og:image" content="/picture.png"></head>"#,
        ),
        "/picture.png" => ([(header::CONTENT_TYPE, "image/png")], png()).into_response(),
        "/drawing.svg" => {
            "<svg xmlns='http://www.w3.org/2000/svg' width='5' height='5'><script>alert(1)</script></svg>"
                .into_response()
        }
        "/large.png" => [png(), vec![0; 2 << 20]].concat().into_response(),
        // A page of the machine itself, for whoever follows blindly.
        "/away" => Redirect::temporary(&format!("http://127.0.0.2:{}/secret", web.port)).into_response(),
        "/secret" => html("<title>secret</title>"),
        "/short" => Redirect::permanent("/page").into_response(),
        "/endless" => {
            let begin = futures::stream::iter([Bytes::from_static(b"<title>Endless</title>")]);
            let rest = futures::stream::repeat(Bytes::from(vec![b' '; 64 << 10]));
            let all = futures::StreamExt::map(futures::StreamExt::chain(begin, rest), Ok::<_, std::io::Error>);
            html(Body::from_stream(all))
        }
        "/bomb" => {
            let headers = [(header::CONTENT_ENCODING, "gzip"), (header::CONTENT_TYPE, "text/html")];
            (headers, web.bomb.clone()).into_response()
        }
        "/latin" => {
            let (text, _, _) = encoding_rs::WINDOWS_1252.encode("<title>Köln grüßt die schöne weite Welt</title>");
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text.into_owned()).into_response()
        }
        "/slow" => std::future::pending().await,
        "/plain.txt" => "text".into_response(),
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Settings of a test: loopback's first address is allowed, and nobody waits long.
pub fn config() -> links::Config {
    links::Config {
        allowed_addresses: vec!["127.0.0.1".into()],
        timeout_s: 4,
        host_pause_ms: 0,
        max_image_mb: 1,
        ..links::Config::default()
    }
}

/// A running site with a person in a channel.
pub struct Place {
    pub site: Site,
    api: Router,
    stop: CancellationToken,
    links: links::Links,
    pub channel: String,
    token: String,
    site_url: String,
    folder: tempfile::TempDir,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn begin(
    db: db::Db,
    config: links::Config,
    site_url: &str,
    folder: &std::path::Path,
) -> (Site, Router, links::Links) {
    kit::init_crypto();
    db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
    let files = Arc::new(object_store::memory::InMemory::new());
    let settings = Config { site_url: site_url.into(), ..Config::default() };
    let site = Site::new(Parts {
        db,
        hub: Hub::default(),
        clock: Clock::system(),
        config: settings,
        keys: chat::keys::Keys::default(),
        files,
    });
    let links = links::Links::open(&site, config, folder).await.unwrap();
    let api = chat::routes::api_with(&site, links.router());
    (site, api, links)
}

impl Place {
    /// The site, whose links are not looked at before [`Place::start`].
    pub async fn open(db: db::Db, config: links::Config, site_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (site, api, links) = begin(db, config, site_url, folder.path()).await;
        let (stop, site_url) = (CancellationToken::new(), site_url.to_owned());
        let mut place = Self { site, api, stop, links, channel: String::new(), token: String::new(), site_url, folder };
        let account = json!({"username": "ana", "email": "ana@site.example", "password": "Correct-horse-9"});
        place.ok("POST", "/users", account).await;
        let login = json!({"login_id": "ana", "password": "Correct-horse-9"});
        let (_, headers, _) = place.call("POST", "/users/login", login).await;
        place.token = headers["token"].to_str().unwrap().to_owned();
        let team = place.ok("POST", "/teams", json!({"name": "field", "display_name": "Field", "type": "O"})).await;
        let square = format!("/teams/{}/channels/name/town-square", text(&team, "id"));
        place.channel = text(&place.ok("GET", &square, Value::Null).await, "id");
        place
    }

    pub fn start(&self) {
        self.links.start(&self.site, &self.stop);
    }

    /// The same database in a new process.
    pub async fn restarted(&self, config: links::Config) -> Self {
        self.stop.cancel();
        let folder = tempfile::tempdir().unwrap();
        let (site, api, links) = begin(self.site.db.clone(), config, &self.site_url, folder.path()).await;
        let (channel, token, site_url) = (self.channel.clone(), self.token.clone(), self.site_url.clone());
        Self { site, api, stop: CancellationToken::new(), links, channel, token, site_url, folder }
    }

    /// Pictures that the proxy keeps.
    pub fn kept(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> (StatusCode, HeaderMap, Bytes) {
        let mut request = Request::builder().method(method).uri(format!("/api/v4{path}"));
        request = request.header("content-type", "application/json");
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let answer = self.api.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, to_bytes(answer.into_body(), 16 << 20).await.unwrap())
    }

    pub async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, _, bytes) = self.call(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    }

    pub async fn say(&self, message: &str) -> Value {
        self.ok("POST", "/posts", json!({"channel_id": self.channel, "message": message})).await
    }

    pub async fn post(&self, id: &str) -> Value {
        self.ok("GET", &format!("/posts/{id}"), Value::Null).await
    }

    /// A picture through the proxy.
    pub async fn image(&self, url: &str) -> (StatusCode, HeaderMap, Bytes) {
        let query: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
        self.call("GET", &format!("/image?url={query}"), Value::Null).await
    }

    /// Waits until nothing waits to be looked at, and everybody was told.
    pub async fn settled(&self) {
        let waiting = db::Sql::new(
            "SELECT (SELECT COUNT(*) FROM links WHERE wanted_at > 0) + (SELECT COUNT(*) FROM post_links WHERE told = FALSE)",
        );
        for _ in 0..1500 {
            let mut conn = self.site.db.read().await.unwrap();
            let left: Option<i64> = conn.fetch_optional(&waiting, vec![], db::Row::only).await.unwrap();
            if left == Some(0) {
                return;
            }
            drop(conn);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("links still wait to be looked at");
    }
}

pub fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}")).to_owned()
}
