//! Settings of the connections to partner sites.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Connections to partner sites, and channels shared with them. `[server] site_url` has to be set: it is where partners
/// answer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Administrators can connect this site to others.
    pub enabled: bool,
    /// Partners in private networks (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7) may be called. On, because an
    /// administrator has made the connection and sites without the internet have no other partners.
    pub allow_private_networks: bool,
    /// Host names, addresses and networks (`10.0.0.0/8`) that may be called whatever they are. Without an entry here no
    /// connection can make the server call itself (127.0.0.0/8, ::1) or link-local addresses.
    pub allowed_addresses: Vec<String>,
    /// Connections that the site may have.
    pub max_connections: usize,
    /// Hours in which an invitation code can be accepted.
    pub invite_hours: i64,
    /// Seconds between two signs of life to each partner.
    pub ping_s: u64,
    /// Seconds that a partner has to answer a sign of life.
    pub ping_timeout_s: u64,
    /// Seconds that a partner has to answer a message.
    pub timeout_s: u64,
    /// Seconds that a file may take.
    pub file_timeout_s: u64,
    /// Largest answer of a partner, kilobytes.
    pub max_answer_kb: usize,
    /// Largest message of a partner, kilobytes.
    pub max_message_kb: usize,
    /// Milliseconds that messages are gathered before they are sent.
    pub gather_ms: u64,
    /// Seconds until a partner that did not answer is tried again, at most; the first pause is one second, and each one is
    /// twice the one before.
    pub max_pause_s: u64,
    /// Messages of a channel that are sent at a time.
    pub max_posts: i64,
    /// People that are told of at a time.
    pub max_users: i64,
    /// Partners are told who is in a shared channel; off: only who writes.
    pub tell_members: bool,
    /// People of one partner that get an account here; more are refused.
    pub max_people: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: false,
            allow_private_networks: true,
            allowed_addresses: Vec::new(),
            max_connections: 32,
            invite_hours: 48,
            ping_s: 60,
            ping_timeout_s: 15,
            timeout_s: 60,
            file_timeout_s: 300,
            max_answer_kb: 1024,
            max_message_kb: 8192,
            gather_ms: 2000,
            max_pause_s: 300,
            max_posts: 50,
            max_users: 25,
            tell_members: true,
            max_people: 10_000,
        }
    }
}
