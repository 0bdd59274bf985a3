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
mod groups;
mod login;
mod migrate;
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
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// `auth_service` of accounts and `source` of groups.
pub const SERVICE: &str = "ldap";

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error("{0}: {1}")]
    Key(&'static str, String),
}

/// The directory of a site; cheap to clone.
#[derive(Clone)]
pub struct Directory(Arc<Shared>);

struct Shared {
    config: Config,
    /// Places for logins that wait for the directory.
    places: Semaphore,
}

impl Directory {
    /// Lets people of the directory log in, and synchronises with it until `stop`. Does nothing when it is off.
    ///
    /// # Errors
    /// When a setting makes no sense. A directory that is away at the moment is none.
    pub fn open(site: &Site, config: &Config, stop: &CancellationToken) -> Result<(), Unfit> {
        if !config.enabled {
            return Ok(());
        }
        config.check()?;
        if config.start_tls || config.url.starts_with("ldaps://") {
            encryption::rustls(config)?;
        }
        let directory =
            Self(Arc::new(Shared { places: Semaphore::new(config.max_parallel.max(1)), config: config.clone() }));
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

    fn config(&self) -> &Config {
        &self.0.config
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
