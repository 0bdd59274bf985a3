//! An import file, read as a stream: plain JSONL with its attachments beside it, or a zip with `data/` in it.

use chat::{Error, Result};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use zip::ZipArchive;

/// Longest line, bytes.
const MOST_BYTES: u64 = 32 << 20;
/// Lines that wait for the importer.
const WAITING: usize = 256;

/// A line with its number, counted from 1, and how many bytes of the file lie behind its end.
pub struct Numbered {
    pub number: u64,
    pub text: String,
    pub read: u64,
}

/// Where attachments and pictures come from.
#[derive(Clone)]
pub enum Files {
    Folder(PathBuf),
    Zip(Arc<Mutex<ZipArchive<File>>>),
}

/// The lines of an import file and what belongs to them.
pub struct Source {
    pub lines: mpsc::Receiver<std::io::Result<Numbered>>,
    pub files: Files,
    /// Bytes of all lines.
    pub size: u64,
}

fn unusable(path: &Path, reason: impl std::fmt::Display) -> Error {
    let message = format!("The import file {} cannot be read: {reason}.", path.display());
    Error::invalid("app.import.bulk_import.unreadable.error", message)
}

/// Opens a `.zip` or a `.jsonl`; the content decides, not the name.
///
/// # Errors
/// 400 when it is neither.
pub fn open(path: &Path) -> Result<Source> {
    let mut file = File::open(path).map_err(|e| unusable(path, e))?;
    let mut start = [0; 4];
    let zipped = file.read_exact(&mut start).is_ok() && start == *b"PK\x03\x04";
    let (send, lines) = mpsc::channel(WAITING);
    let thread = std::thread::Builder::new().name("bulk-lines".into());
    if !zipped {
        let file = File::open(path).map_err(|e| unusable(path, e))?;
        let size = file.metadata().map_or(0, |m| m.len());
        thread.spawn(move || pump(BufReader::with_capacity(1 << 16, file), &send)).map_err(Error::internal)?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        return Ok(Source { lines, files: Files::Folder(folder), size });
    }
    let open = || ZipArchive::new(File::open(path)?).map_err(std::io::Error::other);
    let mut archive = open().map_err(|e| unusable(path, e))?;
    let name = archive.file_names().find(|n| n.ends_with(".jsonl") && !n.contains('/')).map(str::to_owned);
    let name = name.ok_or_else(|| unusable(path, "the archive has no .jsonl file at its root"))?;
    let size = archive.by_name(&name).map_err(|e| unusable(path, e))?.size();
    let beside = open().map_err(|e| unusable(path, e))?;
    let body = move || match archive.by_name(&name) {
        Ok(entry) => pump(BufReader::with_capacity(1 << 16, entry), &send),
        Err(error) => drop(send.blocking_send(Err(std::io::Error::other(error)))),
    };
    thread.spawn(body).map_err(Error::internal)?;
    Ok(Source { lines, files: Files::Zip(Arc::new(Mutex::new(beside))), size })
}

/// Sends line after line until the end, a failure, or nobody listens.
fn pump(mut from: impl BufRead, to: &mpsc::Sender<std::io::Result<Numbered>>) {
    let (mut number, mut read) = (0, 0);
    loop {
        let mut line = Vec::new();
        number += 1;
        let text = match from.by_ref().take(MOST_BYTES).read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(n) if n as u64 == MOST_BYTES => Err(std::io::Error::other(format!("line {number} is too long"))),
            Ok(n) => {
                read += n as u64;
                String::from_utf8(line).map_err(|_| std::io::Error::other(format!("line {number} is not UTF-8")))
            }
            Err(error) => Err(error),
        };
        let failed = text.is_err();
        let text = text.map(|text| Numbered { number, text, read });
        if to.blocking_send(text).is_err() || failed {
            return;
        }
    }
}

impl Files {
    /// The bytes of an attachment of at most `most` bytes.
    ///
    /// # Errors
    /// A sentence for the administrator.
    pub async fn read(&self, path: &str, most: u64) -> std::result::Result<Vec<u8>, String> {
        let (files, path) = (self.clone(), path.to_owned());
        tokio::task::spawn_blocking(move || files.read_now(&path, most)).await.map_err(|e| e.to_string())?
    }

    fn read_now(&self, path: &str, most: u64) -> std::result::Result<Vec<u8>, String> {
        let wanted = Path::new(path);
        if !wanted.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir)) {
            return Err(format!("{path:?} leads out of the import"));
        }
        let mut bytes = Vec::new();
        let too_large = || format!("{path:?} is larger than {} MB", most >> 20);
        match self {
            Self::Folder(folder) => {
                let found = [folder.join("data").join(wanted), folder.join(wanted)].into_iter().find(|p| p.is_file());
                let found = found.ok_or_else(|| format!("there is no file {path:?} beside the import"))?;
                let file = File::open(found).map_err(|e| format!("{path:?}: {e}"))?;
                file.take(most + 1).read_to_end(&mut bytes).map_err(|e| format!("{path:?}: {e}"))?;
            }
            Self::Zip(archive) => {
                let mut archive = archive.lock().map_err(|e| e.to_string())?;
                let names = [format!("data/{path}"), path.to_owned()];
                let index = names.iter().find_map(|n| archive.index_for_name(n));
                let index = index.ok_or_else(|| format!("the archive has no data/{path}"))?;
                let entry = archive.by_index(index).map_err(|e| format!("{path:?}: {e}"))?;
                entry.take(most + 1).read_to_end(&mut bytes).map_err(|e| format!("{path:?}: {e}"))?;
            }
        }
        if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
    }
}
