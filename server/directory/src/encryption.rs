//! How a connection to the directory is encrypted, and whose certificate is believed.

use crate::Unfit;
use crate::config::Config;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

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
    Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}
