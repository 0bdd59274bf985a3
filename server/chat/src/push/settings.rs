//! `[server.push]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of a message leaves the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Contents {
    /// Who wrote where, and what.
    Full,
    /// Who wrote where.
    #[default]
    Generic,
    /// Who wrote.
    GenericNoChannel,
    /// Nothing: the app fetches the message from this server.
    IdLoaded,
}

/// Notifications on phones, through a push proxy that speaks Mattermost's protocol. Apple and Google deliver only what
/// comes from a proxy that has the keys of the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Phones are told of messages.
    pub enabled: bool,
    /// Address of the push proxy, such as `http://push.lan:8066`; empty: none.
    pub proxy_url: String,
    /// How much of a message is told: `full`, `generic` (who and where), `generic_no_channel` (who), `id_loaded` (nothing,
    /// the app fetches it from this server).
    pub contents: Contents,
    /// The proxy may be in a private network (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7).
    pub allow_private_networks: bool,
    /// Host names, addresses and networks that may be called whatever they are: a proxy on this machine needs `127.0.0.1`.
    pub allowed_addresses: Vec<String>,
    /// Seconds that the proxy has to answer.
    pub timeout_s: u64,
    /// Notifications sent at the same time.
    pub max_parallel: usize,
    /// Notifications that may wait; more are given up, with a line in the log.
    pub max_waiting: i64,
    /// Seconds until the first repetition when the proxy does not take one; each further pause is twice as long, at most ten
    /// minutes.
    pub retry_s: i64,
    /// Minutes after which a notification that could not be sent is of no use any more.
    pub max_age_minutes: i64,
}

impl Settings {
    /// Whether there is a proxy to send to.
    pub fn works(&self) -> bool {
        self.enabled && !self.proxy_url.is_empty()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: false,
            proxy_url: String::new(),
            contents: Contents::default(),
            allow_private_networks: true,
            allowed_addresses: Vec::new(),
            timeout_s: 10,
            max_parallel: 8,
            max_waiting: 50_000,
            retry_s: 5,
            max_age_minutes: 180,
        }
    }
}
