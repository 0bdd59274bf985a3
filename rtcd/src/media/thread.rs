//! The loop of the media thread: read what came, run what is due, send what follows, sleep.

use super::dialogue::Dialogue;
use super::tcp::{self, Connection};
use super::udp::Udp;
use super::{Command, MediaError, Notice};
use crate::addresses::Plan;
use crate::config::Config;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use rtcd_sfu::{Node, Protocol, Settings, Transmit};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const WAKER: Token = Token(0);
/// Batches read from one socket before what came is sent on.
const BATCHES: usize = 8;
/// Commands taken in one round.
const COMMANDS: usize = 256;
/// Longest sleep; dead TCP connections are looked for after it.
const IDLE: Duration = Duration::from_secs(1);
/// How long a TCP connection may be without a session.
const STRANGER: Duration = Duration::from_secs(15);

pub struct Thread {
    poll: Poll,
    waker: Arc<Waker>,
    plan: Plan,
    udp: Vec<Udp>,
    listeners: Vec<TcpListener>,
    connections: HashMap<Token, Connection>,
    by_remote: HashMap<SocketAddr, Token>,
    max_connections: usize,
    next_token: usize,
    swept: Instant,
    udp_port: u16,
    tcp_port: Option<u16>,
    dialogue: Dialogue,
    commands: Receiver<Command>,
    wire: Vec<Transmit>,
}

impl Thread {
    pub fn open(
        config: &Config,
        plan: Plan,
        commands: Receiver<Command>,
        notices: mpsc::Sender<Notice>,
    ) -> Result<Self, MediaError> {
        let poll = Poll::new().map_err(MediaError::Thread)?;
        let registry = poll.registry();
        let waker = Arc::new(Waker::new(registry, WAKER).map_err(MediaError::Thread)?);
        let mut next_token = 1;
        let mut token = || {
            next_token += 1;
            Token(next_token - 1)
        };
        let (mut udp_port, mut tcp_port) = (config.media_port_udp, config.media_port_tcp);
        let mut udp = Vec::new();
        for ip in &plan.bind {
            let mut socket = Udp::open(SocketAddr::new(*ip, udp_port), config.udp_buffer_mib << 20)?;
            udp_port = socket.port();
            registry.register(&mut socket.socket, token(), Interest::READABLE).map_err(MediaError::Thread)?;
            udp.push(socket);
        }
        let mut listeners = Vec::new();
        for ip in plan.bind.iter().filter(|_| config.enable_media_tcp) {
            let address = SocketAddr::new(*ip, tcp_port);
            let mut listener = tcp::listen(address)?;
            tcp_port = listener.local_addr().map_err(|e| MediaError::socket("TCP", address, e))?.port();
            registry.register(&mut listener, token(), Interest::READABLE).map_err(MediaError::Thread)?;
            listeners.push(listener);
        }
        let tcp = if listeners.is_empty() { Vec::new() } else { plan.told(tcp_port) };
        let settings = Settings { udp: plan.told(udp_port), tcp, ..config.core() };
        Ok(Self {
            poll,
            waker,
            plan,
            udp,
            tcp_port: (!listeners.is_empty()).then_some(tcp_port),
            listeners,
            connections: HashMap::new(),
            by_remote: HashMap::new(),
            max_connections: config.max_media_connections,
            next_token,
            swept: Instant::now(),
            udp_port,
            dialogue: Dialogue::new(Node::new(settings), notices),
            commands,
            wire: Vec::new(),
        })
    }

    pub fn waker(&self) -> std::io::Result<Arc<Waker>> {
        Ok(Arc::clone(&self.waker))
    }

    pub fn udp_port(&self) -> u16 {
        self.udp_port
    }

    pub fn tcp_port(&self) -> Option<u16> {
        self.tcp_port
    }

    pub fn run(mut self) {
        let mut events = Events::with_capacity(256);
        loop {
            if let Err(error) = self.poll.poll(&mut events, Some(self.sleep())) {
                if error.kind() != std::io::ErrorKind::Interrupted {
                    tracing::error!(%error, "the media thread cannot wait for its sockets");
                    return;
                }
                continue;
            }
            let ready: Vec<Token> = events.iter().map(mio::event::Event::token).collect();
            for token in ready {
                self.wake(token);
            }
            let now = Instant::now();
            self.read(now);
            let stop = self.obey(now);
            if self.dialogue.node.next_timeout().is_some_and(|at| at <= now) {
                self.dialogue.node.timeout(now);
            }
            self.dialogue.node.flush(now);
            self.dialogue.drain(now);
            self.send();
            if now.saturating_duration_since(self.swept) >= IDLE {
                self.sweep(now);
            }
            if stop {
                return;
            }
        }
    }

    /// Not at all while there is input left.
    fn sleep(&self) -> Duration {
        if self.udp.iter().any(|u| u.readable) || self.connections.values().any(|c| c.readable) {
            return Duration::ZERO;
        }
        let next = self.dialogue.node.next_timeout();
        next.map_or(IDLE, |at| at.saturating_duration_since(Instant::now()).min(IDLE))
    }

    fn wake(&mut self, token: Token) {
        // Tokens in the order of registration: the waker, UDP sockets, TCP listeners, connections.
        let Some(index) = token.0.checked_sub(1) else { return };
        if let Some(udp) = self.udp.get_mut(index) {
            udp.readable = true;
        } else if index - self.udp.len() < self.listeners.len() {
            self.accept(index - self.udp.len());
        } else if let Some(connection) = self.connections.get_mut(&token) {
            connection.readable = true;
            if connection.flush().is_err() {
                self.hang_up(token);
            }
        }
    }

    fn accept(&mut self, index: usize) {
        loop {
            let (stream, remote) = match self.listeners[index].accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    if error.kind() != std::io::ErrorKind::WouldBlock {
                        tracing::warn!(%error, "a TCP connection cannot be accepted");
                    }
                    return;
                }
            };
            if self.connections.len() >= self.max_connections {
                tracing::warn!(limit = self.max_connections, "a TCP connection is refused: max_media_connections");
                continue;
            }
            let Ok(mut connection) = Connection::new(Instant::now(), stream, remote) else { continue };
            let token = Token(self.next_token);
            self.next_token += 1;
            let interest = Interest::READABLE | Interest::WRITABLE;
            if self.poll.registry().register(&mut connection.stream, token, interest).is_ok() {
                self.by_remote.insert(connection.remote, token);
                self.connections.insert(token, connection);
            }
        }
    }

    fn read(&mut self, now: Instant) {
        let node = &mut self.dialogue.node;
        for udp in &mut self.udp {
            let port = udp.port();
            for _ in 0..BATCHES {
                if !udp.readable {
                    break;
                }
                udp.receive(|source, own, data| {
                    if let Some(told) = self.plan.told_for(own) {
                        node.receive(now, false, source, SocketAddr::new(told, port), data);
                    }
                });
            }
        }
        let mut gone = Vec::new();
        for (token, connection) in self.connections.iter_mut().filter(|(_, c)| c.readable) {
            let told = self.plan.told_for(connection.own).unwrap_or(connection.own);
            let (remote, destination) = (connection.remote, SocketAddr::new(told, self.tcp_port.unwrap_or(0)));
            if connection.receive(|packet| node.receive(now, true, remote, destination, packet)).is_err() {
                gone.push(*token);
            }
        }
        for token in gone {
            self.hang_up(token);
        }
    }

    /// Takes commands; whether it is time to stop.
    fn obey(&mut self, now: Instant) -> bool {
        for _ in 0..COMMANDS {
            match self.commands.try_recv() {
                Ok(Command::Join(join)) => self.dialogue.join(now, join),
                Ok(Command::Leave { session }) => self.dialogue.leave(now, &session),
                Ok(Command::Signal { session, kind, data }) => self.dialogue.signal(now, &session, kind, &data),
                // Nobody may wait for it any more.
                Ok(Command::Totals(answer)) => drop(answer.send(self.dialogue.node.totals())),
                Ok(Command::Stop) => {
                    self.dialogue.leave_all(now);
                    return true;
                }
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
            }
            self.dialogue.drain(now);
        }
        // There may be more: come back at once.
        drop(self.waker.wake());
        false
    }

    fn send(&mut self) {
        self.wire.extend(std::iter::from_fn(|| self.dialogue.node.poll_transmit()));
        let mut gone = Vec::new();
        for run in self.wire.chunk_by(|a, b| (a.proto, a.source) == (b.proto, b.source)) {
            if run[0].proto == Protocol::Udp {
                let own = self.plan.own_for(run[0].source.ip());
                if let Some(udp) = self.udp.iter_mut().find(|u| u.serves(own)) {
                    udp.send(&self.plan, run);
                }
                continue;
            }
            for packet in run {
                let Some(token) = self.by_remote.get(&packet.destination).copied() else { continue };
                let Some(connection) = self.connections.get_mut(&token) else { continue };
                if connection.send(&packet.contents).is_err() {
                    gone.push(token);
                }
            }
        }
        self.wire.clear();
        for token in gone {
            self.hang_up(token);
        }
    }

    fn hang_up(&mut self, token: Token) {
        if let Some(mut connection) = self.connections.remove(&token) {
            self.by_remote.remove(&connection.remote);
            drop(self.poll.registry().deregister(&mut connection.stream));
        }
    }

    /// Ends TCP connections that belong to no session.
    fn sweep(&mut self, now: Instant) {
        self.swept = now;
        let node = &self.dialogue.node;
        let strangers: Vec<Token> = self
            .connections
            .iter()
            .filter(|(_, c)| now.saturating_duration_since(c.since) >= STRANGER && !node.knows(true, c.remote))
            .map(|(token, _)| *token)
            .collect();
        for token in strangers {
            self.hang_up(token);
        }
    }
}
