//! Media through the running binary's own sockets: a str0m participant signalled through `rtcd-client`.

use crate::running::{Rtcd, next};
use rtcd_client::channel::ChannelMessage;
use rtcd_client::signal::{Description, DescriptionKind};
use rtcd_client::{Client, Event, Join, Message, RtcKind, RtcMessage};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::net::{Protocol, Receive, TcpType};
use str0m::{Candidate, Event as RtcEvent, Input, Output, Rtc};

/// A participant's socket.
enum Wire {
    Udp(UdpSocket),
    Tcp { stream: TcpStream, bytes: Vec<u8> },
}

impl Wire {
    fn address(&self) -> SocketAddr {
        match self {
            Self::Udp(socket) => socket.local_addr().unwrap(),
            Self::Tcp { stream, .. } => stream.local_addr().unwrap(),
        }
    }

    fn send(&mut self, to: SocketAddr, data: &[u8]) {
        match self {
            Self::Udp(socket) => drop(socket.send_to(data, to).unwrap()),
            Self::Tcp { stream, .. } => {
                let length = u16::try_from(data.len()).unwrap().to_be_bytes();
                stream.write_all(&[&length, data].concat()).unwrap();
            }
        }
    }

    fn receive(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 4096];
        let waits = |e: &std::io::Error| matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        match self {
            Self::Udp(socket) => match socket.recv(&mut buffer) {
                Ok(count) => Some(buffer[..count].to_vec()),
                Err(error) => {
                    assert!(waits(&error), "{error}");
                    None
                }
            },
            Self::Tcp { stream, bytes } => {
                match stream.read(&mut buffer) {
                    Ok(count) => bytes.extend(&buffer[..count]),
                    Err(error) => assert!(waits(&error), "{error}"),
                }
                let length = usize::from(u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]));
                (bytes.len() >= length + 2).then(|| bytes.drain(..length + 2).skip(2).collect())
            }
        }
    }
}

struct Participant {
    rtc: Rtc,
    wire: Wire,
    server: SocketAddr,
    channel: Option<ChannelId>,
    said: Vec<ChannelMessage>,
}

impl Participant {
    fn new(wire: Wire, server: SocketAddr) -> Self {
        let mut rtc = Rtc::builder().build(Instant::now());
        let candidate = match &wire {
            Wire::Udp(_) => Candidate::builder().udp().host(wire.address()).build(),
            Wire::Tcp { .. } => Candidate::builder().tcp().host(wire.address()).tcptype(TcpType::Active).build(),
        };
        rtc.add_local_candidate(candidate.unwrap());
        Self { rtc, wire, server, channel: None, said: vec![] }
    }

    fn offer(&mut self) -> (String, SdpPendingOffer) {
        let mut api = self.rtc.sdp_api();
        api.add_channel("calls-dc".into());
        let (offer, pending) = api.apply().unwrap();
        (offer.to_sdp_string(), pending)
    }

    /// Runs until `done` or for ten seconds.
    fn run(&mut self, done: impl Fn(&Self) -> bool) -> bool {
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end && !done(self) {
            self.drain();
            let proto = if matches!(self.wire, Wire::Udp(_)) { Protocol::Udp } else { Protocol::Tcp };
            while let Some(data) = self.wire.receive() {
                let input = Receive::new(proto, self.server, self.wire.address(), &data).unwrap();
                self.rtc.handle_input(Input::Receive(Instant::now(), input)).unwrap();
                self.drain();
            }
            self.rtc.handle_input(Input::Timeout(Instant::now())).unwrap();
        }
        done(self)
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(t) => {
                    assert_eq!(t.destination, self.server);
                    self.wire.send(t.destination, &t.contents);
                }
                Output::Event(RtcEvent::ChannelOpen(id, _)) => self.channel = Some(id),
                Output::Event(RtcEvent::ChannelData(data)) => {
                    self.said.push(ChannelMessage::decode(&data.data).unwrap());
                }
                Output::Event(_) => {}
            }
        }
    }

    fn say(&mut self, message: &ChannelMessage) {
        let mut channel = self.rtc.channel(self.channel.unwrap()).unwrap();
        assert!(channel.write(true, &message.encode()).unwrap());
    }
}

/// Joins over `wire` and talks on the data channel.
async fn talk(wire: impl FnOnce(SocketAddr) -> Wire + Send + 'static, transport: &str) {
    let folder = tempfile::tempdir().unwrap();
    let rtcd = Rtcd::start(folder.path(), "127.0.0.1:0", &[]);
    let (client, mut events) = Client::connect(rtcd.client()).await.unwrap();
    next(&mut events).await;
    let join = Join { call_id: "c".into(), user_id: "u".into(), session_id: "s".into(), ..Join::default() };
    client.send(Message::Join(join)).await.unwrap();
    let server = rtcd.media(transport);
    let mut participant = Participant::new(wire(server), server);
    let (offer, pending) = participant.offer();
    let data = serde_json::to_vec(&Description::offer(offer)).unwrap();
    client.send(Message::Rtc(RtcMessage::new("s", RtcKind::SDP, data))).await.unwrap();
    let Event::Message(Message::Rtc(answer)) = next(&mut events).await else { panic!("an answer") };
    assert_eq!((answer.group_id.as_str(), answer.call_id.as_str(), answer.user_id.as_str()), ("site", "c", "u"));
    let answer: Description = serde_json::from_slice(&answer.data).unwrap();
    assert_eq!(answer.kind, DescriptionKind::Answer);
    assert!(answer.sdp.contains("a=setup:passive") && answer.sdp.contains("a=ice-lite"), "{}", answer.sdp);
    let answer = SdpAnswer::from_sdp_string(&answer.sdp).unwrap();
    participant.rtc.sdp_api().accept_answer(pending, answer).unwrap();

    let talked = tokio::task::spawn_blocking(move || {
        assert!(participant.run(|p| p.channel.is_some()), "the data channel opens");
        for message in [ChannelMessage::Ping, ChannelMessage::LockRequest, ChannelMessage::LockRequest] {
            participant.say(&message);
        }
        assert!(participant.run(|p| p.said.len() == 3));
        let acquired = [ChannelMessage::Pong, ChannelMessage::LockReply(true), ChannelMessage::LockReply(false)];
        assert_eq!(participant.said, acquired);
        participant.say(&ChannelMessage::Unlock);
        participant.say(&ChannelMessage::LockRequest);
        assert!(participant.run(|p| p.said.len() == 4));
        assert_eq!(participant.said[3], ChannelMessage::LockReply(true));
        participant.rtc.close().unwrap();
        participant.drain();
    });
    talked.await.unwrap();
    let over = Event::Message(Message::Close { session_id: "s".into() });
    assert_eq!(next(&mut events).await, over, "the participant's own goodbye ends the session");
}

#[tokio::test]
async fn a_participant_talks_over_udp() {
    let wire = |_| {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        Wire::Udp(socket)
    };
    talk(wire, "udp").await;
}

#[tokio::test]
async fn a_participant_talks_over_tcp() {
    let wire = |server| {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        Wire::Tcp { stream, bytes: vec![] }
    };
    talk(wire, "tcp").await;
}
