//! Settings of links that lead out of the site.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of link previews and of the image proxy.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Title, description and picture of a linked page are shown under a message; the server reads the page.
    pub previews: bool,
    /// Pictures from elsewhere reach readers through this server. Off: browsers fetch them from where they are, as they do
    /// what this server may not read.
    pub image_proxy: bool,
    /// Pages in private networks (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7) may be read: what is there can then be
    /// seen by whoever can write a link.
    pub allow_private_networks: bool,
    /// Host names, addresses and networks (`10.0.0.0/8`) that may be read whatever they are. Without an entry here nothing of
    /// the server's own machine (127.0.0.0/8, ::1) or of link-local addresses is read.
    pub allowed_addresses: Vec<String>,
    /// Domains whose pages are not previewed, with all below them.
    pub unwanted_domains: Vec<String>,
    /// Seconds that a page or a picture may take, redirects included.
    pub timeout_s: u64,
    /// Redirects that are followed.
    pub max_redirects: usize,
    /// Pages read at the same time.
    pub max_parallel: usize,
    /// Milliseconds between two pages of one host, which are never read at the same time.
    pub host_pause_ms: u64,
    /// Links that wait to be read; more are not previewed.
    pub max_waiting: i64,
    /// Links and pictures of one message that are looked at.
    pub max_per_post: usize,
    /// How much of a page is read, kilobytes.
    pub max_page_kb: usize,
    /// Hours after which a link that is written again is read again.
    pub cache_hours: i64,
    /// Minutes in which a page or host that did not answer is not asked again.
    pub failed_minutes: i64,
    /// Largest picture that goes through the proxy, megabytes.
    pub max_image_mb: usize,
    /// Pictures that the proxy fetches at the same time.
    pub max_images: usize,
    /// Disk space for pictures that the proxy keeps, megabytes; they are kept `cache_hours`.
    pub image_cache_mb: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            previews: true,
            image_proxy: true,
            allow_private_networks: false,
            allowed_addresses: Vec::new(),
            unwanted_domains: Vec::new(),
            timeout_s: 10,
            max_redirects: 5,
            max_parallel: 4,
            host_pause_ms: 1000,
            max_waiting: 1000,
            max_per_post: 10,
            max_page_kb: 1024,
            cache_hours: 24,
            failed_minutes: 60,
            max_image_mb: 10,
            max_images: 8,
            image_cache_mb: 256,
        }
    }
}
