//! Makes SQLite's commits durable, many with one sync ("group commit").
//!
//! A commit with `synchronous = NORMAL` writes its frames to the write-ahead log and does not wait for the disk. Whoever
//! committed then waits here for a sync of that file, which covers every commit before it. So the next transaction may
//! begin while this one waits for the disk, and a slow disk bounds how long a write takes, not how many there are.
//! (SQLite itself syncs the log before it moves pages into the database, and when it begins the log anew:
//! <https://www.sqlite.org/wal.html>, "Performance Considerations".)

use crate::{Error, Result};
use rusqlite::Connection;
use std::cell::Cell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Pages in the log from which they are moved into the database; SQLite's own default.
const CHECKPOINT: i32 = 1000;

thread_local! {
    /// Pages in the log after the last commit of this thread.
    static PAGES: Cell<i32> = const { Cell::new(0) };
}

/// What is told when a commit is durable.
pub(crate) type Tell = Box<dyn FnOnce() + Send>;

struct Waiting {
    tells: Vec<Tell>,
    answer: oneshot::Sender<std::io::Result<()>>,
}

#[derive(Default)]
struct State {
    waiting: Vec<Waiting>,
    /// Somebody is syncing, and will look again.
    busy: bool,
    checkpoint: bool,
}

pub(crate) struct Journal {
    state: Mutex<State>,
    /// Moves pages into the database.
    connection: Mutex<Connection>,
    log: PathBuf,
    file: Mutex<Option<File>>,
    /// Off: nothing is waited for, a power cut may take the last commits.
    durable: bool,
}

impl Journal {
    pub(crate) fn new(path: &Path, connection: Connection, durable: bool) -> Self {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        Self {
            state: Mutex::default(),
            connection: Mutex::new(connection),
            log: log.into(),
            file: Mutex::default(),
            durable,
        }
    }

    /// Lets this journal, and not the connection itself, decide when pages are moved into the database.
    pub(crate) fn watch(writer: &Connection) {
        writer.wal_hook(Some(|_, pages| {
            PAGES.set(pages);
            Ok(())
        }));
    }

    /// Queues a commit that this thread has just made, while it still holds the writer: commits are told in their order.
    /// The answer comes when it is durable and told.
    pub(crate) fn committed(self: &Arc<Self>, tells: Vec<Tell>) -> impl Future<Output = Result<()>> + Send + use<> {
        let (answer, durable) = oneshot::channel();
        let mut state = lock(&self.state);
        state.waiting.push(Waiting { tells, answer });
        state.checkpoint |= PAGES.get() > CHECKPOINT;
        if !std::mem::replace(&mut state.busy, true) {
            let journal = self.clone();
            tokio::task::spawn_blocking(move || journal.work());
        }
        drop(state);
        async move { durable.await.map_err(|_| Error::Closed)?.map_err(Error::Sync) }
    }

    fn work(&self) {
        loop {
            let (waiting, checkpoint) = {
                let mut state = lock(&self.state);
                if state.waiting.is_empty() {
                    state.busy = false;
                    return;
                }
                (std::mem::take(&mut state.waiting), std::mem::take(&mut state.checkpoint))
            };
            let done = if self.durable { self.sync() } else { Ok(()) };
            for one in waiting {
                // What was committed is there for everybody to read; only how safe it is may be in doubt.
                one.tells.into_iter().for_each(|tell| tell());
                let answer = done.as_ref().map(|()| ()).map_err(|e| std::io::Error::new(e.kind(), e.to_string()));
                // Who waited may have gone away.
                drop(one.answer.send(answer));
            }
            if checkpoint {
                // It may be held back by a reader; the next commit asks again.
                let moved = lock(&self.connection).query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
                if let Err(error) = moved {
                    tracing::warn!(%error, "the write-ahead log could not be moved into the database");
                }
            }
        }
    }

    fn sync(&self) -> std::io::Result<()> {
        let mut file = lock(&self.file);
        if file.is_none() {
            // SQLite makes the log with the first commit; its name in the folder must last too.
            *file = Some(File::open(&self.log)?);
            if let Some(folder) = self.log.parent() {
                File::open(folder)?.sync_all()?;
            }
        }
        file.as_ref().map_or(Ok(()), File::sync_data)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
