//! `[server.accounts]`.

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MINUTE_MS: i64 = 60 * 1000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Passwords, throttling, second factor, sessions and invitations.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Fewest characters of a password.
    pub password_min_length: usize,
    /// Most characters of a password.
    pub password_max_length: usize,
    /// A password needs a lower-case letter.
    pub password_lowercase: bool,
    /// A password needs an upper-case letter.
    pub password_uppercase: bool,
    /// A password needs a digit.
    pub password_number: bool,
    /// A password needs a character that is neither letter nor digit.
    pub password_symbol: bool,
    /// Minutes that an account waits after too many failed logins.
    pub lock_minutes: i64,
    /// Failed logins from one address (IPv6: from one /64) within `address_window_minutes` before it waits; 0: no limit.
    pub max_failures_per_address: u32,
    /// Minutes after which the failed logins of an address are forgotten.
    pub address_window_minutes: i64,
    /// Addresses whose failed logins are remembered; the least used are forgotten first.
    pub max_addresses: u64,
    /// Reverse proxies (`10.0.0.0/8`, `::1/128`) whose `X-Forwarded-For` is believed.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// Everybody but bots must set up a second factor before anything else.
    pub enforce_mfa: bool,
    /// Each use of a session begins its days (`[server.limits] session_days`) anew.
    pub session_extend: bool,
    /// Days after which a session ends however much it is used; 0: never.
    pub session_max_days: i64,
    /// Minutes without a request after which a session ends; 0: no limit.
    pub session_idle_minutes: i64,
    /// Largest picture of a user or team that may be uploaded, kilobytes; a small square of it is kept.
    pub max_picture_kb: u64,
    /// Days that a personal access token of a person may last at most; 0: for ever.
    pub max_token_days: i64,
    /// Days that an invitation is good for when its maker names no other time.
    pub invitation_days: i64,
    /// Invitations of one team that may be open at a time.
    pub max_open_invitations: i64,
    /// Hours that a link for a new password is good for.
    pub reset_link_hours: i64,
    /// Days that audit entries are kept; 0: for ever.
    pub audit_days: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            password_min_length: 8,
            password_max_length: 72,
            password_lowercase: false,
            password_uppercase: false,
            password_number: false,
            password_symbol: false,
            lock_minutes: 10,
            max_failures_per_address: 100,
            address_window_minutes: 10,
            max_addresses: 50_000,
            trusted_proxies: Vec::new(),
            enforce_mfa: false,
            session_extend: true,
            session_max_days: 0,
            session_idle_minutes: 0,
            max_picture_kb: 10 * 1024,
            max_token_days: 0,
            invitation_days: 7,
            max_open_invitations: 1000,
            reset_link_hours: 24,
            audit_days: 365,
        }
    }
}

impl Settings {
    /// Milliseconds.
    pub(crate) fn lock_ms(&self) -> i64 {
        self.lock_minutes.saturating_mul(MINUTE_MS)
    }

    /// Milliseconds.
    pub(crate) fn address_window_ms(&self) -> i64 {
        self.address_window_minutes.saturating_mul(MINUTE_MS)
    }

    /// Milliseconds; `None` when sessions may idle.
    pub(crate) fn idle_ms(&self) -> Option<i64> {
        (self.session_idle_minutes > 0).then(|| self.session_idle_minutes.saturating_mul(MINUTE_MS))
    }

    /// Milliseconds; `None` when use can prolong a session without end.
    pub(crate) fn session_max_ms(&self) -> Option<i64> {
        (self.session_max_days > 0).then(|| self.session_max_days.saturating_mul(DAY_MS))
    }

    /// Milliseconds.
    pub(crate) fn reset_link_ms(&self) -> i64 {
        self.reset_link_hours.saturating_mul(60 * MINUTE_MS)
    }

    /// Milliseconds; `None` when tokens need not expire.
    pub(crate) fn max_token_ms(&self) -> Option<i64> {
        (self.max_token_days > 0).then(|| self.max_token_days.saturating_mul(DAY_MS))
    }

    /// Milliseconds; `None` when audit entries are kept for ever.
    pub(crate) fn audit_ms(&self) -> Option<i64> {
        (self.audit_days > 0).then(|| self.audit_days.saturating_mul(DAY_MS))
    }
}
