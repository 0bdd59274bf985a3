//! Who is connected, who is in which channel and team, and the delivery of events in commit order.

use super::connection::Connection;
use super::frame::Frame;
use super::taps::{ClientAction, Taps};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use wire::Event;

/// How long an abandoned connection can be resumed.
pub const RESUME_WINDOW_MS: i64 = 5 * 60 * 1000;

/// How many may tell at the same moment that they type; others are told that the server is busy.
const MAX_TYPING: usize = 64;

/// Shared text: the same ids stand in many lists.
type Id = Arc<str>;

/// What a user's place in the site lets events through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Gets what is for administrators only.
    pub administers: bool,
    /// A guest: hears only of people in the own channels.
    pub sees_few: bool,
}

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

#[derive(Default)]
struct User {
    connections: Vec<Arc<Connection>>,
    channels: HashSet<Id>,
    teams: HashSet<Id>,
    standing: Standing,
    /// Connections whose places are being read, and what the user left meanwhile.
    arriving: usize,
    left: HashSet<String>,
}

#[derive(Default)]
struct State {
    connections: HashMap<Id, Arc<Connection>>,
    users: HashMap<Id, User>,
    /// Connected members only.
    channels: HashMap<Id, HashSet<Id>>,
    teams: HashMap<Id, HashSet<Id>>,
    /// Connected users who do not see everybody.
    guests: BTreeSet<Id>,
}

struct Inner {
    state: Mutex<State>,
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
    fn state(&self) -> MutexGuard<'_, State> {
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
        let stayed = |places: &[String]| -> Vec<String> {
            places.iter().filter(|p| !user.left.contains(*p)).cloned().collect()
        };
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

#[derive(Clone, Copy)]
enum Place {
    Channel,
    Team,
}

impl State {
    fn receivers(&self, event: &Event) -> Vec<Arc<Connection>> {
        let to = &event.broadcast;
        let mut found = Vec::new();
        let mut add = |user: &User| {
            found.extend(user.connections.iter().filter(|c| c.wants(event, user.standing)).cloned());
        };
        if !to.connection_id.is_empty() {
            let one = self.connections.get(to.connection_id.as_str());
            let standing = one.and_then(|c| self.users.get(&c.user_id)).map_or_else(Standing::default, |u| u.standing);
            return one.filter(|c| c.wants(event, standing)).cloned().into_iter().collect();
        }
        if !to.user_id.is_empty() {
            self.users.get(to.user_id.as_str()).into_iter().for_each(add);
        } else if !to.channel_id.is_empty() || !to.team_id.is_empty() {
            let members = if to.channel_id.is_empty() {
                self.teams.get(to.team_id.as_str())
            } else {
                self.channels.get(to.channel_id.as_str())
            };
            members.into_iter().flatten().filter_map(|id| self.users.get(id)).for_each(add);
        } else {
            self.users.values().for_each(&mut add);
        }
        found
    }

    fn places(&mut self, kind: Place) -> &mut HashMap<Id, HashSet<Id>> {
        match kind {
            Place::Channel => &mut self.channels,
            Place::Team => &mut self.teams,
        }
    }

    fn join(&mut self, kind: Place, id: &str, user_id: &str) {
        let Some(user_id) = self.users.get_key_value(user_id).map(|(id, _)| id.clone()) else { return };
        let places = self.places(kind);
        let id: Id = places.get_key_value(id).map_or_else(|| id.into(), |(id, _)| id.clone());
        places.entry(id.clone()).or_default().insert(user_id.clone());
        if let Some(user) = self.users.get_mut(&user_id) {
            user.left.remove(&*id);
            match kind {
                Place::Channel => user.channels.insert(id),
                Place::Team => user.teams.insert(id),
            };
        }
    }

    fn leave(&mut self, kind: Place, id: &str, user_id: &str) {
        let Some(user) = self.users.get_mut(user_id) else { return };
        match kind {
            Place::Channel => user.channels.remove(id),
            Place::Team => user.teams.remove(id),
        };
        if user.arriving > 0 {
            user.left.insert(id.to_owned());
        }
        let places = self.places(kind);
        if let Some(members) = places.get_mut(id) {
            members.remove(user_id);
            if members.is_empty() {
                places.remove(id);
            }
        }
    }

    fn set_standing(&mut self, user_id: &Id, standing: Standing) {
        if let Some(user) = self.users.get_mut(user_id) {
            user.standing = standing;
            if standing.sees_few { self.guests.insert(user_id.clone()) } else { self.guests.remove(user_id) };
        }
    }

    fn forget(&mut self, connection: &Connection) {
        self.connections.remove(&connection.id);
        if let Some(user) = self.users.get_mut(&connection.user_id) {
            user.connections.retain(|c| c.id != connection.id);
        }
        self.forget_if_gone(&connection.user_id);
    }

    fn forget_if_gone(&mut self, user_id: &Id) {
        if self.users.get(user_id).is_none_or(|u| !u.connections.is_empty() || u.arriving > 0) {
            return;
        }
        let Some(user) = self.users.remove(user_id) else { return };
        self.guests.remove(user_id);
        for (places, of_user) in [(&mut self.channels, user.channels), (&mut self.teams, user.teams)] {
            for id in of_user {
                if let Some(members) = places.get_mut(&id) {
                    members.remove(user_id);
                    if members.is_empty() {
                        places.remove(&id);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection::Next;
    use super::*;

    fn come(hub: &Hub, user_id: &str, channels: &[&str], standing: Standing) -> (Arc<Connection>, u64) {
        let channels: Vec<String> = channels.iter().map(|c| (*c).to_owned()).collect();
        let (id, hello) = (format!("c{user_id}"), Event::new("hello"));
        let new =
            Newcomer { id: &id, user_id, session_id: "s", standing, channels: &channels, teams: &[], hello };
        let connection = hub.connect(hub.expect(user_id), new);
        let generation = connection.attach();
        (connection, generation)
    }

    /// Names of the waiting events.
    async fn heard(c: &(Arc<Connection>, u64)) -> Vec<String> {
        c.0.push("{\"event\":\"end\"".into(), "end");
        match c.0.next(c.1).await {
            Next::Frames(frames) => {
                let names = frames.iter().map(|f| serde_json::from_str::<serde_json::Value>(f).unwrap()["event"].clone());
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
