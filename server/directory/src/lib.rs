//! People and groups of an LDAP directory.
//!
//! * `login` is what chat asks when somebody comes: it implements [`chat::auth::Directory`]. An account is made at the first
//!   login, and known by the entry's id from then on.
//! * `sync` is the job `ldap_sync`: it makes accounts what the directory says of them, deactivates those whose entries are
//!   gone, and says who is in the linked groups. Chat brings their members to teams and channels.
//! * `client` speaks the protocol, with a deadline for each answer; `people` and `groups` read entries; `filter` writes what
//!   comes from outside into filters.
//! * `routes` is `/ldap/…` of the API.

mod client;
mod config;
mod doctor;
mod encryption;
mod filter;
mod given;
mod groups;
mod login;
mod migrate;
mod own;
mod people;
mod routes;
mod store;
mod sync;
mod trial;

pub use config::Config;
pub use doctor::examine;
pub use routes::router;

use chat::{Error, Site};
use operations::jobs::Runner;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// `auth_service` of accounts and `source` of groups.
pub const SERVICE: &str = "ldap";

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error("{0}: {1}")]
    Key(&'static str, String),
    #[error("what administrators set: {0}")]
    Stored(String),
}

/// The directory of a site; cheap to clone.
#[derive(Clone)]
pub struct Directory(Arc<Shared>);

struct Shared {
    /// As the file has it.
    file: Config,
    /// With what administrators gave.
    config: RwLock<Arc<Config>>,
    /// Places for logins that wait for the directory.
    places: Semaphore,
}

impl Directory {
    /// Lets people of the directory log in, and synchronises with it until `stop`. Does nothing when it is off.
    ///
    /// # Errors
    /// When a setting makes no sense, or the database fails. A directory that is away at the moment is none.
    pub async fn open(site: &Site, config: &Config, stop: &CancellationToken) -> Result<(), Unfit> {
        if !config.enabled {
            return Ok(());
        }
        config.check()?;
        if config.start_tls || config.url.starts_with("ldaps://") {
            encryption::rustls(config)?;
        }
        let whole = own::over(site, config).await.map_err(|e| Unfit::Stored(e.to_string()))?;
        let directory = Self(Arc::new(Shared {
            places: Semaphore::new(config.max_parallel.max(1)),
            config: RwLock::new(Arc::new(whole)),
            file: config.clone(),
        }));
        site.ask_directory(Arc::new(directory.clone()));
        if let Some(runner) = site.kept::<Runner>() {
            sync::register(&runner, &directory);
            if config.sync_minutes > 0 {
                tokio::spawn(sync::now_and_then(site.clone(), config.sync_minutes, stop.clone()));
            }
        }
        site.keep(directory);
        Ok(())
    }

    fn config(&self) -> Arc<Config> {
        self.0.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes up what an administrator has just changed.
    async fn refresh(&self, site: &Site) -> chat::Result<()> {
        let whole = own::over(site, &self.0.file).await?;
        *self.0.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(whole);
        Ok(())
    }
}

/// The directory of the site.
///
/// # Errors
/// 501 when there is none.
fn of(site: &Site) -> chat::Result<Directory> {
    let none = || {
        let message = "This site has no directory ([server.directory] enabled).";
        Error::new(chat::error::Kind::NotImplemented, "api.ldap_groups.license_error", message)
    };
    site.kept::<Directory>().ok_or_else(none)
}
