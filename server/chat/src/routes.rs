//! The whole API in one table: each domain's router, the WebSocket, and the headers that every answer carries.

use crate::ws::socket;
use crate::{
    Site, attributes, audits, auth, bookmarks, channels, commands, drafts, emoji, features, files, groups, invitations,
    posts, preferences, products, roles, scheduled, schemes, search, sidebar, status, sync, system, teams, threads,
    unoffered, uploads, users,
};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;

/// Everything under `/api/v4`, and the public links beside it.
pub fn api(site: &Site) -> Router {
    api_with(site, Router::new())
}

/// As [`api`], with `more` routes under `/api/v4`, of crates that stand on this one.
pub fn api_with(site: &Site, more: Router<Site>) -> Router {
    let v4 = Router::new()
        .route("/websocket", get(socket::upgrade))
        .route("/websocket/", get(socket::upgrade))
        .merge(auth::router())
        .merge(audits::router())
        .merge(users::router())
        .merge(status::router())
        .merge(preferences::router())
        .merge(roles::router())
        .merge(schemes::router())
        .merge(teams::router())
        .merge(invitations::router())
        .merge(channels::router())
        .merge(sidebar::router())
        .merge(bookmarks::router())
        .merge(posts::router())
        .merge(threads::router())
        .merge(drafts::router())
        .merge(scheduled::router())
        .merge(search::router())
        .merge(emoji::router())
        .merge(files::router())
        .merge(uploads::router())
        .merge(groups::router())
        .merge(attributes::router())
        .merge(sync::router())
        .merge(commands::router())
        .merge(system::router())
        .merge(products::router())
        .merge(more)
        .fallback(unoffered::unknown)
        .method_not_allowed_fallback(unoffered::unknown)
        .layer(axum::extract::DefaultBodyLimit::max(site.config().max_body_bytes))
        .layer(middleware::from_fn_with_state(site.clone(), features::guard))
        .layer(middleware::from_fn_with_state(site.clone(), headers))
        .with_state(site.clone());
    let public = Router::new().route("/files/{file_id}/public", get(files::open_public)).with_state(site.clone());
    Router::new().nest("/api/v4", v4).merge(public)
}

/// Request id, version, and the headers that keep a browser from guessing.
async fn headers(State(site): State<Site>, request: Request, next: Next) -> Response {
    let get = request.method() == Method::GET;
    let mut response = next.run(request).await;
    let out = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            out.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-request-id", &kit::id::new());
    set("x-version-id", &socket::version(&site));
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "no-referrer");
    if get {
        out.insert(header::EXPIRES, HeaderValue::from_static("0"));
    }
    response
}
