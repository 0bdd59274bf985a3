//! How a connection to the directory is encrypted, and whose certificate is believed.

use crate::Unfit;
use crate::config::Config;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// What this server shows to the directory.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// PEM: the certificate, and those between it and its authority.
    pub certificate: String,
    /// PEM.
    pub key: String,
}

/// The key is nobody's to read.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// # Errors
/// When the file of `ca_file` cannot be read or holds no certificate, or the system trusts nobody.
pub fn rustls(config: &Config) -> Result<Arc<ClientConfig>, Unfit> {
    let mut roots = RootCertStore::empty();
    if config.ca_file.as_os_str().is_empty() {
        for certificate in rustls_native_certs::load_native_certs().certs {
            // The system may hold some that no program reads.
            drop(roots.add(certificate));
        }
    } else {
        let wrong = |e: String| Unfit::Key("ca_file", format!("{}: {e}", config.ca_file.display()));
        let all = CertificateDer::pem_file_iter(&config.ca_file).map_err(|e| wrong(e.to_string()))?;
        for certificate in all {
            roots.add(certificate.map_err(|e| wrong(e.to_string()))?).map_err(|e| wrong(e.to_string()))?;
        }
    }
    if roots.is_empty() {
        let text = "no certificate is there that the directory's could come from; name a PEM file";
        return Err(Unfit::Key("ca_file", text.into()));
    }
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let Some(identity) = &config.identity else { return Ok(Arc::new(builder.with_no_client_auth())) };
    let wrong = |e: String| Unfit::Key("certificate of this server", e);
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(identity.certificate.as_bytes()).collect();
    let chain = chain.map_err(|e| wrong(e.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(|e| wrong(e.to_string()))?;
    let made = builder.with_client_auth_cert(chain, key).map_err(|e| wrong(e.to_string()))?;
    Ok(Arc::new(made))
}
