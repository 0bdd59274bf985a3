//! What other programs do in channels: webhooks, custom slash commands, buttons and dialogs, OAuth 2 applications.
//!
//! A folder per domain. [`Integrations`] is what all of them share; handlers take it as an extension beside the [`Site`].
//! Whatever calls another program goes through `outbound`, and whatever speaks in a channel through [`posting`].

mod commands;
mod config;
mod incoming;
mod interactive;
mod oauth;
mod outgoing;
mod paging;
mod posting;
mod rights;
mod seal;
mod slack;

pub use config::Config;

use axum::{Extension, Router};
use chat::{Error, Site, system};
use incoming::Limiter;
use outbound::{Answer, BadAddress, Client, Failure, Rules, Settings};
use seal::Seal;
use std::ops::Deref;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Name of the key among the installation's values.
const KEY: &str = "IntegrationsKey";

/// Why the integrations did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("[server.integrations] {0}")]
    Address(#[from] BadAddress),
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
    outgoing: outgoing::Known,
    /// Where programs reach the site, without a trailing slash.
    base_url: String,
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
    /// Opens them for a site whose database is there. `address` is where programs reach it when no `site_url` is set.
    ///
    /// # Errors
    /// When the configuration makes no sense or the database fails.
    pub async fn open(site: &Site, config: Config, address: &str) -> Result<Self, StartError> {
        let rules = Rules::new(config.allow_private_networks, &config.allowed_addresses)?;
        let (timeout_s, max_answer_kb, max_parallel) = (config.timeout_s, config.max_answer_kb, config.max_parallel);
        let client = Client::new(Settings { timeout_s, max_answer_kb, max_parallel }, rules);
        let seal = Seal::new(&system::secret(site, KEY, 52).await?)?;
        let chat = site.config();
        let base_url = Some(chat.site_url.as_str()).filter(|u| !u.is_empty()).unwrap_or(address);
        let base_url = base_url.trim_end_matches('/').to_owned();
        let limiter = Limiter::new(config.hook_messages_per_minute);
        Ok(Self(Arc::new(Shared { config, client, seal, limiter, outgoing: outgoing::Known::default(), base_url })))
    }

    /// Routes under `/api/v4`.
    pub fn router(&self) -> Router<Site> {
        incoming::router()
            .merge(outgoing::router())
            .merge(commands::router())
            .merge(interactive::router())
            .merge(oauth::router())
            .layer(Extension(self.clone()))
    }

    /// Keeps the site's custom commands, and listens to its posts from now on, until `stop`.
    pub fn start(&self, site: &Site, stop: &CancellationToken) {
        site.keep_commands(Arc::new(commands::Keeper(self.clone())));
        tokio::spawn(outgoing::run(site.clone(), self.clone(), site.hub.tap(), stop.clone()));
    }

    /// 400 for an address that no program can be called at.
    fn check_address(&self, field: &str, address: &str) -> chat::Result<()> {
        match self.client.request(reqwest::Method::POST, address) {
            Ok(_) => Ok(()),
            Err(failure) => Err(Error::invalid_body(field, &failure.to_string())),
        }
    }

    /// Routes beside it.
    pub fn outside(&self) -> Router<Site> {
        incoming::outside(self).merge(commands::outside()).merge(oauth::outside()).layer(Extension(self.clone()))
    }
}
