//! OAuth 2.0: users let other programs act for them (RFC 6749 with PKCE, RFC 7636). An access token is a session of the
//! user with an early end; codes, access tokens and refresh tokens are stored as hashes only.

mod apps;
mod authorize;
mod grants;
mod metadata;
mod page;
mod rules;
mod store;
mod token;

use axum::Router;
use axum::routing::{get, post};
use chat::Site;

/// Routes under `/api/v4`.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/oauth/apps", get(apps::list).post(apps::create))
        .route("/oauth/apps/{app_id}", get(apps::one).put(apps::update).delete(apps::delete))
        .route("/oauth/apps/{app_id}/regen_secret", post(apps::regen_secret))
        .route("/oauth/apps/{app_id}/info", get(apps::info))
        .route("/users/{user_id}/oauth/apps/authorized", get(apps::authorized))
}

/// What browsers and programs call.
pub fn outside() -> Router<Site> {
    Router::new()
        .route("/oauth/authorize", get(authorize::show).post(authorize::accept))
        .route("/oauth/deauthorize", post(authorize::deauthorize))
        .route("/oauth/access_token", post(token::handler))
        .route("/.well-known/oauth-authorization-server", get(metadata::handler))
}
