//! What one client was sent and has yet to get. It outlives its socket by the resume window, so that a socket that comes
//! back goes on where it stopped. A client that does not keep up is closed, never waited for.

use super::register::Standing;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use wire::Event;

/// Frames kept after they were sent, for a socket that comes back.
const RING: usize = 128;
/// Frames that may wait for a client before its connection is given up.
const QUEUE: usize = 256;
/// Frames that a socket takes at a time. Fewer than the ring, so that a socket that breaks while it sends can come back.
const BATCH: usize = 64;
/// Events that are of no use any more when they come late; dropped when half of the queue is waiting.
const FLEETING: [&str; 3] = ["typing", "status_change", "multiple_channels_viewed"];
/// Events that only whoever looks at the channel needs; others read them with the posts.
const OF_THE_VIEW: [&str; 3] = ["typing", "reaction_added", "reaction_removed"];

/// One client connection.
pub struct Connection {
    pub id: Arc<str>,
    pub user_id: Arc<str>,
    pub session_id: Arc<str>,
    state: Mutex<Outbox>,
    wake: Notify,
}

#[derive(Default)]
struct Outbox {
    /// Sent ones, at most [`RING`], then waiting ones, at most [`QUEUE`]. Without their sequence number, which is all that
    /// differs between receivers, so that they share the text. The last one has `next_seq - 1`.
    frames: VecDeque<Arc<str>>,
    next_seq: i64,
    /// Next frame that the socket has to send.
    cursor: i64,
    /// Grows with each socket that takes the connection over; older sockets stop.
    generation: u64,
    attached: bool,
    detached_at: i64,
    overrun: bool,
    revoked: bool,
    view: Option<Box<View>>,
}

/// What a client said that it shows.
#[derive(Default)]
struct View {
    /// `None` when it only told of threads: then it may show any channel.
    channel: Option<String>,
    /// Channels of the threads at the side and in the list of threads.
    threads: [String; 2],
}

/// What a socket task has to do next.
pub enum Next {
    /// Send these frames.
    Frames(Vec<String>),
    /// Close the socket: it was taken over, fell behind or its session ended.
    Close,
}

impl Outbox {
    fn waiting(&self) -> usize {
        usize::try_from(self.next_seq - self.cursor).unwrap_or(0)
    }

    fn oldest(&self) -> i64 {
        self.next_seq - self.frames.len() as i64
    }
}

impl Connection {
    pub(super) fn new(id: Arc<str>, user_id: Arc<str>, session_id: &str) -> Self {
        Self { id, user_id, session_id: session_id.into(), state: Mutex::default(), wake: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Outbox> {
        // A panic while holding this lock cannot leave the numbers half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a frame; `event` is its name.
    pub(super) fn push(&self, head: Arc<str>, event: &str) {
        let mut out = self.lock();
        let waiting = out.waiting();
        if out.overrun || waiting >= QUEUE / 2 && FLEETING.contains(&event) {
            return;
        }
        if waiting >= QUEUE {
            out.overrun = true;
            out.frames = VecDeque::new();
        } else {
            out.next_seq += 1;
            out.frames.push_back(head);
            if out.frames.len() > RING + waiting + 1 {
                out.frames.pop_front();
            }
        }
        drop(out);
        self.wake.notify_one();
    }

    /// Whether an event is for this connection, given what its user may see and what its client shows.
    pub(super) fn wants(&self, event: &Event, standing: Standing) -> bool {
        let to = &event.broadcast;
        if *self.id == *to.omit_connection_id
            || to.omit_users.as_ref().is_some_and(|o| o.get(&*self.user_id).copied().unwrap_or(false))
            || to.contains_sanitized_data && standing.administers
            || to.contains_sensitive_data && !standing.administers
        {
            return false;
        }
        if standing.sees_few && event.seen_by.as_ref().is_some_and(|seen| !seen.contains(&*self.user_id)) {
            return false;
        }
        !OF_THE_VIEW.contains(&event.event.as_str()) || self.shows(&to.channel_id)
    }

    /// Whether the client shows the channel, or never said what it shows.
    fn shows(&self, channel: &str) -> bool {
        let out = self.lock();
        let Some((view, open)) = out.view.as_ref().and_then(|v| v.channel.as_ref().map(|c| (v, c))) else {
            return true;
        };
        open == channel || view.threads.iter().any(|t| t == channel)
    }

    /// Whether the client has said that it shows the channel, or (`thread`) a thread of it.
    pub(super) fn displays(&self, channel: &str, thread: bool) -> bool {
        let out = self.lock();
        out.view.as_ref().is_some_and(|view| match thread {
            true => view.threads.iter().any(|t| t == channel),
            false => view.channel.as_deref() == Some(channel),
        })
    }

    /// The client shows this channel; empty for none.
    pub fn show_channel(&self, channel: &str) {
        self.lock().view.get_or_insert_default().channel = Some(channel.to_owned());
    }

    /// The client shows a thread of this channel, in the list of threads or at the side; empty for none.
    pub fn show_thread(&self, channel: &str, in_list: bool) {
        self.lock().view.get_or_insert_default().threads[usize::from(in_list)] = channel.to_owned();
    }

    /// Attaches a socket; the number that stands for it.
    pub fn attach(&self) -> u64 {
        let mut out = self.lock();
        out.generation += 1;
        out.attached = true;
        let generation = out.generation;
        drop(out);
        self.wake.notify_waiters();
        generation
    }

    /// Moves the cursor to `seq` for a socket that resumes; false when the frames from there on are not all here any more.
    pub fn resume_at(&self, seq: i64) -> bool {
        let mut out = self.lock();
        let reachable = !out.overrun && !out.revoked && (out.oldest()..=out.next_seq).contains(&seq);
        if reachable {
            out.cursor = seq;
        }
        reachable
    }

    pub(super) fn detach(&self, generation: u64, now: i64) -> bool {
        let mut out = self.lock();
        if out.generation != generation {
            return false;
        }
        out.attached = false;
        out.detached_at = now;
        true
    }

    pub(super) fn is_attached(&self) -> bool {
        self.lock().attached
    }

    /// Whether no socket was there since `before`.
    pub(super) fn is_left(&self, before: i64) -> bool {
        let out = self.lock();
        !out.attached && out.detached_at < before
    }

    /// Waits until there is something to send for the socket `generation`.
    pub async fn next(&self, generation: u64) -> Next {
        loop {
            let woken = self.wake.notified();
            {
                let mut out = self.lock();
                if out.generation != generation || out.overrun || out.revoked {
                    return Next::Close;
                }
                if out.cursor < out.next_seq {
                    let skip = usize::try_from(out.cursor - out.oldest()).unwrap_or(0);
                    let heads = out.frames.iter().skip(skip).zip(out.cursor..).take(BATCH);
                    let frames: Vec<String> = heads.map(|(head, seq)| format!("{head},\"seq\":{seq}}}")).collect();
                    out.cursor += frames.len() as i64;
                    while out.frames.len() > RING + out.waiting() {
                        out.frames.pop_front();
                    }
                    return Next::Frames(frames);
                }
            }
            woken.await;
        }
    }

    pub(super) fn revoke(&self) {
        self.lock().revoked = true;
        self.wake.notify_one();
        self.wake.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> (Connection, u64) {
        let c = Connection::new("c".into(), "u".into(), "s");
        let generation = c.attach();
        (c, generation)
    }

    fn push(c: &Connection, event: &str, times: usize) {
        (0..times).for_each(|_| c.push(format!("{{\"event\":\"{event}\"").into(), event));
    }

    async fn all(c: &Connection, generation: u64) -> Option<Vec<String>> {
        let mut got = Vec::new();
        while c.lock().waiting() > 0 {
            match c.next(generation).await {
                Next::Frames(frames) => got.extend(frames),
                Next::Close => return None,
            }
        }
        Some(got)
    }

    #[tokio::test]
    async fn a_client_that_falls_behind_loses_what_is_fleeting_then_its_connection() {
        let (c, g) = connection();
        push(&c, "posted", QUEUE / 2);
        push(&c, "typing", 50);
        push(&c, "posted", QUEUE / 2);
        let got = all(&c, g).await.unwrap();
        assert_eq!(got.len(), QUEUE, "no number was given to what was dropped");
        assert!(got.last().unwrap().ends_with("\"seq\":255}"), "{:?}", got.last());
        push(&c, "posted", QUEUE + 1);
        assert!(matches!(c.next(g).await, Next::Close));
        assert!(c.detach(g, 0) && !c.resume_at(256), "what did not fit is lost");
    }

    #[tokio::test]
    async fn the_last_128_sent_and_what_waited_are_there_for_who_comes_back() {
        let (c, g) = connection();
        push(&c, "posted", 200);
        assert_eq!(all(&c, g).await.unwrap().len(), 200);
        c.detach(g, 0);
        push(&c, "posted", QUEUE);
        assert!(!c.resume_at(71) && !c.resume_at(457) && !c.resume_at(-1));
        assert!(c.resume_at(72));
        let again = c.attach();
        let got = all(&c, again).await.unwrap();
        assert_eq!(got.len(), RING + QUEUE);
        assert!(got[0].ends_with("\"seq\":72}") && got[383].ends_with("\"seq\":455}"));
        assert!(c.lock().frames.len() <= RING);
        assert!(matches!(c.next(g).await, Next::Close), "the older socket stops");
    }
}
