//! `[server.mail]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Not at all; for a mail server on this machine.
    None,
    /// A plain connection that must become TLS before anything is said.
    #[default]
    Starttls,
    /// TLS from the start.
    Tls,
}

/// The mail server that invitations and links for new passwords are sent through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Host name of the mail server; empty: no mail is sent. Links in mails need `[server] site_url`.
    pub host: String,
    /// Port of the mail server.
    pub port: u16,
    /// `none`, `starttls` or `tls`.
    pub security: Security,
    /// Empty: no login.
    pub username: String,
    pub password: String,
    /// Address that mails come from.
    pub from: String,
    /// Seconds within which one mail has to be delivered to the server.
    pub deadline_seconds: u64,
    /// Mails that may wait; more are refused.
    pub max_waiting: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 587,
            security: Security::Starttls,
            username: String::new(),
            password: String::new(),
            from: String::new(),
            deadline_seconds: 20,
            max_waiting: 500,
        }
    }
}
