//! Notifications on phones, through a push proxy that speaks Mattermost's protocol.
//!
//! * `hook` is what chat calls: a stored post and what was read become rows, in the transaction that caused them. So a
//!   killed server forgets nobody; what it was sending goes out again, under the same `ack_id`.
//! * `judge` finds out whom a post is told to, by `rules`: one row for each device.
//! * `work` takes rows out, a few at a time; `message` makes of each what the device is sent, as the post and the rights are
//!   then, `sign` signs it, and the guard of `outbound` stands before the proxy.
//! * `routes` answers apps that say what reached them and fetch what was not sent along.

mod hook;
mod judge;
mod message;
mod proxy;
mod routes;
mod rules;
mod sign;
mod store;
mod work;

pub use proxy::Notification;
pub use routes::router;

use chat::Site;
use outbound::{BadAddress, Client, Rules, Settings};
use proxy::Receipt;
use sign::Signer;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

/// Largest answer of a proxy, kilobytes; it says a word or two.
const MAX_ANSWER_KB: usize = 64;
/// Receipts that wait to be passed on. They only feed the proxy's own statistics, so that one may be lost.
const MAX_RECEIPTS: usize = 256;
/// Devices that are tried at the same time for whoever adds this server to an app.
const MAX_TRIALS: usize = 2;

/// Why notifications did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("[server.push] {0}")]
    Address(#[from] BadAddress),
    #[error("push: {0}")]
    Key(#[from] sign::KeyError),
    #[error("push: {0}")]
    Site(#[from] chat::Error),
}

/// What the parts share.
pub struct Shared {
    client: Client,
    trials: Client,
    signer: Signer,
    /// Rung when something waits.
    bell: Arc<Notify>,
    receipts: mpsc::Sender<Receipt>,
    waiting_receipts: Mutex<Option<mpsc::Receiver<Receipt>>>,
}

/// The notifications of a site; cheap to clone.
#[derive(Clone)]
pub struct Push(Arc<Shared>);

impl Deref for Push {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Push {
    /// Opens them for a site, whose posts are told to phones from now on while `[server.push]` is on.
    ///
    /// # Errors
    /// When the configuration makes no sense, or the signing key cannot be read.
    pub async fn open(site: &Site) -> Result<Self, StartError> {
        let config = site.config().push.clone();
        let rules = Rules::new(config.allow_private_networks, &config.allowed_addresses)?;
        let settings =
            |max_parallel| Settings { timeout_s: config.timeout_s.max(1), max_answer_kb: MAX_ANSWER_KB, max_parallel };
        let (receipts, waiting) = mpsc::channel(MAX_RECEIPTS);
        let push = Self(Arc::new(Shared {
            // One place beside the queue is for receipts.
            client: Client::new(settings(config.max_parallel.max(1) + 1), rules.clone()),
            trials: Client::new(settings(MAX_TRIALS), rules),
            signer: Signer::open(site).await?,
            bell: Arc::default(),
            receipts,
            waiting_receipts: Mutex::new(Some(waiting)),
        }));
        site.tell_phones(push.0.clone());
        site.keep(push.clone());
        Ok(push)
    }

    /// Sends what waits, until `stop`.
    pub fn start(&self, site: &Site, stop: &CancellationToken) {
        tokio::spawn(work::run(site.clone(), self.clone(), stop.clone()));
        let waiting = self.waiting_receipts.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waiting) = waiting {
            tokio::spawn(work::pass_on(site.clone(), self.clone(), waiting, stop.clone()));
        }
    }
}
