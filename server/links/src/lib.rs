//! Links that lead out of the site: previews of pages under messages, sizes of pictures, and the image proxy.
//!
//! * `message` says which links and pictures a post has. Chat calls [`chat::posts::Outside`] (in `hook`) when a post is
//!   stored, in its transaction, and when posts are shown.
//! * `store` keeps one row for each address, shared by all posts that have it, and which posts were told. A row that is
//!   wanted is the queue: it survives restarts, and failures are remembered in it.
//! * `work` takes addresses out, a few at a time and one of a host; `look` reads one through the guard of `outbound`, with
//!   `page`, `text` and `picture` for what comes back.
//! * `proxy` answers with pictures of elsewhere, which `cache` keeps on disk.

mod cache;
mod config;
mod hook;
mod look;
mod message;
mod page;
mod picture;
mod proxy;
mod routes;
mod store;
mod text;
mod work;

pub use config::Config;

use axum::Router;
use cache::Images;
use chat::Site;
use message::Ignored;
use moka::future::Cache;
use outbound::{BadAddress, Client, Rules, Settings};
use proxy::Addresses;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Short links that are remembered, and for how long.
const LOCATIONS: u64 = 10_000;
const LOCATION_AGE: Duration = Duration::from_secs(3600);

/// Why previews did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("[server.links] {0}")]
    Address(#[from] BadAddress),
    #[error("links: the folder of pictures: {0}")]
    Folder(#[from] std::io::Error),
}

/// What the parts share.
pub struct Shared {
    config: Config,
    client: Client,
    image_client: Client,
    ignored: Ignored,
    addresses: Addresses,
    images: Images,
    locations: Cache<String, String>,
    site_clock: kit::Clock,
    /// Rung when an address is wanted.
    bell: Arc<Notify>,
}

/// The links of a site; cheap to clone.
#[derive(Clone)]
pub struct Links(Arc<Shared>);

impl Deref for Links {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Links {
    /// Opens them for a site, whose posts have previews from now on. `folder` is where the proxy keeps pictures.
    ///
    /// # Errors
    /// When the configuration makes no sense, or the folder cannot be used.
    pub async fn open(site: &Site, config: Config, folder: &Path) -> Result<Self, StartError> {
        let rules = Rules::new(config.allow_private_networks, &config.allowed_addresses)?;
        let settings = |max_parallel| Settings { timeout_s: config.timeout_s.max(1), max_answer_kb: 0, max_parallel };
        let client = Client::new(settings(config.max_parallel.max(1) + 1), rules.clone());
        let image_client = Client::new(settings(config.max_images.max(1)), rules);
        let hours = Duration::from_secs(config.cache_hours.max(1).unsigned_abs() * 3600);
        let minutes = Duration::from_secs(config.failed_minutes.max(0).unsigned_abs() * 60);
        let images = Images::open(folder, config.image_cache_mb << 20, hours, minutes).await?;
        let site_url = site.config().site_url.clone();
        let addresses = Addresses::new(&site_url, config.image_proxy);
        let ignored = Ignored { site_url, domains: config.unwanted_domains.clone() };
        let locations = Cache::builder().max_capacity(LOCATIONS).time_to_live(LOCATION_AGE).build();
        let shared = Shared {
            config,
            client,
            image_client,
            ignored,
            addresses: addresses.clone(),
            images,
            locations,
            site_clock: site.clock.clone(),
            bell: Arc::default(),
        };
        let links = Self(Arc::new(shared));
        site.look_outside(links.0.clone());
        site.on_before_store(Arc::new(move |post| addresses.lead_back(post)));
        Ok(links)
    }

    /// Routes under `/api/v4`.
    pub fn router(&self) -> Router<Site> {
        routes::router(self)
    }

    /// Looks at what waits, until `stop`.
    pub fn start(&self, site: &Site, stop: &CancellationToken) {
        if self.config.previews {
            tokio::spawn(work::run(site.clone(), self.0.clone(), stop.clone()));
        }
    }

    /// Where an address leads; empty when nowhere.
    async fn location(&self, url: &str) -> String {
        let ask = async {
            match self.client.location(url).await {
                Ok(location) => location.unwrap_or_default(),
                Err(failure) => {
                    tracing::debug!(%url, %failure, "a short link is not followed");
                    String::new()
                }
            }
        };
        self.locations.get_with_by_ref(url, ask).await
    }
}
