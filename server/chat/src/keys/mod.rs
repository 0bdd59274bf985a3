//! Secrets that the server has to read again (of second factors, webhooks, commands, applications) are sealed in the
//! database with a key that is not in it. What is only compared is hashed where it is kept.
//!
//! A sealed value is `sealed:<id of the key>:<base64>`, AES-256-GCM, bound to its table, column and row, so that it is of
//! no use in another place. The key lies in the data folder (`keys/site.key`, first line: the one that seals) or in the
//! environment. Older keys stay in the file; nothing is sealed with them after [`settle`].

mod columns;
mod file;

pub use columns::{
    COLUMNS, COMMAND_TOKEN, Column, MFA_PENDING, MFA_SECRET, OAUTH_SECRET, OUTGOING_TOKEN, REMOTE_TOKENS,
    SETTING_SECRET, SYSTEM_SECRET, settle,
};
pub use file::{ENVIRONMENT, ids_of, path};

use crate::{Error, Result};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use data_encoding::{BASE64URL_NOPAD as BASE64, HEXLOWER};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

const BEGIN: &str = "sealed:";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{place}: a key is 64 hexadecimal digits, one a line")]
    Shape { place: String },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error(
        "{table}.{column} is sealed with key {id}, which is not there: put the file {place} of this site back (a backup holds it), or set MUSTER_SITE_KEY"
    )]
    Missing { table: &'static str, column: &'static str, id: String, place: String },
    #[error("{table}.{column} of {row} was changed by another program, or its key is damaged")]
    Changed { table: &'static str, column: &'static str, row: String },
    #[error(transparent)]
    Database(#[from] db::Error),
}

struct Key {
    id: String,
    aead: LessSafeKey,
    text: String,
}

#[derive(Default)]
struct Ring {
    keys: Vec<Key>,
    read_at: Option<SystemTime>,
}

/// The keys of the site; cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    /// Where another process may put a new one.
    path: Option<PathBuf>,
    ring: RwLock<Ring>,
}

/// A key that is forgotten with the process.
impl Default for Keys {
    fn default() -> Self {
        Self::of(new_key().into_iter().collect(), None)
    }
}

/// What a stored value says about its key; `None` for one that is not sealed.
pub fn key_of(stored: &str) -> Option<&str> {
    stored.strip_prefix(BEGIN)?.split_once(':').map(|(id, _)| id)
}

fn new_key() -> Option<Key> {
    let mut bytes = [0u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Key::of(&HEXLOWER.encode(&bytes))
}

impl Key {
    fn of(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.trim().to_lowercase().as_bytes()).ok().filter(|b| b.len() == 32)?;
        let aead = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &bytes).ok()?);
        // The hash of a random key tells nothing about it.
        let id = HEXLOWER.encode(&Sha256::digest(&bytes)).chars().take(8).collect();
        Some(Self { id, aead, text: text.trim().to_lowercase() })
    }
}

fn context(column: &Column, row: &str) -> Aad<String> {
    Aad::from(format!("{}.{}:{row}", column.table, column.column))
}

impl Keys {
    fn of(keys: Vec<Key>, path: Option<PathBuf>) -> Self {
        Self(Arc::new(Inner { path, ring: RwLock::new(Ring { keys, read_at: None }) }))
    }

    /// Ids, the one that seals first.
    pub fn ids(&self) -> Vec<String> {
        self.with(|ring| ring.keys.iter().map(|k| k.id.clone()).collect())
    }

    /// Where the key is kept, for errors.
    pub fn place(&self) -> String {
        self.0.path.as_ref().map_or_else(|| ENVIRONMENT.to_owned(), |path| path.display().to_string())
    }

    /// Looks at the file again when it was changed, by `server keys rotate`.
    fn with<T>(&self, use_: impl FnOnce(&Ring) -> T) -> T {
        if let Some(path) = &self.0.path {
            let changed = std::fs::metadata(path).and_then(|m| m.modified()).ok();
            let mut ring = self.0.ring.write().unwrap_or_else(PoisonError::into_inner);
            if changed.is_some()
                && changed != ring.read_at
                && let Ok(Some(keys)) = file::read(path)
            {
                *ring = Ring { keys, read_at: changed };
            }
        }
        use_(&self.0.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Seals `text` for its place; an empty one stays empty.
    ///
    /// # Errors
    /// When there is no key, or the system has no random numbers.
    pub fn close(&self, column: &Column, row: &str, text: &str) -> Result<String> {
        if text.is_empty() {
            return Ok(String::new());
        }
        let closed = self.with(|ring| {
            let key = ring.keys.first()?;
            let mut nonce = [0u8; NONCE_LEN];
            aws_lc_rs::rand::fill(&mut nonce).ok()?;
            let mut sealed = text.as_bytes().to_vec();
            let once = Nonce::assume_unique_for_key(nonce);
            key.aead.seal_in_place_append_tag(once, context(column, row), &mut sealed).ok()?;
            Some(format!("{BEGIN}{}:{}", key.id, BASE64.encode(&[&nonce[..], &sealed].concat())))
        });
        closed.ok_or_else(|| Error::internal("there is no key to seal with"))
    }

    /// The text of a stored value. One that was never sealed is itself: an older site is sealed at its next start.
    ///
    /// # Errors
    /// When its key is missing, or it is not what was sealed for this place.
    pub fn open(&self, column: &Column, row: &str, stored: &str) -> Result<String> {
        self.try_open(column, row, stored).map_err(Error::internal)
    }

    fn try_open(&self, column: &Column, row: &str, stored: &str) -> std::result::Result<String, KeyError> {
        let Some(id) = key_of(stored) else { return Ok(stored.to_owned()) };
        let (table, name) = (column.table, column.column);
        let changed = || KeyError::Changed { table, column: name, row: row.to_owned() };
        let bytes = stored.rsplit_once(':').and_then(|(_, text)| BASE64.decode(text.as_bytes()).ok());
        let bytes = bytes.ok_or_else(changed)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN).ok_or_else(changed)?;
        self.with(|ring| {
            let place = self.place();
            let missing = || KeyError::Missing { table, column: name, id: id.to_owned(), place };
            let key = ring.keys.iter().find(|k| k.id == id).ok_or_else(missing)?;
            let mut sealed = sealed.to_vec();
            let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| changed())?;
            let plain = key.aead.open_in_place(nonce, context(column, row), &mut sealed).map_err(|_| changed())?;
            String::from_utf8(plain.to_vec()).map_err(|_| changed())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MFA: &Column = &columns::MFA_SECRET;

    #[test]
    fn what_is_sealed_is_read_only_in_its_place_and_with_its_key() {
        let (keys, other) = (Keys::default(), Keys::default());
        let sealed = keys.close(MFA, "ana", "JBSWY3DP").unwrap();
        assert!(!sealed.contains("JBSWY3DP") && key_of(&sealed) == keys.ids().first().map(String::as_str));
        assert_ne!(sealed, keys.close(MFA, "ana", "JBSWY3DP").unwrap());
        assert_eq!(keys.open(MFA, "ana", &sealed).unwrap(), "JBSWY3DP");
        assert!(keys.open(MFA, "ben", &sealed).is_err(), "it was moved to another row");
        assert!(keys.open(&columns::COMMAND_TOKEN, "ana", &sealed).is_err(), "it was moved to another column");
        let refused = other.try_open(MFA, "ana", &sealed).unwrap_err().to_string();
        assert!(refused.contains("is not there"), "{refused}");
        assert!(keys.try_open(MFA, "ana", &format!("{sealed}AAAA")).is_err());
        assert_eq!(keys.close(MFA, "ana", "").unwrap(), "");
        assert_eq!(keys.open(MFA, "ana", "never sealed").unwrap(), "never sealed");
    }

    #[test]
    fn a_new_key_is_seen_by_whoever_has_the_old_one_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path());
        let (here, there) = (Keys::load(folder.path(), None).unwrap(), Keys::load(folder.path(), None).unwrap());
        here.save().unwrap();
        let old = here.close(MFA, "ana", "old").unwrap();
        assert_eq!(there.open(MFA, "ana", &old).unwrap(), "old");
        let first = here.ids();
        std::fs::File::open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        here.rotate().unwrap();
        let new = here.close(MFA, "ana", "new").unwrap();
        assert_eq!(there.open(MFA, "ana", &new).unwrap(), "new");
        assert_eq!(there.ids().get(1), first.first(), "the old key stays");
        assert_eq!(there.open(MFA, "ana", &old).unwrap(), "old");
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(&path, "short\n").unwrap();
        assert!(Keys::load(folder.path(), None).err().unwrap().to_string().contains("64 hexadecimal digits"));
    }
}
