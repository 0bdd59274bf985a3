//! The `[server.tls]` section.

use crate::Error;
use crate::names::Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where the certificate comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// No TLS: only this machine connects, or a proxy speaks it.
    #[default]
    Off,
    /// `certificate` and `key`.
    Files,
    /// An authority of the site's own, made at the first start. For sites without internet.
    LocalCa,
    /// From an ACME server such as Let's Encrypt or step-ca.
    Acme,
}

/// How an ACME server is shown that the name is this site's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Challenge {
    /// A file on port 80 of the name: `http_listen` has to be reachable there.
    #[default]
    #[serde(rename = "http-01")]
    Http01,
    /// A handshake on port 443 of the name: `listen` has to be reachable there.
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
}

/// Encryption of what clients send. The plain listener of `[server] listen_address` stays for services on this machine.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the certificate comes from: off, files, local-ca or acme.
    pub mode: Mode,
    /// Addresses for https, `host:port`; `:port` is every interface.
    pub listen: Vec<String>,
    /// Addresses that only send to https, hand out `/ca.crt` and answer ACME servers, such as `:80`.
    pub http_listen: Vec<String>,
    /// Other machines that come to the plain listener are sent to https.
    pub redirect: bool,
    /// Days for which browsers are told to use only https. Sent only with a certificate that everybody trusts and a
    /// site_url that begins with https and has no port; 0: never.
    pub hsts_days: u32,
    /// files: the certificate and what is between it and its authority, PEM.
    pub certificate: PathBuf,
    /// files: the key of the certificate, PEM.
    pub key: PathBuf,
    /// local-ca and acme: further names and addresses of the site. Its URL's is always there; local-ca adds the names
    /// and addresses of the machine.
    pub names: Vec<String>,
    /// local-ca: days that a certificate of the server lasts; it is renewed when a third is left.
    pub certificate_days: u32,
    /// local-ca: the authority can vouch for local names, private addresses and the names it was made with, and for
    /// nothing else, so that its key is of no use against other sites.
    pub constrain: bool,
    /// Seconds between two looks at files, names and times.
    pub check_seconds: u64,
    /// Seconds that a client has for the handshake.
    pub handshake_seconds: u64,
    /// Handshakes at a time; further connections wait.
    pub max_handshakes: usize,
    /// `[server.tls.acme]`
    pub acme: Acme,
}

/// The ACME server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Acme {
    /// URL of its directory.
    pub directory: String,
    /// The site's operator agrees to the terms of that server; nothing is asked of it before.
    pub agree: bool,
    /// Address that it may write to; empty: none.
    pub email: String,
    /// PEM file of the authority that its own https is trusted by; empty: those that this machine trusts.
    pub root: PathBuf,
    /// http-01 or tls-alpn-01.
    pub challenge: Challenge,
    /// Seconds that one attempt may take.
    pub attempt_seconds: u64,
    /// Longest wait between two attempts that failed, minutes; the first is one minute.
    pub max_wait_minutes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::Off,
            listen: vec![":8066".into()],
            http_listen: Vec::new(),
            redirect: true,
            hsts_days: 180,
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            names: Vec::new(),
            certificate_days: 365,
            constrain: true,
            check_seconds: 10,
            handshake_seconds: 10,
            max_handshakes: 512,
            acme: Acme::default(),
        }
    }
}

impl Default for Acme {
    fn default() -> Self {
        Self {
            directory: "https://acme-v02.api.letsencrypt.org/directory".into(),
            agree: false,
            email: String::new(),
            root: PathBuf::new(),
            challenge: Challenge::Http01,
            attempt_seconds: 180,
            max_wait_minutes: 360,
        }
    }
}

impl Settings {
    /// The configured names.
    ///
    /// # Errors
    /// The one that is none.
    pub fn extra_names(&self) -> Result<Vec<Name>, Error> {
        let parse = |text: &String| Name::parse(text).map_err(|reason| Error::Setting { key: "names", reason });
        self.names.iter().map(parse).collect()
    }

    /// # Errors
    /// The setting that is wrong, and why.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |key, reason: &str| Err(Error::Setting { key, reason: reason.into() });
        self.extra_names()?;
        if self.listen.is_empty() {
            return wrong("listen", "at least one address is wanted");
        }
        if self.mode == Mode::Files && self.certificate.as_os_str().is_empty() {
            return wrong("certificate", "mode = \"files\" needs the path of a certificate");
        }
        if self.mode == Mode::Files && self.key.as_os_str().is_empty() {
            return wrong("key", "mode = \"files\" needs the path of the certificate's key");
        }
        if !(1..=825).contains(&self.certificate_days) {
            return wrong(
                "certificate_days",
                "1 to 825 are possible; Apple's systems refuse certificates that last longer",
            );
        }
        if self.mode == Mode::Acme && !self.acme.agree {
            return wrong("acme.agree", "set it to true when you agree to the terms of the ACME server");
        }
        if self.mode == Mode::Acme && !self.acme.directory.starts_with("https://") {
            return wrong("acme.directory", "a URL that begins with https:// is wanted");
        }
        Ok(())
    }
}
