//! Looking into files in a process of its own. Parsers of PDF, HEIC and their like read what anybody sends; one that
//! loops, asks for all memory or overflows its stack takes its process with it, not the server. The process has no
//! sockets, a bound on memory and processor time, and ends with the server.

use super::config::Config;
use crate::{Error, Result};
use documents::{Extracted, Kind};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::sync::Semaphore;

/// The first argument by which a program is told to be a worker.
pub const ARGUMENT: &str = "file-worker";
/// Pictures looked at in one time: each may take the memory of a worker.
static PICTURES: Semaphore = Semaphore::const_new(2);
/// Most that a worker may answer, bytes.
const MAX_ANSWER: u64 = 32 << 20;

/// What was found in a picture.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Picture {
    /// Whether the file was changed where it stands, because it told a place.
    pub blanked: bool,
    /// None for a broken picture.
    pub small: Option<Small>,
}

/// Measures in pixels; the rest is JPEG.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Small {
    pub width: u32,
    pub height: u32,
    pub thumbnail: Vec<u8>,
    pub preview: Vec<u8>,
    pub mini: Vec<u8>,
}

/// What was read in a document.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Text {
    pub text: String,
    pub cut: bool,
}

/// Makes small versions of the picture at `path`, and blanks its position there. A picture that nobody can read has none.
pub(super) async fn picture(config: &Config, path: &Path) -> Result<Picture> {
    let permit = PICTURES.acquire().await.map_err(Error::internal)?;
    let found = run(config, path, "picture", "", move |path, _| {
        let _permit = permit;
        look(path)
    });
    match found.await {
        Ok(found) => Ok(found),
        Err(reason) => {
            tracing::info!(%reason, "a picture has no small versions");
            Ok(Picture::default())
        }
    }
}

/// Reads the text of the document at `path`.
///
/// # Errors
/// The reason, for the operator.
pub(super) async fn document(config: &Config, path: &Path, kind: Kind) -> std::result::Result<Text, String> {
    let limits = documents::Limits {
        max_input: usize::try_from(config.max_document_bytes).unwrap_or(usize::MAX),
        max_chars: config.max_document_chars,
        ..documents::Limits::default()
    };
    let what = format!("{kind:?}:{}:{}", limits.max_input, limits.max_chars);
    run(config, path, "document", &what, |path, what| read(path, what)).await
}

/// In a worker, or in this process when there is none.
async fn run<T, F>(config: &Config, path: &Path, task: &str, what: &str, here: F) -> std::result::Result<T, String>
where
    T: for<'a> Deserialize<'a> + Send + 'static,
    F: FnOnce(&Path, &str) -> std::result::Result<T, String> + Send + 'static,
{
    let Some(program) = &config.worker else {
        let (path, what) = (path.to_owned(), what.to_owned());
        return tokio::task::spawn_blocking(move || here(&path, &what)).await.map_err(|e| e.to_string())?;
    };
    // Held to the end: it may hold what bounds the number of workers.
    let _here = here;
    let mut child = Command::new(program)
        .args([ARGUMENT, task, what, &config.worker_memory.to_string(), &config.worker_seconds.to_string()])
        .arg(path)
        .env_clear()
        // The allocator takes a gigabyte of addresses ahead, which would be all that the worker may have.
        .env("MIMALLOC_ARENA_RESERVE", "32MiB")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| format!("the worker does not start: {e}"))?;
    let mut out = child.stdout.take().ok_or("the worker has no output")?.take(MAX_ANSWER);
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(config.worker_seconds), async {
        out.read_to_end(&mut answer).await?;
        child.wait().await
    });
    match ended.await {
        Ok(Ok(status)) if status.success() => {
            let answer: std::result::Result<T, String> = rmp_serde::from_slice(&answer).map_err(|e| e.to_string())?;
            answer
        }
        Ok(Ok(status)) => Err(format!("the worker ended with {status}")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("not done within {} s", config.worker_seconds)),
    }
}

/// The worker: `file-worker TASK WHAT MEMORY SECONDS PATH`, with an answer in msgpack on standard output. `None` when
/// the program was called for something else.
#[must_use]
pub fn main(arguments: &[String]) -> Option<std::process::ExitCode> {
    let [first, task, what, memory, seconds, path] = arguments else { return None };
    if first != ARGUMENT {
        return None;
    }
    let done = bound(memory, seconds).and_then(|()| {
        let path = Path::new(path);
        let answer = match task.as_str() {
            "picture" => rmp_serde::to_vec(&look(path)),
            _ => rmp_serde::to_vec(&read(path, what)),
        };
        let answer = answer.map_err(|e| e.to_string())?;
        std::io::stdout().write_all(&answer).map_err(|e| e.to_string())
    });
    Some(if done.is_ok() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE })
}

/// Bounds this process before it reads a byte of anybody's.
fn bound(memory: &str, seconds: &str) -> std::result::Result<(), String> {
    use nix::sys::resource::{Resource, setrlimit};
    let number = |text: &str| text.parse::<u64>().map_err(|e| e.to_string());
    let (memory, seconds) = (number(memory)?, number(seconds)?);
    for (resource, most) in [(Resource::RLIMIT_AS, memory), (Resource::RLIMIT_CPU, seconds), (Resource::RLIMIT_CORE, 0)]
    {
        setrlimit(resource, most, most).map_err(|e| e.to_string())?;
    }
    // The server may have been killed since; then nobody waits for an answer.
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL).map_err(|e| e.to_string())
}

fn look(path: &Path) -> std::result::Result<Picture, String> {
    let mut bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let blanked = pictures::forget_place(&mut bytes);
    if blanked {
        // Beside it and then in its place: a worker that is ended in between leaves the file whole.
        let beside = path.with_extension("blanked");
        let moved = std::fs::write(&beside, &bytes).and_then(|()| std::fs::rename(&beside, path));
        moved.map_err(|e| e.to_string())?;
    }
    let small = match pictures::small_versions(&bytes, &pictures::Limits::default()) {
        Ok(s) => {
            let pictures::Small { width, height, thumbnail, preview, mini } = s;
            Some(Small { width, height, thumbnail, preview, mini })
        }
        Err(_) => None,
    };
    Ok(Picture { blanked, small })
}

fn read(path: &Path, what: &str) -> std::result::Result<Text, String> {
    let mut parts = what.split(':');
    let kind = match parts.next() {
        Some("Pdf") => Kind::Pdf,
        Some("Word") => Kind::Word,
        Some("Sheets") => Kind::Sheets,
        Some("Slides") => Kind::Slides,
        Some("OpenDocument") => Kind::OpenDocument,
        _ => Kind::Plain,
    };
    let mut number = || parts.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let limits = documents::Limits { max_input: number(), max_chars: number(), ..documents::Limits::default() };
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let Extracted { text, cut } = documents::extract(&bytes, kind, &limits).map_err(|e| e.to_string())?;
    Ok(Text { text, cut })
}
