//! A zip that is written piece by piece on a thread of its own.

use chat::{Error, Result};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use tokio::sync::{mpsc, oneshot};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

enum Piece {
    Entry(String),
    Bytes(Vec<u8>),
}

/// Open until [`Archive::finish`]; dropped before, the file is incomplete.
pub struct Archive {
    pieces: Option<mpsc::Sender<Piece>>,
    done: Option<oneshot::Receiver<std::io::Result<()>>>,
}

impl Archive {
    /// Begins the file at `path`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(Error::internal)?;
        let (pieces, mut queue) = mpsc::channel(64);
        let (tell, done) = oneshot::channel();
        let body = move || drop(tell.send(write(file, &mut queue)));
        std::thread::Builder::new().name("bulk-zip".into()).spawn(body).map_err(Error::internal)?;
        Ok(Self { pieces: Some(pieces), done: Some(done) })
    }

    /// What follows belongs to a new entry of this name.
    pub async fn entry(&mut self, name: &str) -> Result<()> {
        self.send(Piece::Entry(name.to_owned())).await
    }

    pub async fn bytes(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.send(Piece::Bytes(bytes)).await
    }

    async fn send(&mut self, piece: Piece) -> Result<()> {
        let sent = match &self.pieces {
            Some(pieces) => pieces.send(piece).await.is_ok(),
            None => false,
        };
        if sent { Ok(()) } else { self.outcome().await }
    }

    async fn outcome(&mut self) -> Result<()> {
        let done = self.done.take().ok_or_else(|| Error::internal("the archive has failed before"))?;
        done.await.map_err(Error::internal)?.map_err(Error::internal)
    }

    /// Ends the file and puts it on the disk.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub async fn finish(&mut self) -> Result<()> {
        self.pieces = None;
        self.outcome().await
    }
}

fn write(file: File, queue: &mut mpsc::Receiver<Piece>) -> std::io::Result<()> {
    let mut zip = ZipWriter::new(BufWriter::with_capacity(1 << 18, file));
    let options = SimpleFileOptions::default().large_file(true);
    while let Some(piece) = queue.blocking_recv() {
        match piece {
            Piece::Entry(name) => zip.start_file(name, options).map_err(std::io::Error::other)?,
            Piece::Bytes(bytes) => zip.write_all(&bytes)?,
        }
    }
    let file = zip.finish().map_err(std::io::Error::other)?.into_inner().map_err(|e| e.into_error())?;
    file.sync_all()
}
