//! What rtcd's messages mean to the node and the other way round: WebSocket messages, data channel messages, and which
//! of the two a description travels on.

use super::budget::Budget;
use super::{Measure, Notice};
use rtcd_client::channel::{ChannelMessage, MediaEntry};
use rtcd_client::signal::{Description, DescriptionKind, ScreenOn, VideoOn};
use rtcd_client::{Join, Message, RtcKind, RtcMessage};
use rtcd_sfu::{Command, Node, Offer, Output, SignalError};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;
use tokio::sync::mpsc;

/// The node with what is known of its sessions beside media.
pub struct Dialogue {
    pub node: Node,
    sessions: HashMap<String, Session>,
    notices: mpsc::Sender<Notice>,
}

struct Session {
    join: Join,
    since: Instant,
    locked: Option<Instant>,
    budget: Budget,
}

/// Why a message of a participant had no effect.
#[derive(Debug, thiserror::Error)]
enum Unheard {
    #[error(transparent)]
    Signal(#[from] SignalError),
    #[error("{what}: {source}")]
    Json { what: &'static str, source: serde_json::Error },
    #[error(transparent)]
    Channel(#[from] rtcd_client::channel::ChannelError),
    #[error("message type {0} is none of a participant's")]
    Kind(u8),
    #[error("too many messages")]
    Flood,
}

impl Dialogue {
    pub fn new(node: Node, notices: mpsc::Sender<Notice>) -> Self {
        Self { node, sessions: HashMap::new(), notices }
    }

    /// A participant joins; a refusal is told as the end of the session.
    pub fn join(&mut self, now: Instant, join: Join) {
        let core = rtcd_sfu::Join {
            group: join.group_id.clone(),
            call: join.call_id.clone(),
            user: join.user_id.clone(),
            session: join.session_id.clone(),
            av1: join.av1_support,
        };
        let session = join.session_id.clone();
        match self.node.join(now, core) {
            Ok(()) => {
                self.sessions.insert(session, Session { join, since: now, locked: None, budget: Budget::new(now) });
            }
            Err(error) => self.tell(Notice::Closed { session, reason: Some(error.to_string()) }),
        }
    }

    pub fn leave(&mut self, now: Instant, session: &str) {
        if self.node.leave(now, session).is_err() {
            tracing::debug!(session, "leave of an unknown session");
        }
    }

    /// All sessions end.
    pub fn leave_all(&mut self, now: Instant) {
        for session in self.sessions.keys().cloned().collect::<Vec<_>>() {
            self.leave(now, &session);
        }
    }

    /// A message of the WebSocket.
    pub fn signal(&mut self, now: Instant, session: &str, kind: RtcKind, data: &[u8]) {
        if let Err(error) = self.hear(now, session, kind, data) {
            self.unheard(session, &error);
        }
    }

    fn hear(&mut self, now: Instant, session: &str, kind: RtcKind, data: &[u8]) -> Result<(), Unheard> {
        self.spend(session, |budget| budget.message(now))?;
        let command = match kind {
            // With ICE-lite the participant's own checks reveal its address.
            RtcKind::ICE | RtcKind::VIDEO_OFF => return Ok(()),
            RtcKind::SDP => {
                self.spend(session, |budget| budget.description(now))?;
                let description: Description = json("session description", data)?;
                match description.kind {
                    DescriptionKind::Offer => {
                        let answer = self.node.offer(now, session, &description.sdp)?;
                        self.describe(session, &Description::answer(answer));
                    }
                    DescriptionKind::Answer => self.node.answer(now, session, &description.sdp)?,
                }
                return Ok(());
            }
            RtcKind::MUTE => Command::Mute,
            RtcKind::UNMUTE => Command::Unmute,
            RtcKind::SCREEN_ON => Command::ScreenOn(json::<ScreenOn>("screen", data)?.screen_stream_id),
            RtcKind::SCREEN_OFF => Command::ScreenOff,
            RtcKind::VIDEO_ON => Command::VideoOn(json::<VideoOn>("video", data)?.video_stream_id),
            RtcKind(other) => return Err(Unheard::Kind(other)),
        };
        Ok(self.node.command(now, session, command)?)
    }

    fn spend(&mut self, session: &str, take: impl FnOnce(&mut Budget) -> bool) -> Result<(), Unheard> {
        let known = self.sessions.get_mut(session);
        if known.is_none_or(|session| take(&mut session.budget)) { Ok(()) } else { Err(Unheard::Flood) }
    }

    /// Hands on what the node has to tell.
    pub fn drain(&mut self, now: Instant) {
        while let Some(output) = self.node.poll() {
            match output {
                Output::Offer(offer) => self.offer(now, offer),
                Output::Channel { session, binary: false, data } => {
                    if data == b"ping" {
                        drop(self.node.send(now, &session, false, b"pong"));
                    }
                }
                Output::Channel { session, data, .. } => {
                    if let Err(error) = self.channel(now, &session, &data) {
                        self.unheard(&session, &error);
                    }
                }
                Output::ChannelOpen { session } => {
                    self.measure(&session, |s| Measure::ChannelOpenTime(now.saturating_duration_since(s.since)));
                }
                Output::Connected { session } => {
                    self.measure(&session, |s| Measure::ConnectionTime(now.saturating_duration_since(s.since)));
                }
                Output::Voice { session, on } => {
                    let kind = if on { RtcKind::VOICE_ON } else { RtcKind::VOICE_OFF };
                    self.message(&session, kind, Vec::new(), Message::Vad);
                }
                Output::Closed { session, reason } => {
                    self.sessions.remove(&session);
                    self.tell(Notice::Closed { session, reason });
                }
            }
        }
    }

    /// A message of the data channel.
    fn channel(&mut self, now: Instant, session: &str, data: &[u8]) -> Result<(), Unheard> {
        self.spend(session, |budget| budget.message(now))?;
        // The type comes first, and a description is the one message that is worth a look before it is unpacked.
        if data.starts_with(&[3]) || data.starts_with(&[0xcc, 3]) {
            self.spend(session, |budget| budget.description(now))?;
        }
        let reply = match ChannelMessage::decode(data)? {
            ChannelMessage::Ping => ChannelMessage::Pong,
            ChannelMessage::LockRequest => {
                let acquired = self.node.lock(now, session)?;
                if let Some(session) = self.sessions.get_mut(session).filter(|_| acquired) {
                    session.locked = Some(now);
                }
                ChannelMessage::LockReply(acquired)
            }
            ChannelMessage::Unlock => {
                self.node.unlock(now, session)?;
                if let Some(since) = self.sessions.get_mut(session).and_then(|s| s.locked.take()) {
                    self.measure(session, |_| Measure::Locked(now.saturating_duration_since(since)));
                }
                return Ok(());
            }
            ChannelMessage::Sdp(description) => match description.kind {
                DescriptionKind::Offer => {
                    ChannelMessage::Sdp(Description::answer(self.node.offer(now, session, &description.sdp)?))
                }
                DescriptionKind::Answer => return Ok(self.node.answer(now, session, &description.sdp)?),
            },
            ChannelMessage::LossRate(x) => return self.reported(session, Measure::LossRate(x)),
            ChannelMessage::RoundTripTime(x) => return self.reported(session, Measure::RoundTripTime(x)),
            ChannelMessage::Jitter(x) => return self.reported(session, Measure::Jitter(x)),
            ChannelMessage::Pong
            | ChannelMessage::LockReply(_)
            | ChannelMessage::MediaMap(_)
            | ChannelMessage::Unknown(_) => return Ok(()),
        };
        Ok(self.node.send(now, session, true, &reply.encode())?)
    }

    /// The media map goes before each offer, so that the participant knows what its tracks are.
    fn offer(&mut self, now: Instant, offer: Offer) {
        let entry = |kind: &str, sender: String| MediaEntry { kind: kind.to_owned(), sender_id: sender };
        let map: BTreeMap<_, _> =
            offer.media.into_iter().map(|(mid, kind, sender)| (mid, entry(kind.name(), sender))).collect();
        if let Err(error) = self.node.send(now, &offer.session, true, &ChannelMessage::MediaMap(map).encode()) {
            self.unheard(&offer.session, &error.into());
        }
        let description = Description::offer(offer.sdp);
        if self.sessions.get(&offer.session).is_some_and(|s| s.join.dc_signaling) {
            let sdp = ChannelMessage::Sdp(description).encode();
            if let Err(error) = self.node.send(now, &offer.session, true, &sdp) {
                self.unheard(&offer.session, &error.into());
            }
        } else {
            self.describe(&offer.session, &description);
        }
    }

    fn describe(&self, session: &str, description: &Description) {
        let json = serde_json::to_vec(description).expect("because two strings always serialise");
        self.message(session, RtcKind::SDP, json, Message::Rtc);
    }

    fn message(&self, session: &str, kind: RtcKind, data: Vec<u8>, wrap: fn(RtcMessage) -> Message) {
        let Some(known) = self.sessions.get(session) else { return };
        let message = RtcMessage {
            group_id: known.join.group_id.clone(),
            user_id: known.join.user_id.clone(),
            call_id: known.join.call_id.clone(),
            ..RtcMessage::new(session, kind, data)
        };
        self.tell(Notice::Message { session: session.to_owned(), message: wrap(message) });
    }

    fn measure(&self, session: &str, measure: impl FnOnce(&Session) -> Measure) {
        if let Some(session) = self.sessions.get(session) {
            self.tell(Notice::Measured { group: session.join.group_id.clone(), measure: measure(session) });
        }
    }

    /// Takes in what a participant measured itself.
    fn reported(&self, session: &str, measure: Measure) -> Result<(), Unheard> {
        self.measure(session, |_| measure);
        Ok(())
    }

    fn unheard(&self, session: &str, error: &Unheard) {
        tracing::debug!(session, %error, "a message had no effect");
        if !matches!(error, Unheard::Signal(SignalError::Glare)) {
            self.measure(session, |_| Measure::SignallingError);
        }
    }

    fn tell(&self, notice: Notice) {
        if self.notices.try_send(notice).is_err() {
            tracing::error!("a notice is lost: the queue from the media thread is full");
        }
    }
}

fn json<T: DeserializeOwned>(what: &'static str, data: &[u8]) -> Result<T, Unheard> {
    serde_json::from_slice(data).map_err(|source| Unheard::Json { what, source })
}
