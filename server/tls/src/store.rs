//! Keys and certificates on disk: a file is there whole or not at all, and only its owner reads a key.

use crate::Error;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |source| Error::File { path: path.to_owned(), source }
}

/// Makes the folder that only its owner enters.
pub fn folder(path: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path))
}

/// Writes a file that everybody may read.
pub fn write(path: &Path, text: &str) -> Result<(), Error> {
    put(path, text, 0o644)
}

/// Writes a file that only its owner may read.
pub fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    put(path, text, 0o600)
}

fn put(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    let new = path.with_extension("new");
    // A rest of a killed writer could have another mode.
    drop(std::fs::remove_file(&new));
    let done = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
    })();
    done.map_err(failed(path))
}

pub fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(failed(path))
}

/// Whether nobody but the owner may read or change a file.
///
/// # Errors
/// When it cannot be looked at.
pub fn is_private(path: &Path) -> std::io::Result<bool> {
    Ok(std::fs::metadata(path)?.mode() & 0o077 == 0)
}
