//! Where the site's keys are kept: a file that only its owner reads, or the environment.

use super::{Key, KeyError, Keys, new_key};
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Keys that lie nowhere on this disk: hexadecimal, with commas between; the first one seals.
pub const ENVIRONMENT: &str = "MUSTER_SITE_KEY";

/// The file in a data folder.
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("keys").join("site.key")
}

fn parse(text: &str, place: &str) -> Result<Vec<Key>, KeyError> {
    let lines = text.split([',', '\n']).map(str::trim).filter(|line| !line.is_empty());
    let keys: Option<Vec<Key>> = lines.map(Key::of).collect();
    keys.filter(|k| !k.is_empty()).ok_or_else(|| KeyError::Shape { place: place.to_owned() })
}

/// Ids of the keys in a text as the file has it; those that are none are left out.
pub fn ids_of(text: &str) -> Vec<String> {
    text.split([',', '\n']).filter_map(Key::of).map(|key| key.id).collect()
}

/// `None` when there is no file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<Key>>, KeyError> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text, &path.display().to_string()).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(KeyError::File { path: path.to_owned(), source }),
    }
}

fn write(path: &Path, keys: &[Key]) -> Result<(), KeyError> {
    let text: String = keys.iter().map(|k| format!("{}\n", k.text)).collect();
    let new = path.with_extension("new");
    let done = (|| {
        let folder = path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        drop(std::fs::remove_file(&new));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        std::fs::File::open(folder)?.sync_all()
    })();
    done.map_err(|source| KeyError::File { path: path.to_owned(), source })
}

impl Keys {
    /// The keys of the environment, else those of the file, else a new one that [`Keys::save`] has to write.
    ///
    /// # Errors
    /// When what is there is no key.
    pub fn load(data_dir: &Path, environment: Option<&str>) -> Result<Self, KeyError> {
        if let Some(text) = environment.filter(|text| !text.trim().is_empty()) {
            return Ok(Self::of(parse(text, ENVIRONMENT)?, None));
        }
        let path = path(data_dir);
        let keys = read(&path)?.unwrap_or_else(|| new_key().into_iter().collect());
        Ok(Self::of(keys, Some(path)))
    }

    /// Writes the file when there is none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self) -> Result<(), KeyError> {
        match &self.0.path {
            Some(path) if !path.exists() => self.with(|ring| write(path, &ring.keys)),
            _ => Ok(()),
        }
    }

    /// Puts a new key in front of the others.
    ///
    /// # Errors
    /// When the file cannot be written, or the keys come from the environment, which a program cannot change.
    pub fn rotate(&self) -> Result<(), KeyError> {
        let unset = || KeyError::Shape { place: format!("{ENVIRONMENT} is set; put a new key in front of it there") };
        let path = self.0.path.as_ref().ok_or_else(unset)?;
        let mut keys: Vec<Key> = new_key().into_iter().collect();
        keys.extend(read(path)?.unwrap_or_default());
        write(path, &keys)?;
        Ok(())
    }
}
