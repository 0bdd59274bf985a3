//! The calls that go on: one task per channel owns its [`Call`], everybody else sends it what to do.

mod room;

use crate::call::Call;
use crate::entry::Entry;
use crate::service::Calls;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// What may wait for one call.
const QUEUE: usize = 512;

/// Runs on the call inside its task; what it gives back is run when all that followed is stored and told.
type Turn = Box<dyn FnOnce(&mut Call, i64) -> Box<dyn FnOnce() + Send> + Send>;

/// What a call's task is sent.
enum Command {
    Join(Box<Entry>),
    Turn(Turn),
}

/// The calls that go on, by channel, and their sessions. Cheap to clone.
#[derive(Clone, Default)]
pub struct Rooms(Arc<Mutex<Doors>>);

#[derive(Default)]
struct Doors {
    rooms: HashMap<String, mpsc::Sender<Command>>,
    /// Channel of a session, for what rtcd says.
    sessions: HashMap<String, String>,
}

impl Rooms {
    fn doors(&self) -> MutexGuard<'_, Doors> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, channel_id: &str) -> Option<mpsc::Sender<Command>> {
        self.doors().rooms.get(channel_id).cloned()
    }

    /// Channels with a call.
    pub fn channels(&self) -> Vec<String> {
        self.doors().rooms.keys().cloned().collect()
    }

    /// The channel whose call a session is in.
    pub fn channel_of(&self, session_id: &str) -> Option<String> {
        self.doors().sessions.get(session_id).cloned()
    }

    fn bind(&self, session_id: &str, channel_id: &str) {
        self.doors().sessions.insert(session_id.to_owned(), channel_id.to_owned());
    }

    fn unbind(&self, session_id: &str) {
        self.doors().sessions.remove(session_id);
    }

    /// Lets somebody into the call of a channel, whose task is started when there is none. When too much is waiting
    /// there, the newcomer is dropped and tries again after its own deadline.
    pub fn join(&self, calls: &Calls, entry: Entry) {
        let channel_id = entry.channel_id.clone();
        let mut command = Command::Join(Box::new(entry));
        loop {
            let sent = {
                let mut doors = self.doors();
                let room =
                    doors.rooms.entry(channel_id.clone()).or_insert_with(|| room::open(calls, &channel_id, None));
                room.try_send(command)
            };
            match sent {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(_)) => {
                    tracing::warn!(channel_id, "a call does not keep up; somebody could not join");
                    return;
                }
                // The task has just ended with its call.
                Err(mpsc::error::TrySendError::Closed(again)) => {
                    self.close(&channel_id);
                    command = again;
                }
            }
        }
    }

    /// The task of a channel has stopped taking anything; a new one may stand there already only after this.
    fn close(&self, channel_id: &str) {
        let mut doors = self.doors();
        if doors.rooms.get(channel_id).is_some_and(mpsc::Sender::is_closed) {
            doors.rooms.remove(channel_id);
        }
    }

    /// Starts the task of a call that an earlier process left.
    pub fn restore(&self, calls: &Calls, call: Call) {
        let channel_id = call.channel_id.clone();
        let mut doors = self.doors();
        for session in &call.sessions {
            doors.sessions.insert(session.id.clone(), channel_id.clone());
        }
        let room = room::open(calls, &channel_id, Some(call));
        doors.rooms.insert(channel_id, room);
    }

    /// Runs `turn` on the call of a channel and waits until what followed is stored and told. `None`: there is no call.
    pub async fn with<T: Send + 'static>(
        &self,
        channel_id: &str,
        turn: impl FnOnce(&mut Call, i64) -> T + Send + 'static,
    ) -> Option<T> {
        let (send, receive) = oneshot::channel();
        let run: Turn = Box::new(move |call, now| {
            let value = turn(call, now);
            // Whoever asked may have stopped waiting.
            Box::new(move || drop(send.send(value)))
        });
        self.find(channel_id)?.send(Command::Turn(run)).await.ok()?;
        receive.await.ok()
    }

    /// Runs `turn` on the call of a channel, if there is one, without waiting for it; dropped when too much is waiting.
    pub fn tell(&self, channel_id: &str, turn: impl FnOnce(&mut Call, i64) + Send + 'static) {
        let Some(room) = self.find(channel_id) else { return };
        if let Err(mpsc::error::TrySendError::Full(_)) = room.try_send(Command::Turn(quiet(turn))) {
            tracing::warn!(channel_id, "a call does not keep up; an action was dropped");
        }
    }

    /// As [`Rooms::tell`], but waits for room in the queue: for what must not be lost.
    pub async fn tell_surely(&self, channel_id: &str, turn: impl FnOnce(&mut Call, i64) + Send + 'static) {
        if let Some(room) = self.find(channel_id) {
            // A task that has just ended has no use for it.
            drop(room.send(Command::Turn(quiet(turn))).await);
        }
    }
}

fn quiet(turn: impl FnOnce(&mut Call, i64) + Send + 'static) -> Turn {
    Box::new(move |call, now| {
        turn(call, now);
        Box::new(|| ())
    })
}
