//! Reading certificates: what they are for and how long they last.

use crate::Error;
use crate::names::{self, Name};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::path::Path;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub subject: String,
    pub issuer: String,
    pub names: Vec<Name>,
    /// Seconds since 1970.
    pub begins: i64,
    /// Seconds since 1970.
    pub ends: i64,
    /// SHA-256 of the certificate, `AB:CD:…`, as systems show it.
    pub fingerprint: String,
    /// Names of its own key and of the key that signed it.
    pub(crate) key_id: Vec<u8>,
    pub(crate) signer_id: Vec<u8>,
}

impl Facts {
    /// Whether it is good for `wanted`.
    pub fn covers(&self, wanted: &Name) -> bool {
        self.names.iter().any(|name| name.covers(wanted))
    }

    /// Whether less than a third of its time is left, or it has not begun.
    pub fn is_due(&self, now: i64) -> bool {
        now < self.begins || (self.ends - now) * 3 < self.ends - self.begins
    }

    /// # Errors
    /// When it does not hold now, or not for the host of the site.
    pub fn check(&self, path: &Path, host: Option<&Name>, now: i64) -> Result<(), Error> {
        let path = path.to_owned();
        if now >= self.ends {
            return Err(Error::Ended { path, at: day(self.ends) });
        }
        if now < self.begins {
            return Err(Error::NotYet { path, at: day(self.begins) });
        }
        match host.filter(|host| !self.covers(host)) {
            Some(host) => Err(Error::WrongName { path, host: host.to_string(), names: names::listed(&self.names) }),
            None => Ok(()),
        }
    }
}

/// A day of the calendar, UTC.
pub fn day(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds)
        .map_or_else(|_| "a day beyond the calendar".into(), |t| format!("{}", t.date()))
}

/// Bytes as systems show a fingerprint.
pub fn fingerprint(der: &[u8]) -> String {
    let pairs: Vec<String> = Sha256::digest(der).iter().map(|b| format!("{b:02X}")).collect();
    pairs.join(":")
}

/// Reads one certificate.
///
/// # Errors
/// In words, what is wrong with it.
pub fn facts(der: &[u8]) -> Result<Facts, String> {
    let (_, parsed) = X509Certificate::from_der(der).map_err(|e| e.to_string())?;
    let mut facts = Facts {
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        names: Vec::new(),
        begins: parsed.validity().not_before.timestamp(),
        ends: parsed.validity().not_after.timestamp(),
        fingerprint: fingerprint(der),
        key_id: Vec::new(),
        signer_id: Vec::new(),
    };
    for extension in parsed.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(san) => {
                facts.names = san.general_names.iter().filter_map(name).collect();
            }
            ParsedExtension::SubjectKeyIdentifier(id) => facts.key_id = id.0.to_vec(),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                facts.signer_id = id.key_identifier.as_ref().map(|k| k.0.to_vec()).unwrap_or_default();
            }
            _ => {}
        }
    }
    Ok(facts)
}

fn name(general: &GeneralName) -> Option<Name> {
    match general {
        GeneralName::DNSName(host) => Name::parse(host).ok(),
        GeneralName::IPAddress(bytes) => address(bytes).map(Name::Address),
        _ => None,
    }
}

/// An address as certificates write it.
pub fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// The certificates of a PEM text, the server's own first.
///
/// # Errors
/// When there is none.
pub fn chain(pem: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let wrong = |reason: String| Error::NoCertificate { path: path.to_owned(), reason };
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let all = all.map_err(|e| wrong(e.to_string()))?;
    if all.is_empty() {
        return Err(wrong("no block BEGIN CERTIFICATE".into()));
    }
    Ok(all)
}

/// Reads the first certificate of a file.
///
/// # Errors
/// When the file cannot be read or holds none.
pub fn read(path: &Path) -> Result<Facts, Error> {
    let chain = chain(&crate::store::read(path)?, path)?;
    let first = chain.first().map(AsRef::as_ref).unwrap_or_default();
    facts(first).map_err(|reason| Error::NoCertificate { path: path.to_owned(), reason })
}
