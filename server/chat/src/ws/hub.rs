//! Who is connected, who is in which channel and team, and the delivery of events in commit order.
//!
//! A connection owns a numbered ring of the frames it was sent, so that a socket that comes back within
//! [`RESUME_WINDOW_MS`] goes on where it stopped. A connection whose reader does not keep up is closed, never waited for.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use tokio::sync::{Notify, mpsc};
use wire::{Event, Props};

/// Frames kept for a socket that comes back.
const RING: usize = 512;
/// Frames a live socket may fall behind before it is closed.
const MAX_BEHIND: usize = 256;
/// How long an abandoned connection can be resumed.
pub const RESUME_WINDOW_MS: i64 = 5 * 60 * 1000;
/// Events that a tap may fall behind before it misses some (logged).
const TAP_QUEUE: usize = 1024;

/// Something a client did that a product wants to know.
#[derive(Clone, Debug)]
pub struct ClientAction {
    pub user_id: String,
    pub session_id: String,
    pub connection_id: String,
    pub action: Action,
}

/// The kinds of [`ClientAction`].
#[derive(Clone, Debug)]
pub enum Action {
    /// A `custom_…` request; `data` may hold bytes (`rmpv::Value::Binary`) when the frame was MessagePack.
    Request { name: String, data: rmpv::Value },
    /// The socket is gone; it may still come back under the same connection id.
    Closed,
}

/// One client connection; outlives its socket by the resume window.
pub struct Connection {
    pub id: String,
    pub user_id: String,
    pub session_id: String,
    state: Mutex<Outbox>,
    wake: Notify,
}

#[derive(Default)]
struct Outbox {
    /// Frames without their sequence number, which is all that differs between receivers, so that they share the text.
    /// The last one has `next_seq - 1`.
    ring: VecDeque<Arc<str>>,
    next_seq: i64,
    /// Next frame that the socket has to send.
    cursor: i64,
    /// Grows with each socket that takes the connection over; older sockets stop.
    generation: u64,
    attached: bool,
    detached_at: i64,
    overrun: bool,
    revoked: bool,
}

/// What a socket task has to do next.
pub enum Next {
    /// Send these frames.
    Frames(Vec<String>),
    /// Close the socket: it was taken over, fell behind or its session ended.
    Close,
}

impl Connection {
    fn lock(&self) -> MutexGuard<'_, Outbox> {
        // A panic while holding this lock cannot leave the numbers half-changed.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn push(&self, head: Arc<str>) {
        let mut out = self.lock();
        out.next_seq += 1;
        out.ring.push_back(head);
        if out.ring.len() > RING {
            out.ring.pop_front();
        }
        if out.attached && out.next_seq - out.cursor > MAX_BEHIND as i64 {
            out.overrun = true;
        }
        drop(out);
        self.wake.notify_one();
    }

    /// Attaches a socket; the number that stands for it.
    pub fn attach(&self) -> u64 {
        let mut out = self.lock();
        out.generation += 1;
        out.attached = true;
        out.overrun = false;
        let generation = out.generation;
        drop(out);
        self.wake.notify_waiters();
        generation
    }

    /// Moves the cursor to `seq` for a socket that resumes; false when the ring no longer reaches back that far.
    pub fn resume_at(&self, seq: i64) -> bool {
        let mut out = self.lock();
        let oldest = out.next_seq - out.ring.len() as i64;
        let reachable = (oldest..=out.next_seq).contains(&seq);
        if reachable {
            out.cursor = seq;
        }
        reachable
    }

    fn detach(&self, generation: u64, now: i64) -> bool {
        let mut out = self.lock();
        if out.generation != generation {
            return false;
        }
        out.attached = false;
        out.detached_at = now;
        true
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
                    let oldest = out.next_seq - out.ring.len() as i64;
                    let skip = usize::try_from(out.cursor - oldest).unwrap_or(0);
                    let heads = out.ring.iter().skip(skip).zip(out.cursor.max(oldest)..);
                    let frames = heads.map(|(head, seq)| format!("{head},\"seq\":{seq}}}")).collect();
                    out.cursor = out.next_seq;
                    return Next::Frames(frames);
                }
            }
            woken.await;
        }
    }

    fn revoke(&self) {
        self.lock().revoked = true;
        self.wake.notify_one();
        self.wake.notify_waiters();
    }
}

#[derive(Default)]
struct State {
    connections: HashMap<String, Arc<Connection>>,
    by_user: HashMap<String, BTreeSet<String>>,
    /// Connected members only.
    channels: HashMap<String, HashSet<String>>,
    teams: HashMap<String, HashSet<String>>,
}

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    taps: RwLock<Vec<mpsc::Sender<Arc<Event>>>>,
    actions: RwLock<Vec<(String, mpsc::Sender<ClientAction>)>>,
}

/// Delivers events; cheap to clone.
#[derive(Clone, Default)]
pub struct Hub(Arc<Inner>);

impl Hub {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Delivers `event` to whom its broadcast addresses: connection, else user, else channel, else team, else all.
    pub fn publish(&self, event: Event) {
        let event = Arc::new(event);
        self.tell_taps(&event);
        let receivers = self.receivers(&event);
        if receivers.is_empty() {
            return;
        }
        // Of these lists everybody sees only whether they are in them, so most get the same frame.
        let mut named: BTreeSet<String> = OWN.iter().flat_map(|key| listed(&event.data, key)).collect();
        named.extend(event.special.iter().flat_map(|s| s.users.iter().cloned()));
        let plain: Arc<str> = head(&for_receiver(&event, "")).into();
        for connection in receivers {
            if named.contains(&connection.user_id) {
                connection.push(head(&for_receiver(&event, &connection.user_id)).into());
            } else {
                connection.push(plain.clone());
            }
        }
    }

    fn receivers(&self, event: &Event) -> Vec<Arc<Connection>> {
        let to = &event.broadcast;
        let state = self.state();
        let of_users = |users: Option<&HashSet<String>>| -> Vec<Arc<Connection>> {
            users
                .into_iter()
                .flatten()
                .filter_map(|u| state.by_user.get(u))
                .flatten()
                .filter_map(|id| state.connections.get(id).cloned())
                .collect()
        };
        let mut found = if !to.connection_id.is_empty() {
            state.connections.get(&to.connection_id).cloned().into_iter().collect()
        } else if !to.user_id.is_empty() {
            let ids = state.by_user.get(&to.user_id);
            ids.into_iter().flatten().filter_map(|id| state.connections.get(id).cloned()).collect()
        } else if !to.channel_id.is_empty() {
            of_users(state.channels.get(&to.channel_id))
        } else if !to.team_id.is_empty() {
            of_users(state.teams.get(&to.team_id))
        } else {
            state.connections.values().cloned().collect()
        };
        let omitted = to.omit_users.as_ref();
        found.retain(|c| {
            c.id != to.omit_connection_id && !omitted.is_some_and(|o| o.get(&c.user_id).copied().unwrap_or(false))
        });
        found
    }

    fn tell_taps(&self, event: &Arc<Event>) {
        let taps = self.0.taps.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        for tap in taps.iter() {
            if let Err(mpsc::error::TrySendError::Full(_)) = tap.try_send(event.clone()) {
                tracing::warn!(event = %event.event, "a product does not keep up with events; one was dropped for it");
            }
        }
    }

    /// Every event of the site from now on, for a product; the queue is bounded.
    pub fn tap(&self) -> mpsc::Receiver<Arc<Event>> {
        let (send, receive) = mpsc::channel(TAP_QUEUE);
        self.0.taps.write().unwrap_or_else(std::sync::PoisonError::into_inner).push(send);
        receive
    }

    /// Client requests whose action begins with `prefix`, and every closed socket.
    pub fn actions(&self, prefix: &str) -> mpsc::Receiver<ClientAction> {
        let (send, receive) = mpsc::channel(TAP_QUEUE);
        let mut actions = self.0.actions.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        actions.push((prefix.to_owned(), send));
        receive
    }

    /// Hands a `custom_…` request or a close to the products that asked for it.
    pub async fn dispatch(&self, action: ClientAction) {
        let targets: Vec<mpsc::Sender<ClientAction>> = {
            let actions = self.0.actions.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            let wanted = |prefix: &str| match &action.action {
                Action::Request { name, .. } => name.starts_with(prefix),
                Action::Closed => true,
            };
            actions.iter().filter(|(prefix, _)| wanted(prefix)).map(|(_, send)| send.clone()).collect()
        };
        for target in targets {
            // A full queue makes this one client wait; a product that is gone has nothing to hear.
            drop(target.send(action.clone()).await);
        }
    }

    /// Registers a new connection with the channels and teams its user is in.
    pub fn connect(
        &self,
        id: String,
        user_id: &str,
        session_id: &str,
        channels: &[String],
        teams: &[String],
    ) -> Arc<Connection> {
        let connection = Arc::new(Connection {
            id: id.clone(),
            user_id: user_id.into(),
            session_id: session_id.into(),
            state: Mutex::default(),
            wake: Notify::new(),
        });
        let mut state = self.state();
        state.connections.insert(id.clone(), connection.clone());
        state.by_user.entry(user_id.into()).or_default().insert(id);
        for channel in channels {
            state.channels.entry(channel.clone()).or_default().insert(user_id.into());
        }
        for team in teams {
            state.teams.entry(team.clone()).or_default().insert(user_id.into());
        }
        connection
    }

    /// The connection `id` of this user, if it can still be resumed.
    pub fn resumable(&self, id: &str, user_id: &str) -> Option<Arc<Connection>> {
        self.state().connections.get(id).filter(|c| c.user_id == user_id).cloned()
    }

    /// Marks the socket `generation` as gone; true when it was the connection's current one.
    pub fn detach(&self, connection: &Connection, generation: u64, now: i64) -> bool {
        connection.detach(generation, now)
    }

    /// Forgets connections whose resume window has passed; their ids.
    pub fn sweep(&self, now: i64) -> Vec<String> {
        let mut state = self.state();
        let dead: Vec<Arc<Connection>> = state
            .connections
            .values()
            .filter(|c| {
                let out = c.lock();
                !out.attached && now - out.detached_at > RESUME_WINDOW_MS
            })
            .cloned()
            .collect();
        for connection in &dead {
            forget(&mut state, connection);
        }
        dead.iter().map(|c| c.id.clone()).collect()
    }

    /// Ends every connection of a session (logout, revocation), or of a user when `session_id` is `None`.
    pub fn end_sessions(&self, user_id: &str, session_id: Option<&str>) {
        let mut state = self.state();
        let ids: Vec<String> = state.by_user.get(user_id).into_iter().flatten().cloned().collect();
        for id in ids {
            let Some(connection) = state.connections.get(&id).cloned() else { continue };
            if session_id.is_none_or(|s| s == connection.session_id) {
                connection.revoke();
                forget(&mut state, &connection);
            }
        }
    }

    /// A connected user is in a channel from now on. Call in the emit that tells of it.
    pub fn joined_channel(&self, channel_id: &str, user_id: &str) {
        let mut state = self.state();
        if state.by_user.contains_key(user_id) {
            state.channels.entry(channel_id.into()).or_default().insert(user_id.into());
        }
    }

    /// A user is no longer in a channel.
    pub fn left_channel(&self, channel_id: &str, user_id: &str) {
        if let Some(users) = self.state().channels.get_mut(channel_id) {
            users.remove(user_id);
        }
    }

    /// A connected user is in a team from now on.
    pub fn joined_team(&self, team_id: &str, user_id: &str) {
        let mut state = self.state();
        if state.by_user.contains_key(user_id) {
            state.teams.entry(team_id.into()).or_default().insert(user_id.into());
        }
    }

    /// A user is no longer in a team.
    pub fn left_team(&self, team_id: &str, user_id: &str) {
        if let Some(users) = self.state().teams.get_mut(team_id) {
            users.remove(user_id);
        }
    }

    /// Connected users, for presence.
    pub fn is_connected(&self, user_id: &str) -> bool {
        let state = self.state();
        let mut ids = state.by_user.get(user_id).into_iter().flatten();
        ids.any(|id| state.connections.get(id).is_some_and(|c| c.lock().attached))
    }

    /// Ids of the users who have a connection.
    pub fn connected(&self) -> Vec<String> {
        self.state().by_user.keys().cloned().collect()
    }

    /// How many connections there are in all, and of one user.
    pub fn count(&self, user_id: &str) -> (usize, usize) {
        let state = self.state();
        (state.connections.len(), state.by_user.get(user_id).map_or(0, BTreeSet::len))
    }
}

fn forget(state: &mut State, connection: &Connection) {
    state.connections.remove(&connection.id);
    let Some(ids) = state.by_user.get_mut(&connection.user_id) else { return };
    ids.remove(&connection.id);
    if ids.is_empty() {
        state.by_user.remove(&connection.user_id);
        for users in state.channels.values_mut().chain(state.teams.values_mut()) {
            users.remove(&connection.user_id);
        }
        state.channels.retain(|_, users| !users.is_empty());
        state.teams.retain(|_, users| !users.is_empty());
    }
}

/// The frame up to its sequence number, which differs per connection.
fn head(event: &Event) -> String {
    let name = serde_json::Value::from(event.event.as_str());
    let data = serde_json::to_string(&event.data).unwrap_or_else(|_| "{}".into());
    let broadcast = serde_json::to_string(&event.broadcast).unwrap_or_else(|_| "{}".into());
    format!("{{\"event\":{name},\"data\":{data},\"broadcast\":{broadcast}")
}

/// Lists of users in a `posted` event of which a receiver sees only the own id.
const OWN: [&str; 2] = ["mentions", "followers"];

fn listed(data: &Props, key: &str) -> Vec<String> {
    let text = data.get(key).and_then(|v| v.as_str());
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn for_receiver<'a>(event: &'a Event, user_id: &str) -> Cow<'a, Event> {
    let special = event.special.as_deref().filter(|s| s.users.contains(user_id));
    if special.is_none() && (event.event != "posted" || !OWN.iter().any(|key| event.data.contains_key(*key))) {
        return Cow::Borrowed(event);
    }
    let mut own = event.clone();
    if let Some(special) = special {
        own.data.insert(special.key.clone(), special.value.clone());
    }
    for key in OWN.iter().copied().filter(|_| event.event == "posted") {
        if listed(&event.data, key).iter().any(|id| id == user_id) {
            own.data.insert(key.into(), serde_json::json!([user_id]).to_string().into());
        } else {
            own.data.shift_remove(key);
        }
    }
    Cow::Owned(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn frames(c: &Connection, generation: u64) -> Vec<serde_json::Value> {
        match c.next(generation).await {
            Next::Frames(frames) => frames.iter().map(|f| serde_json::from_str(f).unwrap()).collect(),
            Next::Close => vec![],
        }
    }

    #[tokio::test]
    async fn only_members_hear_a_channel_and_each_connection_counts_for_itself() {
        let hub = Hub::default();
        let a = hub.connect("ca".into(), "a", "s", &["ch".into()], &[]);
        let b = hub.connect("cb".into(), "b", "s", &[], &[]);
        let (ga, gb) = (a.attach(), b.attach());
        hub.publish(Event::new("typing").to_channel("ch"));
        hub.publish(Event::new("hello").to_user("b"));
        hub.joined_channel("ch", "b");
        hub.publish(Event::new("typing").to_channel("ch").omitting_user("a"));
        let a = frames(&a, ga).await;
        let b = frames(&b, gb).await;
        assert_eq!(a.iter().map(|f| f["event"].as_str().unwrap()).collect::<Vec<_>>(), ["typing"]);
        assert_eq!(
            b.iter().map(|f| (f["event"].as_str().unwrap(), f["seq"].as_i64().unwrap())).collect::<Vec<_>>(),
            [("hello", 0), ("typing", 1)]
        );
    }

    #[tokio::test]
    async fn a_socket_that_comes_back_misses_nothing() {
        let hub = Hub::default();
        let c = hub.connect("c".into(), "u", "s", &[], &[]);
        let first = c.attach();
        hub.publish(Event::new("one").to_user("u"));
        assert_eq!(frames(&c, first).await.len(), 1);
        assert!(hub.detach(&c, first, 0));
        hub.publish(Event::new("two").to_user("u"));
        let again = hub.resumable("c", "u").unwrap();
        assert!(again.resume_at(1));
        let second = again.attach();
        let got = frames(&again, second).await;
        assert_eq!((got.len(), got[0]["event"].as_str().unwrap(), got[0]["seq"].as_i64().unwrap()), (1, "two", 1));
        assert!(!again.resume_at(99));
        assert!(hub.resumable("c", "other").is_none());
    }

    #[tokio::test]
    async fn mentions_show_only_the_receiver() {
        let hub = Hub::default();
        let a = hub.connect("ca".into(), "a", "s", &["ch".into()], &[]);
        let b = hub.connect("cb".into(), "b", "s", &["ch".into()], &[]);
        let (ga, gb) = (a.attach(), b.attach());
        hub.publish(Event::new("posted").with_encoded("mentions", &["a", "z"]).to_channel("ch"));
        assert_eq!(frames(&a, ga).await[0]["data"]["mentions"], "[\"a\"]");
        assert!(frames(&b, gb).await[0]["data"].get("mentions").is_none());
    }
}
