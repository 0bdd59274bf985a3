//! A connection to rtcd that comes back: dial, register when the dial is refused, keep alive, re-route the sessions.

use crate::{ClientError, MAX_FRAME, Message, http};
use base64::Engine;
use futures::{SinkExt, StreamExt};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message as Frame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// Where rtcd is and how long to wait for it.
#[derive(Clone, Debug)]
pub struct Config {
    /// `http://host:port` (or https).
    pub url: String,
    /// Name under which this installation is registered; the group of its calls.
    pub client_id: String,
    /// Shared secret, at least 32 characters.
    pub auth_key: String,
    /// Deadline of one dial and of one HTTP request.
    pub dial_timeout: Duration,
    /// Deadline of one write, and of waiting for room in the queue of outgoing messages.
    pub write_timeout: Duration,
    /// A connection that is silent for this long counts as lost. rtcd pings every 10 s.
    pub silence_timeout: Duration,
    /// First pause before dialling again; doubles up to `max_backoff`.
    pub min_backoff: Duration,
    /// Longest pause before dialling again.
    pub max_backoff: Duration,
    /// Outgoing messages and incoming events that may wait.
    pub queue: usize,
}

impl Config {
    /// Default deadlines for this rtcd.
    pub fn new(url: impl Into<String>, client_id: impl Into<String>, auth_key: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            client_id: client_id.into(),
            auth_key: auth_key.into(),
            dial_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            silence_timeout: Duration::from_secs(30),
            min_backoff: Duration::from_millis(250),
            max_backoff: Duration::from_secs(10),
            queue: 1024,
        }
    }
}

/// What the connection reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// rtcd said hello; after a loss, the sessions joined before have been routed to this connection.
    Connected { conn_id: String },
    /// A message of rtcd (never a hello).
    Message(Message),
    /// The connection was lost and is being dialled again. Sessions go on; messages in between are lost.
    Lost { reason: String },
}

/// A handle to one rtcd. Cheap to clone; when the last clone is dropped the connection closes.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) config: Arc<Config>,
    pub(crate) http: reqwest::Client,
    outgoing: mpsc::Sender<Message>,
    connected: Arc<AtomicBool>,
}

impl Client {
    /// Opens the WebSocket; when rtcd refuses it, registers with the key and tries once more. Returns the handle and
    /// the events, which the caller must keep reading. From then on the connection is renewed without end.
    ///
    /// # Errors
    /// [`ClientError`] when the first connection does not succeed.
    pub async fn connect(config: Config) -> Result<(Self, mpsc::Receiver<Event>), ClientError> {
        let http = reqwest::Client::builder()
            .connect_timeout(config.dial_timeout)
            .timeout(config.dial_timeout)
            .build()
            .map_err(|source| ClientError::Http { request: "client set-up", source })?;
        let socket = open(&http, &config).await?;
        let (outgoing, commands) = mpsc::channel(config.queue.max(1));
        let (events, incoming) = mpsc::channel(config.queue.max(1));
        let connected = Arc::new(AtomicBool::new(true));
        let client = Self { config: Arc::new(config), http, outgoing, connected };
        let link = Link {
            config: client.config.clone(),
            http: client.http.clone(),
            commands,
            events,
            connected: client.connected.clone(),
            sessions: BTreeSet::new(),
        };
        tokio::spawn(link.run(socket));
        Ok((client, incoming))
    }

    /// Queues a message; while the connection is down the queue fills.
    ///
    /// # Errors
    /// [`ClientError::Full`] after the write deadline, [`ClientError::Closed`] when the events are no longer read.
    pub async fn send(&self, message: Message) -> Result<(), ClientError> {
        match timeout(self.config.write_timeout, self.outgoing.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(ClientError::Closed),
            Err(_) => Err(ClientError::Full(self.config.write_timeout)),
        }
    }

    /// Whether the WebSocket is open at this moment.
    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// The configuration the client was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }
}

/// Dials; a refused dial may only mean that rtcd does not know the client yet.
async fn open(http: &reqwest::Client, config: &Config) -> Result<Socket, ClientError> {
    let refused = match dial(config).await {
        Ok(socket) => return Ok(socket),
        Err(error) => error,
    };
    match http::register(http, config).await {
        Ok(()) => {
            tracing::info!(client_id = config.client_id, "registered at rtcd");
            dial(config).await
        }
        Err(error) => {
            tracing::debug!(%error, "registration at rtcd did not help");
            // Which of the two failures tells more: a dial that got no answer, or the reason of the registration.
            Err(if matches!(error, ClientError::Refused { .. }) { error } else { refused })
        }
    }
}

async fn dial(config: &Config) -> Result<Socket, ClientError> {
    let failed = |reason: String| ClientError::Dial { url: config.url.clone(), reason };
    let mut url = url::Url::parse(&config.url)
        .map_err(|e| ClientError::Url { url: config.url.clone(), reason: e.to_string() })?;
    let scheme = match url.scheme() {
        "http" | "ws" => "ws",
        "https" | "wss" => "wss",
        _ => return Err(ClientError::Url { url: config.url.clone(), reason: "must start with http or https".into() }),
    };
    url.set_scheme(scheme)
        .map_err(|()| ClientError::Url { url: config.url.clone(), reason: "must start with http or https".into() })?;
    url.set_path(&format!("{}/ws", url.path().trim_end_matches('/')));
    let mut request = url.as_str().into_client_request().map_err(|e| failed(e.to_string()))?;
    let pair = format!("{}:{}", config.client_id, config.auth_key);
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let basic = basic.parse().map_err(|_| failed("the client id or key holds control characters".into()))?;
    request.headers_mut().insert(::http::header::AUTHORIZATION, basic);
    let limits = WebSocketConfig::default().max_message_size(Some(MAX_FRAME)).max_frame_size(Some(MAX_FRAME));
    match timeout(config.dial_timeout, connect_async_with_config(request, Some(limits), true)).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(WsError::Http(response))) => Err(failed(format!("status {}", response.status()))),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed(format!("no answer within {:?}", config.dial_timeout))),
    }
}

/// The task behind a [`Client`].
struct Link {
    config: Arc<Config>,
    http: reqwest::Client,
    commands: mpsc::Receiver<Message>,
    events: mpsc::Sender<Event>,
    connected: Arc<AtomicBool>,
    /// Joined and not yet over; they are routed anew after a loss.
    sessions: BTreeSet<String>,
}

/// Why a connection is over.
enum End {
    Lost(String),
    Stopped,
}

impl Link {
    async fn run(mut self, first: Socket) {
        let mut socket = first;
        loop {
            let end = self.serve(&mut socket).await;
            self.connected.store(false, Ordering::Relaxed);
            let End::Lost(reason) = end else {
                // Nothing waits for the farewell, so its failure changes nothing.
                drop(timeout(self.config.write_timeout, socket.close(None)).await);
                return;
            };
            tracing::warn!(url = self.config.url, reason, "connection to rtcd lost");
            if self.events.send(Event::Lost { reason }).await.is_err() {
                return;
            }
            match self.redial().await {
                Some(fresh) => socket = fresh,
                None => return,
            }
        }
    }

    async fn redial(&mut self) -> Option<Socket> {
        let mut pause = self.config.min_backoff;
        loop {
            if self.events.is_closed() || (self.commands.is_closed() && self.commands.is_empty()) {
                return None;
            }
            tokio::time::sleep(pause).await;
            match open(&self.http, &self.config).await {
                Ok(socket) => return Some(socket),
                Err(error) => tracing::debug!(%error, "rtcd is not back yet"),
            }
            pause = (pause * 2).min(self.config.max_backoff);
        }
    }

    async fn serve(&mut self, socket: &mut Socket) -> End {
        for session_id in self.sessions.clone() {
            if let Err(reason) = self.write(socket, Message::Reconnect { session_id }).await {
                return End::Lost(reason);
            }
        }
        let period = self.config.silence_timeout / 3;
        let mut ping = interval_at(Instant::now() + period, period);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                frame = socket.next() => {
                    heard = Instant::now();
                    let event = match frame {
                        Some(Ok(Frame::Binary(bytes))) => self.read(&bytes),
                        Some(Ok(Frame::Close(_))) | None => return End::Lost("rtcd closed the connection".into()),
                        Some(Ok(_)) => None,
                        Some(Err(error)) => return End::Lost(error.to_string()),
                    };
                    if let Some(event) = event && self.events.send(event).await.is_err() {
                        return End::Stopped;
                    }
                }
                command = self.commands.recv() => {
                    let Some(message) = command else { return End::Stopped };
                    match &message {
                        Message::Join(join) => { self.sessions.insert(join.session_id.clone()); }
                        // Taken over from another connection, of an earlier process for example.
                        Message::Reconnect { session_id } => { self.sessions.insert(session_id.clone()); }
                        Message::Leave { session_id } => { self.sessions.remove(session_id); }
                        _ => {}
                    }
                    if let Err(reason) = self.write(socket, message).await {
                        return End::Lost(reason);
                    }
                }
                _ = ping.tick() => {
                    if heard.elapsed() > self.config.silence_timeout {
                        return End::Lost(format!("nothing heard for {:?}", self.config.silence_timeout));
                    }
                    if let Err(reason) = self.write_frame(socket, Frame::Ping(Vec::new().into())).await {
                        return End::Lost(reason);
                    }
                }
                () = self.events.closed() => return End::Stopped,
            }
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Option<Event> {
        match Message::decode(bytes) {
            Ok(Message::Hello { conn_id, .. }) => {
                self.connected.store(true, Ordering::Relaxed);
                Some(Event::Connected { conn_id })
            }
            Ok(message) => {
                if let Message::Close { session_id } = &message {
                    self.sessions.remove(session_id);
                }
                Some(Event::Message(message))
            }
            Err(error) => {
                tracing::warn!(%error, "rtcd sent a frame that is no message");
                None
            }
        }
    }

    async fn write(&self, socket: &mut Socket, message: Message) -> Result<(), String> {
        self.write_frame(socket, Frame::Binary(message.encode().into())).await
    }

    async fn write_frame(&self, socket: &mut Socket, frame: Frame) -> Result<(), String> {
        match timeout(self.config.write_timeout, socket.send(frame)).await {
            Ok(sent) => sent.map_err(|e| e.to_string()),
            Err(_) => Err(format!("a write took longer than {:?}", self.config.write_timeout)),
        }
    }
}
