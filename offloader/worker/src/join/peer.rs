//! The WebRTC end of the bot: receive-only, on str0m, without sockets and without reading a clock.
//!
//! Every input is followed by [`Peer::drain`], which hands out what to send, what arrived, and when to call again.

use super::clock::{Arrival, Clocks, Report};
use super::{Codec, Frame, TrackName, sdp};
use rtcd_client::channel::{ChannelMessage, LABEL};
use rtcd_client::signal::{Description, DescriptionKind};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::media::{KeyframeRequestKind, MediaData, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig, RtcError};

/// Time between requests for a first key frame, and between requests after a loss.
const KEYFRAME_EVERY: Duration = Duration::from_secs(2);
/// Time between pings on the data channel.
const PING_EVERY: Duration = Duration::from_secs(1);

/// Why the peer cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// No local address could be offered.
    #[error("no local address to receive media on")]
    NoAddress,
    /// A description that str0m does not take.
    #[error("session description of the server: {0}")]
    Description(String),
    /// An answer that nobody asked for.
    #[error("the server answered an offer that is not open")]
    Unasked,
    /// str0m gave up.
    #[error("media connection: {0}")]
    Rtc(#[from] RtcError),
}

/// Where a description came from and its answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The chat server's WebSocket.
    WebSocket,
    /// The data channel.
    DataChannel,
}

/// What the peer wants done.
pub enum PeerOutput {
    /// Send a datagram.
    Transmit { source: SocketAddr, destination: SocketAddr, data: Vec<u8> },
    /// Send a description by WebSocket.
    Describe(Description),
    /// Media can flow.
    Connected,
    /// A packet or picture of a track.
    Frame(Frame),
    /// The connection is gone for good.
    Disconnected,
}

/// A receive-only participant.
pub struct Peer {
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    channel: Option<ChannelId>,
    tracks: HashMap<Mid, Track>,
    clocks: Clocks,
    /// One instant and the wall clock at that instant, microseconds since the Unix epoch.
    epoch: (Instant, i64),
    next_ping: Instant,
    outputs: Vec<PeerOutput>,
}

struct Track {
    name: Arc<TrackName>,
    /// Whether pictures can be decoded: a key frame came and nothing was lost since.
    decodable: bool,
    asked: Option<Instant>,
}

impl Peer {
    /// A peer that receives on `addresses`, and its first offer, which holds only the data channel. `wall_us` is the
    /// wall clock at `now`, in microseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`PeerError::NoAddress`] when no address is usable.
    pub fn new(now: Instant, wall_us: i64, addresses: &[SocketAddr]) -> Result<(Self, Description), PeerError> {
        let mut rtc = RtcConfig::new()
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_reordering_timeout_audio(Some(Duration::from_millis(200)))
            .set_reordering_size_video(200)
            .build(now);
        let mut usable = 0;
        for address in addresses {
            match Candidate::host(*address, "udp") {
                Ok(candidate) => usable += usize::from(rtc.add_local_candidate(candidate).is_some()),
                Err(error) => tracing::debug!(%address, %error, "address cannot be offered"),
            }
        }
        if usable == 0 {
            return Err(PeerError::NoAddress);
        }
        let mut change = rtc.sdp_api();
        change.add_channel(LABEL.into());
        let (offer, pending) = change.apply().expect("because adding a channel is a change");
        let peer = Self {
            rtc,
            pending: Some(pending),
            channel: None,
            tracks: HashMap::new(),
            clocks: Clocks::default(),
            epoch: (now, wall_us),
            next_ping: now,
            outputs: vec![],
        };
        Ok((peer, Description::offer(offer.to_sdp_string())))
    }

    /// Takes in the server's offer or answer; an answer of ours comes out of [`Peer::drain`].
    ///
    /// # Errors
    /// [`PeerError::Description`] or [`PeerError::Unasked`]; the connection stays as it was.
    pub fn describe(&mut self, description: &Description, via: Via) -> Result<(), PeerError> {
        let broken = |e: &dyn std::fmt::Display| PeerError::Description(e.to_string());
        match description.kind {
            DescriptionKind::Answer => {
                let answer = SdpAnswer::from_sdp_string(&description.sdp).map_err(|e| broken(&e))?;
                let pending = self.pending.take().ok_or(PeerError::Unasked)?;
                self.rtc.sdp_api().accept_answer(pending, answer).map_err(|e| broken(&e))
            }
            DescriptionKind::Offer => {
                let offer = SdpOffer::from_sdp_string(&description.sdp).map_err(|e| broken(&e))?;
                let answer = self.rtc.sdp_api().accept_offer(offer).map_err(|e| broken(&e))?;
                self.learn_tracks(&description.sdp);
                let answer = Description::answer(answer.to_sdp_string());
                match (via, self.channel.and_then(|id| self.rtc.channel(id))) {
                    (Via::DataChannel, Some(mut channel)) => {
                        channel.write(true, &ChannelMessage::Sdp(answer).encode()).map(drop).map_err(PeerError::Rtc)
                    }
                    _ => {
                        self.outputs.push(PeerOutput::Describe(answer));
                        Ok(())
                    }
                }
            }
        }
    }

    /// Takes in a candidate line of the server; lines of other transports are ignored.
    pub fn candidate(&mut self, line: &str) {
        if line.is_empty() {
            return;
        }
        match Candidate::from_sdp_string(line) {
            Ok(candidate) if candidate.proto() == Protocol::Udp => self.rtc.add_remote_candidate(candidate),
            Ok(_) => {}
            Err(error) => tracing::debug!(line, %error, "candidate ignored"),
        }
    }

    /// Takes in a datagram that arrived at `now`.
    ///
    /// # Errors
    /// [`PeerError::Rtc`] when the connection is broken for good; unknown datagrams are ignored.
    pub fn receive(
        &mut self,
        now: Instant,
        source: SocketAddr,
        destination: SocketAddr,
        data: &[u8],
    ) -> Result<(), PeerError> {
        let Ok(contents) = data.try_into() else { return Ok(()) };
        let input = Input::Receive(now, Receive { proto: Protocol::Udp, source, destination, contents });
        if self.rtc.accepts(&input) { self.rtc.handle_input(input).map_err(PeerError::Rtc) } else { Ok(()) }
    }

    /// Tells the time.
    ///
    /// # Errors
    /// [`PeerError::Rtc`] when the connection is broken for good.
    pub fn tick(&mut self, now: Instant) -> Result<(), PeerError> {
        self.rtc.handle_input(Input::Timeout(now))?;
        if now >= self.next_ping {
            self.next_ping = now + PING_EVERY;
            if let Some(mut channel) = self.channel.and_then(|id| self.rtc.channel(id)) {
                channel.write(true, &ChannelMessage::Ping.encode())?;
            }
        }
        self.ask_for_keyframes(now);
        Ok(())
    }

    /// Hands out everything there is to do, and the time of the next [`Peer::tick`].
    ///
    /// # Errors
    /// [`PeerError::Rtc`] when the connection is broken for good.
    pub fn drain(&mut self, outputs: &mut Vec<PeerOutput>) -> Result<Instant, PeerError> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => {
                    outputs.append(&mut self.outputs);
                    return Ok(at.min(self.next_ping));
                }
                Output::Transmit(t) => self.outputs.push(PeerOutput::Transmit {
                    source: t.source,
                    destination: t.destination,
                    data: t.contents.to_vec(),
                }),
                Output::Event(event) => self.event(event),
            }
            if !self.rtc.is_alive() {
                self.outputs.push(PeerOutput::Disconnected);
                outputs.append(&mut self.outputs);
                return Ok(self.next_ping);
            }
        }
    }

    /// Says goodbye to the server; drain once more to send it.
    pub fn close(&mut self) {
        self.rtc.disconnect();
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Connected => self.outputs.push(PeerOutput::Connected),
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                self.outputs.push(PeerOutput::Disconnected);
            }
            Event::ChannelOpen(id, _) => self.channel = Some(id),
            Event::ChannelData(data) if data.binary => match ChannelMessage::decode(&data.data) {
                Ok(ChannelMessage::Sdp(description)) => {
                    if let Err(error) = self.describe(&description, Via::DataChannel) {
                        tracing::warn!(%error, "negotiation on the data channel");
                    }
                }
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "data channel"),
            },
            Event::MediaData(media) => self.media(media),
            _ => {}
        }
    }

    fn media(&mut self, media: MediaData) {
        let codec = match media.params.spec().codec {
            str0m::format::Codec::Opus => Codec::Opus,
            str0m::format::Codec::Vp8 => Codec::Vp8,
            str0m::format::Codec::Av1 => Codec::Av1,
            _ => return,
        };
        let arrived = self.wall_us(media.network_time);
        let keyframe = media.is_keyframe() || codec == Codec::Opus;
        let Some(track) = self.tracks.get_mut(&media.mid) else { return };
        if codec != Codec::Opus {
            // After a loss the picture stands still until the next key frame, which is better than a broken one.
            track.decodable = keyframe || (track.decodable && media.contiguous);
            if !track.decodable {
                return;
            }
        }
        let report = media.last_sender_info.and_then(|info| {
            let wall = info.ntp_time.duration_since(UNIX_EPOCH).ok()?;
            Some(Report { wall_us: i64::try_from(wall.as_micros()).ok()?, ticks: info.rtp_time.numer() })
        });
        let arrival = Arrival { at_us: arrived, ticks: media.time.numer(), rate: media.time.denom(), report };
        let time_us = self.clocks.time_us(&track.name.session, &track.name.id, arrival);
        self.outputs.push(PeerOutput::Frame(Frame {
            track: Arc::clone(&track.name),
            codec,
            time_us,
            keyframe,
            data: media.data,
        }));
    }

    fn wall_us(&self, at: Instant) -> i64 {
        let us = |d: Duration| i64::try_from(d.as_micros()).unwrap_or(i64::MAX);
        match at.checked_duration_since(self.epoch.0) {
            Some(later) => self.epoch.1.saturating_add(us(later)),
            None => self.epoch.1.saturating_sub(us(self.epoch.0.duration_since(at))),
        }
    }

    fn learn_tracks(&mut self, sdp: &str) {
        let mut tracks = HashMap::new();
        for (mid, name) in sdp::tracks(sdp) {
            let mid: Mid = mid.as_str().into();
            let known = self.tracks.remove(&mid).filter(|t| *t.name == name);
            let fresh = || Track { name: Arc::new(name), decodable: false, asked: None };
            tracks.insert(mid, known.unwrap_or_else(fresh));
        }
        self.tracks = tracks;
    }

    fn ask_for_keyframes(&mut self, now: Instant) {
        for (mid, track) in &mut self.tracks {
            let due = track.asked.is_none_or(|at| now.saturating_duration_since(at) >= KEYFRAME_EVERY);
            if track.name.kind.is_audio() || track.decodable || !due {
                continue;
            }
            // Refused until the first packet of the stream came; asked again at the next tick.
            let asked = self.rtc.writer(*mid).map(|mut w| w.request_keyframe(None, KeyframeRequestKind::Pli));
            if matches!(asked, Some(Ok(()))) {
                track.asked = Some(now);
            }
        }
    }
}
