//! A certificate and its key, read from two files.

use crate::certificate::{self, Facts};
use crate::names::Name;
use crate::{Error, store};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::CertifiedKey;
use std::path::Path;
use std::sync::Arc;

/// What connections are served with.
#[derive(Clone, Debug)]
pub struct Pair {
    pub key: Arc<CertifiedKey>,
    pub facts: Facts,
}

/// Reads the two and holds them against each other, the clock and the host of the site.
///
/// # Errors
/// Which file is wrong, and why.
pub fn load(certificate: &Path, key: &Path, host: Option<&Name>, now: i64) -> Result<Pair, Error> {
    let pair = pair(&store::read(certificate)?, &store::read(key)?, certificate, key)?;
    pair.facts.check(certificate, host, now)?;
    Ok(pair)
}

/// The same of two texts; the paths are for errors.
pub fn pair(chain: &str, key_text: &str, certificate: &Path, key: &Path) -> Result<Pair, Error> {
    let chain = certificate::chain(chain, certificate)?;
    let no_key = |reason: String| Error::NoKey { path: key.to_owned(), reason };
    let private = PrivateKeyDer::from_pem_slice(key_text.as_bytes()).map_err(|e| no_key(e.to_string()))?;
    let facts = certificate::facts(chain.first().map(AsRef::as_ref).unwrap_or_default())
        .map_err(|reason| Error::NoCertificate { path: certificate.to_owned(), reason })?;
    let made = CertifiedKey::from_der(chain, private, &provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            Error::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() }
        }
        other => Error::Unusable { path: key.to_owned(), reason: other.to_string() },
    })?;
    Ok(Pair { key: Arc::new(made), facts })
}

fn provider() -> Arc<CryptoProvider> {
    let installed = CryptoProvider::get_default().cloned();
    installed.unwrap_or_else(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

/// A certificate that proves something to an ACME server. It carries a critical extension that only that server knows, so
/// that it cannot be held against its key as others are.
pub fn proof(made: &rcgen::Certificate, key: &rcgen::KeyPair) -> Result<Arc<CertifiedKey>, Error> {
    let private = PrivateKeyDer::try_from(key.serialize_der()).map_err(|e| Error::Acme(e.into()))?;
    let signing = provider().key_provider.load_private_key(private).map_err(|e| Error::Acme(e.to_string()))?;
    Ok(Arc::new(CertifiedKey::new(vec![made.der().clone()], signing)))
}
