//! The media thread: one thread that owns the sockets and a node of `rtcd-sfu`.
//!
//! [`Media`] is the handle for the rest of the process: commands go in by a bounded queue that wakes the thread, notices
//! come out by another. One shard carries all calls at present; a second one needs sockets of its own (`SO_REUSEPORT`)
//! and the placing of calls on shards in [`crate::switchboard`], and nothing here.

mod budget;
mod burst;
mod dialogue;
mod tcp;
mod thread;
mod udp;

use crate::addresses::Plan;
use crate::config::Config;
use rtcd_client::{Join, Message, RtcKind};
use rtcd_sfu::Totals;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Commands that may wait for the media thread.
const COMMANDS: usize = 8192;
/// Notices that may wait for the rest of the process.
const NOTICES: usize = 65_536;

/// What the media thread is told.
pub enum Command {
    Join(Join),
    Leave {
        session: String,
    },
    Signal {
        session: String,
        kind: RtcKind,
        data: Vec<u8>,
    },
    Totals(oneshot::Sender<Totals>),
    /// Close all sessions and end.
    Stop,
}

/// What the media thread tells.
#[derive(Debug, PartialEq)]
pub enum Notice {
    /// For whoever is connected for this session.
    Message {
        session: String,
        message: Message,
    },
    /// The session is over; `refused` when it never began.
    Closed {
        session: String,
        reason: Option<String>,
    },
    Measured {
        group: String,
        measure: Measure,
    },
}

/// Something for the metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// From the join to a connection with media.
    ConnectionTime(Duration),
    /// From the join to an open data channel.
    ChannelOpenTime(Duration),
    /// Share of packets that a participant lost, 0 to 1.
    LossRate(f64),
    /// Seconds.
    RoundTripTime(f64),
    /// Seconds.
    Jitter(f64),
    /// How long a participant held the signalling lock.
    Locked(Duration),
    /// A signalling message had no effect.
    SignallingError,
}

/// Why media cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error("{protocol} port {port} is in use on {address}, and media wants it; stop what holds it or choose another port", port = address.port())]
    Busy { protocol: &'static str, address: SocketAddr },
    #[error("cannot open {protocol} {address} for media: {source}")]
    Socket { protocol: &'static str, address: SocketAddr, source: std::io::Error },
    #[error("the media thread cannot start: {0}")]
    Thread(std::io::Error),
}

impl MediaError {
    fn socket(protocol: &'static str, address: SocketAddr, source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::AddrInUse => Self::Busy { protocol, address },
            _ => Self::Socket { protocol, address, source },
        }
    }
}

/// A handle to the media thread.
#[derive(Clone)]
pub struct Media {
    commands: SyncSender<Command>,
    waker: Arc<mio::Waker>,
    /// UDP port in use.
    pub udp_port: u16,
    /// TCP port in use.
    pub tcp_port: Option<u16>,
}

/// The media thread did not take a command: it is gone, or far behind.
#[derive(Debug, thiserror::Error)]
#[error("the media thread takes no commands")]
pub struct Overload;

impl Media {
    /// Opens the sockets and starts the thread. It ends with [`Command::Stop`]; the returned handle tells when.
    ///
    /// # Errors
    /// [`MediaError`].
    pub fn start(
        config: &Config,
        plan: Plan,
    ) -> Result<(Self, mpsc::Receiver<Notice>, std::thread::JoinHandle<()>), MediaError> {
        let (commands, inbox) = sync_channel(COMMANDS);
        let (notices, outbox) = mpsc::channel(NOTICES);
        let thread = thread::Thread::open(config, plan, inbox, notices)?;
        let media = Self {
            commands,
            waker: thread.waker().map_err(MediaError::Thread)?,
            udp_port: thread.udp_port(),
            tcp_port: thread.tcp_port(),
        };
        let handle = std::thread::Builder::new().name("media".into()).spawn(move || thread.run());
        Ok((media, outbox, handle.map_err(MediaError::Thread)?))
    }

    /// Queues a command.
    ///
    /// # Errors
    /// [`Overload`]; the command is lost then.
    pub fn send(&self, command: Command) -> Result<(), Overload> {
        self.commands.try_send(command).map_err(|e| match e {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Overload,
        })?;
        self.waker.wake().map_err(|_| Overload)
    }

    /// Sizes at this moment; none when the thread does not answer within a second.
    pub async fn totals(&self) -> Option<Totals> {
        let (answer, wait) = oneshot::channel();
        self.send(Command::Totals(answer)).ok()?;
        tokio::time::timeout(Duration::from_secs(1), wait).await.ok()?.ok()
    }
}
