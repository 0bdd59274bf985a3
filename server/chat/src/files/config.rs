//! Limits of files, filled by the `server` binary from `[server.files]`.

use std::path::PathBuf;

/// How files are received and looked into.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder for files on their way in; empty: the system's temporary folder.
    pub spool_dir: PathBuf,
    /// The program that looks into files in a process of its own, called `PROGRAM file-worker …`; `None`: in this process,
    /// for tests, without a deadline.
    pub worker: Option<PathBuf>,
    /// Memory of that process, bytes.
    pub worker_memory: u64,
    /// Seconds after which that process is ended.
    pub worker_seconds: u64,
    /// Largest picture that is decoded and freed of its position, bytes; larger ones are kept as they are.
    pub max_picture_bytes: u64,
    /// Whether text inside documents is searched.
    pub search_inside: bool,
    /// Documents read at a time.
    pub readers: usize,
    /// Largest document that is read, bytes.
    pub max_document_bytes: u64,
    /// Text of one document that is searched, characters.
    pub max_document_chars: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            spool_dir: PathBuf::new(),
            worker: None,
            worker_memory: 1 << 30,
            worker_seconds: 60,
            max_picture_bytes: 128 << 20,
            search_inside: true,
            readers: 1,
            max_document_bytes: 64 << 20,
            max_document_chars: 1_000_000,
        }
    }
}
