//! TLS of the server itself: certificates from files, from a certificate authority of the site's own, or by ACME.
//!
//! Start at [`Tls::open`]: it reads or makes the certificate that the settings ask for. [`Tls::router`] is what people and
//! ACME servers fetch without encryption, [`Tls::plain`] and [`Tls::secure`] dress the site's router for the two kinds of
//! connection, [`Tls::serve`] serves, [`Tls::keep_up`] renews.
//!
//! The plain listener of the server stays: services on the same machine speak to it. Whoever comes from another machine
//! is sent to https.

pub mod acme;
mod acme_http;
pub mod authority;
pub mod certificate;
mod files;
pub mod names;
mod plain;
mod resolver;
mod serve;
mod settings;
mod store;
mod trust;
mod upkeep;

pub use certificate::Facts;
pub use settings::{Acme, Challenge, Mode, Settings};
pub use store::is_private;

use axum::Router;
use names::Name;
use resolver::Current;
use rustls::ServerConfig;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What stands against a certificate or a setting, in words for the admin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("[server.tls] {key}: {reason}")]
    Setting { key: &'static str, reason: String },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{} holds no certificate in PEM: {reason}", path.display())]
    NoCertificate { path: PathBuf, reason: String },
    #[error("{} holds no private key in PEM: {reason}", path.display())]
    NoKey { path: PathBuf, reason: String },
    #[error("the key {} is not the key of the certificate {}", key.display(), certificate.display())]
    Mismatch { certificate: PathBuf, key: PathBuf },
    #[error("the certificate {} ended on {at}", path.display())]
    Ended { path: PathBuf, at: String },
    #[error("the certificate {} begins on {at}, and this machine's clock is before that", path.display())]
    NotYet { path: PathBuf, at: String },
    #[error("the certificate {} is for {names}, and not for {host} of [server] site_url", path.display())]
    WrongName { path: PathBuf, host: String, names: String },
    #[error("{} cannot be used: {reason}", path.display())]
    Unusable { path: PathBuf, reason: String },
    #[error("a certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
    #[error("ACME: {0}")]
    Acme(String),
}

/// Where the site is, for names and addresses.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Name of the site, for the name of its authority.
    pub site_name: String,
    /// `[server] site_url`, which may be empty.
    pub site_url: String,
    /// Folder that holds keys and certificates.
    pub folder: PathBuf,
}

impl Place {
    /// Host of the site URL, if there is one.
    pub fn host(&self) -> Option<Name> {
        let url = url::Url::parse(&self.site_url).ok()?;
        Name::parse(url.host_str()?.trim_matches(['[', ']'])).ok()
    }
}

/// TLS that is turned on.
#[derive(Clone)]
pub struct Tls {
    settings: Arc<Settings>,
    place: Arc<Place>,
    current: Current,
    /// Port in the address that browsers are sent to.
    port: u16,
}

impl Tls {
    /// Reads or makes the certificate. `port` is the one that the first listener got. With `mode = "acme"` this needs no
    /// network: a certificate of the site's own authority serves until the first one is there.
    ///
    /// # Errors
    /// Which file or setting is wrong, and why.
    pub fn open(settings: Settings, place: Place, port: u16) -> Result<Self, Error> {
        settings.check()?;
        if settings.mode == Mode::Acme {
            acme::names(&settings, &place)?;
        }
        store::folder(&place.folder)?;
        let tls = Self { settings: Arc::new(settings), place: Arc::new(place), current: Current::default(), port };
        upkeep::load(&tls, now())?;
        Ok(tls)
    }

    /// Opens the listeners for https, and those that only send there.
    ///
    /// # Errors
    /// When an address is wrong or taken.
    pub async fn bind(settings: &Settings) -> Result<(Vec<TcpListener>, Vec<TcpListener>), kit::net::BindError> {
        let (mut secure, mut plain) = (Vec::new(), Vec::new());
        for address in &settings.listen {
            secure.push(kit::net::bind(address, "server (https)").await?);
        }
        for address in &settings.http_listen {
            plain.push(kit::net::bind(address, "server (http, sends to https)").await?);
        }
        Ok((secure, plain))
    }

    /// The certificate that connections get now.
    pub fn facts(&self) -> Option<Facts> {
        self.current.facts()
    }

    /// Where a browser reaches the site.
    pub fn url(&self) -> String {
        if self.place.site_url.starts_with("https://") {
            return self.place.site_url.trim_end_matches('/').to_owned();
        }
        let host = self.place.host().unwrap_or_else(|| names::Name::Host(names::machine()));
        format!("https://{}{}", host.in_url(), plain::port_suffix(self.port))
    }

    /// `/ca.crt`, `/ca.pem`, `/trust` and the answers that an ACME server asks for.
    pub fn router(&self) -> Router {
        plain::router(self.clone())
    }

    /// The site for connections without encryption: other machines are sent to https. `listening` is the address of
    /// the listener; connections from the same address come from this machine.
    pub fn plain(&self, app: Router, listening: SocketAddr) -> Router {
        plain::gate(self, app, listening)
    }

    /// A router for listeners that only send to https.
    pub fn only_redirect(&self) -> Router {
        plain::only_redirect(self)
    }

    /// The site for connections with encryption.
    pub fn secure(&self, app: Router) -> Router {
        plain::secured(self, app)
    }

    /// Serves `app` until `stop` is cancelled, then gives open requests 5 seconds.
    pub async fn serve(&self, listeners: Vec<TcpListener>, app: Router, stop: CancellationToken) {
        serve::serve(self, listeners, app, stop).await;
    }

    /// Renews and reloads certificates until `stop`.
    pub async fn keep_up(self, stop: CancellationToken) {
        upkeep::run(self, stop).await;
    }

    /// Looks at files, names and times now. What cannot be used is said and leaves the old certificate in place.
    ///
    /// # Errors
    /// Which file is wrong, and why.
    pub fn refresh(&self) -> Result<(), Error> {
        upkeep::load(self, now())
    }

    /// What rustls needs to know.
    fn server_config(&self) -> ServerConfig {
        let mut config =
            ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(self.current.clone()));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        if self.settings.mode == Mode::Acme && self.settings.acme.challenge == Challenge::TlsAlpn01 {
            config.alpn_protocols.push(resolver::ACME_ALPN.to_vec());
        }
        config
    }

    /// Whether browsers may be told to use nothing but https for this name: a certificate that everybody trusts is in
    /// use, and the site has the whole name to itself, which a port in its URL denies.
    fn is_hsts_safe(&self) -> bool {
        let whole_name = url::Url::parse(&self.place.site_url).is_ok_and(|u| {
            u.scheme() == "https" && u.port().is_none() && matches!(u.host(), Some(url::Host::Domain(_)))
        });
        self.settings.hsts_days > 0 && whole_name && self.settings.mode != Mode::LocalCa && !self.current.is_local()
    }

    /// Port in the addresses that browsers are sent to: that of the site's URL, when a proxy or a firewall changes it.
    fn public_port(&self) -> u16 {
        let url = url::Url::parse(&self.place.site_url).ok().filter(|u| u.scheme() == "https");
        url.and_then(|u| u.port_or_known_default()).unwrap_or(self.port)
    }

    fn ca_path(&self) -> PathBuf {
        self.place.folder.join(authority::CA)
    }
}

/// Certificate and key that the settings name, as a start would find them. For `acme` that is the certificate from the
/// ACME server.
///
/// # Errors
/// Which file is wrong, and why.
pub fn found(settings: &Settings, place: &Place) -> Result<Facts, Error> {
    let (certificate, key) = paths(settings, place);
    Ok(files::load(&certificate, &key, place.host().as_ref(), now())?.facts)
}

/// Where certificate and key are.
pub fn paths(settings: &Settings, place: &Place) -> (PathBuf, PathBuf) {
    let inside = |certificate, key| (place.folder.join(certificate), place.folder.join(key));
    match settings.mode {
        Mode::Files => (settings.certificate.clone(), settings.key.clone()),
        Mode::Acme => inside(acme::CERTIFICATE, acme::KEY),
        Mode::Off | Mode::LocalCa => inside(authority::SERVER, authority::SERVER_KEY),
    }
}

/// Seconds since 1970.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
}

/// Folder of keys and certificates in a data folder.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("tls")
}

/// Whether a connection from `peer` to a listener at `listening` comes from this machine.
fn is_own(peer: IpAddr, listening: SocketAddr) -> bool {
    let peer = peer.to_canonical();
    peer.is_loopback() || (!listening.ip().is_unspecified() && peer == listening.ip().to_canonical())
}
