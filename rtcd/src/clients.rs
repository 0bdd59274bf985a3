//! The registered clients: a small JSON file of bcrypt hashes, written whole and put in place at once.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientsError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{} is no list of clients: {source}", path.display())]
    Format { path: PathBuf, source: serde_json::Error },
}

/// Hashes of keys by client id.
pub struct Clients {
    path: PathBuf,
    hashes: Mutex<BTreeMap<String, String>>,
}

impl Clients {
    /// Reads `clients.json` in the folder; a missing file has no clients.
    ///
    /// # Errors
    /// [`ClientsError`].
    pub fn open(folder: &Path) -> Result<Self, ClientsError> {
        let path = folder.join("clients.json");
        let hashes = match std::fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|source| ClientsError::Format { path: path.clone(), source })?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(source) => return Err(ClientsError::Io { path, source }),
        };
        Ok(Self { path, hashes: Mutex::new(hashes) })
    }

    /// The hash of a client's key.
    pub fn hash(&self, client: &str) -> Option<String> {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).get(client).cloned()
    }

    /// Adds a client; false when it is there already.
    ///
    /// # Errors
    /// [`ClientsError`]; the client is not added then.
    pub fn add(&self, client: &str, hash: String) -> Result<bool, ClientsError> {
        let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        if hashes.contains_key(client) {
            return Ok(false);
        }
        let mut changed = hashes.clone();
        changed.insert(client.to_owned(), hash);
        self.write(&changed)?;
        *hashes = changed;
        Ok(true)
    }

    /// Removes a client; false when there is none.
    ///
    /// # Errors
    /// [`ClientsError`]; the client stays then.
    pub fn remove(&self, client: &str) -> Result<bool, ClientsError> {
        let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = hashes.clone();
        if changed.remove(client).is_none() {
            return Ok(false);
        }
        self.write(&changed)?;
        *hashes = changed;
        Ok(true)
    }

    fn write(&self, hashes: &BTreeMap<String, String>) -> Result<(), ClientsError> {
        let fresh = self.path.with_extension("json.new");
        let write = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&fresh)?;
            file.write_all(&serde_json::to_vec_pretty(hashes)?)?;
            file.sync_all()?;
            std::fs::rename(&fresh, &self.path)?;
            File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()
        };
        write().map_err(|source| ClientsError::Io { path: self.path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_outlive_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let clients = Clients::open(folder.path()).unwrap();
        assert!(clients.add("a", "hash".into()).unwrap());
        assert!(!clients.add("a", "other".into()).unwrap());
        assert_eq!(Clients::open(folder.path()).unwrap().hash("a").as_deref(), Some("hash"));
        assert!(clients.remove("a").unwrap() && !clients.remove("a").unwrap());
        assert_eq!(Clients::open(folder.path()).unwrap().hash("a"), None);
        std::fs::write(folder.path().join("clients.json"), "{").unwrap();
        let error = Clients::open(folder.path()).err().unwrap().to_string();
        assert!(error.contains("clients.json is no list of clients"), "{error}");
    }
}
