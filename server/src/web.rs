//! The web client: static files, and the same page for every other path.

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use std::path::Path;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' ws: wss:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'";

/// Serves `root`; an empty path serves a sentence that says what is missing.
pub fn service(root: &Path) -> Router {
    let page = root.join("index.html");
    if !page.exists() {
        return Router::new()
            .fallback(|| async { (StatusCode::NOT_FOUND, "The web client is not built; ./muster up builds it.") });
    }
    let header =
        |name, value: &'static str| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    Router::new()
        .fallback_service(ServeDir::new(root).fallback(ServeFile::new(page)))
        .layer(header(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(header::X_FRAME_OPTIONS, "SAMEORIGIN"))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::REFERRER_POLICY, "no-referrer"))
        .layer(header(header::CACHE_CONTROL, "no-cache"))
}
