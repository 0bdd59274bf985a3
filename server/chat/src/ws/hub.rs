//! The delivery of events in commit order, to whom they address.

use super::connection::Connection;
use super::frame::Frame;
use super::register::{Id, Place, Register, Standing};
use super::taps::{ClientAction, Taps};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use wire::Event;

/// How long an abandoned connection can be resumed.
pub const RESUME_WINDOW_MS: i64 = 5 * 60 * 1000;

/// How many may tell at the same moment that they type; others are told that the server is busy.
const MAX_TYPING: usize = 64;

/// A connection that is about to begin.
pub struct Newcomer<'a> {
    pub id: &'a str,
    pub user_id: &'a str,
    pub session_id: &'a str,
    pub standing: Standing,
    pub channels: &'a [String],
    pub teams: &'a [String],
    /// Its first frame.
    pub hello: Event,
}

struct Inner {
    state: Mutex<Register>,
    taps: Taps,
    typing: Semaphore,
}

/// Delivers events; cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

impl Default for Hub {
    fn default() -> Self {
        Self(Arc::new(Inner { state: Mutex::default(), taps: Taps::default(), typing: Semaphore::new(MAX_TYPING) }))
    }
}

/// Proof that the hub watches where a user goes while a connection's places are read; see [`Hub::expect`].
pub struct Expected {
    hub: Hub,
    user_id: Id,
}

impl Drop for Expected {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        if let Some(user) = state.users.get_mut(&self.user_id) {
            user.arriving -= 1;
            if user.arriving == 0 {
                user.left = HashSet::new();
            }
        }
        state.forget_if_gone(&self.user_id);
    }
}

impl Hub {
    fn state(&self) -> MutexGuard<'_, Register> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Delivers `event` to whom its broadcast addresses: connection, else user, else channel, else team, else all.
    pub fn publish(&self, event: Event) {
        let event = Arc::new(event);
        self.0.taps.tell(&event);
        let receivers = self.state().receivers(&event);
        if receivers.is_empty() {
            return;
        }
        let frame = Frame::of(&event);
        for connection in receivers {
            connection.push(frame.to(&connection.user_id), &event.event);
        }
    }

    /// Every event of the site from now on, for a product; the queue is bounded.
    pub fn tap(&self) -> mpsc::Receiver<Arc<Event>> {
        self.0.taps.open()
    }

    /// Client requests whose action begins with `prefix`, and every closed socket.
    pub fn actions(&self, prefix: &str) -> mpsc::Receiver<ClientAction> {
        self.0.taps.open_actions(prefix)
    }

    /// Hands a `custom_…` request or a close to the products that asked for it.
    pub async fn dispatch(&self, action: ClientAction) {
        self.0.taps.dispatch(action).await;
    }

    /// A turn to tell that somebody types; `None` when too many do.
    pub fn turn_to_type(&self) -> Option<SemaphorePermit<'_>> {
        self.0.typing.try_acquire().ok()
    }

    /// Begins to watch where `user_id` goes, so that a place that the user leaves or enters after it was read from the
    /// database and before [`Hub::connect`] is known.
    pub fn expect(&self, user_id: &str) -> Expected {
        let user_id: Id = user_id.into();
        self.state().users.entry(user_id.clone()).or_default().arriving += 1;
        Expected { hub: self.clone(), user_id }
    }

    /// Registers a new connection with the channels and teams its user is in, and queues its hello.
    pub fn connect(&self, expected: Expected, new: Newcomer<'_>) -> Arc<Connection> {
        let mut state = self.state();
        let user_id = expected.user_id.clone();
        let connection = Arc::new(Connection::new(new.id.into(), user_id.clone(), new.session_id));
        connection.push(Frame::of(&new.hello).to(new.user_id), &new.hello.event);
        state.connections.insert(connection.id.clone(), connection.clone());
        let user = state.users.entry(user_id.clone()).or_default();
        user.connections.push(connection.clone());
        let stayed =
            |places: &[String]| -> Vec<String> { places.iter().filter(|p| !user.left.contains(*p)).cloned().collect() };
        let (channels, teams) = (stayed(new.channels), stayed(new.teams));
        state.set_standing(&user_id, new.standing);
        channels.iter().for_each(|id| state.join(Place::Channel, id, &user_id));
        teams.iter().for_each(|id| state.join(Place::Team, id, &user_id));
        drop(state);
        drop(expected);
        connection
    }

    /// The connection `id` of this user, if it is still kept.
    pub fn resumable(&self, id: &str, user_id: &str) -> Option<Arc<Connection>> {
        self.state().connections.get(id).filter(|c| *c.user_id == *user_id).cloned()
    }

    /// Marks the socket `generation` as gone; true when it was the connection's current one.
    pub fn detach(&self, connection: &Connection, generation: u64, now: i64) -> bool {
        connection.detach(generation, now)
    }

    /// Gives up a connection that cannot be resumed.
    pub fn forget(&self, connection: &Connection) {
        connection.revoke();
        self.state().forget(connection);
    }

    /// Forgets connections whose resume window has passed; their ids.
    pub fn sweep(&self, now: i64) -> Vec<String> {
        let mut state = self.state();
        let left = |c: &&Arc<Connection>| c.is_left(now - RESUME_WINDOW_MS);
        let dead: Vec<Arc<Connection>> = state.connections.values().filter(left).cloned().collect();
        dead.iter().for_each(|connection| state.forget(connection));
        dead.iter().map(|c| c.id.to_string()).collect()
    }

    /// Ends every connection of a session (logout, revocation), or of a user when `session_id` is `None`.
    pub fn end_sessions(&self, user_id: &str, session_id: Option<&str>) {
        let mut state = self.state();
        let all = state.users.get(user_id).map(|u| u.connections.clone()).unwrap_or_default();
        for connection in all.iter().filter(|c| session_id.is_none_or(|s| *s == *c.session_id)) {
            connection.revoke();
            state.forget(connection);
        }
    }

    /// The roles of a user changed.
    pub fn set_standing(&self, user_id: &str, standing: Standing) {
        let mut state = self.state();
        let known = state.users.get_key_value(user_id).map(|(id, _)| id.clone());
        if let Some(id) = known {
            state.set_standing(&id, standing);
        }
    }

    /// A connected user is in a channel from now on. Call in the emit that tells of it.
    pub fn joined_channel(&self, channel_id: &str, user_id: &str) {
        self.state().join(Place::Channel, channel_id, user_id);
    }

    /// A user is no longer in a channel.
    pub fn left_channel(&self, channel_id: &str, user_id: &str) {
        self.state().leave(Place::Channel, channel_id, user_id);
    }

    /// A connected user is in a team from now on.
    pub fn joined_team(&self, team_id: &str, user_id: &str) {
        self.state().join(Place::Team, team_id, user_id);
    }

    /// A user is no longer in a team.
    pub fn left_team(&self, team_id: &str, user_id: &str) {
        self.state().leave(Place::Team, team_id, user_id);
    }

    /// Connected users, for presence.
    pub fn is_connected(&self, user_id: &str) -> bool {
        self.state().users.get(user_id).is_some_and(|u| u.connections.iter().any(|c| c.is_attached()))
    }

    /// Whether a client of the user shows a channel now, or (`thread`) a thread of it.
    pub fn shows(&self, user_id: &str, channel_id: &str, thread: bool) -> bool {
        let shows = |c: &Arc<Connection>| c.is_attached() && c.displays(channel_id, thread);
        self.state().users.get(user_id).is_some_and(|u| u.connections.iter().any(shows))
    }

    /// Ids of the users who have a connection.
    pub fn connected(&self) -> Vec<String> {
        self.state().users.keys().map(ToString::to_string).collect()
    }

    /// Ids of the connected users who do not see everybody.
    pub fn guests(&self) -> Vec<String> {
        self.state().guests.iter().map(ToString::to_string).collect()
    }

    /// How many connections there are in all, and of one user.
    pub fn count(&self, user_id: &str) -> (usize, usize) {
        let state = self.state();
        (state.connections.len(), state.users.get(user_id).map_or(0, |u| u.connections.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection::Next;
    use super::*;
    use std::collections::BTreeSet;

    fn come(hub: &Hub, user_id: &str, channels: &[&str], standing: Standing) -> (Arc<Connection>, u64) {
        let channels: Vec<String> = channels.iter().map(|c| (*c).to_owned()).collect();
        let (id, hello) = (format!("c{user_id}"), Event::new("hello"));
        let new = Newcomer { id: &id, user_id, session_id: "s", standing, channels: &channels, teams: &[], hello };
        let connection = hub.connect(hub.expect(user_id), new);
        let generation = connection.attach();
        (connection, generation)
    }

    /// Names of the waiting events.
    async fn heard(c: &(Arc<Connection>, u64)) -> Vec<String> {
        c.0.push("{\"event\":\"end\"".into(), "end");
        match c.0.next(c.1).await {
            Next::Frames(frames) => {
                let names =
                    frames.iter().map(|f| serde_json::from_str::<serde_json::Value>(f).unwrap()["event"].clone());
                names.map(|n| n.as_str().unwrap().to_owned()).filter(|n| n != "end").collect()
            }
            Next::Close => vec!["closed".into()],
        }
    }

    #[tokio::test]
    async fn only_members_hear_a_channel_and_hello_comes_first() {
        let hub = Hub::default();
        let (a, b) = (come(&hub, "a", &["ch"], Standing::default()), come(&hub, "b", &[], Standing::default()));
        hub.publish(Event::new("posted").to_channel("ch"));
        hub.publish(Event::new("draft").to_user("b"));
        hub.joined_channel("ch", "b");
        hub.publish(Event::new("post_edited").to_channel("ch").omitting_user("a"));
        hub.left_channel("ch", "b");
        hub.publish(Event::new("post_deleted").to_channel("ch"));
        assert_eq!(heard(&a).await, ["hello", "posted", "post_deleted"]);
        assert_eq!(heard(&b).await, ["hello", "draft", "post_edited"]);
    }

    #[tokio::test]
    async fn a_channel_left_while_its_list_was_read_is_not_heard() {
        let hub = Hub::default();
        let expected = hub.expect("a");
        hub.left_channel("left", "a");
        hub.joined_channel("new", "a");
        let channels = ["left".to_owned(), "kept".to_owned()];
        let (standing, hello) = (Standing::default(), Event::new("hello"));
        let new = Newcomer { id: "c", user_id: "a", session_id: "s", standing, channels: &channels, teams: &[], hello };
        let connection = hub.connect(expected, new);
        let a = (connection.clone(), connection.attach());
        ["left", "new", "kept"].iter().for_each(|c| hub.publish(Event::new(*c).to_channel(c)));
        assert_eq!(heard(&a).await, ["hello", "new", "kept"]);
        hub.end_sessions("a", None);
        assert_eq!((hub.connected().len(), hub.state().channels.len()), (0, 0), "nothing is kept of who is gone");
    }

    #[tokio::test]
    async fn guests_and_administrators_hear_what_is_for_them() {
        let hub = Hub::default();
        let admin = come(&hub, "admin", &[], Standing { administers: true, sees_few: false });
        let guest = come(&hub, "guest", &[], Standing { administers: false, sees_few: true });
        let member = come(&hub, "member", &[], Standing::default());
        hub.publish(Event::new("of_stranger").seen_by(BTreeSet::new()));
        hub.publish(Event::new("of_friend").seen_by(BTreeSet::from(["guest".into()])));
        hub.publish(Event::new("user_updated").sanitized());
        hub.publish(Event::new("all_of_user").sensitive());
        assert_eq!(heard(&admin).await, ["hello", "of_stranger", "of_friend", "all_of_user"]);
        assert_eq!(heard(&guest).await, ["hello", "of_friend", "user_updated"]);
        assert_eq!(heard(&member).await, ["hello", "of_stranger", "of_friend", "user_updated"]);
    }

    #[tokio::test]
    async fn typing_reaches_who_looks_at_the_channel() {
        let hub = Hub::default();
        let a = come(&hub, "a", &["one", "two"], Standing::default());
        let tell = |channel: &str| hub.publish(Event::new("typing").to_channel(channel));
        tell("two");
        a.0.show_channel("one");
        tell("two");
        tell("one");
        a.0.show_thread("two", true);
        tell("two");
        a.0.show_thread("", true);
        tell("two");
        hub.publish(Event::new("posted").to_channel("two"));
        assert_eq!(heard(&a).await, ["hello", "typing", "typing", "typing", "posted"]);
    }
}
