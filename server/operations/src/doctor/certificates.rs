//! TLS: the certificate, its names and its end, who may read its key, the ports.

use super::{Finding, Grade, Subject, finding};
use std::net::SocketAddr;
use std::path::Path;
use tls::{Error, Mode, authority, certificate, names};
use tokio::net::TcpListener;

const DAY: i64 = 24 * 3600;
/// The authority's successor has to be installed on every device; that wants a year.
const CA_NOTICE: i64 = 365 * DAY;

pub async fn examine(s: &Subject) -> Vec<Finding> {
    if s.tls.mode == Mode::Off {
        return vec![off(s)];
    }
    if let Err(error) = s.tls.check() {
        return vec![finding("TLS", Grade::Bad, error.to_string(), "Mend [server.tls].")];
    }
    let mut all = vec![in_use(s)];
    let (_, key) = tls::paths(&s.tls, &s.place);
    all.extend([key, s.place.folder.join(authority::CA_KEY)].iter().filter_map(|path| privacy(path)));
    if s.tls.mode != Mode::Files {
        all.extend(own_authority(s));
    }
    for address in s.tls.listen.iter().chain(&s.tls.http_listen) {
        all.push(port(address).await);
    }
    all
}

fn off(s: &Subject) -> Finding {
    let secure = s.site_url.starts_with("https://");
    if secure || s.listen_address.starts_with("127.") || s.listen_address.starts_with("localhost") {
        return finding("TLS", Grade::Good, "a proxy speaks it, or only this machine connects", "");
    }
    let advice = "Browsers on other machines give no microphone or camera without HTTPS: set [server.tls] mode = \"local-ca\", or put a TLS proxy in front.";
    finding("TLS", Grade::Warning, "clients connect without TLS", advice)
}

fn in_use(s: &Subject) -> Finding {
    let (path, _) = tls::paths(&s.tls, &s.place);
    if !path.exists() && s.tls.mode == Mode::LocalCa {
        return finding("certificate", Grade::Good, "the first start makes it", "");
    }
    if !path.exists() && s.tls.mode == Mode::Acme {
        let advice = "The log of the server says why: the name has to lead to this machine, and port 80 (http-01) or 443 (tls-alpn-01) to it.";
        return finding("certificate", Grade::Warning, "none from the ACME server yet; the site's own serves", advice);
    }
    let facts = match tls::found(&s.tls, &s.place) {
        Ok(facts) => facts,
        Err(error) => return finding("certificate", Grade::Bad, error.to_string(), advice(&error, s.tls.mode)),
    };
    let left = (facts.ends - tls::now()) / DAY;
    let found = format!("for {}, {left} days left", names::listed(&facts.names));
    match s.tls.mode {
        Mode::Files if left < 14 => {
            finding("certificate", Grade::Warning, found, "Put a new one in its place; the server takes it by itself.")
        }
        Mode::LocalCa | Mode::Acme if facts.is_due(tls::now()) => {
            let advice =
                "It renews by itself while the server runs; the log of the server says what stands against it.";
            finding("certificate", Grade::Warning, found, advice)
        }
        _ => finding("certificate", Grade::Good, found, ""),
    }
}

fn advice(error: &Error, mode: Mode) -> &'static str {
    match (error, mode) {
        (Error::NotYet { .. }, _) => "Set the clock of this machine.",
        (_, Mode::LocalCa) => "Start the server, or run `server tls renew`.",
        (Error::WrongName { .. }, Mode::Files) => {
            "Get a certificate for the host of [server] site_url, or set site_url."
        }
        (Error::Mismatch { .. }, _) => "Set [server.tls] certificate and key to two files that belong together.",
        (Error::Ended { .. }, Mode::Files) => "Put a new one in its place; the server takes it by itself.",
        _ => "Mend what is named; the server keeps the certificate that it has until then.",
    }
}

/// A fault when others may read a key.
pub(super) fn privacy(path: &Path) -> Option<Finding> {
    let name = format!("key {}", path.display());
    match tls::is_private(path) {
        Ok(true) => Some(finding(&name, Grade::Good, "only its owner may read it", "")),
        Ok(false) => Some(finding(&name, Grade::Bad, "others may read it", format!("chmod 600 {}", path.display()))),
        Err(_) => None,
    }
}

fn own_authority(s: &Subject) -> Vec<Finding> {
    let path = s.place.folder.join(authority::CA);
    let Ok(ca) = certificate::read(&path) else { return Vec::new() };
    let what = "authority of the site";
    let again = "`server tls renew --new-ca` makes a new one, which everybody has to install.";
    let ends = certificate::day(ca.ends);
    let first = match ca.ends - tls::now() {
        left if left <= 0 => finding(what, Grade::Bad, format!("it ended on {ends}"), again),
        left if left < CA_NOTICE => finding(what, Grade::Warning, format!("it ends on {ends}"), again),
        _ => finding(what, Grade::Good, format!("until {ends}, SHA-256 {}", ca.fingerprint), ""),
    };
    let refused = std::fs::read_to_string(&path).ok().and_then(|pem| {
        let wanted = authority::wanted(&s.tls, &s.place).ok()?;
        Some(authority::split(&pem, &path, &wanted).ok()?.1)
    });
    match refused.filter(|refused| !refused.is_empty()) {
        Some(names) => {
            let found = format!("it was not made for {}", names::listed(&names));
            vec![first, finding("names of the site", Grade::Warning, found, again)]
        }
        None => vec![first],
    }
}

async fn port(address: &str) -> Finding {
    let resolved = match kit::net::resolve(address, "https") {
        Ok(address) => address,
        Err(error) => return finding("port", Grade::Bad, error.to_string(), "Set [server.tls] listen to host:port."),
    };
    match TcpListener::bind(resolved).await {
        Ok(_) => finding("port", Grade::Good, format!("{resolved} is free"), ""),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            let advice = "Ports below 1024 need AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit, or setcap cap_net_bind_service=+ep on the program.";
            finding("port", Grade::Bad, format!("{resolved} may not be used by this user"), advice)
        }
        Err(_) if answers_as_ours(resolved).await => {
            finding("port", Grade::Good, format!("{resolved}: this server is running there"), "")
        }
        Err(_) => {
            let advice = "When that is not this server, stop what holds it (ss -ltnp shows it) or change [server.tls].";
            finding("port", Grade::Warning, format!("{resolved} is in use"), advice)
        }
    }
}

/// Whether a server like this one is alive at the address, under whatever certificate.
async fn answers_as_ours(address: SocketAddr) -> bool {
    let client = reqwest::Client::builder()
        .danger_accept_invalid_certs(true)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(super::ANSWERS);
    let Ok(client) = client.build() else { return false };
    for scheme in ["https", "http"] {
        let asked = client.get(format!("{scheme}://{address}/healthz")).send().await;
        if asked.is_ok_and(|answer| answer.status().is_success()) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn subject(folder: &Path, site_url: &str) -> Subject {
        let place = tls::Place { site_name: "Field".into(), site_url: site_url.into(), folder: tls::folder(folder) };
        let listen = vec!["127.0.0.1:0".into()];
        Subject {
            listen_address: "127.0.0.1:0".into(),
            site_url: site_url.into(),
            data_dir: folder.into(),
            database: db::Options::Sqlite { path: folder.join("muster.db"), readers: 1, full_sync: false },
            tls: tls::Settings { mode: Mode::LocalCa, listen, ..tls::Settings::default() },
            place,
            files: chat::files::StoreConfig { store: chat::files::Store::Local, ..Default::default() },
            push_proxy: String::new(),
            services: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_name_that_is_not_in_the_certificate_and_a_key_that_others_read_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let s = subject(folder.path(), "https://chat.lan");
        tls::Tls::open(s.tls.clone(), s.place.clone(), 443).unwrap();
        let good = examine(&s).await;
        assert!(good.iter().all(|f| f.grade == Grade::Good), "{good:?}");

        let key = s.place.folder.join(authority::CA_KEY);
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        let moved = subject(folder.path(), "https://bank.example");
        let text = crate::doctor::text(&examine(&moved).await);
        assert!(text.contains("and not for bank.example of [server] site_url"), "{text}");
        assert!(text.contains("it was not made for bank.example"), "{text}");
        assert!(text.contains("others may read it\n      chmod 600"), "{text}");
    }
}
