//! Single sign-on: people prove who they are to a provider of OpenID Connect, in a browser, and get a session here.
//!
//! * [`begin`] sends a browser to the provider, [`complete`] takes it back; what lies between is a [`flow::Flow`], sealed in
//!   a cookie.
//! * [`provider`] asks the provider, through the guard of `outbound`; [`claims`] and [`account`] say who that is here.
//! * [`redeem`] gives the session of a login in a browser to the app that opened the browser.
//!
//! Chat knows nothing of this: it keeps accounts with the name of their service, opens sessions for whom it is told to, and
//! asks a [`chat::auth::BrowserLogin`] when a password is to be left behind.

mod account;
mod begin;
mod claims;
mod complete;
mod config;
mod flow;
mod handover;
mod http;
mod provider;
mod redeem;
mod seal;
mod tokens;
mod trouble;

pub use config::{Config, Provider};

use crate::http::Http;
use axum::routing::{get, post};
use axum::{Extension, Router};
use chat::auth::BrowserLogin;
use chat::{Site, system};
use moka::sync::Cache;
use outbound::{BadAddress, Client, Rules, Settings};
use seal::Seal;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use trouble::Trouble;

/// Name of the key among the installation's values.
const KEY: &str = "SingleSignOnKey";
/// Ended logins that are remembered; more than come back within the time that a login may take.
const MAX_ENDED: u64 = 100_000;

/// Why single sign-on did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("[server.sso] {0}")]
    Address(#[from] BadAddress),
    #[error("[server.sso.{service}] {reason}")]
    Provider { service: &'static str, reason: String },
    #[error("single sign-on: {0}")]
    Site(#[from] chat::Error),
    #[error("single sign-on: the stored key is damaged")]
    Key,
}

/// Logins that have come back: each does so once.
struct Ended(Cache<String, ()>);

impl Ended {
    /// Whether this one has not been here before.
    fn first(&self, state: &str) -> bool {
        self.0.entry(state.to_owned()).or_insert(()).is_fresh()
    }
}

/// What the routes share.
pub struct Shared {
    config: Config,
    providers: Vec<(&'static str, provider::Provider)>,
    http: Http,
    seal: Seal,
    ended: Ended,
}

/// Single sign-on of a site; cheap to clone.
#[derive(Clone)]
pub struct Sso(Arc<Shared>);

impl Deref for Sso {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Sso {
    /// Opens it for a site whose database is there. No provider is asked before somebody wants to log in.
    ///
    /// # Errors
    /// When the configuration makes no sense or the database fails.
    pub async fn open(site: &Site, config: Config) -> Result<Self, StartError> {
        let mut providers = Vec::new();
        for (service, settings) in config.services() {
            let made = provider::Provider::new(settings.clone(), &config);
            providers.push((service, made.map_err(|reason| StartError::Provider { service, reason })?));
        }
        let mut allowed = config.allowed_addresses.clone();
        allowed.extend(providers.iter().map(|(_, p)| p.host()));
        let rules = Rules::new(config.allow_private_networks, &allowed)?;
        let (timeout_s, max_answer_kb, max_parallel) = (config.timeout_s, config.max_answer_kb, config.max_parallel);
        let http = Http::new(Client::new(Settings { timeout_s, max_answer_kb, max_parallel }, rules));
        let seal = Seal::new(&system::secret(site, KEY, 52).await?).ok_or(StartError::Key)?;
        let life = Duration::from_secs(u64::try_from(config.login_minutes.max(1)).unwrap_or(1) * 60);
        let ended = Ended(Cache::builder().max_capacity(MAX_ENDED).time_to_live(life).build());
        let sso = Self(Arc::new(Shared { config, providers, http, seal, ended }));
        site.keep::<Arc<dyn BrowserLogin>>(Arc::new(sso.clone()));
        Ok(sso)
    }

    fn provider(&self, service: &str) -> Result<&provider::Provider, Trouble> {
        self.providers.iter().find(|(name, _)| *name == service).map(|(_, p)| p).ok_or(Trouble::NoService)
    }

    /// Milliseconds that a login may take.
    fn login_ms(&self) -> i64 {
        self.config.login_minutes.max(1) * 60_000
    }

    /// Routes under `/api/v4`. They are there without any provider too: then no token is right.
    pub fn router(&self) -> Router<Site> {
        Router::new()
            .route("/users/login/desktop_token", post(redeem::desktop_token))
            .route("/users/login/sso/code-exchange", post(redeem::code_exchange))
    }

    /// Routes beside it, for browsers.
    pub fn outside(&self) -> Router<Site> {
        Router::new()
            .route("/oauth/{service}/login", get(begin::login))
            .route("/oauth/{service}/signup", get(begin::login))
            .route("/oauth/{service}/mobile_login", get(begin::mobile))
            .route("/signup/{service}/complete", get(complete::complete))
            .route("/login/{service}/complete", get(complete::complete))
            .layer(Extension(self.clone()))
    }
}
