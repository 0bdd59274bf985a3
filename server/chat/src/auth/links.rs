//! Links into the web client that somebody hands to somebody else.

use crate::Site;
use axum::http::{HeaderMap, header};

/// Whether the client speaks https, to this server or to a proxy before it.
pub fn is_encrypted(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https")
}

/// `path` on this site: under its configured URL, or else under the address that the request was made to.
pub fn link(site: &Site, headers: &HeaderMap, path: &str) -> String {
    let config = site.config();
    let configured = config.site_url.as_str();
    if !configured.is_empty() {
        return format!("{configured}{path}");
    }
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let scheme = if is_encrypted(headers) { "https" } else { "http" };
    let host = text(header::HOST.as_str());
    if host.is_empty() { path.to_owned() } else { format!("{scheme}://{host}{path}") }
}
