//! The `[rtcd]` section of the configuration.

use crate::addresses::Override;
use kit::telemetry::LogConfig;
use rtcd_sfu::Settings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Settings of rtcd.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where chat servers reach the HTTP API and the WebSocket.
    pub listen_address: String,
    /// Folder of the registered clients; kept private to this user.
    pub data_dir: PathBuf,
    /// IP addresses on which participants reach media, separated by commas. 0.0.0.0 means every IPv4 address of this
    /// machine, :: every address.
    pub media_address: String,
    /// UDP port of media; 0 takes a free one.
    pub media_port_udp: u16,
    /// TCP port of media, for participants behind firewalls that block UDP; 0 takes a free one.
    pub media_port_tcp: u16,
    /// Whether media may come over TCP.
    pub enable_media_tcp: bool,
    /// The address participants are told in place of this machine's own, when it is behind address translation: an IP
    /// address, a host name, or a list `outer/inner,outer/inner`. Loopback addresses are told as they are.
    pub ice_host_override: String,
    /// Whether a client with an unknown id may register itself.
    pub allow_self_registration: bool,
    /// Password that may register and unregister any client; empty: there is none.
    pub admin_secret_key: String,
    /// Minutes for which a token of /login is good.
    pub token_minutes: u64,
    /// Most participants at a time, over all calls.
    pub max_sessions: usize,
    /// Most calls at a time.
    pub max_calls: usize,
    /// Most tracks that one participant may send at a time.
    pub max_tracks_per_session: usize,
    /// Most WebSocket connections of chat servers.
    pub max_connections: usize,
    /// Messages that may wait for a chat server before its connection is closed.
    pub connection_queue: usize,
    /// Most TCP connections of participants.
    pub max_media_connections: usize,
    /// Seconds that a participant may take to its first offer.
    pub first_offer_seconds: u64,
    /// Seconds that a participant may take to an answer; the offer is made three times.
    pub answer_seconds: u64,
    /// Seconds for which a participant is kept after its network was found to be silent, which takes 15 seconds.
    pub silence_seconds: u64,
    /// Size of the buffers of the UDP socket in MiB; the system may grant less.
    pub udp_buffer_mib: usize,
    /// Seconds that running calls get to end after the service is told to stop.
    pub drain_seconds: u64,
    /// Log lines on standard error.
    pub log: LogConfig,
}

impl Default for Config {
    fn default() -> Self {
        let core = Settings::default();
        Self {
            listen_address: "127.0.0.1:8045".into(),
            data_dir: ".muster/rtcd".into(),
            media_address: "127.0.0.1".into(),
            media_port_udp: 8443,
            media_port_tcp: 8443,
            enable_media_tcp: true,
            ice_host_override: String::new(),
            allow_self_registration: true,
            admin_secret_key: String::new(),
            token_minutes: 1440,
            max_sessions: core.max_sessions,
            max_calls: core.max_calls,
            max_tracks_per_session: core.max_tracks,
            max_connections: 256,
            connection_queue: 4096,
            max_media_connections: 2048,
            first_offer_seconds: core.first_offer_timeout.as_secs(),
            answer_seconds: core.answer_timeout.as_secs(),
            silence_seconds: core.silence_timeout.as_secs(),
            udp_buffer_mib: 16,
            drain_seconds: 0,
            log: LogConfig::default(),
        }
    }
}

impl Config {
    /// What the media core is given, but for its addresses.
    pub fn core(&self) -> Settings {
        Settings {
            max_sessions: self.max_sessions,
            max_calls: self.max_calls,
            max_tracks: self.max_tracks_per_session,
            first_offer_timeout: Duration::from_secs(self.first_offer_seconds),
            answer_timeout: Duration::from_secs(self.answer_seconds),
            silence_timeout: Duration::from_secs(self.silence_seconds),
            seed: rand::random(),
            ..Settings::default()
        }
    }

    /// The parsed `ice_host_override`.
    ///
    /// # Errors
    /// The key and what is wrong with its value.
    pub fn host_override(&self) -> Result<Override, String> {
        Override::parse(&self.ice_host_override).map_err(|reason| format!("ice_host_override: {reason}"))
    }
}
