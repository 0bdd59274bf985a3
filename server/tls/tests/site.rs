//! A small site behind [`tls::Tls`], visited by real clients: who trusts the certificate comes in, others do not.

use axum::Router;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::Message;
use axum::http::HeaderMap;
use axum::routing::get;
use futures::{SinkExt, StreamExt};
use reqwest::{Certificate, Client, redirect};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tls::{Mode, Place, Settings, Tls};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

struct Site {
    tls: Tls,
    secure: SocketAddr,
    plain: SocketAddr,
    stop: CancellationToken,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn app() -> Router {
    let socket = |up: WebSocketUpgrade| async {
        up.on_upgrade(|mut socket| async move {
            while let Some(Ok(Message::Text(text))) = socket.next().await {
                drop(socket.send(Message::Text(text)).await);
            }
        })
    };
    let scheme = |headers: HeaderMap| async move {
        headers.get("x-forwarded-proto").and_then(|v| v.to_str().ok()).unwrap_or("http").to_owned()
    };
    let host = |headers: HeaderMap| async move { headers["host"].to_str().unwrap_or_default().to_owned() };
    Router::new().route("/scheme", get(scheme)).route("/socket", get(socket)).route("/host", get(host))
}

impl Site {
    async fn open(settings: Settings, folder: &Path, site_url: &str) -> Result<Self, tls::Error> {
        kit::init_crypto();
        let (listeners, _) =
            Tls::bind(&Settings { listen: vec!["127.0.0.1:0".into()], ..settings.clone() }).await.unwrap();
        let secure = listeners[0].local_addr().unwrap();
        let place = Place { site_name: "Field".into(), site_url: site_url.into(), folder: tls::folder(folder) };
        let tls = Tls::open(settings, place, secure.port())?;
        let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = plain.local_addr().unwrap();
        let stop = CancellationToken::new();
        let all = tls.router().merge(app());
        // As seen by a client on another machine.
        let others = tls.only_redirect();
        tokio::spawn(kit::net::serve(plain, others, stop.clone()));
        let (serving, ending) = (tls.clone(), stop.clone());
        let encrypted = tls.secure(all);
        tokio::spawn(async move { serving.serve(listeners, encrypted, ending).await });
        Ok(Self { tls, secure, plain: address, stop })
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.secure.port())
    }

    fn plain_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.plain)
    }
}

/// A client that trusts these certificates and no others.
fn trusting(pem: &str) -> Client {
    Client::builder().tls_certs_only([Certificate::from_pem(pem.as_bytes()).unwrap()]).build().unwrap()
}

fn local_ca() -> Settings {
    Settings { mode: Mode::LocalCa, ..Settings::default() }
}

#[tokio::test]
async fn who_installed_the_ca_comes_in_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::open(local_ca(), folder.path(), "").await.unwrap();
    let ca = reqwest::get(site.plain_url("/ca.pem")).await.unwrap().text().await.unwrap();
    let client = trusting(&ca);
    let answer = client.get(site.url("/scheme")).header("x-forwarded-proto", "http").send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert!(answer.headers().get("strict-transport-security").is_none(), "a local CA is no reason to lock a name");
    assert_eq!(answer.text().await.unwrap(), "https");
    let host = client.get(site.url("/host")).send().await.unwrap().text().await.unwrap();
    assert_eq!(
        host,
        format!("localhost:{}", site.secure.port()),
        "links are made from it, and HTTP/2 does not send it"
    );
    let by_address = client.get(format!("https://{}/scheme", site.secure)).send().await.unwrap();
    assert_eq!(by_address.text().await.unwrap(), "https", "the addresses of the machine are in the certificate");

    let refused = Client::new().get(site.url("/scheme")).send().await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");
    assert!(tls::is_private(&tls::folder(folder.path()).join("ca.key.pem")).unwrap());
    assert!(tls::is_private(&tls::folder(folder.path()).join("server.key.pem")).unwrap());
}

#[tokio::test]
async fn without_encryption_there_is_the_ca_its_page_and_the_way_to_https() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::open(local_ca(), folder.path(), "").await.unwrap();
    let client = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let der = client.get(site.plain_url("/ca.crt")).send().await.unwrap();
    assert_eq!(der.headers()["content-type"], "application/x-x509-ca-cert");
    let der = der.bytes().await.unwrap();
    let page = client.get(site.plain_url("/trust")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(&tls::certificate::fingerprint(&der)), "{page}");
    assert!(!page.contains('{') || !page.contains("{fingerprint}"));

    let moved = client.post(site.plain_url("/api/v4/users/login?x=1")).send().await.unwrap();
    assert_eq!(moved.status(), 307);
    let target = format!("https://127.0.0.1:{}/api/v4/users/login?x=1", site.secure.port());
    assert_eq!(moved.headers()["location"], target.as_str());
}

#[tokio::test]
async fn sockets_open_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::open(local_ca(), folder.path(), "").await.unwrap();
    let ca = std::fs::read_to_string(tls::folder(folder.path()).join("ca.pem")).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    use rustls::pki_types::pem::PemObject;
    roots.add(rustls::pki_types::CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let connector = tokio_tungstenite::Connector::Rustls(Arc::new(config));
    let url = site.url("/socket").replace("https:", "wss:");
    let (mut socket, _) =
        tokio_tungstenite::connect_async_tls_with_config(url, None, false, Some(connector)).await.unwrap();
    socket.send("hello".into()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().into_text().unwrap().as_str(), "hello");
}

/// A certificate that signs itself, and its key, in two files.
fn pair(folder: &Path, name: &str) -> (std::path::PathBuf, std::path::PathBuf, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let (certificate, key) = (folder.join("site.pem"), folder.join("site.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key, made.cert.pem())
}

#[tokio::test]
async fn a_new_certificate_is_used_for_new_connections_and_a_wrong_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key, first) = pair(folder.path(), "localhost");
    let settings = Settings { mode: Mode::Files, certificate, key, ..Settings::default() };
    let site = Site::open(settings, folder.path(), "").await.unwrap();
    let early = trusting(&first);
    assert_eq!(early.get(site.url("/scheme")).send().await.unwrap().status(), 200);

    let (_, key, second) = pair(folder.path(), "localhost");
    site.tls.refresh().unwrap();
    assert_eq!(early.get(site.url("/scheme")).send().await.unwrap().status(), 200, "an open connection stays");
    assert_eq!(trusting(&second).get(site.url("/scheme")).send().await.unwrap().status(), 200);
    assert!(trusting(&first).get(site.url("/scheme")).send().await.is_err(), "new ones get the new certificate");

    let other = rcgen::KeyPair::generate().unwrap();
    std::fs::write(&key, other.serialize_pem()).unwrap();
    let error = site.tls.refresh().unwrap_err().to_string();
    assert!(error.contains("site.key is not the key of"), "{error}");
    assert_eq!(trusting(&second).get(site.url("/scheme")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_start_with_wrong_files_says_which_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key, _) = pair(folder.path(), "chat.site.example");
    let settings =
        Settings { mode: Mode::Files, certificate: certificate.clone(), key: key.clone(), ..Settings::default() };
    let error = |settings: Settings, url: &'static str| async move {
        let folder = tempfile::tempdir().unwrap();
        Site::open(settings, folder.path(), url).await.map(|_| ()).unwrap_err().to_string()
    };
    let named = error(settings.clone(), "https://talk.site.example").await;
    assert!(named.contains("is for chat.site.example, and not for talk.site.example"), "{named}");
    let missing = error(Settings { key: "/nowhere/key".into(), ..settings.clone() }, "").await;
    assert!(missing.contains("/nowhere/key"), "{missing}");
    let swapped = error(Settings { certificate: key, key: certificate, ..settings.clone() }, "").await;
    assert!(swapped.contains("site.key holds no certificate"), "{swapped}");
    let unset = error(Settings { mode: Mode::Files, ..Settings::default() }, "").await;
    assert!(unset.contains("certificate"), "{unset}");

    let mut old = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    (old.not_before, old.not_after) = (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
    let signing = rcgen::KeyPair::generate().unwrap();
    std::fs::write(&settings.certificate, old.self_signed(&signing).unwrap().pem()).unwrap();
    std::fs::write(&settings.key, signing.serialize_pem()).unwrap();
    let ended = error(settings, "").await;
    assert!(ended.contains("site.pem ended on 2021-01-01"), "{ended}");
}

#[tokio::test]
async fn browsers_are_held_to_https_only_where_that_harms_nobody() {
    let held = |url: &'static str| async move {
        let folder = tempfile::tempdir().unwrap();
        let made =
            rcgen::generate_simple_self_signed(["localhost".to_owned(), "chat.site.example".to_owned()]).unwrap();
        let (certificate, key) = (folder.path().join("c"), folder.path().join("k"));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let settings = Settings { mode: Mode::Files, certificate, key, ..Settings::default() };
        let site = Site::open(settings, folder.path(), url).await.unwrap();
        let answer = trusting(&made.cert.pem()).get(site.url("/scheme")).send().await.unwrap();
        answer.headers().get("strict-transport-security").map(|v| v.to_str().unwrap().to_owned())
    };
    assert_eq!(held("https://chat.site.example").await.as_deref(), Some("max-age=15552000"));
    assert_eq!(held("https://chat.site.example:8066").await, None, "another program may have the name's own port");
    assert_eq!(held("").await, None);
}

#[tokio::test]
async fn the_local_certificate_is_renewed_in_time_and_for_new_names_within_what_the_ca_may() {
    kit::init_crypto();
    let folder = tempfile::tempdir().unwrap();
    let place = Place {
        site_name: "Field".into(),
        site_url: "https://chat.site.example".into(),
        folder: tls::folder(folder.path()),
    };
    let server = place.folder.join("server.pem");
    let settings = local_ca();
    let open = |settings: &Settings| Tls::open(settings.clone(), place.clone(), 443).unwrap().facts().unwrap();
    let name = |t: &str| tls::names::Name::parse(t).unwrap();
    let first = open(&settings);
    assert!(first.covers(&name("chat.site.example")) && first.covers(&name("127.0.0.1")));
    assert_eq!(open(&settings), first, "a start alone is no reason for a new one");

    let more =
        Settings { names: vec!["relief.lan".into(), "10.9.8.7".into(), "bank.example".into()], ..settings.clone() };
    let second = open(&more);
    assert!(second.covers(&name("relief.lan")) && second.covers(&name("10.9.8.7")));
    assert!(!second.covers(&name("bank.example")), "the CA was not made for names outside of the site");
    assert_eq!(second.issuer, first.issuer);

    let wanted = tls::authority::wanted(&settings, &place).unwrap();
    let late = tls::now() + 300 * 24 * 3600;
    assert!(tls::authority::ensure(&settings, &place, &wanted, late).unwrap(), "two thirds are over");
    assert!(!tls::authority::ensure(&settings, &place, &wanted, late).unwrap());
    assert!(tls::certificate::read(&server).unwrap().ends > second.ends);
}

#[tokio::test]
async fn open_requests_finish_when_the_server_stops() {
    let folder = tempfile::tempdir().unwrap();
    kit::init_crypto();
    let (listeners, _) = Tls::bind(&Settings { listen: vec!["127.0.0.1:0".into()], ..local_ca() }).await.unwrap();
    let address = listeners[0].local_addr().unwrap();
    let place = Place { site_name: "Field".into(), site_url: String::new(), folder: tls::folder(folder.path()) };
    let tls = Tls::open(local_ca(), place, address.port()).unwrap();
    let stop = CancellationToken::new();
    let (came, arrived) = tokio::sync::oneshot::channel();
    let came = Arc::new(std::sync::Mutex::new(Some(came)));
    let (go, went) = tokio::sync::watch::channel(false);
    let slow = move || {
        came.lock().unwrap().take().unwrap().send(()).unwrap();
        let mut went = went.clone();
        async move {
            went.wait_for(|w| *w).await.unwrap();
            "finished"
        }
    };
    let app = Router::new().route("/slow", get(slow));
    let (serving, ending) = (tls.clone(), stop.clone());
    let server = tokio::spawn(async move { serving.serve(listeners, app, ending).await });
    let ca = std::fs::read_to_string(tls::folder(folder.path()).join("ca.pem")).unwrap();
    let asked = tokio::spawn(trusting(&ca).get(format!("https://{address}/slow")).send());
    arrived.await.unwrap();
    stop.cancel();
    go.send(true).unwrap();
    assert_eq!(asked.await.unwrap().unwrap().text().await.unwrap(), "finished");
    server.await.unwrap();
    assert!(trusting(&ca).get(format!("https://{address}/slow")).send().await.is_err());
}
