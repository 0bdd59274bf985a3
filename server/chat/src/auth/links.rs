//! Links into the web client that somebody hands to somebody else.

use crate::Site;
use axum::http::{HeaderMap, header};

/// `path` on this site: under its configured URL, or else under the address that the request was made to.
pub fn link(site: &Site, headers: &HeaderMap, path: &str) -> String {
    let configured = site.config.site_url.as_str();
    if !configured.is_empty() {
        return format!("{configured}{path}");
    }
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let scheme = if text("x-forwarded-proto") == "https" { "https" } else { "http" };
    let host = text(header::HOST.as_str());
    if host.is_empty() { path.to_owned() } else { format!("{scheme}://{host}{path}") }
}
