//! A node and participants (str0m as a client, as the offloader uses it) on a simulated wire and clock.

use rtcd_sfu::{Join, Node, Output, Settings};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::format::Codec;
use str0m::media::{Direction, KeyframeRequestKind, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpWrite};
use str0m::{Candidate, Event, Input, Output as RtcOutput, Rtc};

const STEP: Duration = Duration::from_millis(5);

/// A packet that arrived at a participant.
#[derive(Clone, Debug)]
pub struct Heard {
    pub sequence: u64,
    /// Audio level, dBov, and whether it is a voice.
    pub level: Option<(i8, bool)>,
    pub payload: Vec<u8>,
}

struct Sending {
    mid: Mid,
    codec: Codec,
    sequence: u64,
    time: u32,
}

pub struct Client {
    rtc: Rtc,
    address: SocketAddr,
    channel: Option<ChannelId>,
    pending: Option<SdpPendingOffer>,
    sending: BTreeMap<&'static str, Sending>,
    /// Datagrams on their way to the node.
    outbox: Vec<Vec<u8>>,
    /// Track ids by mid, from the newest offer.
    names: HashMap<String, String>,
    /// What arrived, by track id.
    pub heard: BTreeMap<String, Vec<Heard>>,
    /// Tracks that a key frame was asked for, by stream.
    pub keyframes_asked: Vec<String>,
    /// Offers that are lost on the way.
    pub lose_offers: usize,
    pub offers: usize,
    /// Kind and sender by mid, from the newest media map.
    pub media: Vec<(String, String, String)>,
    pub messages: Vec<Vec<u8>>,
}

pub struct World {
    pub now: Instant,
    pub node: Node,
    pub clients: BTreeMap<&'static str, Client>,
    pub voices: Vec<(String, bool)>,
    pub closed: Vec<(String, Option<String>)>,
    server: SocketAddr,
}

impl World {
    pub fn new() -> Self {
        let server: SocketAddr = "10.0.0.1:8443".parse().unwrap();
        let settings = Settings { udp: vec![server], tcp: vec![server], ..Settings::default() };
        Self {
            now: Instant::now(),
            node: Node::new(settings),
            clients: BTreeMap::new(),
            voices: vec![],
            closed: vec![],
            server,
        }
    }

    /// A participant joins and negotiates its data channel.
    pub fn join(&mut self, session: &'static str) {
        self.join_with(session, false);
    }

    /// The same, saying whether it can decode AV1.
    pub fn join_with(&mut self, session: &'static str, av1: bool) {
        let join = Join {
            group: "group".into(),
            call: "call".into(),
            user: format!("user-{session}"),
            session: session.into(),
            av1,
        };
        self.node.join(self.now, join).unwrap();
        let port = 5000 + u16::try_from(self.clients.len()).unwrap();
        let address: SocketAddr = format!("10.0.0.2:{port}").parse().unwrap();
        let mut rtc = Rtc::builder().set_rtp_mode(true).build(self.now);
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        let client = Client {
            rtc,
            address,
            channel: None,
            pending: None,
            sending: BTreeMap::new(),
            outbox: vec![],
            names: HashMap::new(),
            heard: BTreeMap::new(),
            keyframes_asked: vec![],
            lose_offers: 0,
            offers: 0,
            media: vec![],
            messages: vec![],
        };
        self.clients.insert(session, client);
        let offer = self.make_offer(session, |api| {
            api.add_channel("calls-dc".into());
        });
        self.exchange(session, &offer);
        self.run(Duration::from_secs(1));
        assert!(self.client(session).channel.is_some(), "the data channel of {session} opens");
    }

    pub fn client(&mut self, session: &str) -> &mut Client {
        self.clients.get_mut(session).unwrap()
    }

    /// An offer that is not sent yet.
    pub fn make_offer(&mut self, session: &str, change: impl FnOnce(&mut str0m::change::SdpApi)) -> String {
        let client = self.client(session);
        let mut api = client.rtc.sdp_api();
        change(&mut api);
        let (offer, pending) = api.apply().unwrap();
        client.pending = Some(pending);
        offer.to_sdp_string()
    }

    /// Sends an offer and takes in the answer.
    pub fn exchange(&mut self, session: &str, offer: &str) {
        let answer = self.node.offer(self.now, session, offer).unwrap();
        let answer = SdpAnswer::from_sdp_string(&answer).unwrap();
        let client = self.client(session);
        let pending = client.pending.take().unwrap();
        client.rtc.sdp_api().accept_answer(pending, answer).unwrap();
        self.run(Duration::from_millis(50));
    }

    /// Adds a track in the stream of the same name: Opus or VP8.
    pub fn add_track(&mut self, session: &'static str, stream: &'static str, kind: MediaKind) {
        let codec = if kind == MediaKind::Audio { Codec::Opus } else { Codec::Vp8 };
        self.add_coded_track(session, stream, stream, codec);
    }

    /// Adds a track that the test calls `name`.
    pub fn add_coded_track(&mut self, session: &'static str, name: &'static str, stream: &str, codec: Codec) {
        let kind = if codec.is_audio() { MediaKind::Audio } else { MediaKind::Video };
        let mut mid = None;
        let offer = self.make_offer(session, |api| {
            mid = Some(api.add_media(kind, Direction::SendOnly, Some(stream.into()), Some(format!("t-{name}")), None));
        });
        let sending = Sending { mid: mid.unwrap(), codec, sequence: 40_000, time: 1000 };
        self.client(session).sending.insert(name, sending);
        self.exchange(session, &offer);
    }

    pub fn add_voice(&mut self, session: &'static str) {
        self.add_track(session, "mic", MediaKind::Audio);
    }

    /// Sends `count` packets of a track, one each 20 ms; the payload is the track's name.
    pub fn send(&mut self, session: &'static str, name: &'static str, count: usize) {
        for i in 0..count {
            let now = self.now;
            let client = self.client(session);
            let sending = client.sending.get_mut(name).unwrap();
            sending.sequence += 1;
            sending.time += 960;
            let (mid, codec, is_audio) = (sending.mid, sending.codec, sending.codec.is_audio());
            let pt = client.rtc.codec_config().iter().find(|p| p.spec().codec == codec).unwrap().pt();
            let mut extensions = ExtensionValues::default();
            if is_audio {
                extensions.audio_level = Some(if i % 2 == 0 { -20 } else { -70 });
                extensions.voice_activity = Some(true);
            }
            let write = RtpWrite::new(pt, sending.sequence.into(), sending.time, now, name.as_bytes())
                .ext_vals(extensions)
                .nackable(!is_audio);
            client.rtc.direct_api().stream_tx_by_mid(mid, None).unwrap().write_rtp(write);
            self.run(Duration::from_millis(20));
        }
    }

    /// The receiver of a track asks for a key frame.
    pub fn ask_for_keyframe(&mut self, session: &str, track: &str) {
        let client = self.client(session);
        let mid = client.names.iter().find(|(_, name)| name.contains(track)).unwrap().0.as_str().into();
        let mut api = client.rtc.direct_api();
        api.stream_rx_by_mid(mid, None).unwrap().request_keyframe(KeyframeRequestKind::Pli);
    }

    pub fn say(&mut self, session: &str, data: &[u8]) {
        let client = self.client(session);
        let channel = client.channel.unwrap();
        assert!(client.rtc.channel(channel).unwrap().write(true, data).unwrap());
    }

    /// What a participant has heard in tracks whose id contains `name`.
    pub fn heard(&mut self, session: &str, name: &str) -> Vec<Heard> {
        let found = self.client(session).heard.iter().filter(|(id, _)| id.contains(name));
        found.flat_map(|(_, packets)| packets.clone()).collect()
    }

    /// Lets time pass and the wire carry everything.
    pub fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            self.now += STEP;
            // Three rounds, so that a question and its answer fit into one step.
            for _ in 0..3 {
                self.node.timeout(self.now);
                self.carry_from_node();
                self.tell();
                self.carry_from_clients();
                self.node.flush(self.now);
            }
        }
    }

    fn carry_from_node(&mut self) {
        let now = self.now;
        while let Some(datagram) = self.node.poll_transmit() {
            let to = self.clients.values_mut().find(|c| c.address == datagram.destination);
            let Some(client) = to else { continue };
            let received =
                Receive::new(Protocol::Udp, datagram.source, datagram.destination, &datagram.contents).unwrap();
            client.rtc.handle_input(Input::Receive(now, received)).unwrap();
            client.drain();
        }
    }

    fn carry_from_clients(&mut self) {
        let mut sent = vec![];
        for client in self.clients.values_mut() {
            client.rtc.handle_input(Input::Timeout(self.now)).unwrap();
            client.drain();
            sent.extend(client.outbox.drain(..).map(|data| (client.address, data)));
        }
        for (source, data) in sent {
            self.node.receive(self.now, false, source, self.server, &data);
        }
    }

    fn tell(&mut self) {
        while let Some(output) = self.node.poll() {
            match output {
                Output::Offer(offer) => {
                    let Some(client) = self.clients.get_mut(offer.session.as_str()) else { continue };
                    client.media =
                        offer.media.iter().map(|(mid, k, s)| (mid.clone(), k.name().into(), s.clone())).collect();
                    client.offers += 1;
                    if client.lose_offers > 0 {
                        client.lose_offers -= 1;
                        continue;
                    }
                    let answer = client.answer(&offer.sdp);
                    // The answer to an offer that was made twice may come twice.
                    drop(self.node.answer(self.now, &offer.session, &answer));
                }
                Output::Channel { session, data, .. } => {
                    self.node.send(self.now, &session, true, &data).unwrap();
                }
                Output::Voice { session, on } => self.voices.push((session, on)),
                Output::Closed { session, reason } => self.closed.push((session, reason)),
                Output::ChannelOpen { .. } | Output::Connected { .. } => {}
            }
        }
    }
}

impl Client {
    /// Goes on with other sequence numbers.
    pub fn skip_to(&mut self, name: &str, sequence: u64) {
        self.sending.get_mut(name).unwrap().sequence = sequence;
    }

    fn answer(&mut self, sdp: &str) -> String {
        let answer = self.rtc.sdp_api().accept_offer(SdpOffer::from_sdp_string(sdp).unwrap()).unwrap();
        self.names.clear();
        let mut mid = String::new();
        for line in sdp.lines() {
            if let Some(value) = line.strip_prefix("a=mid:") {
                mid = value.trim().to_owned();
            } else if let Some(value) = line.strip_prefix("a=msid:") {
                self.names.insert(mid.clone(), value.split(' ').nth(1).unwrap().trim().to_owned());
            }
        }
        answer.to_sdp_string()
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                RtcOutput::Timeout(_) => return,
                RtcOutput::Transmit(t) => self.outbox.push(t.contents.to_vec()),
                RtcOutput::Event(Event::ChannelOpen(id, _)) => self.channel = Some(id),
                RtcOutput::Event(Event::ChannelData(data)) => self.messages.push(data.data),
                RtcOutput::Event(Event::KeyframeRequest(request)) => {
                    let stream = self.sending.iter().find(|(_, s)| s.mid == request.mid).unwrap().0;
                    self.keyframes_asked.push((*stream).to_owned());
                }
                RtcOutput::Event(Event::RtpPacket(packet)) => {
                    let ssrc = packet.header.ssrc;
                    let mid = self.rtc.direct_api().stream_rx(&ssrc).unwrap().mid();
                    let name = self.names.get(&*mid).cloned().unwrap_or_default();
                    let level = packet.header.ext_vals.audio_level;
                    self.heard.entry(name).or_default().push(Heard {
                        sequence: *packet.seq_no,
                        level: level.map(|l| (l, packet.header.ext_vals.voice_activity == Some(true))),
                        payload: packet.payload.to_vec(),
                    });
                }
                RtcOutput::Event(_) => {}
            }
        }
    }
}
