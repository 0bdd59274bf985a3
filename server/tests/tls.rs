//! The real program with `mode = "local-ca"`: an account, a login and a socket over TLS, and a backup that holds the keys.

use futures::StreamExt;
use reqwest::{Certificate, Client};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

struct Server {
    child: Child,
    http: u16,
    https: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn program(folder: &Path, http: u16, https: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command
        .env("MUSTER_SERVER_DATA_DIR", folder)
        .env("MUSTER_SERVER_LISTEN_ADDRESS", format!("127.0.0.1:{http}"))
        .env("MUSTER_SERVER_TLS__MODE", "local-ca")
        .env("MUSTER_SERVER_TLS__LISTEN", format!("127.0.0.1:{https}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

async fn start(folder: &Path) -> Server {
    let (http, https) = (free_port(), free_port());
    let server = Server { child: program(folder, http, https).spawn().unwrap(), http, https };
    let begun = Instant::now();
    while reqwest::get(format!("http://127.0.0.1:{http}/readyz")).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not start");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server
}

#[tokio::test]
async fn a_day_over_tls_with_the_sites_own_authority() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    let ca = reqwest::get(format!("http://127.0.0.1:{}/ca.pem", server.http)).await.unwrap().text().await.unwrap();
    let trusted = Certificate::from_pem(ca.as_bytes()).unwrap();
    let client = Client::builder().tls_certs_only([trusted]).build().unwrap();
    let url = format!("https://localhost:{}", server.https);
    let account = json!({"username": "ana", "email": "ana@site.example", "password": "Correct-horse-9"});
    let made = client.post(format!("{url}/api/v4/users")).json(&account).send().await.unwrap();
    assert!(made.status().is_success(), "{}", made.status());

    let login = json!({"login_id": "ana", "password": "Correct-horse-9"});
    let browser = client.post(format!("{url}/api/v4/users/login")).header("x-requested-with", "XMLHttpRequest");
    let answer = browser.json(&login).send().await.unwrap();
    let cookies: Vec<&str> = answer.headers().get_all("set-cookie").iter().map(|c| c.to_str().unwrap()).collect();
    assert!(cookies.len() == 3 && cookies.iter().all(|c| c.ends_with("; Secure")), "{cookies:?}");
    let token = answer.headers()["token"].to_str().unwrap().to_owned();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let mut request = format!("wss://localhost:{}/api/v4/websocket", server.https).into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    let connector = tokio_tungstenite::Connector::Rustls(Arc::new(config));
    let (mut socket, _) =
        tokio_tungstenite::connect_async_tls_with_config(request, None, false, Some(connector)).await.unwrap();
    let hello: Value = serde_json::from_str(socket.next().await.unwrap().unwrap().to_text().unwrap()).unwrap();
    assert_eq!(hello["event"], "hello");

    // Services on this machine need no certificate.
    let inside = reqwest::get(format!("http://127.0.0.1:{}/api/v4/system/ping", server.http)).await.unwrap();
    assert_eq!(inside.status(), 200);

    let shown = program(folder.path(), server.http, server.https).args(["tls", "show"]).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let page = reqwest::get(format!("http://127.0.0.1:{}/trust", server.http)).await.unwrap().text().await.unwrap();
    let print = shown.lines().filter_map(|l| l.trim().strip_prefix("SHA-256")).next_back().unwrap().trim();
    assert!(page.contains(print), "the page and the administrator say the same fingerprint: {shown}");

    let archive = folder.path().join("site.backup");
    let done = program(folder.path(), server.http, server.https).arg("backup").arg(&archive).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    let elsewhere = tempfile::tempdir().unwrap();
    let back = program(elsewhere.path(), 0, 0).arg("restore").arg(&archive).output().unwrap();
    assert!(back.status.success(), "{}", String::from_utf8_lossy(&back.stdout));
    for secret in ["tls/ca.key.pem", "keys/site.key"] {
        let (was, is) = (folder.path().join(secret), elsewhere.path().join(secret));
        assert_eq!(std::fs::read(was).unwrap(), std::fs::read(is).unwrap(), "{secret}");
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_an_error_of_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), free_port(), free_port());
    command.env("MUSTER_SERVER_TLS__MODE", "files").env("MUSTER_SERVER_TLS__CERTIFICATE", "/nowhere/site.pem");
    let ended = command.env("MUSTER_SERVER_TLS__KEY", "/nowhere/site.key").stderr(Stdio::piped()).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("/nowhere/site.pem"));
    assert!(!folder.path().join("muster.db").exists(), "no half-made site is left");
}
