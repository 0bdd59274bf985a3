//! What administrators give a running site for its directory: the certificate that this server shows there, and another id
//! attribute than the file's.

use crate::config::Config;
use crate::encryption::Identity;
use chat::keys::SYSTEM_SECRET;
use chat::{Error, Result, Site, system};
use db::{Row, Sql, params};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Names of the values. Those that end like the second are sealed.
const CERTIFICATE: &str = "DirectoryCertificate";
const KEY: &str = "DirectoryPrivateKey";
const ID_ATTRIBUTE: &str = "DirectoryIdAttribute";
const REMOVE: Sql = Sql::new("DELETE FROM system WHERE name = $1");
const STORED: Sql = Sql::new("SELECT value FROM system WHERE name = $1");

/// A half of the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    Public,
    Private,
}

/// The settings of the file with what administrators gave.
///
/// # Errors
/// When the database fails, or the site's key is gone.
pub async fn over(site: &Site, file: &Config) -> Result<Config> {
    let mut conn = site.db.read().await?;
    let mut stored = [None, None, None];
    for (value, name) in stored.iter_mut().zip([CERTIFICATE, KEY, ID_ATTRIBUTE]) {
        *value = conn.fetch_optional(&STORED, params![name], Row::only::<String>).await?;
    }
    let [certificate, key, id_attribute] = stored;
    let mut config = file.clone();
    if let (Some(certificate), Some(key)) = (certificate, key) {
        config.identity = Some(Identity { certificate, key: site.keys.open(&SYSTEM_SECRET, KEY, &key)? });
    }
    // It holds while the file says what it said then.
    if let Some((from, to)) = id_attribute.as_deref().and_then(|v| v.split_once(' ')) {
        if from == file.id_attribute {
            to.clone_into(&mut config.id_attribute);
        }
    }
    Ok(config)
}

/// Keeps a half of the identity, or removes it.
///
/// # Errors
/// 400 for what is no certificate or no key.
pub async fn keep(site: &Site, half: Half, text: Option<&str>) -> Result<()> {
    let wrong = |what: &str| Error::invalid_body("certificate", what);
    let (name, value) = match (half, text) {
        (Half::Public, Some(text)) => {
            let all: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
            if all.map_or(true, |all| all.is_empty()) {
                return Err(wrong("a certificate in PEM form is wanted"));
            }
            (CERTIFICATE, Some(text.to_owned()))
        }
        (Half::Private, Some(text)) => {
            if PrivateKeyDer::from_pem_slice(text.as_bytes()).is_err() {
                return Err(wrong("a private key in PEM form, without a password, is wanted"));
            }
            (KEY, Some(site.keys.close(&SYSTEM_SECRET, KEY, text)?))
        }
        (Half::Public, None) => (CERTIFICATE, None),
        (Half::Private, None) => (KEY, None),
    };
    let mut tx = site.db.write().await?;
    match value {
        Some(value) => system::set_value(&mut tx, name, &value).await?,
        None => drop(tx.execute(&REMOVE, params![name]).await?),
    }
    Ok(tx.commit().await?)
}

/// Remembers that accounts go by another attribute than the file's, from now on.
///
/// # Errors
/// When the database fails.
pub async fn set_id_attribute(tx: &mut db::Tx, from: &str, to: &str) -> Result<()> {
    Ok(system::set_value(tx, ID_ATTRIBUTE, &format!("{from} {to}")).await?)
}
