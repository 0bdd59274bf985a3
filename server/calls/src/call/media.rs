//! Microphones, screens, cameras, hands, reactions and captions of those who are in the call.

use super::{Audience, Call, Session};
use rtcd_client::{Message, RtcKind, RtcMessage};
use serde_json::{Value, json};

/// A participant's action without further data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    Mute,
    Unmute,
    ScreenOff,
    VideoOff,
    RaiseHand,
    LowerHand,
}

impl Call {
    fn named(session: &Session) -> Value {
        json!({"userID": session.user_id, "session_id": session.id})
    }

    fn to_rtcd(&mut self, session_id: &str, kind: RtcKind, data: impl Into<Vec<u8>>) {
        self.rtcd(Message::Rtc(RtcMessage::new(session_id, kind, data.into())));
    }

    /// Passes a session description or candidate (JSON) on to rtcd.
    pub fn signal(&mut self, connection_id: &str, kind: RtcKind, data: Vec<u8>) {
        if let Some(id) = self.session_on(connection_id).map(|s| s.id.clone()) {
            self.to_rtcd(&id, kind, data);
        }
    }

    /// Passes a session description or candidate (JSON) of rtcd on to the participant.
    pub fn signal_from_rtcd(&mut self, session_id: &str, data: &str) {
        // A session that was taken over and has not come back has no connection, and no id means everybody.
        let connection = self.session(session_id).map(|s| s.connection_id.clone()).filter(|id| !id.is_empty());
        if let Some(connection) = connection {
            let signal = json!({"data": data, "connID": session_id});
            self.tell(Audience::Connection(connection), "signal", signal);
        }
    }

    /// rtcd hears a session speak, or no longer.
    pub fn voice(&mut self, session_id: &str, on: bool) {
        if let Some(data) = self.session(session_id).map(Self::named) {
            self.tell_participants(if on { "user_voice_on" } else { "user_voice_off" }, data);
        }
    }

    /// Mute, unmute, stop sharing, camera off, hand up and down.
    pub fn switch(&mut self, connection_id: &str, what: Switch, now: i64) {
        let Some(session) = self.sessions.iter_mut().find(|s| s.connection_id == connection_id) else { return };
        let id = session.id.clone();
        match what {
            Switch::Mute => session.unmuted = false,
            Switch::Unmute => session.unmuted = true,
            Switch::VideoOff => session.video = false,
            Switch::RaiseHand => session.raised_hand = now,
            Switch::LowerHand => session.raised_hand = 0,
            Switch::ScreenOff if self.screen_session == id => {
                self.screen_session.clear();
                self.dirty.call = true;
            }
            Switch::ScreenOff => return,
        }
        let mut data = Self::named(session);
        if matches!(what, Switch::RaiseHand | Switch::LowerHand) {
            data["raised_hand"] = session.raised_hand.into();
        }
        self.touch(&id);
        let (name, kind) = match what {
            Switch::Mute => ("user_muted", Some(RtcKind::MUTE)),
            Switch::Unmute => ("user_unmuted", Some(RtcKind::UNMUTE)),
            Switch::ScreenOff => ("user_screen_off", Some(RtcKind::SCREEN_OFF)),
            Switch::VideoOff => ("user_video_off", Some(RtcKind::VIDEO_OFF)),
            Switch::RaiseHand => ("user_raise_hand", None),
            Switch::LowerHand => ("user_unraise_hand", None),
        };
        if let Some(kind) = kind {
            self.to_rtcd(&id, kind, Vec::new());
        }
        self.tell_participants(name, data);
    }

    /// Begins to share a screen; one at a time. `data` is the JSON for rtcd. False when it is refused.
    pub fn screen_on(&mut self, connection_id: &str, data: &str) -> bool {
        let Some(session) = self.session_on(connection_id) else { return false };
        let taken = !self.screen_session.is_empty() && self.screen_session != session.id;
        if !self.rules.screen_sharing || taken {
            return false;
        }
        let (id, named) = (session.id.clone(), Self::named(session));
        self.screen_session.clone_from(&id);
        self.dirty.call = true;
        self.to_rtcd(&id, RtcKind::SCREEN_ON, data);
        self.tell_participants("user_screen_on", named);
        true
    }

    /// Begins to send a camera's picture. `data` is the JSON for rtcd.
    pub fn video_on(&mut self, connection_id: &str, data: &str) {
        let Some(session) = self.sessions.iter_mut().find(|s| s.connection_id == connection_id) else { return };
        session.video = true;
        let (id, named) = (session.id.clone(), Self::named(session));
        self.touch(&id);
        self.to_rtcd(&id, RtcKind::VIDEO_ON, data);
        self.tell_participants("user_video_on", named);
    }

    /// An emoji for everybody to see.
    pub fn react(&mut self, connection_id: &str, emoji: Value, now: i64) {
        let Some(session) = self.session_on(connection_id) else { return };
        let data = json!({"user_id": session.user_id, "session_id": session.id, "emoji": emoji, "timestamp": now});
        self.tell_participants("user_reacted", data);
    }

    /// What a session says, in text; only the bot may tell it.
    pub fn caption(&mut self, connection_id: &str, session_id: &str, text: &str) {
        let from_bot = self.session_on(connection_id).is_some_and(|s| self.is_bot(&s.user_id));
        let Some(speaker) = self.session(session_id).filter(|_| from_bot) else { return };
        let data = json!({
            "channel_id": self.channel_id, "user_id": speaker.user_id, "session_id": speaker.id, "text": text,
        });
        self.tell_participants("caption", data);
    }

    /// The user does not want to be told of this call any more, on any device.
    pub fn dismiss(&mut self, user_id: &str) {
        self.dismissed.insert(user_id.to_owned());
        self.dirty.call = true;
        let data = json!({"userID": user_id, "callID": self.id});
        self.tell(Audience::User(user_id.to_owned()), "user_dismissed_notification", data);
    }
}
