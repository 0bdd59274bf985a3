//! One shard's world: finds the participant a datagram is for, runs the timers, hands out what is to be sent.

mod commands;
mod media;
mod offers;
mod sessions;

use crate::call::{Call, CallId, PeerId, TrackId};
use crate::peer::Slots;
use crate::schedule::Schedule;
use crate::{Output, Settings, SignalError, Totals, rtc, stun};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use str0m::config::DtlsCert;
use str0m::net::{Protocol, Receive, TcpType, Transmit};
use str0m::rtp::RtpPacket;
use str0m::{Candidate, Event, IceConnectionState, Input, Rtc, RtcError};

/// Addresses remembered for one participant; it has one, or a few while its network changes.
const MAX_ADDRESSES: usize = 16;

/// Calls, participants and the routes of their datagrams.
pub struct Node {
    settings: Settings,
    certificate: Option<DtlsCert>,
    candidates: Vec<Candidate>,
    peers: Slots,
    sessions: HashMap<String, PeerId>,
    ufrags: HashMap<String, PeerId>,
    addresses: HashMap<(bool, SocketAddr), PeerId>,
    calls: Vec<Option<Call>>,
    call_names: BTreeMap<(String, String), CallId>,
    wire: VecDeque<Transmit>,
    outputs: VecDeque<Output>,
    /// Packets that arrived in this tick.
    inbox: Vec<(PeerId, RtpPacket)>,
    /// Participants with packets to send in this tick.
    touched: Vec<PeerId>,
    schedule: Schedule,
    /// Tracks whose key frame has to wait.
    keyframes: Vec<(CallId, TrackId)>,
    next_track: TrackId,
    random: u64,
    packets_in: u64,
    packets_out: u64,
    packets_short: u64,
}

impl Node {
    /// A node without participants.
    pub fn new(settings: Settings) -> Self {
        let udp = settings.udp.iter().map(|a| Candidate::builder().udp().host(*a).build());
        let tcp = settings.tcp.iter().map(|a| Candidate::builder().tcp().host(*a).tcptype(TcpType::Passive).build());
        let mut candidates = Vec::new();
        for candidate in udp.chain(tcp) {
            match candidate {
                Ok(candidate) => candidates.push(candidate),
                Err(error) => tracing::warn!(%error, "an address cannot be offered to participants"),
            }
        }
        Self {
            random: settings.seed,
            settings,
            certificate: rtc::certificate(),
            candidates,
            peers: Vec::new(),
            sessions: HashMap::new(),
            ufrags: HashMap::new(),
            addresses: HashMap::new(),
            calls: Vec::new(),
            call_names: BTreeMap::new(),
            wire: VecDeque::new(),
            outputs: VecDeque::new(),
            inbox: Vec::new(),
            touched: Vec::new(),
            schedule: Schedule::default(),
            keyframes: Vec::new(),
            next_track: 1,
            packets_in: 0,
            packets_out: 0,
            packets_short: 0,
        }
    }

    /// A datagram, or one frame of a TCP connection; `destination` is the candidate address it came to. Media is
    /// forwarded by the next [`Node::flush`].
    pub fn receive(&mut self, now: Instant, tcp: bool, source: SocketAddr, destination: SocketAddr, data: &[u8]) {
        let key = (tcp, source);
        let named = stun::receiver_ufrag(data).and_then(|ufrag| self.ufrags.get(ufrag)).copied();
        let Some(id) = named.or_else(|| self.addresses.get(&key).copied()) else { return };
        let proto = if tcp { Protocol::Tcp } else { Protocol::Udp };
        let Some(peer) = self.peers[id].as_ref() else { return };
        // Anybody may send anything: what upsets the parser costs the datagram and nothing else.
        let checked = catch_unwind(AssertUnwindSafe(|| {
            let input = Input::Receive(now, Receive::new(proto, source, destination, data).ok()?);
            peer.accepts(&input).then_some(input)
        }));
        let Ok(Some(input)) = checked else { return };
        if named.is_some() {
            self.learn_address(id, key);
        }
        self.change(now, id, |rtc| rtc.handle_input(input));
    }

    /// Later packets from this address are the participant's, unless they are known to be somebody else's who is
    /// still heard.
    fn learn_address(&mut self, id: PeerId, key: (bool, SocketAddr)) {
        let holder = self.addresses.get(&key).copied();
        if holder == Some(id) {
            return;
        }
        if let Some(other) = holder.and_then(|holder| self.peers[holder].as_mut()) {
            if other.silent_since.is_none() {
                return;
            }
            other.addresses.retain(|a| *a != key);
        }
        let Some(peer) = self.peers[id].as_mut() else { return };
        peer.moves = peer.moves.wrapping_add(1);
        if peer.addresses.len() >= MAX_ADDRESSES {
            self.addresses.remove(&peer.addresses.remove(0));
        }
        peer.addresses.push(key);
        self.addresses.insert(key, id);
    }

    /// Whether an address belongs to a session.
    pub fn knows(&self, tcp: bool, address: SocketAddr) -> bool {
        self.addresses.contains_key(&(tcp, address))
    }

    /// Runs what is due. Call when [`Node::next_timeout`] has come.
    pub fn timeout(&mut self, now: Instant) {
        while let Some(id) = self.schedule.due(now) {
            self.look_at(now, id);
        }
        self.keyframes_due(now);
        self.flush(now);
    }

    fn look_at(&mut self, now: Instant, id: PeerId) {
        let Some(peer) = self.peers[id].as_mut() else { return };
        if peer.next <= now {
            self.change(now, id, |rtc| rtc.handle_input(Input::Timeout(now)));
        }
        self.negotiation_timeout(now, id);
        let Some(peer) = self.peers[id].as_ref() else { return };
        if peer.silent_since.is_some_and(|since| now >= since + self.settings.silence_timeout) {
            self.close(now, id, Some("no packet has come for too long".into()));
        } else if !peer.is_alive() {
            self.close(now, id, Some("the connection ended".into()));
        }
        self.reschedule(id);
    }

    /// Call whenever a participant's deadlines may have changed.
    fn reschedule(&mut self, id: PeerId) {
        let Some(peer) = self.peers[id].as_ref() else { return };
        let silent = peer.silent_since.map(|since| since + self.settings.silence_timeout);
        let deadlines = [Some(peer.next), peer.negotiation.deadline(), silent];
        if let Some(at) = deadlines.into_iter().flatten().min() {
            self.schedule.wake(id, at);
        }
    }

    /// When [`Node::timeout`] must be called; none without participants.
    pub fn next_timeout(&self) -> Option<Instant> {
        let tracks = self.keyframes.iter().filter_map(|(call, track)| {
            self.calls[*call].as_ref().and_then(|c| c.tracks.get(track)).and_then(|t| t.keyframes.deadline())
        });
        self.schedule.next().into_iter().chain(tracks).min()
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.wire.pop_front()
    }

    /// The next thing to tell.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Sizes at this moment.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals {
            calls: self.call_names.len(),
            packets_in: self.packets_in,
            packets_out: self.packets_out,
            packets_short: self.packets_short,
            ..Totals::default()
        };
        for peer in self.peers.iter().flatten() {
            *totals.sessions.entry(peer.join.group.clone()).or_default() += 1;
        }
        for call in self.calls.iter().flatten() {
            for track in call.tracks.values() {
                let sizes = totals.tracks.entry((call.name.0.clone(), track.kind, track.mime())).or_default();
                sizes.0 += 1;
                sizes.1 += track.subscribers.len();
            }
        }
        totals
    }

    fn find(&self, session: &str) -> Result<PeerId, SignalError> {
        self.sessions.get(session).copied().ok_or_else(|| SignalError::Unknown(session.to_owned()))
    }

    /// Changes one participant's `Rtc` and takes in what follows from it; none when that failed (and the participant
    /// is gone).
    fn change<T>(
        &mut self,
        now: Instant,
        id: PeerId,
        change: impl FnOnce(&mut Rtc) -> Result<T, RtcError>,
    ) -> Option<T> {
        let mut events = Vec::new();
        let result = self.peers[id].as_mut()?.mutate(now, &mut self.wire, &mut events, change);
        for event in events {
            self.absorb(now, id, event);
        }
        self.reschedule(id);
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                if let Some(peer) = self.peers[id].as_mut() {
                    peer.broken = true;
                }
                self.close(now, id, Some(error.to_string()));
                None
            }
        }
    }

    fn absorb(&mut self, now: Instant, id: PeerId, event: Event) {
        let Some(peer) = self.peers[id].as_mut() else { return };
        match event {
            Event::RtpPacket(packet) => {
                self.packets_in += 1;
                self.inbox.push((id, packet));
            }
            Event::KeyframeRequest(request) => self.keyframe_wanted(now, id, request.mid),
            Event::Connected if !peer.connected => {
                peer.connected = true;
                self.outputs.push_back(Output::Connected { session: peer.join.session.clone() });
            }
            Event::IceConnectionStateChange(state) => {
                let silent = state == IceConnectionState::Disconnected;
                peer.silent_since = silent.then(|| peer.silent_since.unwrap_or(now));
            }
            Event::ChannelOpen(channel, _) if peer.channel.is_none() => {
                peer.channel = Some(channel);
                self.outputs.push_back(Output::ChannelOpen { session: peer.join.session.clone() });
                self.negotiate(now, id);
            }
            Event::ChannelClose(channel) if peer.channel == Some(channel) => peer.channel = None,
            Event::ChannelData(data) => {
                let session = peer.join.session.clone();
                self.outputs.push_back(Output::Channel { session, binary: data.binary, data: data.data });
            }
            // The participant said goodbye on the connection itself.
            Event::Closed => self.close(now, id, None),
            _ => {}
        }
    }

    /// Eight random letters or digits, different each time (splitmix64 of a counter).
    fn suffix(&mut self) -> String {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.random;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 31;
        let alphabet = b"ybndrfg8ejkmcpqxot1uwisza345h769";
        (0..8).map(|i| char::from(alphabet[(x >> (i * 5)) as usize & 31])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Join;

    #[test]
    fn a_panic_of_the_engine_costs_one_participant() {
        let now = Instant::now();
        let mut node = Node::new(Settings::default());
        for session in ["anna", "ben"] {
            let join = Join {
                group: "group".into(),
                call: "call".into(),
                user: "user".into(),
                session: session.into(),
                av1: false,
            };
            node.join(now, join).unwrap();
        }
        let anna = node.find("anna").unwrap();
        assert_eq!(node.change(now, anna, |_| -> Result<(), RtcError> { panic!("a bug of the engine") }), None);
        let Some(Output::Closed { session, reason }) = node.poll() else { panic!("an end") };
        assert_eq!((session.as_str(), reason.as_deref()), ("anna", Some("the media engine panicked")));
        node.timeout(now);
        assert!(node.poll().is_none() && node.find("ben").is_ok() && node.find("anna").is_err());
    }
}
