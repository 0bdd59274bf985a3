//! The media core of rtcd: who hears whom in a call, without sockets, threads or a clock.
//!
//! Start reading at [`Node`]: it takes datagrams, time and what participants say (join, offers, answers, mute), and
//! hands out datagrams ([`Node::poll_transmit`]) and things to tell ([`Node::poll`]). How those travel (HTTP,
//! WebSocket, data channel messages) is the binary's affair; this crate knows no wire format but SDP and RTP.
//!
//! One participant is one `Rtc` of str0m in RTP mode ([`peer`]). Packets of a participant's tracks are forwarded with
//! their payload untouched ([`node`]'s `media` part). Which tracks a participant is offered follows from comparing what
//! its call has with what it was offered before ([`node`]'s `offers` part).

mod api;
mod call;
mod cipher;
mod egress;
mod forward;
mod keyframe;
mod negotiation;
mod node;
mod peer;
mod rtc;
mod schedule;
mod sdp;
mod stun;
mod vad;

pub use api::{Command, Join, JoinError, Offer, Output, Settings, SignalError, Totals};
pub use node::Node;
pub use str0m::net::{Protocol, Transmit};

/// What a track carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrackKind {
    Voice,
    Screen,
    ScreenAudio,
    Video,
}

impl TrackKind {
    /// The name in track ids and media maps.
    pub fn name(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Screen => "screen",
            Self::ScreenAudio => "screen-audio",
            Self::Video => "video",
        }
    }

    /// Whether it is sound.
    pub fn is_audio(self) -> bool {
        matches!(self, Self::Voice | Self::ScreenAudio)
    }
}
