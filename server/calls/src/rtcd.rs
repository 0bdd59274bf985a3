//! The connection to rtcd: made when rtcd is there, kept, and never waited for by a call.

use rtcd_client::{Client, Config, Event, Message, SessionInfo, Version};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Pause between two attempts to reach an rtcd that has never answered.
const RETRY: Duration = Duration::from_secs(2);

/// What the connection says.
#[derive(Clone, Debug)]
pub enum Said {
    /// The connection stands (again); what was joined before `lost_at` has to be compared with what rtcd knows.
    Connected {
        lost_at: i64,
    },
    Message(Message),
}

/// rtcd, there or not. Cheap to clone.
#[derive(Clone)]
pub struct Rtcd(Arc<RwLock<State>>);

struct State {
    client: Option<Client>,
    version: Option<Version>,
    /// Why there is no connection.
    reason: String,
}

impl Rtcd {
    /// Starts to reach for rtcd; what it says comes out of the queue until `stop`.
    pub fn start(config: Config, clock: kit::Clock, stop: CancellationToken) -> (Self, mpsc::Receiver<Said>) {
        let state = State { client: None, version: None, reason: "not connected yet".into() };
        let rtcd = Self(Arc::new(RwLock::new(state)));
        let (send, receive) = mpsc::channel(config.queue);
        let ours = rtcd.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = ours.keep(config, clock, send) => {}
                () = stop.cancelled() => {}
            }
            // The connection closes with the last handle.
            ours.state_mut().client = None;
        });
        (rtcd, receive)
    }

    async fn keep(&self, config: Config, clock: kit::Clock, send: mpsc::Sender<Said>) {
        let (client, mut events) = loop {
            match Client::connect(config.clone()).await {
                Ok(connected) => break connected,
                Err(error) => {
                    let reason = error.to_string();
                    if self.state_mut().replace_reason(&reason) {
                        tracing::warn!(reason, "rtcd is not there; calls wait for it");
                    }
                    tokio::time::sleep(RETRY).await;
                }
            }
        };
        self.state_mut().client = Some(client.clone());
        let mut lost_at = clock.now_ms();
        while let Some(event) = events.recv().await {
            let said = match event {
                Event::Connected { conn_id } => {
                    tracing::info!(conn_id, "connected to rtcd");
                    match client.version().await {
                        Ok(version) => self.state_mut().version = Some(version),
                        Err(error) => tracing::warn!(%error, "rtcd does not tell its version"),
                    }
                    Said::Connected { lost_at }
                }
                Event::Lost { reason } => {
                    lost_at = clock.now_ms();
                    self.state_mut().replace_reason(&reason);
                    continue;
                }
                Event::Message(message) => Said::Message(message),
            };
            if send.send(said).await.is_err() {
                return;
            }
        }
    }

    fn state_mut(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client while the connection stands.
    ///
    /// # Errors
    /// Why it does not.
    pub fn client(&self) -> Result<Client, String> {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match &state.client {
            Some(client) if client.is_connected() => Ok(client.clone()),
            _ => Err(state.reason.clone()),
        }
    }

    /// Sends a message; while the connection is down it is dropped, as what rtcd knows is compared afterwards.
    pub async fn send(&self, message: Message) {
        let kind = message.kind().to_owned();
        match self.client() {
            Ok(client) => {
                if let Err(error) = client.send(message).await {
                    tracing::warn!(%error, kind, "a message to rtcd was dropped");
                }
            }
            Err(reason) => tracing::debug!(reason, kind, "a message to rtcd was dropped"),
        }
    }

    /// Who is in a call, as rtcd knows it.
    ///
    /// # Errors
    /// Why it cannot be asked.
    pub async fn sessions(&self, call_id: &str) -> Result<Vec<SessionInfo>, String> {
        self.client()?.sessions(call_id).await.map_err(|e| e.to_string())
    }

    /// The version that rtcd told when it was last connected.
    pub fn version(&self) -> Option<Version> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).version.clone()
    }
}

impl State {
    /// True when the reason is another one than before.
    fn replace_reason(&mut self, reason: &str) -> bool {
        let changed = self.reason != reason;
        reason.clone_into(&mut self.reason);
        changed
    }
}
