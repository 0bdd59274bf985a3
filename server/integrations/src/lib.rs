//! What other programs do in channels: webhooks, custom slash commands, buttons and dialogs, OAuth 2 applications.
//!
//! A folder per domain. [`Integrations`] is what all of them share; handlers take it as an extension beside the [`Site`].
//! Whatever calls another program goes through [`outbound`], and whatever speaks in a channel through [`posting`].

mod config;
mod incoming;
mod outbound;
mod paging;
mod posting;
mod rights;
mod seal;
mod slack;

pub use config::Config;
pub use outbound::{BadAddress, Client, Rules};

use axum::{Extension, Router};
use chat::{Site, system};
use incoming::Limiter;
use seal::Seal;
use std::ops::Deref;
use std::sync::Arc;

/// Name of the key among the installation's values.
const KEY: &str = "IntegrationsKey";

/// Why the integrations did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("[server.integrations] {0}")]
    Address(#[from] BadAddress),
    #[error("integrations: the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    #[error(transparent)]
    Key(#[from] seal::Damaged),
    #[error("integrations: {0}")]
    Database(#[from] db::Error),
    #[error("integrations: {0}")]
    Site(#[from] chat::Error),
}

/// What the domains share.
pub struct Shared {
    config: Config,
    client: Client,
    seal: Seal,
    limiter: Limiter,
}

/// The integrations of a site; cheap to clone.
#[derive(Clone)]
pub struct Integrations(Arc<Shared>);

impl Deref for Integrations {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Integrations {
    /// Opens them for a site whose database is there.
    ///
    /// # Errors
    /// When the configuration makes no sense or the database fails.
    pub async fn open(site: &Site, config: Config) -> Result<Self, StartError> {
        let client = Client::new(&config, Rules::new(&config)?)?;
        let seal = Seal::new(&key(site).await?)?;
        let limiter = Limiter::new(config.hook_messages_per_minute);
        Ok(Self(Arc::new(Shared { config, client, seal, limiter })))
    }

    /// Routes under `/api/v4`.
    pub fn router(&self) -> Router<Site> {
        incoming::router().layer(Extension(self.clone()))
    }

    /// Routes beside it.
    pub fn outside(&self) -> Router<Site> {
        incoming::outside(self).layer(Extension(self.clone()))
    }
}

/// The stored key of the site, made at the first start.
async fn key(site: &Site) -> Result<String, StartError> {
    let mut tx = site.db.write().await?;
    if let Some(key) = system::value(&mut tx, KEY).await? {
        return Ok(key);
    }
    let key = seal::new_key();
    system::set_value(&mut tx, KEY, &key).await?;
    tx.commit().await?;
    Ok(key)
}
