//! What programs can find out by themselves (RFC 8414).

use super::rules::SCOPE;
use crate::Integrations;
use axum::Extension;
use chat::Json;
use serde_json::{Value, json};

/// GET /.well-known/oauth-authorization-server
pub async fn handler(Extension(integrations): Extension<Integrations>) -> Json<Value> {
    let base = &integrations.base_url;
    Json(json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/oauth/authorize"),
        "token_endpoint": format!("{base}/oauth/access_token"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "none"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": [SCOPE],
    }))
}
