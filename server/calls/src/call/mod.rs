//! One call as a state machine: methods are what happens to it, with the time; [`Call::take`] gives what follows from
//! that. No clock, no socket, no database.
//!
//! * `join` who comes and goes, with the grace of a lost connection;
//! * `host` who hosts and what a host may ask;
//! * `media` microphones, screens, cameras, hands, reactions, captions;
//! * `jobs` recording and transcription;
//! * `timers` what happens by itself;
//! * `view` the call as clients see it.

mod host;
mod jobs;
mod join;
mod media;
mod timers;
mod view;

#[cfg(test)]
mod tests;

pub use host::{ControlError, Requester};
pub use jobs::{JobError, Jobs, StatusReport};
pub use join::{Newcomer, Refusal};
pub use media::Switch;
pub use view::job_state;

use rtcd_client::Message;
use serde_json::Value;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use wire::Props;

/// Sessions that are over and whose person is remembered.
const LEFT: usize = 4096;

/// What is the same for every call of a site.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The user that the recording workers act as; its presence is hidden.
    pub bot_id: String,
    /// 0: no limit.
    pub max_participants: usize,
    pub screen_sharing: bool,
    pub transcriptions: bool,
    pub live_captions: bool,
    /// All in milliseconds.
    pub grace_ms: i64,
    pub restart_grace_ms: i64,
    pub job_start_ms: i64,
    pub worker_rejoin_ms: i64,
    pub max_recording_ms: i64,
}

/// A call and everybody in it.
#[derive(Clone, Debug)]
pub struct Call {
    pub rules: Arc<Rules>,
    pub id: String,
    pub channel_id: String,
    pub start_at: i64,
    /// 0 while it goes on.
    pub end_at: i64,
    pub title: String,
    pub post_id: String,
    pub thread_id: String,
    pub owner_id: String,
    /// Empty when only the bot is left.
    pub host_id: String,
    /// Who was made host; gets the role again when coming back. Empty: nobody.
    pub host_locked: String,
    /// Session that shares its screen; empty: none.
    pub screen_session: String,
    /// Everybody who ever was in it, in the order of their first joining.
    pub participants: Vec<String>,
    /// Who does not want to be told of it any more.
    pub dismissed: BTreeSet<String>,
    /// In the order of joining; the bot's among them.
    pub sessions: Vec<Session>,
    pub recording: Option<Job>,
    pub transcription: Option<Job>,
    pub captions: Option<Job>,
    /// The host or an administrator has ended it; everybody is leaving.
    pub ending: bool,
    /// Whether the channel knows of it.
    announced: bool,
    /// Whose the sessions were that are over, for names in a transcript; the newest [`LEFT`].
    left: VecDeque<(String, String)>,
    /// Sessions that rtcd was told to end, and until when its word about that is awaited. A connection may join again
    /// before, and its new session has the same id.
    closing: Vec<(String, i64)>,
    effects: Vec<Effect>,
    dirty: Dirty,
}

/// One participation. Its id is that of the WebSocket connection that joined and never changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    pub id: String,
    pub user_id: String,
    /// The WebSocket connection that it is reached on now.
    pub connection_id: String,
    pub join_at: i64,
    pub unmuted: bool,
    /// When the hand went up, Unix milliseconds; 0: it is down.
    pub raised_hand: i64,
    pub video: bool,
    /// Job on whose behalf the bot is here; empty for people.
    pub job_id: String,
    /// When it is taken out unless its connection comes back; 0: it is connected.
    pub leave_by: i64,
    /// When it is taken out by force; 0: never.
    pub remove_at: i64,
    /// Taken over from an earlier process and not yet routed to this one.
    pub restored: bool,
}

/// A recording, transcription or captions of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    pub id: String,
    pub kind: JobKind,
    pub creator_id: String,
    pub init_at: i64,
    /// 0 until the worker reports its start.
    pub start_at: i64,
    /// 0 while it goes on.
    pub end_at: i64,
    /// Why it failed, for the people in the call; empty: it did not.
    pub err: String,
    /// Id of the job at the recording service.
    pub service_id: String,
    /// The transcription of a recording, the recording of a transcription; empty: none.
    pub sibling: String,
    /// When it is given up unless its bot comes back; 0: the bot is there, or has not come yet.
    pub worker_gone_by: i64,
}

/// What a [`Job`] does; the names are the wire's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JobKind {
    #[default]
    Recording,
    Transcribing,
    Captioning,
}

impl JobKind {
    /// The name on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Transcribing => "transcribing",
            Self::Captioning => "captioning",
        }
    }

    /// Reads that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Recording, Self::Transcribing, Self::Captioning].into_iter().find(|k| k.as_str() == name)
    }
}

impl Job {
    /// Whether it has not ended.
    pub fn goes_on(&self) -> bool {
        self.end_at == 0
    }
}

/// Something that follows from what happened, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Tell(Notice),
    Rtcd(Message),
    /// The session is over; nothing of rtcd about it matters any more.
    Gone(String),
    /// The last session has left.
    Ended,
}

/// An event for clients; the name has no prefix.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub name: &'static str,
    pub data: Props,
    pub to: Audience,
}

/// Who hears a [`Notice`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    Connection(String),
    User(String),
    /// Every member of the channel.
    Channel,
    /// These people, who are or were in the call; no one twice, not the bot.
    Participants(Vec<String>),
}

/// What has to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dirty {
    pub call: bool,
    pub sessions: BTreeSet<String>,
    pub jobs: bool,
}

impl Dirty {
    /// Whether anything has to be stored.
    pub fn any(&self) -> bool {
        self.call || self.jobs || !self.sessions.is_empty()
    }
}

/// How a call begins.
pub struct Start {
    pub id: String,
    pub channel_id: String,
    pub title: String,
    pub post_id: String,
    pub thread_id: String,
    pub owner_id: String,
}

impl Call {
    /// A call that nobody is in yet; the first [`Call::join`] announces it.
    pub fn new(rules: Arc<Rules>, start: Start, now: i64) -> Self {
        Self {
            rules,
            id: start.id,
            channel_id: start.channel_id,
            start_at: now,
            end_at: 0,
            title: start.title,
            post_id: start.post_id,
            thread_id: start.thread_id,
            owner_id: start.owner_id,
            host_id: String::new(),
            host_locked: String::new(),
            screen_session: String::new(),
            participants: Vec::new(),
            dismissed: BTreeSet::new(),
            sessions: Vec::new(),
            recording: None,
            transcription: None,
            captions: None,
            ending: false,
            announced: false,
            left: VecDeque::new(),
            closing: Vec::new(),
            effects: Vec::new(),
            dirty: Dirty { call: true, ..Dirty::default() },
        }
    }

    /// Takes over a stored call after a restart: everybody in it has to come back within the longer grace.
    pub fn restore(mut self, now: i64) -> Self {
        self.announced = true;
        self.dirty = Dirty::default();
        for session in &mut self.sessions {
            session.leave_by = now + self.rules.restart_grace_ms;
            session.restored = true;
        }
        let gone_by = now + self.rules.worker_rejoin_ms.max(self.rules.restart_grace_ms);
        for job in [&mut self.recording, &mut self.transcription].into_iter().flatten() {
            let here = self.sessions.iter().any(|s| s.job_id == job.id);
            if job.goes_on() && job.start_at > 0 && !here {
                job.worker_gone_by = gone_by;
            }
        }
        if self.sessions.is_empty() {
            self.end_if_empty(now);
        }
        self
    }

    /// What follows from what happened since the last time, and what has to be stored before it is told.
    pub fn take(&mut self) -> (Vec<Effect>, Dirty) {
        (std::mem::take(&mut self.effects), std::mem::take(&mut self.dirty))
    }

    /// What could not be stored is stored with the next change.
    pub fn store_again(&mut self, dirty: Dirty) {
        self.dirty.call |= dirty.call;
        self.dirty.jobs |= dirty.jobs;
        self.dirty.sessions.extend(dirty.sessions);
    }

    /// The session reached on this connection.
    pub fn session_on(&self, connection_id: &str) -> Option<&Session> {
        self.sessions.iter().find(|s| s.connection_id == connection_id)
    }

    /// The session with this id.
    pub fn session(&self, id: &str) -> Option<&Session> {
        self.sessions.iter().find(|s| s.id == id)
    }

    /// Whose a session is, or was.
    pub fn user_of(&self, session_id: &str) -> Option<&str> {
        let left = || self.left.iter().find(|(id, _)| id == session_id).map(|(_, user)| user.as_str());
        self.session(session_id).map(|s| s.user_id.as_str()).or_else(left)
    }

    /// Sessions of people: all but the bot's.
    pub fn people(&self) -> impl Iterator<Item = &Session> {
        self.sessions.iter().filter(|s| !self.is_bot(&s.user_id))
    }

    fn is_bot(&self, user_id: &str) -> bool {
        user_id == self.rules.bot_id
    }

    fn tell(&mut self, to: Audience, name: &'static str, data: Value) {
        let Value::Object(data) = data else { return };
        self.effects.push(Effect::Tell(Notice { name, data, to }));
    }

    fn tell_participants(&mut self, name: &'static str, data: Value) {
        let mut users: Vec<String> = Vec::new();
        for session in self.people() {
            if !users.contains(&session.user_id) {
                users.push(session.user_id.clone());
            }
        }
        self.tell(Audience::Participants(users), name, data);
    }

    fn rtcd(&mut self, message: Message) {
        self.effects.push(Effect::Rtcd(message));
    }

    fn touch(&mut self, session_id: &str) {
        self.dirty.sessions.insert(session_id.to_owned());
    }
}
