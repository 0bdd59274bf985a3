//! Encrypted connections, and whose certificates are believed.

use crate::support::{Slapd, places};
use axum::http::StatusCode;
use operations::doctor::Grade;
use serde_json::Value;

#[tokio::test]
async fn a_certificate_has_to_come_from_the_named_authority() {
    kit::init_crypto();
    let slapd = Slapd::start();
    let start_tls = directory::Config {
        url: format!("ldap://localhost:{}", slapd.port),
        start_tls: true,
        ca_file: slapd.file("ca.pem"),
        ..slapd.config()
    };
    let ldaps = directory::Config {
        url: format!("ldaps://localhost:{}", slapd.tls_port),
        start_tls: false,
        ..start_tls.clone()
    };
    for good in [&start_tls, &ldaps] {
        let found = directory::examine(good).await.unwrap();
        assert_eq!(found.grade, Grade::Good, "{found:?}");
        assert!(found.found.contains("13 people"), "{found:?}");
        let other = directory::Config { ca_file: slapd.file("other.pem"), ..good.clone() };
        let found = directory::examine(&other).await.unwrap();
        assert!(found.grade != Grade::Good && found.found.contains("cannot be reached"), "{found:?}");
        let none = directory::Config { ca_file: slapd.file("missing.pem"), ..good.clone() };
        assert!(directory::examine(&none).await.unwrap().found.contains("ca_file"));
    }
    let wrong = directory::Config { bind_password: "wrong".into(), ..slapd.config() };
    let found = directory::examine(&wrong).await.unwrap();
    assert!(found.advice.contains("bind_password"), "{found:?}");
}

#[tokio::test]
async fn a_directory_may_ask_this_server_for_its_certificate() {
    let slapd = Slapd::start_with("TLSVerifyClient demand\n");
    let config = directory::Config {
        url: format!("ldaps://localhost:{}", slapd.tls_port),
        ca_file: slapd.file("ca.pem"),
        ..slapd.config()
    };
    for place in places(&config).await {
        let engine = place.engine;
        assert_eq!(place.refused(&place.root, "POST", "/ldap/test", Value::Null).await.0, 503, "{engine}: none yet");
        let (public, private) = ("/ldap/certificate/public", "/ldap/certificate/private");
        assert_eq!(place.upload(public, &slapd.file("client.key")).await, StatusCode::BAD_REQUEST, "{engine}: a key");
        assert_eq!(place.upload(public, &slapd.file("client.pem")).await, StatusCode::OK, "{engine}");
        assert_eq!(place.upload(private, &slapd.file("client.key")).await, StatusCode::OK, "{engine}");
        place.post("/ldap/test", Value::Null).await;
        place.comes("bruno").await;
        let stored = db::Sql::new("SELECT value FROM system WHERE name = 'DirectoryPrivateKey'");
        let mut conn = place.site.db.read().await.unwrap();
        let sealed: Option<String> = conn.fetch_optional(&stored, vec![], db::Row::only).await.unwrap();
        assert!(sealed.unwrap().starts_with("sealed:"), "{engine}");
        drop(conn);
        place.ok(&place.root, "DELETE", private, Value::Null).await;
        assert_eq!(place.refused(&place.root, "POST", "/ldap/test", Value::Null).await.0, 503, "{engine}: gone");
    }
}
