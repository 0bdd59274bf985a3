//! Who comes, who goes, and who only lost the connection for a moment.

use super::{Audience, Call, Effect, LEFT, Session};
use rtcd_client::{Join, Message};
use serde_json::json;

/// How long somebody whom the host removed has to leave by themselves.
const REMOVE_MS: i64 = 3_000;
/// How long rtcd may take to say that a session has ended of which it was told so.
const CLOSE_MS: i64 = 10_000;

/// Somebody who wants to join.
#[derive(Clone, Debug, Default)]
pub struct Newcomer {
    /// The connection that asks; becomes the session's id.
    pub connection_id: String,
    pub user_id: String,
    /// Only the bot has one.
    pub job_id: String,
    pub av1_support: bool,
    pub dc_signaling: bool,
}

/// Why somebody may not join; users read it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("forbidden")]
    Forbidden,
    #[error("cannot join call in archived channel")]
    Archived,
    #[error("cannot attach call to deleted thread")]
    DeletedThread,
    #[error("thread is not a root post")]
    NotARoot,
    #[error("calls are disabled in the channel")]
    Disabled,
    #[error("insufficient permissions")]
    NotYet,
    #[error("call has ended")]
    Ended,
    #[error("session is already connected")]
    AlreadyConnected,
    #[error("user cannot join because of limits")]
    Limit,
    #[error("JobID should not be empty for bot connections")]
    NoJobId,
    #[error("no job in progress")]
    NoJob,
    #[error("job not in progress or already started")]
    OtherJob,
    #[error("the call service (rtcd) is not available: {0}")]
    Media(String),
    #[error("the call could not be started: {0}")]
    Server(String),
}

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// The participant, the host or a timer said so: rtcd has to be told.
    Left,
    /// rtcd said so.
    Closed,
}

impl Call {
    /// Whether the newcomer may join.
    ///
    /// # Errors
    /// [`Refusal`] with the first reason against it.
    pub fn may_join(&self, who: &Newcomer) -> Result<(), Refusal> {
        if self.end_at != 0 || self.ending {
            return Err(Refusal::Ended);
        }
        if self.session(&who.connection_id).is_some() || self.session_on(&who.connection_id).is_some() {
            return Err(Refusal::AlreadyConnected);
        }
        let again = self.is_bot(&who.user_id) && self.sessions.iter().any(|s| s.job_id == who.job_id);
        let limit = self.rules.max_participants;
        if limit != 0 && self.sessions.len() >= limit && !again {
            return Err(Refusal::Limit);
        }
        if self.is_bot(&who.user_id) { self.job_waits_for(&who.job_id) } else { Ok(()) }
    }

    /// Lets the newcomer in; the first one starts the call.
    ///
    /// # Errors
    /// [`Refusal`] as [`Call::may_join`]; nothing has changed then.
    pub fn join(&mut self, who: &Newcomer, now: i64) -> Result<(), Refusal> {
        self.may_join(who)?;
        let is_bot = self.is_bot(&who.user_id);
        if is_bot {
            self.replace_bot(&who.job_id, now);
        } else if !self.participants.contains(&who.user_id) {
            self.participants.push(who.user_id.clone());
            self.dirty.call = true;
        }
        self.sessions.push(Session {
            id: who.connection_id.clone(),
            user_id: who.user_id.clone(),
            connection_id: who.connection_id.clone(),
            join_at: now,
            job_id: who.job_id.clone(),
            ..Session::default()
        });
        self.touch(&who.connection_id);
        self.choose_host();
        if !self.announced {
            self.announced = true;
            let start = json!({
                "id": self.id, "channelID": self.channel_id, "start_at": self.start_at, "thread_id": self.thread_id,
                "post_id": self.post_id, "owner_id": self.owner_id, "host_id": self.host_id,
            });
            self.tell(Audience::Channel, "call_start", start);
        }
        self.rtcd(Message::Join(Join {
            group_id: String::new(),
            call_id: self.id.clone(),
            user_id: who.user_id.clone(),
            session_id: who.connection_id.clone(),
            channel_id: self.channel_id.clone(),
            av1_support: who.av1_support,
            dc_signaling: who.dc_signaling,
        }));
        let connection = Audience::Connection(who.connection_id.clone());
        self.tell(connection, "join", json!({"connID": who.connection_id}));
        if is_bot {
            self.tell_bot_of_recording();
        } else {
            let joined = json!({"user_id": who.user_id, "session_id": who.connection_id});
            self.tell(Audience::Channel, "user_joined", joined);
        }
        self.tell_state(Audience::User(who.user_id.clone()), &who.user_id);
        Ok(())
    }

    /// A worker that comes back takes the place of its earlier session.
    fn replace_bot(&mut self, job_id: &str, now: i64) {
        let earlier: Vec<String> = self.sessions.iter().filter(|s| s.job_id == job_id).map(|s| s.id.clone()).collect();
        for id in earlier {
            self.remove(&id, Why::Left, now);
        }
        self.worker_is_back(job_id);
    }

    /// The participant on this connection leaves now.
    pub fn leave(&mut self, connection_id: &str, now: i64) {
        if let Some(id) = self.session_on(connection_id).map(|s| s.id.clone()) {
            self.remove(&id, Why::Left, now);
        }
    }

    /// rtcd has ended the session.
    pub fn closed_by_rtcd(&mut self, session_id: &str, now: i64) {
        self.closing.retain(|(_, until)| *until > now);
        if let Some(at) = self.closing.iter().position(|(id, _)| id == session_id) {
            // It answers to a leaving; whoever has the id now has joined since.
            self.closing.swap_remove(at);
            return;
        }
        self.remove(session_id, Why::Closed, now);
    }

    /// The WebSocket is gone; it has the grace to come back.
    pub fn connection_lost(&mut self, connection_id: &str, now: i64) {
        let leave_by = now + self.rules.grace_ms;
        for session in self.sessions.iter_mut().filter(|s| s.connection_id == connection_id && s.leave_by == 0) {
            session.leave_by = leave_by;
        }
    }

    /// The session is reached on another connection from now on. False when there is no such session of this user.
    pub fn reconnect(&mut self, session_id: &str, user_id: &str, connection_id: &str) -> bool {
        let found = self.sessions.iter_mut().find(|s| s.id == session_id && s.user_id == user_id);
        let Some(session) = found else { return false };
        session.connection_id = connection_id.to_owned();
        session.leave_by = 0;
        session.restored = false;
        let job_id = session.job_id.clone();
        self.worker_is_back(&job_id);
        // The word to stop may have gone to a connection that was already lost.
        if !job_id.is_empty() && self.job_waits_for(&job_id).is_err() {
            self.tell(Audience::Connection(connection_id.to_owned()), "job_stop", json!({"job_id": job_id}));
        }
        self.touch(session_id);
        self.rtcd(Message::Reconnect { session_id: session_id.to_owned() });
        true
    }

    /// What rtcd knows, asked because it or this server was away. Sessions that joined before `as_of` and that it does
    /// not know are over; taken-over ones are routed to this server.
    pub fn reconcile(&mut self, known: &[String], as_of: i64, now: i64) {
        let unknown: Vec<String> = self
            .sessions
            .iter()
            .filter(|s| s.join_at < as_of && !known.contains(&s.id))
            .map(|s| s.id.clone())
            .collect();
        for id in unknown {
            self.remove(&id, Why::Closed, now);
        }
        let restored: Vec<String> = self.sessions.iter().filter(|s| s.restored).map(|s| s.id.clone()).collect();
        for id in restored {
            self.rtcd(Message::Reconnect { session_id: id });
        }
        for session in &mut self.sessions {
            session.restored = false;
        }
    }

    /// The user is no longer in the channel: every session of theirs ends, and they are told themselves.
    pub fn user_removed(&mut self, user_id: &str, now: i64) {
        let ids: Vec<String> = self.sessions.iter().filter(|s| s.user_id == user_id).map(|s| s.id.clone()).collect();
        for id in ids {
            let left = json!({"user_id": user_id, "session_id": id, "channelID": self.channel_id});
            self.tell(Audience::User(user_id.to_owned()), "user_left", left);
            self.remove(&id, Why::Left, now);
        }
    }

    /// Gives a session the time to leave by itself.
    pub(super) fn remove_soon(&mut self, session_id: &str, now: i64) {
        if let Some(session) = self.sessions.iter_mut().find(|s| s.id == session_id) {
            session.remove_at = now + REMOVE_MS;
        }
    }

    /// Takes out a session whose time is over.
    pub(super) fn expire(&mut self, session_id: &str, now: i64) {
        self.remove(session_id, Why::Left, now);
    }

    fn remove(&mut self, session_id: &str, why: Why, now: i64) {
        let Some(at) = self.sessions.iter().position(|s| s.id == session_id) else { return };
        if self.screen_session == session_id {
            self.screen_session.clear();
            self.dirty.call = true;
            self.tell_participants("user_screen_off", json!({}));
        }
        if self.sessions[at].video {
            let off = json!({"userID": self.sessions[at].user_id, "session_id": session_id});
            self.tell_participants("user_video_off", off);
        }
        let session = self.sessions.remove(at);
        self.touch(session_id);
        if why == Why::Left {
            self.rtcd(Message::Leave { session_id: session_id.to_owned() });
            self.closing.retain(|(_, until)| *until > now);
            self.closing.push((session_id.to_owned(), now + CLOSE_MS));
        }
        if self.left.len() == LEFT {
            self.left.pop_front();
        }
        self.left.push_back((session.id.clone(), session.user_id.clone()));
        self.effects.push(Effect::Gone(session_id.to_owned()));
        if self.is_bot(&session.user_id) {
            self.worker_left(&session.job_id, now);
        } else {
            let left = json!({"user_id": session.user_id, "session_id": session_id});
            self.tell(Audience::Channel, "user_left", left);
            self.choose_host();
        }
        if self.people().next().is_none() {
            self.nobody_left(now);
        }
        self.end_if_empty(now);
    }

    pub(super) fn end_if_empty(&mut self, now: i64) {
        if self.sessions.is_empty() && self.end_at == 0 {
            self.end_jobs(now);
            self.end_at = now;
            self.dirty.call = true;
            self.effects.push(Effect::Ended);
        }
    }
}
