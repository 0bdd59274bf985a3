//! Speaking with the directory: connections, logging in, searches in pages. Every answer has a deadline.

use crate::config::Config;
use crate::encryption;
use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, ResultEntry, Scope, SearchEntry};
use std::collections::HashMap;
use std::time::Duration;

/// What the directory answers to a wrong name or password: no such object, unfit for this kind of login, invalid
/// credentials.
const WRONG: [u32; 3] = [32, 48, 49];

/// Why the directory did not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the directory cannot be reached: {0}")]
    Unreachable(String),
    #[error("the directory did not answer in time")]
    Late,
    #[error("the directory does not let this server in: check bind_dn and bind_password")]
    Login,
    #[error("the directory refused ({code}): {text}")]
    Refused { code: u32, text: String },
    #[error("the directory has more than {most} {what}: raise {key}, or narrow the filter")]
    TooMany { most: usize, what: &'static str, key: &'static str },
    #[error("[server.directory] {0}")]
    Settings(#[from] crate::Unfit),
}

impl From<LdapError> for Failure {
    fn from(error: LdapError) -> Self {
        match error {
            LdapError::Timeout { .. } => Self::Late,
            LdapError::LdapResult { result } => Self::Refused { code: result.rc, text: result.text },
            other => Self::Unreachable(other.to_string()),
        }
    }
}

impl Failure {
    /// As a user is told; the log has the rest.
    pub fn told(&self) -> chat::Error {
        tracing::warn!(error = %self, "the directory");
        let id = match self {
            Self::Unreachable(_) | Self::Late => "ent.ldap.do_login.unable_to_connect.app_error",
            Self::Login => "ent.ldap.do_login.bind_admin_user.app_error",
            _ => "ent.ldap.do_login.search_ldap_server.app_error",
        };
        chat::Error::unavailable(id, "The directory does not answer as it should; try again later.")
    }

    /// As an administrator is told; 503 as well, for the fault is not in this server.
    pub fn explained(&self) -> chat::Error {
        let told = self.told();
        chat::Error::unavailable(&told.id, self.to_string())
    }
}

/// An entry; names of attributes are in lower case.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    pub dn: String,
    values: HashMap<String, Vec<Vec<u8>>>,
}

impl Entry {
    fn new(raw: ResultEntry) -> Self {
        let entry = SearchEntry::construct(raw);
        let mut values: HashMap<String, Vec<Vec<u8>>> =
            entry.bin_attrs.into_iter().map(|(name, all)| (name.to_lowercase(), all)).collect();
        for (name, all) in entry.attrs {
            values.entry(name.to_lowercase()).or_default().extend(all.into_iter().map(String::into_bytes));
        }
        Self { dn: entry.dn, values }
    }

    /// The bytes of all values.
    pub fn bytes(&self, name: &str) -> &[Vec<u8>] {
        self.values.get(&name.to_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// The first value that is text; empty when there is none.
    pub fn text(&self, name: &str) -> String {
        self.texts(name).into_iter().next().unwrap_or_default()
    }

    /// All values that are text.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.bytes(name).iter().filter_map(|v| String::from_utf8(v.clone()).ok()).collect()
    }

    /// The name under which only a part of an attribute's values came (`member;range=0-1499`), and where the next begins.
    pub fn part(&self, name: &str) -> Option<(&str, usize)> {
        let begin = format!("{};range=", name.to_lowercase());
        self.values.keys().find_map(|key| {
            let (_, last) = key.strip_prefix(&begin)?.split_once('-')?;
            last.parse::<usize>().ok().map(|last| (key.as_str(), last + 1))
        })
    }
}

/// A connection of its own, logged in as this server.
pub struct Session {
    ldap: Ldap,
    timeout: Duration,
    page_size: i32,
}

/// What is searched for.
pub struct Search<'a> {
    pub base: &'a str,
    pub scope: Scope,
    pub filter: &'a str,
    pub attributes: Vec<String>,
    /// More entries are an error that names this.
    pub most: usize,
    pub what: &'static str,
    pub key: &'static str,
}

async fn connect(config: &Config) -> Result<Ldap, Failure> {
    let mut settings = LdapConnSettings::new().set_conn_timeout(config.timeout()).set_starttls(config.start_tls);
    if config.start_tls || config.url.starts_with("ldaps://") {
        settings = settings.set_config(encryption::rustls(config)?);
    }
    let (connection, ldap) = LdapConnAsync::with_settings(settings, &config.url).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.drive().await {
            tracing::debug!(%error, "a connection to the directory ended");
        }
    });
    Ok(ldap)
}

/// Whether `password` opens the entry. An empty one opens nothing: directories take it for a visit without a name.
///
/// # Errors
/// When the directory does not answer as it should.
pub async fn proves(config: &Config, dn: &str, password: &str) -> Result<bool, Failure> {
    if password.is_empty() || dn.is_empty() {
        return Ok(false);
    }
    let mut ldap = connect(config).await?;
    let result = ldap.with_timeout(config.timeout()).simple_bind(dn, password).await?;
    let proved = match result.rc {
        0 => true,
        code if WRONG.contains(&code) => false,
        code => return Err(Failure::Refused { code, text: result.text }),
    };
    drop(tokio::time::timeout(config.timeout(), ldap.unbind()).await);
    Ok(proved)
}

impl Session {
    /// # Errors
    /// When the directory cannot be reached, or does not let this server in.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        let mut ldap = connect(config).await?;
        if !config.bind_dn.is_empty() {
            let bound = ldap.with_timeout(config.timeout()).simple_bind(&config.bind_dn, &config.bind_password).await?;
            match bound.rc {
                0 => {}
                code if WRONG.contains(&code) => return Err(Failure::Login),
                code => return Err(Failure::Refused { code, text: bound.text }),
            }
        }
        Ok(Self { ldap, timeout: config.timeout(), page_size: config.page_size })
    }

    /// Every entry that is found, a page at a time (RFC 2696).
    ///
    /// # Errors
    /// When the directory ends early or has more than is wanted: a part is never taken for the whole.
    pub async fn all(&mut self, search: Search<'_>) -> Result<Vec<Entry>, Failure> {
        let adapters: Vec<Box<dyn Adapter<'_, String, Vec<String>>>> =
            vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(self.page_size))];
        let Search { base, scope, filter, attributes, most, what, key } = search;
        let mut stream = self
            .ldap
            .with_timeout(self.timeout)
            .streaming_search_with(adapters, base, scope, filter, attributes)
            .await?;
        let mut found = Vec::new();
        while let Some(entry) = stream.next().await? {
            if found.len() >= most {
                return Err(Failure::TooMany { most, what, key });
            }
            found.push(Entry::new(entry));
        }
        stream.finish().await.success()?;
        Ok(found)
    }

    /// The one entry with this name, if the filter lets it through.
    ///
    /// # Errors
    /// When the directory does not answer as it should.
    pub async fn entry(&mut self, dn: &str, filter: &str, attributes: Vec<String>) -> Result<Option<Entry>, Failure> {
        let search = self.ldap.with_timeout(self.timeout).search(dn, Scope::Base, filter, attributes).await?;
        if search.1.rc == 32 {
            return Ok(None);
        }
        let (found, _) = search.success()?;
        Ok(found.into_iter().filter(|e| !e.is_ref() && !e.is_intermediate()).map(Entry::new).next())
    }
}
