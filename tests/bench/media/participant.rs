//! A participant that is cheap to be: it negotiates like any other, then counts the media it is sent without decrypting
//! it. One in some (`probe`) does decrypt, and says how long each packet took.

use crate::scenario::{SCREEN_PAYLOAD, VOICE_PAYLOAD};
use anyhow::Context;
use mio::net::UdpSocket;
use rtcd_client::signal::{Description, DescriptionKind, ServerCandidate};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};

/// Where the send time lies in a payload; a VP8 descriptor goes before it.
const STAMP: std::ops::Range<usize> = 8..16;

/// What a participant sends.
#[derive(Debug)]
pub struct Sending {
    mid: Mid,
    pt: Option<Pt>,
    codec: Codec,
    sequence: u64,
    time: u32,
}

/// What the participant wants said to the server.
pub type Said = (usize, Description);

pub struct Participant {
    pub index: usize,
    pub socket: UdpSocket,
    own: SocketAddr,
    rtc: Rtc,
    pub probe: bool,
    pub connected: bool,
    pub next: Instant,
    pending: Option<SdpPendingOffer>,
    pub voice: Option<Sending>,
    pub screen: Option<Sending>,
    /// Tracks in the newest answered offer of the server.
    pub tracks: usize,
    /// Media packets that came.
    pub received: u64,
    /// Delays of decrypted packets.
    pub delays: Vec<Duration>,
    pub said: VecDeque<Said>,
}

impl Participant {
    pub fn new(index: usize, probe: bool) -> anyhow::Result<Self> {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None)?;
        socket.set_nonblocking(true)?;
        // A burst of a screen must find room while this thread is elsewhere.
        socket.set_recv_buffer_size(1 << 20)?;
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
        let socket = UdpSocket::from_std(socket.into());
        let own = socket.local_addr()?;
        let now = Instant::now();
        let mut rtc = Rtc::builder().set_rtp_mode(true).build(now);
        rtc.add_local_candidate(Candidate::host(own, "udp")?);
        Ok(Self {
            index,
            socket,
            own,
            rtc,
            probe,
            connected: false,
            next: now,
            pending: None,
            voice: None,
            screen: None,
            tracks: 0,
            received: 0,
            delays: Vec::new(),
            said: VecDeque::new(),
        })
    }

    /// Offers what this participant sends: always the data channel, and tracks as asked for.
    pub fn offer(&mut self, voice: bool, screen: bool) -> anyhow::Result<()> {
        let mut api = self.rtc.sdp_api();
        api.add_channel("calls-dc".into());
        let mut track = |kind, stream: String, codec| {
            let mid = api.add_media(kind, Direction::SendOnly, Some(stream), None, None);
            Sending { mid, pt: None, codec, sequence: 1000, time: 0 }
        };
        if voice {
            self.voice = Some(track(MediaKind::Audio, format!("voice-{}", self.index), Codec::Opus));
        }
        if screen {
            self.screen = Some(track(MediaKind::Video, screen_stream(self.index), Codec::Vp8));
        }
        let (offer, pending) = api.apply().context("nothing to offer")?;
        self.pending = Some(pending);
        self.said.push_back((self.index, Description::offer(offer.to_sdp_string())));
        self.drain()
    }

    /// A description or a candidate of the server.
    pub fn hear(&mut self, data: &[u8]) -> anyhow::Result<()> {
        if let Ok(candidate) = serde_json::from_slice::<ServerCandidate>(data) {
            let text = candidate.candidate.candidate;
            // Candidates of TCP and of other machines do not matter here.
            if let Ok(candidate) = Candidate::from_sdp_string(&text)
                && candidate.proto() == Protocol::Udp
            {
                self.rtc.add_remote_candidate(candidate);
            }
            return self.drain();
        }
        let description: Description = serde_json::from_slice(data).context("no description")?;
        match description.kind {
            DescriptionKind::Answer => {
                let pending = self.pending.take().context("an answer to no offer")?;
                self.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&description.sdp)?)?;
                for sending in [&mut self.voice, &mut self.screen].into_iter().flatten() {
                    let agreed = self.rtc.media(sending.mid).context("the track was refused")?.remote_pts().to_vec();
                    let mut codecs = self.rtc.codec_config().iter();
                    let found = codecs.find(|p| p.spec().codec == sending.codec && agreed.contains(&p.pt()));
                    sending.pt = Some(found.context("the codec was refused")?.pt());
                }
            }
            DescriptionKind::Offer => {
                let offer = SdpOffer::from_sdp_string(&description.sdp)?;
                let answer = self.rtc.sdp_api().accept_offer(offer)?;
                self.said.push_back((self.index, Description::answer(answer.to_sdp_string())));
                self.tracks = sent_tracks(&description.sdp);
            }
        }
        self.drain()
    }

    /// Reads all that came.
    pub fn readable(&mut self, buffer: &mut [u8]) -> anyhow::Result<()> {
        loop {
            let (count, source) = match self.socket.recv_from(buffer) {
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let data = &buffer[..count];
            let media = is_media(data);
            self.received += u64::from(media);
            if media && !self.probe {
                continue;
            }
            if let Ok(receive) = Receive::new(Protocol::Udp, source, self.own, data) {
                self.rtc.handle_input(Input::Receive(Instant::now(), receive))?;
                self.drain()?;
            }
        }
    }

    /// Runs the timers of the connection.
    pub fn timeout(&mut self, now: Instant) -> anyhow::Result<()> {
        self.rtc.handle_input(Input::Timeout(now))?;
        self.drain()
    }

    /// Sends a packet of the voice.
    pub fn speak(&mut self, now: Instant) -> anyhow::Result<()> {
        let Some(voice) = &mut self.voice else { return Ok(()) };
        voice.time = voice.time.wrapping_add(960);
        let mut payload = [0; VOICE_PAYLOAD];
        stamp(&mut payload);
        // Loud and varying, as speech is.
        let level = if voice.sequence % 2 == 0 { -20 } else { -40 };
        let extensions =
            ExtensionValues { audio_level: Some(level), voice_activity: Some(true), ..ExtensionValues::default() };
        write(&mut self.rtc, voice, now, &payload, false, extensions)?;
        self.drain()
    }

    /// Sends a frame of the screen in `packets`.
    pub fn show(&mut self, now: Instant, packets: usize) -> anyhow::Result<()> {
        let Some(screen) = &mut self.screen else { return Ok(()) };
        screen.time = screen.time.wrapping_add(90_000 / crate::scenario::SCREEN_FRAMES);
        let mut payload = [0; SCREEN_PAYLOAD];
        stamp(&mut payload);
        for packet in 0..packets {
            let Some(screen) = &mut self.screen else { return Ok(()) };
            // RFC 7741: the S bit at the start of a frame; a key frame begins with an even first byte.
            payload[0] = if packet == 0 { 0x10 } else { 0 };
            write(&mut self.rtc, screen, now, &payload, packet + 1 == packets, ExtensionValues::default())?;
            self.drain()?;
        }
        Ok(())
    }

    fn drain(&mut self) -> anyhow::Result<()> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => {
                    self.next = at;
                    return Ok(());
                }
                // A full buffer loses the datagram, as a network may.
                Output::Transmit(t) => drop(self.socket.send_to(&t.contents, t.destination)),
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::RtpPacket(packet)) if packet.payload.len() >= STAMP.end => {
                    let stamp = packet.payload[STAMP].try_into().map(u64::from_be_bytes).unwrap_or_default();
                    let sent = Duration::from_nanos(stamp);
                    self.delays.push(clock().saturating_sub(sent));
                }
                Output::Event(_) => {}
            }
        }
    }
}

fn write(
    rtc: &mut Rtc,
    sending: &mut Sending,
    now: Instant,
    payload: &[u8],
    marker: bool,
    extensions: ExtensionValues,
) -> anyhow::Result<()> {
    let pt = sending.pt.context("sent before the answer")?;
    sending.sequence += 1;
    let packet = RtpWrite::new(pt, sending.sequence.into(), sending.time, now, payload)
        .marker(marker)
        .ext_vals(extensions)
        .nackable(sending.codec == Codec::Vp8);
    rtc.direct_api().stream_tx_by_mid(sending.mid, None).context("no stream")?.write_rtp(packet);
    Ok(())
}

fn stamp(payload: &mut [u8]) {
    payload[STAMP].copy_from_slice(&(clock().as_nanos() as u64).to_be_bytes());
}

/// Time since the first call, the same in all threads.
fn clock() -> Duration {
    static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGUN.get_or_init(Instant::now).elapsed()
}

/// The MediaStream of a participant's screen.
pub fn screen_stream(index: usize) -> String {
    format!("screen-{index}")
}

/// RFC 7983 says media; RFC 5761 which of it is RTCP.
fn is_media(data: &[u8]) -> bool {
    data.len() > 12 && (128..192).contains(&data[0]) && !(192..224).contains(&data[1])
}

/// m-lines of an offer on which the server sends.
fn sent_tracks(sdp: &str) -> usize {
    let mut parts = sdp.split("\nm=").skip(1);
    let sends = |part: &&str| part.contains("\na=sendonly") || part.contains("\na=sendrecv");
    parts.by_ref().filter(sends).filter(|part| part.contains("\na=msid:")).count()
}
