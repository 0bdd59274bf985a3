//! Who hosts the call, and what the host (or a system administrator) may ask of the others.

use super::{Audience, Call};
use serde_json::json;

/// How long everybody has to leave after the host has ended the call.
const END_MS: i64 = 5_000;

/// Why a request of a host fails; users read it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    #[error("no call ongoing")]
    NoCall,
    #[error("no permissions")]
    NotHost,
    #[error("requested session or user is not in the call")]
    NotInCall,
    #[error("cannot make the bot the host: not allowed")]
    BotHost,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Requester<'a> {
    pub user_id: &'a str,
    pub is_admin: bool,
}

impl Call {
    /// Keeps the host while they are in the call, else: who was made host, else who came first. Never the bot.
    pub(super) fn choose_host(&mut self) {
        let present = |user: &str| !user.is_empty() && self.people().any(|s| s.user_id == user);
        let host = if present(&self.host_locked) {
            self.host_locked.clone()
        } else if present(&self.host_id) {
            self.host_id.clone()
        } else {
            self.people().min_by_key(|s| s.join_at).map(|s| s.user_id.clone()).unwrap_or_default()
        };
        if host != self.host_id {
            self.host_id = host;
            self.dirty.call = true;
            self.tell_participants("call_host_changed", json!({"hostID": self.host_id, "call_id": self.id}));
        }
    }

    fn may_control(&self, who: Requester<'_>) -> Result<(), ControlError> {
        if self.end_at != 0 {
            return Err(ControlError::NoCall);
        }
        if who.is_admin || who.user_id == self.host_id { Ok(()) } else { Err(ControlError::NotHost) }
    }

    fn target(&self, session_id: &str) -> Result<(String, String), ControlError> {
        let found = self.people().find(|s| s.id == session_id).ok_or(ControlError::NotInCall)?;
        Ok((found.id.clone(), found.user_id.clone()))
    }

    /// Makes somebody the host until they leave, and again when they come back.
    ///
    /// # Errors
    /// [`ControlError`]; nothing has changed then.
    pub fn make_host(&mut self, who: Requester<'_>, new_host: &str) -> Result<(), ControlError> {
        self.may_control(who)?;
        if self.is_bot(new_host) {
            return Err(ControlError::BotHost);
        }
        if !self.people().any(|s| s.user_id == new_host) {
            return Err(ControlError::NotInCall);
        }
        self.host_locked = new_host.to_owned();
        self.dirty.call = true;
        self.choose_host();
        Ok(())
    }

    /// Asks a participant's client to mute.
    ///
    /// # Errors
    /// [`ControlError`].
    pub fn host_mute(&mut self, who: Requester<'_>, session_id: &str) -> Result<(), ControlError> {
        self.may_control(who)?;
        let (session, user) = self.target(session_id)?;
        if self.session(&session).is_some_and(|s| s.unmuted) {
            let data = json!({"channel_id": self.channel_id, "session_id": session});
            self.tell(Audience::User(user), "host_mute", data);
        }
        Ok(())
    }

    /// Asks everybody but the requester to mute.
    ///
    /// # Errors
    /// [`ControlError`].
    pub fn host_mute_others(&mut self, who: Requester<'_>) -> Result<(), ControlError> {
        self.may_control(who)?;
        let others: Vec<String> =
            self.people().filter(|s| s.user_id != who.user_id && s.unmuted).map(|s| s.id.clone()).collect();
        others.iter().try_for_each(|id| self.host_mute(who, id))
    }

    /// Asks a participant's client to stop sharing.
    ///
    /// # Errors
    /// [`ControlError`].
    pub fn host_screen_off(&mut self, who: Requester<'_>, session_id: &str) -> Result<(), ControlError> {
        self.may_control(who)?;
        let (session, user) = self.target(session_id)?;
        if self.screen_session == session {
            let data = json!({"channel_id": self.channel_id, "session_id": session});
            self.tell(Audience::User(user), "host_screen_off", data);
        }
        Ok(())
    }

    /// Asks a participant's client to take the hand down.
    ///
    /// # Errors
    /// [`ControlError`].
    pub fn host_lower_hand(&mut self, who: Requester<'_>, session_id: &str) -> Result<(), ControlError> {
        self.may_control(who)?;
        let (session, user) = self.target(session_id)?;
        if self.session(&session).is_some_and(|s| s.raised_hand > 0) {
            let data = json!({
                "call_id": self.id, "channel_id": self.channel_id, "session_id": session, "host_id": self.host_id,
            });
            self.tell(Audience::User(user), "host_lower_hand", data);
        }
        Ok(())
    }

    /// Takes a participant out of the call; their client is given a moment to leave by itself.
    ///
    /// # Errors
    /// [`ControlError`].
    pub fn host_remove(&mut self, who: Requester<'_>, session_id: &str, now: i64) -> Result<(), ControlError> {
        self.may_control(who)?;
        let (session, user) = self.target(session_id)?;
        let data = json!({"call_id": self.id, "channel_id": self.channel_id, "session_id": session, "user_id": user});
        self.tell_participants("host_removed", data);
        self.remove_soon(&session, now);
        Ok(())
    }

    /// Ends the call for everybody; who has not left after a moment is taken out.
    ///
    /// # Errors
    /// [`ControlError`].
    pub fn host_end(&mut self, who: Requester<'_>, now: i64) -> Result<(), ControlError> {
        self.may_control(who)?;
        if self.ending {
            return Ok(());
        }
        self.ending = true;
        self.tell(Audience::Channel, "call_end", json!({}));
        for session in &mut self.sessions {
            session.remove_at = now + END_MS;
        }
        Ok(())
    }
}
