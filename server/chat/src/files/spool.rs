//! Bytes on their way in: to a temporary file beside the data, never whole in memory, measured and summed up as they come.

use super::too_large;
use crate::{Error, Result, Site};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::Duration;
use tempfile::TempPath;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

/// Longest silence of a client inside a request.
const SILENCE: Duration = Duration::from_secs(60);
/// First bytes that are kept in memory, to tell what a file is.
const HEAD: usize = 4096;
/// Bytes that wait for the disk, per file.
const BUFFER: usize = 256 << 10;

/// A file that is being received.
pub(crate) struct Spool {
    path: TempPath,
    out: tokio::fs::File,
    hash: Sha256,
    head: Vec<u8>,
    size: u64,
    most: u64,
}

/// A file that was received. It is deleted with this.
pub(crate) struct Spooled {
    path: TempPath,
    pub head: Vec<u8>,
    pub size: u64,
    /// SHA-256 of what was received, in hexadecimal.
    pub hash: String,
}

impl Spool {
    /// Begins a file of at most `most` bytes.
    pub async fn new(site: &Site, most: u64) -> Result<Self> {
        let folder = site.config().files.spool_dir.clone();
        let made = tokio::task::spawn_blocking(move || {
            if folder.as_os_str().is_empty() {
                return tempfile::NamedTempFile::new();
            }
            std::fs::create_dir_all(&folder)?;
            tempfile::NamedTempFile::new_in(&folder)
        });
        let (out, path) = made.await.map_err(Error::internal)?.map_err(Error::internal)?.into_parts();
        let mut out = tokio::fs::File::from_std(out);
        out.set_max_buf_size(BUFFER);
        Ok(Self { path, out, hash: Sha256::new(), head: Vec::new(), size: 0, most })
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// 413 when there are more than allowed, 500 when the disk is full.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.most {
            return Err(too_large(self.most));
        }
        let room = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        self.hash.update(bytes);
        self.out.write_all(bytes).await.map_err(Error::internal)
    }

    /// Adds everything that a client sends.
    ///
    /// # Errors
    /// As [`Spool::write`]; 400 when the body breaks off or the client falls silent.
    pub async fn take<B, E>(&mut self, mut body: B) -> Result<()>
    where
        B: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
        E: std::fmt::Display,
    {
        let broken = |reason: &str| Error::invalid_body("body", &format!("it broke off: {reason}"));
        loop {
            match timeout(SILENCE, body.next()).await {
                Ok(Some(Ok(bytes))) => self.write(&bytes).await?,
                Ok(Some(Err(error))) => return Err(broken(&error.to_string())),
                Ok(None) => return Ok(()),
                Err(_) => return Err(broken(&format!("nothing came for {} s", SILENCE.as_secs()))),
            }
        }
    }

    /// Ends the file.
    pub async fn done(mut self) -> Result<Spooled> {
        self.out.flush().await.map_err(Error::internal)?;
        let hash = data_encoding::HEXLOWER.encode(&self.hash.finalize());
        Ok(Spooled { path: self.path, head: self.head, size: self.size, hash })
    }
}

impl Spooled {
    pub fn path(&self) -> &Path {
        &self.path
    }
}
