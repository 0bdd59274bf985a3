//! One participant around one `Rtc`.

use crate::Join;
use crate::TrackKind;
use crate::call::{CallId, PeerId, TrackId};
use crate::negotiation::Negotiation;
use crate::vad::Monitor;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use str0m::channel::ChannelId;
use str0m::format::Codec;
use str0m::media::{Direction, Mid, Pt};
use str0m::net::Transmit;
use str0m::rtp::{ExtensionMap, RtpWrite, Ssrc};
use str0m::{Event, Input, Output, Rtc, RtcError};

/// Time-outs handled in one drain at most; str0m needs a handful.
const MAX_TIMEOUTS: usize = 64;
/// SSRCs remembered of one participant.
const MAX_INCOMING: usize = 256;
/// When str0m asks for the past even so, it is asked again after this.
const BREATH: Duration = Duration::from_millis(1);

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PeerError {
    #[error(transparent)]
    Rtc(#[from] RtcError),
    #[error("the media engine panicked")]
    Panic,
}

/// How far the offer of a track has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// In an offer that is not answered yet.
    Offered,
    /// Answered; packets may flow.
    Live,
    /// The participant does not take it.
    Refused,
    /// In an offer that takes it back.
    Closing,
}

/// A track offered to this participant, on an m-line of its own.
pub(crate) struct Outgoing {
    pub track: TrackId,
    pub mid: Mid,
    pub kind: TrackKind,
    /// Session of the sender.
    pub sender: String,
    pub stage: Stage,
    /// The track is over.
    pub ended: bool,
}

/// What is known of an SSRC this participant sends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Incoming {
    Live(TrackId),
    /// Over, until the participant says something new about the m-line or its screen.
    Over(Mid),
}

/// A packet for this participant that str0m sends.
pub(crate) struct Outbound {
    pub track: TrackId,
    /// Where among the track's subscribers this participant was.
    pub place: usize,
    pub ssrc: Ssrc,
    /// Extended sequence number.
    pub sequence: u64,
    pub packet: RtpWrite,
}

pub(crate) struct Peer {
    pub join: Join,
    pub call: CallId,
    rtc: Rtc,
    /// When str0m wants to be called again.
    pub next: Instant,
    pub ufrag: String,
    pub channel: Option<ChannelId>,
    pub negotiation: Negotiation,
    pub outgoing: Vec<Outgoing>,
    pub incoming: BTreeMap<u32, Incoming>,
    /// MediaStream id by m-line this participant sends on.
    pub streams: BTreeMap<String, String>,
    pub screen_stream: Option<String>,
    pub video_stream: Option<String>,
    pub monitor: Monitor,
    /// ICE has heard nothing since.
    pub silent_since: Option<Instant>,
    /// Packets of this tick.
    pub outbox: Vec<Outbound>,
    /// How often its address may have changed.
    pub moves: u32,
    pub addresses: Vec<(bool, std::net::SocketAddr)>,
    pub connected: bool,
    /// str0m failed or panicked and must not be called any more.
    pub broken: bool,
}

impl Peer {
    pub fn new(now: Instant, join: Join, call: CallId, mut rtc: Rtc, first_offer_until: Instant) -> Self {
        let ufrag = rtc.direct_api().local_ice_credentials().ufrag;
        Self {
            join,
            call,
            rtc,
            next: now,
            ufrag,
            channel: None,
            negotiation: Negotiation::new(first_offer_until),
            outgoing: Vec::new(),
            incoming: BTreeMap::new(),
            streams: BTreeMap::new(),
            screen_stream: None,
            video_stream: None,
            monitor: Monitor::default(),
            silent_since: None,
            outbox: Vec::new(),
            moves: 0,
            addresses: Vec::new(),
            connected: false,
            broken: false,
        }
    }

    /// The only door to the `Rtc`: changes it and drains it, into datagrams and events. A panic inside ends as an
    /// error, and costs this participant only.
    pub fn mutate<T>(
        &mut self,
        now: Instant,
        wire: &mut VecDeque<Transmit>,
        events: &mut Vec<Event>,
        change: impl FnOnce(&mut Rtc) -> Result<T, RtcError>,
    ) -> Result<T, PeerError> {
        let rtc = &mut self.rtc;
        let next = &mut self.next;
        let guarded = catch_unwind(AssertUnwindSafe(|| {
            let value = change(rtc);
            let mut timeouts = 0;
            loop {
                match rtc.poll_output()? {
                    Output::Transmit(transmit) => wire.push_back(transmit),
                    Output::Event(event) => events.push(event),
                    Output::Timeout(at) if at <= now && timeouts < MAX_TIMEOUTS => {
                        timeouts += 1;
                        rtc.handle_input(Input::Timeout(now))?;
                    }
                    Output::Timeout(at) => {
                        // Should str0m still want the past, others get their turn first.
                        *next = if at <= now { now + BREATH } else { at };
                        return value;
                    }
                }
            }
        }));
        guarded.map_err(|_| PeerError::Panic)?.map_err(PeerError::from)
    }

    /// Whether str0m still runs.
    pub fn is_alive(&self) -> bool {
        self.rtc.is_alive()
    }

    /// Keeps the list of ended tracks short. What is forgotten would have to come back after hours to be mistaken.
    pub fn forget_some(&mut self) {
        while self.incoming.len() > MAX_INCOMING {
            let over = self.incoming.iter().find(|(_, state)| matches!(state, Incoming::Over(_)));
            let Some(ssrc) = over.map(|(ssrc, _)| *ssrc) else { return };
            self.incoming.remove(&ssrc);
        }
    }

    /// Whether a datagram is for this participant, checked cryptographically for ICE.
    pub fn accepts(&self, input: &Input) -> bool {
        self.rtc.accepts(input)
    }

    /// Codec and clock rate behind a payload type of this participant.
    pub fn codec(&self, pt: Pt) -> Option<(Codec, u32)> {
        let params = self.rtc.codec_config().iter().find(|p| p.pt() == pt)?;
        Some((params.spec().codec, params.spec().clock_rate.get()))
    }

    /// The payload type for a codec on an m-line that this participant agreed to receive on; none when it did not.
    pub fn payload_type(&self, mid: Mid, codec: Codec) -> Option<Pt> {
        let media = self.rtc.media(mid).filter(|m| m.direction().is_sending() && !m.disabled())?;
        let mut params = self.rtc.codec_config().iter();
        params.find(|p| p.spec().codec == codec && media.remote_pts().contains(&p.pt())).map(|p| p.pt())
    }

    /// The header extensions of an m-line, as the participant numbers them.
    pub fn extensions(&self, mid: Mid) -> Option<&ExtensionMap> {
        self.rtc.media(mid).map(|media| media.remote_extmap())
    }

    /// The direction of an m-line without our part in it.
    pub fn direction_without_us(&self, mid: Mid) -> Direction {
        match self.rtc.media(mid) {
            Some(media) if media.direction().is_receiving() => Direction::RecvOnly,
            _ => Direction::Inactive,
        }
    }

    /// The tracks of the media map: m-line, kind and true sender.
    pub fn media_map(&self) -> Vec<(String, TrackKind, String)> {
        let sent = self.outgoing.iter().filter(|o| !o.ended && o.stage != Stage::Refused);
        sent.map(|o| (o.mid.to_string(), o.kind, o.sender.clone())).collect()
    }

    /// Whether something of ours is sent on the m-line.
    pub fn sends_on(&self, mid: &str) -> bool {
        self.outgoing.iter().any(|o| !o.ended && o.stage == Stage::Live && &*o.mid == mid)
    }
}

/// What the participants table of a node holds.
pub(crate) type Slots = Vec<Option<Box<Peer>>>;

/// Whether the participant at `id` can decode AV1.
pub(crate) fn decodes_av1(peers: &Slots, id: PeerId) -> bool {
    peers.get(id).and_then(Option::as_ref).is_some_and(|p| p.join.av1)
}
