//! Sockets and time around the sans-IO parts: one task that speaks with the chat server and the SFU until it is told to
//! leave, and gives the job its events.

use super::peer::{Peer, PeerError, PeerOutput, Via};
use super::signal::{self, ServerEvent, Signal};
use super::{CallEvent, StopReason};
use futures::{SinkExt, StreamExt};
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Deadline for opening the WebSocket, for `hello` and for the answer to `join`.
const STEP: Duration = Duration::from_secs(10);
/// Deadline from the join to media.
const CONNECT: Duration = Duration::from_secs(20);
/// How long a lost WebSocket is tried again; the media goes on meanwhile.
const RECONNECT: Duration = Duration::from_secs(30);
/// Time between pings to the chat server, and without any frame after which the connection counts as lost.
const PING: Duration = Duration::from_secs(10);
const SILENT: Duration = Duration::from_secs(40);

/// Why the bot could not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The address of the site makes no WebSocket address or the token no header.
    #[error("site address {0:?} cannot be used: {1}")]
    Site(String, String),
    /// The WebSocket failed.
    #[error("WebSocket of the chat server: {0}")]
    WebSocket(#[from] Box<tungstenite::Error>),
    /// The server did not do its part in time.
    #[error("the chat server did not {0} in time")]
    Deadline(&'static str),
    /// The server refused.
    #[error("the chat server refused the join: {0}")]
    Refused(String),
    /// The connection was closed.
    #[error("the chat server closed the connection")]
    Closed,
    /// No socket for media.
    #[error("cannot open a socket for media: {0}")]
    Udp(std::io::Error),
    /// WebRTC failed.
    #[error(transparent)]
    Peer(#[from] PeerError),
}

/// Where to go and as whom.
#[derive(Clone)]
pub struct Target {
    /// Address of the site, `http://host:port`.
    pub site_url: String,
    /// Channel of the call.
    pub channel_id: String,
    /// The bot's token.
    pub token: String,
    /// The job on whose behalf the bot joins: RECORDING_ID or TRANSCRIPTION_ID.
    pub job_id: String,
}

/// What a job says in the call.
#[derive(Clone, Debug)]
pub enum Say {
    /// A live caption of a session.
    Caption { session_id: String, text: String, new_audio_len_ms: u64 },
    /// A counter of live captions.
    Metric { name: &'static str, session_id: String },
}

/// A joined call. Dropping it leaves.
pub struct Call {
    /// What happens; bounded, so a slow job slows the reading of the socket, not memory.
    pub events: mpsc::Receiver<CallEvent>,
    /// Captions to show; bounded.
    pub say: mpsc::Sender<Say>,
    leave: CancellationToken,
    done: tokio::task::JoinHandle<()>,
}

impl Call {
    /// Leaves the call and waits for the goodbye to be sent.
    pub async fn leave(mut self) {
        self.leave.cancel();
        self.events.close();
        if tokio::time::timeout(Duration::from_secs(3), &mut self.done).await.is_err() {
            self.done.abort();
        }
    }
}

/// Joins the call; returns when the server has accepted the bot, before media flows ([`CallEvent::Connected`]).
///
/// # Errors
/// [`JoinError`] naming the step that failed.
pub async fn join(target: Target) -> Result<Call, JoinError> {
    let mut socket = connect(&target, "").await?;
    let session_id = hello(&mut socket).await?;
    send(&mut socket, Message::text(signal::join(1, &target.channel_id, &target.job_id))).await?;
    let deadline = tokio::time::Instant::now() + STEP;
    let mut early = vec![];
    loop {
        let event = tokio::time::timeout_at(deadline, next_event(&mut socket));
        match event.await.map_err(|_| JoinError::Deadline("accept the join"))??.0 {
            ServerEvent::Joined { connection_id } if connection_id == session_id => break,
            ServerEvent::Refused { connection_id, reason } if connection_id == session_id => {
                return Err(JoinError::Refused(reason));
            }
            other => early.push(other),
        }
    }
    let udp = Udp::open(&target.site_url).await.map_err(JoinError::Udp)?;
    let now = Instant::now();
    let wall_us = kit::Clock::system().now_ms() * 1000;
    let (peer, offer) = Peer::new(now, wall_us, &udp.addresses())?;
    send(&mut socket, Message::binary(signal::sdp(2, &offer))).await?;

    let (events_tx, events) = mpsc::channel(2048);
    let (say, say_rx) = mpsc::channel(64);
    let leave = CancellationToken::new();
    let run = Run {
        connection_id: session_id.clone(),
        session_id,
        target,
        peer,
        udp,
        events: events_tx,
        others: HashSet::new(),
        anybody: false,
        connected: false,
        deadline: now + CONNECT,
        seq: 2,
        server_seq: 0,
    };
    let token = leave.clone();
    let done = tokio::spawn(run.run(socket, early, say_rx, token));
    Ok(Call { events, say, leave, done })
}

struct Run {
    target: Target,
    /// Our session: the id of the first connection.
    session_id: String,
    /// Id of the current connection.
    connection_id: String,
    peer: Peer,
    udp: Udp,
    events: mpsc::Sender<CallEvent>,
    others: HashSet<String>,
    anybody: bool,
    connected: bool,
    deadline: Instant,
    seq: i64,
    server_seq: i64,
}

impl Run {
    async fn run(
        mut self,
        mut socket: Socket,
        early: Vec<ServerEvent>,
        mut say: mpsc::Receiver<Say>,
        leave: CancellationToken,
    ) {
        let mut stop = None;
        for event in early {
            stop = stop.or(self.server(event).await);
        }
        let mut heard = Instant::now();
        let mut ping = tokio::time::interval(PING);
        let mut outputs = vec![];
        let reason = loop {
            if let Some(reason) = stop.take() {
                break Some(reason);
            }
            let wake = match self.peer.drain(&mut outputs) {
                Ok(wake) => wake,
                Err(error) => break Some(StopReason::Lost(error.to_string())),
            };
            match self.perform(&mut outputs, &mut socket).await {
                Ok(None) => {}
                Ok(reason) => break reason,
                // The WebSocket is taken up again below, when reading from it fails.
                Err(error) => tracing::debug!(%error, "writing to the chat server"),
            }
            if !self.connected && Instant::now() > self.deadline {
                break Some(StopReason::Lost(format!("no media connection within {CONNECT:?}")));
            }
            let mut lost = None;
            let fed = tokio::select! {
                biased;
                () = leave.cancelled() => break None,
                datagram = self.udp.arrived.recv() => match datagram {
                    Some(d) => self.peer.receive(d.at, d.source, d.destination, &d.data),
                    None => break Some(StopReason::Lost("media sockets closed".into())),
                },
                event = next_event(&mut socket) => {
                    heard = Instant::now();
                    match event {
                        Ok((event, seq)) => {
                            self.server_seq = self.server_seq.max(seq + 1);
                            stop = self.server(event).await;
                        }
                        Err(error) => lost = Some(error.to_string()),
                    }
                    Ok(())
                }
                Some(say) = say.recv() => {
                    self.seq += 1;
                    let text = match say {
                        Say::Caption { session_id, text, new_audio_len_ms } => {
                            signal::caption(self.seq, &session_id, &text, new_audio_len_ms)
                        }
                        Say::Metric { name, session_id } => signal::metric(self.seq, name, &session_id),
                    };
                    if let Err(error) = send(&mut socket, Message::text(text)).await {
                        tracing::debug!(%error, "caption not sent");
                    }
                    Ok(())
                }
                _ = ping.tick() => {
                    self.seq += 1;
                    let sent = send(&mut socket, Message::text(signal::ping(self.seq))).await;
                    if let Err(error) = sent {
                        lost = Some(error.to_string());
                    } else if heard.elapsed() > SILENT {
                        lost = Some("no sign of life".into());
                    }
                    Ok(())
                }
                () = tokio::time::sleep_until(wake.into()) => Ok(()),
            };
            if let Err(error) = fed.and_then(|()| self.peer.tick(Instant::now())) {
                break Some(StopReason::Lost(error.to_string()));
            }
            if let Some(why) = lost {
                tracing::warn!(why, "connection to the chat server lost, trying again");
                match self.reconnect().await {
                    Some(again) => {
                        socket = again;
                        heard = Instant::now();
                    }
                    None => break Some(StopReason::Lost(format!("chat server: {why}"))),
                }
            }
        };
        self.goodbye(&mut socket, &mut outputs).await;
        if let Some(reason) = reason {
            // A job that no longer listens has stopped already.
            drop(self.events.send(CallEvent::Stop(reason)).await);
        }
    }

    async fn goodbye(&mut self, socket: &mut Socket, outputs: &mut Vec<PeerOutput>) {
        self.peer.close();
        if self.peer.drain(outputs).is_ok() {
            for output in outputs.drain(..) {
                if let PeerOutput::Transmit { source, destination, data } = output {
                    self.udp.send(source, destination, &data).await;
                }
            }
        }
        self.seq += 1;
        let left = send(socket, Message::text(signal::leave(self.seq))).await;
        if left.is_ok() {
            drop(tokio::time::timeout(Duration::from_secs(1), socket.close(None)).await);
        }
    }

    async fn perform(
        &mut self,
        outputs: &mut Vec<PeerOutput>,
        socket: &mut Socket,
    ) -> Result<Option<StopReason>, JoinError> {
        let mut result = Ok(None);
        for output in outputs.drain(..) {
            match output {
                PeerOutput::Transmit { source, destination, data } => self.udp.send(source, destination, &data).await,
                PeerOutput::Describe(answer) => {
                    self.seq += 1;
                    if let Err(error) = send(socket, Message::binary(signal::sdp(self.seq, &answer))).await {
                        result = Err(error);
                    }
                }
                PeerOutput::Connected => {
                    self.connected = true;
                    drop(self.events.send(CallEvent::Connected).await);
                }
                PeerOutput::Frame(frame) => drop(self.events.send(CallEvent::Frame(frame)).await),
                PeerOutput::Disconnected => {
                    result = Ok(Some(StopReason::Lost("the media connection broke".into())));
                }
            }
        }
        result
    }

    async fn server(&mut self, event: ServerEvent) -> Option<StopReason> {
        let ours = self.target.channel_id.clone();
        match event {
            ServerEvent::Signal { session_id, signal } if session_id == self.session_id => match signal {
                Signal::Candidate(line) => self.peer.candidate(&line),
                Signal::Description(description) => {
                    if let Err(error) = self.peer.describe(&description, Via::WebSocket) {
                        tracing::warn!(%error, "negotiation");
                    }
                }
            },
            ServerEvent::JobStop { job_id } if job_id == self.target.job_id => return Some(StopReason::JobStop),
            ServerEvent::CallEnd { channel_id } if channel_id == ours => return Some(StopReason::CallEnd),
            ServerEvent::CallState { channel_id, sessions } if channel_id == ours => {
                self.others = sessions.into_iter().filter(|s| *s != self.session_id).collect();
                self.anybody |= !self.others.is_empty();
            }
            ServerEvent::UserJoined { channel_id, session_id }
                if channel_id == ours && session_id != self.session_id =>
            {
                self.others.insert(session_id);
                self.anybody = true;
            }
            ServerEvent::UserLeft { channel_id, session_id } if channel_id == ours => {
                self.others.remove(&session_id);
                if self.anybody && self.others.is_empty() {
                    return Some(StopReason::Empty);
                }
            }
            ServerEvent::JobState { channel_id, kind, start_at, end_at } if channel_id == ours => {
                drop(self.events.send(CallEvent::JobState { kind, start_at, end_at }).await);
            }
            _ => {}
        }
        None
    }

    /// Opens the WebSocket again and takes up the session; media datagrams wait in their queue meanwhile, and those
    /// that do not fit are lost like any other packet.
    async fn reconnect(&mut self) -> Option<Socket> {
        let until = Instant::now() + RECONNECT;
        let mut wait = Duration::from_millis(500);
        while Instant::now() < until {
            let query = format!("?connection_id={}&sequence_number={}", self.connection_id, self.server_seq);
            match self.try_reconnect(&query).await {
                Ok(socket) => return Some(socket),
                Err(error) => tracing::debug!(%error, "still no connection"),
            }
            // Keeps the media alive while the chat server is away.
            let pause = tokio::time::Instant::now() + wait;
            while let Ok(Some(d)) = tokio::time::timeout_at(pause, self.udp.arrived.recv()).await {
                let mut outputs = vec![];
                let fed = self.peer.receive(d.at, d.source, d.destination, &d.data);
                fed.and_then(|()| self.peer.tick(Instant::now())).and_then(|()| self.peer.drain(&mut outputs)).ok()?;
                for output in outputs {
                    match output {
                        PeerOutput::Transmit { source, destination, data } => {
                            self.udp.send(source, destination, &data).await;
                        }
                        PeerOutput::Frame(frame) => drop(self.events.send(CallEvent::Frame(frame)).await),
                        PeerOutput::Disconnected => return None,
                        PeerOutput::Connected | PeerOutput::Describe(_) => {}
                    }
                }
            }
            wait = (wait * 2).min(Duration::from_secs(5));
        }
        None
    }

    async fn try_reconnect(&mut self, query: &str) -> Result<Socket, JoinError> {
        let mut socket = connect(&self.target, query).await?;
        let previous = self.connection_id.clone();
        self.seq += 1;
        let take_up = signal::reconnect(self.seq, &self.target.channel_id, &self.session_id, &previous);
        send(&mut socket, Message::text(take_up)).await?;
        self.connection_id = hello(&mut socket).await?;
        Ok(socket)
    }
}

async fn connect(target: &Target, query: &str) -> Result<Socket, JoinError> {
    let site = target.site_url.trim_end_matches('/');
    let refuse = |reason: &str| JoinError::Site(site.to_owned(), reason.to_owned());
    let rest = site.strip_prefix("http").ok_or_else(|| refuse("should begin with http:// or https://"))?;
    let url = format!("ws{rest}/api/v4/websocket{query}");
    let mut request = url.into_client_request().map_err(|e| refuse(&e.to_string()))?;
    let bearer = format!("Bearer {}", target.token).parse().map_err(|_| refuse("the token is no header value"))?;
    request.headers_mut().insert("Authorization", bearer);
    let connecting = tokio_tungstenite::connect_async(request);
    let opened = tokio::time::timeout(STEP, connecting).await.map_err(|_| JoinError::Deadline("open a WebSocket"))?;
    Ok(opened.map_err(Box::new)?.0)
}

async fn hello(socket: &mut Socket) -> Result<String, JoinError> {
    let waiting = async {
        loop {
            if let (ServerEvent::Hello { connection_id }, _) = next_event(socket).await? {
                return Ok(connection_id);
            }
        }
    };
    tokio::time::timeout(STEP, waiting).await.map_err(|_| JoinError::Deadline("say hello"))?
}

async fn send(socket: &mut Socket, message: Message) -> Result<(), JoinError> {
    let sending = socket.send(message);
    let sent = tokio::time::timeout(STEP, sending).await.map_err(|_| JoinError::Deadline("take a message"))?;
    sent.map_err(|e| JoinError::from(Box::new(e)))
}

/// The next event with its sequence number; frames that are no events are skipped. Cancel-safe: it only reads.
async fn next_event(socket: &mut Socket) -> Result<(ServerEvent, i64), JoinError> {
    loop {
        match socket.next().await {
            None | Some(Ok(Message::Close(_))) => return Err(JoinError::Closed),
            Some(Err(error)) => return Err(Box::new(error).into()),
            Some(Ok(Message::Text(text))) => match signal::parse_event(&text) {
                Ok(event) => return Ok(event),
                Err(error) => tracing::debug!(%error, "frame skipped"),
            },
            Some(Ok(_)) => {}
        }
    }
}

/// A datagram as it came.
struct Datagram {
    at: Instant,
    source: SocketAddr,
    destination: SocketAddr,
    data: Vec<u8>,
}

/// One socket for each address of the machine, so that each packet leaves from the address it should.
struct Udp {
    sockets: Vec<(SocketAddr, Arc<UdpSocket>)>,
    arrived: mpsc::Receiver<Datagram>,
    readers: tokio::task::JoinSet<()>,
}

impl Udp {
    async fn open(site_url: &str) -> std::io::Result<Self> {
        let (sender, arrived) = mpsc::channel(4096);
        let mut udp = Self { sockets: vec![], arrived, readers: tokio::task::JoinSet::new() };
        let mut failure = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
        for ip in local_addresses(site_url).await {
            match open_socket(ip) {
                Ok(socket) => udp.add(socket, sender.clone())?,
                Err(error) => failure = error,
            }
        }
        if udp.sockets.is_empty() { Err(failure) } else { Ok(udp) }
    }

    fn add(&mut self, socket: UdpSocket, sender: mpsc::Sender<Datagram>) -> std::io::Result<()> {
        let destination = socket.local_addr()?;
        let socket = Arc::new(socket);
        self.sockets.push((destination, Arc::clone(&socket)));
        self.readers.spawn(async move {
            let mut buffer = vec![0; 2048];
            loop {
                match socket.recv_from(&mut buffer).await {
                    Ok((n, source)) => {
                        let data = buffer[..n].to_vec();
                        let datagram = Datagram { at: Instant::now(), source, destination, data };
                        if sender.send(datagram).await.is_err() {
                            return;
                        }
                    }
                    // An ICMP error of an earlier send; the socket lives on.
                    Err(error) => tracing::trace!(%error, "datagram"),
                }
            }
        });
        Ok(())
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets.iter().map(|(address, _)| *address).collect()
    }

    async fn send(&self, source: SocketAddr, destination: SocketAddr, data: &[u8]) {
        let socket = self.sockets.iter().find(|(address, _)| *address == source);
        if let Some((_, socket)) = socket
            && let Err(error) = socket.send_to(data, destination).await
        {
            // Lost like any packet; ICE notices when it matters.
            tracing::trace!(%error, %destination, "datagram not sent");
        }
    }
}

fn open_socket(ip: IpAddr) -> std::io::Result<UdpSocket> {
    let domain = if ip.is_ipv4() { socket2::Domain::IPV4 } else { socket2::Domain::IPV6 };
    let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, None)?;
    socket.set_nonblocking(true)?;
    // A shared screen comes in bursts; the kernel caps this at its own limit.
    socket.set_recv_buffer_size(4 << 20)?;
    socket.bind(&SocketAddr::new(ip, 0).into())?;
    UdpSocket::from_std(socket.into())
}

/// Addresses that the SFU may reach us at: the one that leads to the site first, then every other IPv4 address.
async fn local_addresses(site_url: &str) -> Vec<IpAddr> {
    let mut found = vec![];
    let authority = site_url.split("://").nth(1).unwrap_or(site_url).split('/').next().unwrap_or_default();
    let host = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
    if let Ok(mut addresses) = tokio::net::lookup_host(&host).await
        && let Some(site) = addresses.next()
        && let Ok(probe) = UdpSocket::bind(SocketAddr::new(unspecified(site), 0)).await
        && probe.connect(site).await.is_ok()
        && let Ok(local) = probe.local_addr()
    {
        found.push(local.ip());
    }
    for interface in nix::ifaddrs::getifaddrs().into_iter().flatten() {
        let address = interface.address.as_ref().and_then(|a| a.as_sockaddr_in()).map(|a| IpAddr::V4(a.ip()));
        if let Some(ip) = address.filter(|ip| !found.contains(ip)) {
            found.push(ip);
        }
    }
    found.truncate(8);
    found
}

fn unspecified(like: SocketAddr) -> IpAddr {
    if like.is_ipv4() {
        IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED)
    } else {
        IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED)
    }
}
