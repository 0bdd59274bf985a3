//! Encrypted connections, and whose certificates are believed.

use crate::support::Slapd;
use operations::doctor::Grade;

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
