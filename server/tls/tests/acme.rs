//! Certificates from a real ACME server, Pebble (`go install github.com/letsencrypt/pebble/v2/cmd/...@latest`). It runs
//! beside the test on loopback, with its DNS stand-in that answers every name with this machine:
//! `MUSTER_TEST_PEBBLE=<folder of both programs> cargo test -p tls --test acme -- --ignored`.

use axum::Router;
use axum::routing::get;
use reqwest::{Certificate, Client};
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tls::{Acme, Challenge, Mode, Place, Settings, Tls};
use tokio_util::sync::CancellationToken;

const NAME: &str = "chat.site.example";

struct Pebble {
    children: Vec<Child>,
    directory: String,
    management: String,
    root: PathBuf,
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for child in &mut self.children {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts Pebble, which asks this machine on these ports.
fn pebble(folder: &Path, http: u16, https: u16) -> Pebble {
    let programs = PathBuf::from(std::env::var("MUSTER_TEST_PEBBLE").expect("MUSTER_TEST_PEBBLE names a folder"));
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("pebble.pem"), folder.join("pebble.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let (listen, management, dns, dns_management) = (free_port(), free_port(), free_port(), free_port());
    let config = json!({"pebble": {
        "listenAddress": format!("127.0.0.1:{listen}"), "managementListenAddress": format!("127.0.0.1:{management}"),
        "certificate": certificate, "privateKey": key, "httpPort": http, "tlsPort": https, "ocspResponderURL": "",
        "externalAccountBindingRequired": false, "retryAfter": {"authz": 1, "order": 1},
    }});
    let path = folder.join("pebble.json");
    std::fs::write(&path, config.to_string()).unwrap();
    let quiet = |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let names = quiet(
        Command::new(programs.join("pebble-challtestsrv"))
            .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-doh", "", "-dnsserver", &format!("127.0.0.1:{dns}")])
            .args(["-management", &format!("127.0.0.1:{dns_management}")]),
    );
    let server = quiet(
        Command::new(programs.join("pebble"))
            .env("PEBBLE_VA_NOSLEEP", "1")
            .arg("-config")
            .arg(&path)
            .args(["-dnsserver", &format!("127.0.0.1:{dns}")]),
    );
    Pebble {
        children: vec![server, names],
        directory: format!("https://127.0.0.1:{listen}/dir"),
        management: format!("https://127.0.0.1:{management}"),
        root: certificate,
    }
}

fn trusting(pem: &[u8], address: SocketAddr) -> Client {
    let trusted = Certificate::from_pem(pem).unwrap();
    Client::builder().tls_certs_only([trusted]).resolve(NAME, address).build().unwrap()
}

async fn until<T>(what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = found().await {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn obtains(challenge: Challenge) {
    kit::init_crypto();
    let folder = tempfile::tempdir().unwrap();
    let settings =
        Settings { listen: vec!["127.0.0.1:0".into()], http_listen: vec!["127.0.0.1:0".into()], ..Settings::default() };
    let (listeners, mut plain) = Tls::bind(&settings).await.unwrap();
    let secure = listeners[0].local_addr().unwrap();
    let plain = plain.remove(0);
    let pebble = pebble(folder.path(), plain.local_addr().unwrap().port(), secure.port());
    let root = std::fs::read(&pebble.root).unwrap();
    let ask = trusting(&root, secure);
    until("Pebble answers", async || ask.get(&pebble.directory).send().await.ok()).await;

    let acme = Acme {
        directory: pebble.directory.clone(),
        agree: true,
        root: pebble.root.clone(),
        challenge,
        ..Acme::default()
    };
    let settings = Settings { mode: Mode::Acme, acme, check_seconds: 1, ..settings };
    let site_url = format!("https://{NAME}");
    let place = Place { site_name: "Field".into(), site_url, folder: tls::folder(folder.path()) };
    let tls = Tls::open(settings, place.clone(), secure.port()).unwrap();
    let stop = CancellationToken::new();
    let app = tls.secure(Router::new().route("/hello", get(|| async { "hello" })));
    let (serving, ending) = (tls.clone(), stop.clone());
    tokio::spawn(async move { serving.serve(listeners, app, ending).await });
    tokio::spawn(kit::net::serve(plain, tls.only_redirect(), stop.clone()));
    let url = format!("https://{NAME}:{}/hello", secure.port());
    let own = std::fs::read(place.folder.join("ca.pem")).unwrap();
    assert_eq!(trusting(&own, secure).get(&url).send().await.unwrap().status(), 200, "the start waits for nobody");

    tokio::spawn(tls.clone().keep_up(stop.clone()));
    let first = until("a certificate", async || tls.facts().filter(|f| f.issuer.contains("Pebble"))).await;
    let authority = ask.get(format!("{}/roots/0", pebble.management)).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(trusting(&authority, secure).get(&url).send().await.unwrap().text().await.unwrap(), "hello");
    assert!(tls::is_private(&place.folder.join("acme-account.json")).unwrap());

    tls::acme::ask_for_renewal(&place).unwrap();
    until("another certificate", async || tls.facts().filter(|f| f.fingerprint != first.fingerprint)).await;
    until("it is asked for once", async || (!place.folder.join("acme-renew").exists()).then_some(())).await;
    stop.cancel();
}

#[tokio::test]
#[ignore = "needs Pebble"]
async fn a_certificate_comes_by_http_01() {
    obtains(Challenge::Http01).await;
}

#[tokio::test]
#[ignore = "needs Pebble"]
async fn a_certificate_comes_by_tls_alpn_01() {
    obtains(Challenge::TlsAlpn01).await;
}
