//! Partner sites: connections that two administrators make with a code, and channels that both sites are in. Speaks
//! Mattermost's protocol between servers ("connected workspaces").
//!
//! * `connections` are made, accepted and ended; `invite` seals the code.
//! * `channels` are shared with them. The queue is rows: a cursor for each channel and site, and what the site was told.
//! * `work` keeps a worker for each connection; `send` tells a partner what happened, `call` carries it there.
//! * `doors` is what partners call; `receive` judges every piece of what they say.

mod call;
mod channels;
mod config;
mod connections;
mod doors;
pub mod invite;
mod names;
mod receive;
mod send;
mod work;

pub use config::Config;

use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use chat::error::Kind;
use chat::{Error, Site};
use outbound::{BadAddress, Client, Rules, Settings};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Why federation did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("[server.federation] {0}")]
    Address(#[from] BadAddress),
}

/// Wakes a worker.
#[derive(Default)]
pub(crate) struct Bell {
    /// Something happened here.
    work: Notify,
    /// The partner is there again.
    awake: Notify,
}

/// What the parts share.
pub struct Shared {
    pub(crate) config: Config,
    pings: Client,
    messages: Client,
    files: Client,
    /// A connection came or went.
    changed: Notify,
    bells: Mutex<HashMap<String, Arc<Bell>>>,
}

/// The partners of a site; cheap to clone.
#[derive(Clone)]
pub struct Federation(Arc<Shared>);

impl Deref for Federation {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Federation {
    /// Reads the configuration.
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn open(config: Config) -> Result<Self, StartError> {
        let rules = Rules::new(config.allow_private_networks, &config.allowed_addresses)?;
        let client = |timeout_s: u64| {
            let max_parallel = config.max_connections.max(1);
            Client::new(
                Settings { timeout_s: timeout_s.max(1), max_answer_kb: config.max_answer_kb, max_parallel },
                rules.clone(),
            )
        };
        let (pings, messages, files) =
            (client(config.ping_timeout_s), client(config.timeout_s), client(config.file_timeout_s));
        let shared = Shared { config, pings, messages, files, changed: Notify::new(), bells: Mutex::default() };
        Ok(Self(Arc::new(shared)))
    }

    /// Routes under `/api/v4`.
    pub fn router(&self) -> Router<Site> {
        let most = self.config.max_message_kb << 10;
        let gated = connections::routes::router().merge(channels::routes::router()).merge(doors::router(most));
        let on = self.config.enabled;
        gated
            .route_layer(middleware::from_fn(move |request: Request, next: Next| gate(on, request, next)))
            .merge(channels::routes::open())
            .layer(Extension(self.clone()))
    }

    /// Keeps the partners informed, until `stop`.
    pub fn start(&self, site: &Site, stop: &CancellationToken) {
        if self.config.enabled {
            tokio::spawn(work::listen(self.clone(), site.hub.tap(), stop.clone()));
            tokio::spawn(work::run(site.clone(), self.clone(), stop.clone()));
        }
    }

    fn each_bell(&self, ring: impl Fn(&Bell)) {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(|bell| ring(bell));
    }

    /// Something happened that partners may have to hear of.
    pub(crate) fn ring_workers(&self) {
        self.each_bell(|bell| bell.work.notify_one());
    }

    /// Connections or what they share changed.
    pub(crate) fn ring(&self) {
        self.changed.notify_one();
        self.each_bell(|bell| bell.awake.notify_one());
    }

    /// A partner is there again.
    pub(crate) fn ring_for(&self, id: &str) {
        if let Some(bell) = self.bells.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            bell.awake.notify_one();
        }
    }

    fn bell(&self, id: &str) -> Arc<Bell> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner).entry(id.to_owned()).or_default().clone()
    }

    fn forget_bell(&self, id: &str) {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    fn longest_pause(&self) -> Duration {
        Duration::from_secs(self.config.max_pause_s.max(1))
    }

    /// Milliseconds after which what was written is surely committed; less than what is gathered before a pass.
    fn settled_ms(&self) -> i64 {
        i64::try_from(self.config.gather_ms / 2).unwrap_or(1000)
    }
}

/// Refuses everything while federation is off.
async fn gate(on: bool, request: Request, next: Next) -> Response {
    if on {
        return next.run(request).await;
    }
    let message = "Connections to partner sites are turned off on this server.";
    Error::new(Kind::NotImplemented, "api.remote_cluster.service_not_enabled.app_error", message).into_response()
}
