//! Which chat server is told about which session, and who is in which call.
//!
//! A session belongs to the client that joined it; nobody else can signal for it. It is told to the connection it
//! joined on, until another connection of that client says `reconnect`. Connections come and go without an effect on
//! sessions.

use crate::media::{Command, Media, Notice};
use crate::metrics::Metrics;
use rtcd_client::{Join, Message, RtcMessage, SessionInfo};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// Joins connections to sessions.
pub struct Switchboard {
    media: Media,
    metrics: Metrics,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connections: HashMap<String, Connection>,
    sessions: BTreeMap<String, Session>,
}

struct Connection {
    client: String,
    queue: mpsc::Sender<Message>,
}

struct Session {
    join: Join,
    /// Connections to tell; the newest counts, and the one of the join hears of the end too.
    joined_on: String,
    connection: String,
}

/// The number of connections is at its limit.
#[derive(Debug, thiserror::Error)]
#[error("the limit of {0} connections is reached")]
pub struct Crowded(usize);

/// Why the sessions of a call cannot be listed, in upstream's words.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Lookup {
    #[error("group not found")]
    Group,
    #[error("call not found")]
    Call,
    #[error("session not found")]
    Session,
}

impl Switchboard {
    pub fn new(media: Media, metrics: Metrics) -> Self {
        Self { media, metrics, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A chat server has connected; returns the connection's id and what it is to be sent.
    ///
    /// # Errors
    /// [`Crowded`].
    pub fn connect(
        &self,
        client: &str,
        queue: usize,
        limit: usize,
    ) -> Result<(String, mpsc::Receiver<Message>), Crowded> {
        let id = kit::id::new();
        let (sender, receiver) = mpsc::channel(queue.max(1));
        let hello = Message::Hello { client_id: client.to_owned(), conn_id: id.clone() };
        let mut state = self.state();
        if state.connections.len() >= limit {
            return Err(Crowded(limit));
        }
        // A new queue has room for one.
        drop(sender.try_send(hello));
        state.connections.insert(id.clone(), Connection { client: client.to_owned(), queue: sender });
        self.metrics.connections(client, 1);
        Ok((id, receiver))
    }

    /// A chat server is gone; its sessions go on.
    pub fn disconnect(&self, id: &str) {
        if let Some(connection) = self.state().connections.remove(id) {
            self.metrics.connections(&connection.client, -1);
        }
    }

    /// A message of a chat server.
    pub fn hear(&self, connection: &str, client: &str, message: Message) {
        self.metrics.message(client, message.kind(), "in");
        match message {
            Message::Join(join) => self.join(connection, client, join),
            Message::Leave { session_id } => {
                if self.owns(client, &session_id) {
                    self.order(Command::Leave { session: session_id });
                }
            }
            Message::Reconnect { session_id } => self.reconnect(connection, client, session_id),
            Message::Rtc(RtcMessage { session_id, kind, data, .. }) => {
                if self.owns(client, &session_id) {
                    self.order(Command::Signal { session: session_id, kind, data: data.to_vec() });
                }
            }
            other => tracing::debug!(kind = other.kind(), client, "a message that chat servers do not send"),
        }
    }

    fn join(&self, connection: &str, client: &str, mut join: Join) {
        join.group_id = client.to_owned();
        let session = join.session_id.clone();
        let fields = [("callID", &join.call_id), ("userID", &join.user_id), ("sessionID", &session)];
        if let Some((field, _)) = fields.iter().find(|(_, value)| value.is_empty()) {
            tracing::warn!(client, field, "a join is refused: the field is empty");
            return;
        }
        {
            let mut state = self.state();
            if state.sessions.contains_key(&session) {
                tracing::warn!(client, session, "a join is refused: the session is in a call already");
                return;
            }
            let entry = Session { join: join.clone(), joined_on: connection.into(), connection: connection.into() };
            state.sessions.insert(session.clone(), entry);
        }
        tracing::info!(client, call = join.call_id, session, "join");
        if self.media.send(Command::Join(join)).is_err() {
            tracing::error!(session, "a join is refused: the media thread takes no commands");
            self.tell(Notice::Closed { session, reason: Some("the media thread takes no commands".into()) });
        }
    }

    /// A session that nobody knows is over: its chat server missed the end, or this process is new.
    fn reconnect(&self, connection: &str, client: &str, session: String) {
        let mut state = self.state();
        match state.sessions.get_mut(&session).filter(|s| s.join.group_id == client) {
            Some(known) => known.connection = connection.to_owned(),
            None => self.push(&mut state, connection, Message::Close { session_id: session }),
        }
    }

    fn owns(&self, client: &str, session: &str) -> bool {
        let owns = self.state().sessions.get(session).is_some_and(|s| s.join.group_id == client);
        if !owns {
            tracing::debug!(client, session, "a message for a session the client does not have");
        }
        owns
    }

    fn order(&self, command: Command) {
        if let Err(error) = self.media.send(command) {
            tracing::error!(%error, "a message is lost");
        }
    }

    /// Hands on what the media thread tells.
    pub fn tell(&self, notice: Notice) {
        match notice {
            Notice::Message { session, message } => {
                let mut state = self.state();
                let Some(connection) = state.sessions.get(&session).map(|s| s.connection.clone()) else { return };
                self.push(&mut state, &connection, message);
            }
            Notice::Closed { session, reason } => {
                let mut state = self.state();
                let Some(known) = state.sessions.remove(&session) else { return };
                self.metrics.closed(reason.is_some());
                let reason = reason.as_deref().unwrap_or("it left");
                tracing::info!(client = known.join.group_id, session, reason, "session over");
                let close = Message::Close { session_id: session };
                if known.joined_on != known.connection {
                    self.push(&mut state, &known.joined_on, close.clone());
                }
                self.push(&mut state, &known.connection, close);
            }
            Notice::Measured { group, measure } => self.metrics.measured(&group, measure),
        }
    }

    /// A connection that does not read fast enough is closed: it comes back and asks about its sessions.
    fn push(&self, state: &mut State, id: &str, message: Message) {
        let Some(connection) = state.connections.get(id) else { return };
        let kind = message.kind().to_owned();
        if connection.queue.try_send(message).is_ok() {
            self.metrics.message(&connection.client, &kind, "out");
        } else if let Some(connection) = state.connections.remove(id) {
            tracing::warn!(client = connection.client, "a connection is closed: it does not read");
            self.metrics.connections(&connection.client, -1);
        }
    }

    /// The sessions of a call.
    ///
    /// # Errors
    /// [`Lookup`].
    pub fn sessions(&self, client: &str, call: &str) -> Result<Vec<SessionInfo>, Lookup> {
        let state = self.state();
        let mut group = state.sessions.values().filter(|s| s.join.group_id == client).peekable();
        if group.peek().is_none() {
            return Err(Lookup::Group);
        }
        let found: Vec<_> = group.filter(|s| s.join.call_id == call).map(|s| info(&s.join)).collect();
        if found.is_empty() { Err(Lookup::Call) } else { Ok(found) }
    }

    /// One session of a call.
    ///
    /// # Errors
    /// [`Lookup`].
    pub fn session(&self, client: &str, call: &str, session: &str) -> Result<SessionInfo, Lookup> {
        let found = self.sessions(client, call)?;
        found.into_iter().find(|s| s.session_id == session).ok_or(Lookup::Session)
    }

    /// Whether there is no session.
    pub fn is_idle(&self) -> bool {
        self.state().sessions.is_empty()
    }
}

fn info(join: &Join) -> SessionInfo {
    SessionInfo {
        group_id: join.group_id.clone(),
        call_id: join.call_id.clone(),
        user_id: join.user_id.clone(),
        session_id: join.session_id.clone(),
        props: BTreeMap::from([
            ("channelID".into(), join.channel_id.clone().into()),
            ("av1Support".into(), join.av1_support.into()),
            ("dcSignaling".into(), join.dc_signaling.into()),
        ]),
    }
}
