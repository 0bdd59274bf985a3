//! Who is in a call, what they send, and who receives it.

use crate::TrackKind;
use crate::egress::ShortWay;
use crate::forward::Rewrite;
use crate::keyframe::Limiter;
use std::collections::BTreeMap;
use str0m::format::Codec;
use str0m::media::{Mid, Pt};
use str0m::rtp::Ssrc;

/// Place of a participant in the node.
pub(crate) type PeerId = usize;
/// Place of a call in the node.
pub(crate) type CallId = usize;
pub(crate) type TrackId = u64;

/// Somebody who receives a track.
pub(crate) struct Subscriber {
    pub peer: PeerId,
    /// The m-line that carries the track to it.
    pub mid: Mid,
    pub ssrc: Ssrc,
    pub pt: Pt,
    pub rewrite: Rewrite,
    /// For sound, once a packet has shown it.
    pub short_way: Option<ShortWay>,
}

/// What one participant sends on one SSRC.
pub(crate) struct Track {
    /// `<kind>_<session of the sender>_<random>`, as clients read it.
    pub name: String,
    pub sender: PeerId,
    pub session: String,
    pub mid: Mid,
    pub ssrc: Ssrc,
    pub kind: TrackKind,
    pub codec: Codec,
    pub clock_rate: u32,
    /// False while muted: packets are read and not forwarded.
    pub enabled: bool,
    pub keyframes: Limiter,
    pub subscribers: Vec<Subscriber>,
}

impl Track {
    /// The media type of its packets.
    pub fn mime(&self) -> &'static str {
        match self.codec {
            Codec::Opus => "audio/opus",
            Codec::Av1 => "video/AV1",
            _ => "video/VP8",
        }
    }
}

pub(crate) struct Call {
    /// The client whose call it is, and the call's id there.
    pub name: (String, String),
    pub members: Vec<PeerId>,
    /// In the order in which they began.
    pub tracks: BTreeMap<TrackId, Track>,
    /// Whose screen is the call's screen.
    pub screen: Option<PeerId>,
}

impl Call {
    pub fn new(name: (String, String)) -> Self {
        Self { name, members: Vec::new(), tracks: BTreeMap::new(), screen: None }
    }

    /// The tracks that `peer` should receive. Of a video sent twice, those who can decode AV1 get that and the others
    /// VP8; `av1` says who can.
    pub fn wanted_by<'a>(
        &'a self,
        peer: PeerId,
        av1: impl Fn(PeerId) -> bool + 'a,
    ) -> impl Iterator<Item = (TrackId, &'a Track)> {
        self.tracks.iter().map(|(id, track)| (*id, track)).filter(move |(_, track)| {
            if track.sender == peer {
                return false;
            }
            if track.kind.is_audio() {
                return true;
            }
            let both = av1(peer) && av1(track.sender);
            match track.codec {
                Codec::Av1 => both,
                _ => !(both && self.is_sent_as(track.sender, track.kind, Codec::Av1)),
            }
        })
    }

    fn is_sent_as(&self, sender: PeerId, kind: TrackKind, codec: Codec) -> bool {
        self.tracks.values().any(|t| t.sender == sender && t.kind == kind && t.codec == codec)
    }
}
