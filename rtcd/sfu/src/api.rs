//! What a node is given and what it gives.

use crate::TrackKind;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// What a node is given once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Addresses at which participants reach this node.
    pub udp: Vec<SocketAddr>,
    /// Addresses at which participants reach this node over TCP with RFC 4571 framing.
    pub tcp: Vec<SocketAddr>,
    /// Most participants at a time.
    pub max_sessions: usize,
    /// Most calls at a time.
    pub max_calls: usize,
    /// How long a participant may take to its first offer.
    pub first_offer_timeout: Duration,
    /// How long a participant may take to answer an offer.
    pub answer_timeout: Duration,
    /// How often an offer is made before the session is closed.
    pub offer_attempts: u32,
    /// How long a participant is kept after ICE has noticed that it is silent, which takes 15 s.
    pub silence_timeout: Duration,
    /// Most tracks that one participant may send at a time.
    pub max_tracks: usize,
    /// Start of the random part of track ids.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            udp: Vec::new(),
            tcp: Vec::new(),
            max_sessions: 2000,
            max_calls: 1000,
            first_offer_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(10),
            offer_attempts: 3,
            silence_timeout: Duration::from_secs(15),
            max_tracks: 8,
            seed: 1,
        }
    }
}

/// A participant as it joins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Join {
    /// Namespace of the calls: the client that asked.
    pub group: String,
    pub call: String,
    pub user: String,
    pub session: String,
    /// Can decode AV1.
    pub av1: bool,
}

/// Why a participant was not let in.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum JoinError {
    #[error("{0} must not be empty")]
    Empty(&'static str),
    #[error("session {0} is in a call already")]
    Duplicate(String),
    #[error("the limit of {0} sessions is reached")]
    Sessions(usize),
    #[error("the limit of {0} calls is reached")]
    Calls(usize),
    #[error("the media engine did not start")]
    Engine,
}

/// Why a signalling message had no effect.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SignalError {
    #[error("no session {0}")]
    Unknown(String),
    #[error("an offer of ours is out; the participant's is ignored")]
    Glare,
    #[error("an answer came without an offer")]
    NoOffer,
    #[error("sdp: {0}")]
    Sdp(String),
    #[error("the data channel is not open or full")]
    Channel,
    #[error("another participant shares its screen")]
    ScreenTaken,
    #[error("the session does not share its screen")]
    NoScreen,
}

/// What a participant says about its media, beside offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Mute,
    Unmute,
    /// The MediaStream with this id is a screen.
    ScreenOn(String),
    ScreenOff,
    /// The MediaStream with this id is a camera.
    VideoOn(String),
}

/// An offer to a participant, with what each m-line carries: mid, kind, session of the sender.
#[derive(Clone, Debug)]
pub struct Offer {
    pub session: String,
    pub sdp: String,
    pub media: Vec<(String, TrackKind, String)>,
}

/// What a node wants done.
#[derive(Debug)]
pub enum Output {
    Offer(Offer),
    /// The data channel of a session has opened.
    ChannelOpen {
        session: String,
    },
    /// A message of the data channel.
    Channel {
        session: String,
        binary: bool,
        data: Vec<u8>,
    },
    /// ICE and DTLS are up.
    Connected {
        session: String,
    },
    Voice {
        session: String,
        on: bool,
    },
    /// The session is over; the reason is none when it was asked to leave.
    Closed {
        session: String,
        reason: Option<String>,
    },
}

/// Sizes for metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sessions by group.
    pub sessions: BTreeMap<String, usize>,
    pub calls: usize,
    /// Incoming tracks and subscriptions to them, by group, kind and media type.
    pub tracks: BTreeMap<(String, TrackKind, &'static str), (usize, usize)>,
    pub packets_in: u64,
    pub packets_out: u64,
    /// Those of `packets_out` that did not pass through str0m.
    pub packets_short: u64,
}
