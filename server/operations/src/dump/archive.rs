//! A backup's container: tar in zstd, written and read on a thread of its own. Each entry's SHA-256 goes into the manifest,
//! which is the last entry: an archive without it was cut off.

use super::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use tokio::sync::{mpsc, oneshot};

/// Name of the last entry.
pub const MANIFEST: &str = "manifest.json";
/// Bytes that are read at once.
const CHUNK: usize = 1 << 18;

/// The last entry: what all others must be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Hex SHA-256 by entry name.
    pub entries: BTreeMap<String, String>,
    /// Rows by table.
    pub rows: BTreeMap<String, i64>,
}

enum Piece {
    Begin { name: String, size: u64 },
    Bytes(bytes::Bytes),
}

/// Writes an archive.
pub struct Writer {
    pieces: Option<mpsc::Sender<Piece>>,
    done: Option<oneshot::Receiver<Result<()>>>,
    pub manifest: Manifest,
    current: Option<(String, Sha256)>,
}

impl Writer {
    /// # Errors
    /// When the file exists already or cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        let mut options = std::fs::OpenOptions::new();
        let options = options.write(true).create_new(true);
        // It holds every password hash and key of the site.
        let file = std::os::unix::fs::OpenOptionsExt::mode(options, 0o600).open(path)?;
        let (pieces, mut queue) = mpsc::channel(32);
        let (tell, done) = oneshot::channel();
        std::thread::Builder::new()
            .name("backup-write".into())
            .spawn(move || drop(tell.send(write(file, &mut queue))))?;
        Ok(Self { pieces: Some(pieces), done: Some(done), manifest: Manifest::default(), current: None })
    }

    /// What follows are the `size` bytes of this entry.
    pub async fn begin(&mut self, name: &str, size: u64) -> Result<()> {
        self.seal();
        self.current = Some((name.to_owned(), Sha256::new()));
        self.send(Piece::Begin { name: name.to_owned(), size }).await
    }

    pub async fn bytes(&mut self, bytes: bytes::Bytes) -> Result<()> {
        if let Some((_, hash)) = &mut self.current {
            hash.update(&bytes);
        }
        self.send(Piece::Bytes(bytes)).await
    }

    /// A whole entry at once.
    pub async fn entry(&mut self, name: &str, bytes: Vec<u8>) -> Result<()> {
        self.begin(name, bytes.len() as u64).await?;
        self.bytes(bytes.into()).await
    }

    fn seal(&mut self) {
        if let Some((name, hash)) = self.current.take() {
            self.manifest.entries.insert(name, data_encoding::HEXLOWER.encode(&hash.finalize()));
        }
    }

    async fn send(&mut self, piece: Piece) -> Result<()> {
        let sent = match &self.pieces {
            Some(pieces) => pieces.send(piece).await.is_ok(),
            None => false,
        };
        if sent { Ok(()) } else { self.outcome().await }
    }

    async fn outcome(&mut self) -> Result<()> {
        match self.done.take() {
            Some(done) => done.await.map_err(|_| Error::Damaged("the writing thread ended".into()))?,
            None => Err(Error::Damaged("the archive has failed before".into())),
        }
    }

    /// Writes the manifest and puts everything on the disk.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub async fn finish(&mut self) -> Result<()> {
        self.seal();
        let manifest = serde_json::to_vec(&self.manifest).map_err(std::io::Error::other)?;
        self.begin(MANIFEST, manifest.len() as u64).await?;
        self.bytes(manifest.into()).await?;
        self.pieces = None;
        self.outcome().await
    }
}

/// Hands a reader the bytes of one entry as they come.
struct Incoming<'a> {
    queue: &'a mut mpsc::Receiver<Piece>,
    rest: bytes::Bytes,
    next: &'a mut Option<Piece>,
}

impl Read for Incoming<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.rest.is_empty() {
            match self.queue.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.rest = bytes,
                other => {
                    *self.next = other;
                    return Ok(0);
                }
            }
        }
        let n = self.rest.len().min(into.len());
        into[..n].copy_from_slice(&self.rest.split_to(n));
        Ok(n)
    }
}

fn write(file: File, queue: &mut mpsc::Receiver<Piece>) -> Result<()> {
    let mut tar = tar::Builder::new(zstd::Encoder::new(file, 3)?);
    let mut next = queue.blocking_recv();
    while let Some(Piece::Begin { name, size }) = next.take() {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        let mut from = Incoming { queue, rest: bytes::Bytes::new(), next: &mut next };
        // The builder reads `size` bytes; asking once more fetches the beginning of the next entry.
        tar.append_data(&mut header, &name, Read::by_ref(&mut from).take(size))?;
        if from.read(&mut [0])? > 0 {
            return Err(Error::Damaged(format!("{name} grew while it was copied; make the backup again")));
        }
    }
    let mut file = tar.into_inner()?.finish()?;
    file.flush()?;
    Ok(file.sync_all()?)
}

/// What comes out of an archive.
pub enum Out {
    Begin {
        name: String,
        size: u64,
    },
    Bytes(bytes::Bytes),
    /// The hash of the entry that ends here.
    End {
        hash: String,
    },
}

/// Reads an archive; the pieces come in order.
///
/// # Errors
/// When it cannot be opened.
pub fn read(path: &Path) -> Result<mpsc::Receiver<Result<Out>>> {
    let file = File::open(path)?;
    let (send, pieces) = mpsc::channel(32);
    let body = move || {
        if let Err(error) = read_all(file, &send) {
            drop(send.blocking_send(Err(error)));
        }
    };
    std::thread::Builder::new().name("backup-read".into()).spawn(body)?;
    Ok(pieces)
}

fn read_all(file: File, send: &mpsc::Sender<Result<Out>>) -> Result<()> {
    let damaged = |e: std::io::Error| Error::Damaged(e.to_string());
    let mut tar = tar::Archive::new(zstd::Decoder::new(file).map_err(damaged)?);
    for entry in tar.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let name = entry.path().map_err(damaged)?.to_string_lossy().into_owned();
        let size = entry.size();
        if send.blocking_send(Ok(Out::Begin { name: name.clone(), size })).is_err() {
            return Ok(());
        }
        let (mut hash, mut left) = (Sha256::new(), size);
        while left > 0 {
            let mut chunk = vec![0; CHUNK.min(usize::try_from(left).unwrap_or(CHUNK))];
            entry.read_exact(&mut chunk).map_err(|e| Error::Damaged(format!("{name}: {e}")))?;
            left -= chunk.len() as u64;
            hash.update(&chunk);
            if send.blocking_send(Ok(Out::Bytes(chunk.into()))).is_err() {
                return Ok(());
            }
        }
        let hash = data_encoding::HEXLOWER.encode(&hash.finalize());
        if send.blocking_send(Ok(Out::End { hash })).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
