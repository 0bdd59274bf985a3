//! Settings of the integrations.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of webhooks, custom slash commands, buttons, dialogs and OAuth 2 applications.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Programs in private networks (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7) may be called; an offline site has
    /// hardly any others.
    pub allow_private_networks: bool,
    /// Host names, addresses and networks (`10.0.0.0/8`) that may be called whatever they are. Without an entry here nobody
    /// can make the server call itself (127.0.0.0/8, ::1) or link-local addresses, where other services trust it.
    pub allowed_addresses: Vec<String>,
    /// Seconds that a program has to answer.
    pub timeout_s: u64,
    /// Largest answer of a program, kilobytes.
    pub max_answer_kb: usize,
    /// Programs that are called at the same time.
    pub max_parallel: usize,
    /// Posts that wait to be sent by outgoing webhooks; more are dropped and logged.
    pub max_waiting: usize,
    /// Messages per minute of one incoming webhook; more are refused (429).
    pub hook_messages_per_minute: u32,
    /// Largest body of a message to an incoming webhook, kilobytes.
    pub max_hook_body_kb: usize,
    /// Seconds in which a program can open a dialog after a command or a button.
    pub trigger_s: u64,
    /// Minutes in which a program can answer a slash command later, at its response_url.
    pub response_url_minutes: i64,
    /// How often it can.
    pub response_url_uses: i64,
    /// Hours in which an open dialog can be submitted.
    pub dialog_hours: i64,
    /// Minutes that an OAuth 2 access token lives; its refresh token gets another.
    pub oauth_token_minutes: i64,
    /// Days that an OAuth 2 refresh token lives without being used.
    pub oauth_refresh_days: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allow_private_networks: true,
            allowed_addresses: Vec::new(),
            timeout_s: 30,
            max_answer_kb: 1024,
            max_parallel: 16,
            max_waiting: 1024,
            hook_messages_per_minute: 600,
            max_hook_body_kb: 1024,
            trigger_s: 30,
            response_url_minutes: 30,
            response_url_uses: 5,
            dialog_hours: 24,
            oauth_token_minutes: 12 * 60,
            oauth_refresh_days: 90,
        }
    }
}
