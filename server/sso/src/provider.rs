//! One provider of OpenID Connect: where it is asked and what its keys are, read when they are wanted and kept for a while;
//! and what it says of somebody who came back from it.

use crate::config;
use crate::flow::Flow;
use crate::http::Http;
use crate::trouble::Trouble;
use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreJwsSigningAlgorithm as Algorithm,
    CoreProviderMetadata,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, TokenResponse,
};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Milliseconds in which a provider that did not answer, or has just been asked for a new key, is not asked again.
const PAUSE_MS: i64 = 5000;
/// Signatures that everybody can check and nobody but the provider can make.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// What a provider says of a user; checked.
pub type Claims = Map<String, Value>;

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// What was read of a provider.
struct Known {
    metadata: CoreProviderMetadata,
    /// Unix milliseconds.
    read_at: i64,
}

#[derive(Default)]
struct State {
    known: Option<Arc<Known>>,
    /// Why and when (Unix milliseconds) the last reading failed.
    failed: Option<(i64, String)>,
}

/// A provider.
pub struct Provider {
    pub config: config::Provider,
    issuer: IssuerUrl,
    keys_ms: i64,
    skew_ms: i64,
    state: Mutex<State>,
}

/// Whether what was read at `read_at` will do at `now`; `wanted`: a key is missing in it.
fn will_do(read_at: i64, now: i64, keys_ms: i64, wanted: bool) -> bool {
    now - read_at < if wanted { PAUSE_MS } else { keys_ms }
}

/// All reasons of an error, the outermost first.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

impl Provider {
    /// A provider that is asked for the first time when somebody wants to log in.
    ///
    /// # Errors
    /// What is wrong with its configuration.
    pub fn new(config: config::Provider, whole: &config::Config) -> Result<Self, String> {
        let issuer = IssuerUrl::new(config.issuer.clone()).map_err(|e| format!("issuer: {e}"))?;
        let plain = issuer.url().scheme() == "http" && config.allow_http;
        if issuer.url().scheme() != "https" && !plain {
            return Err("issuer: an https address is wanted (allow_http lets http pass)".into());
        }
        if config.client_id.is_empty() || config.id_claim.is_empty() {
            return Err("client_id and id_claim must not be empty".into());
        }
        let (keys_ms, skew_ms) = (whole.keys_minutes.max(1) * 60_000, whole.clock_skew_s.max(0) * 1000);
        Ok(Self { config, issuer, keys_ms, skew_ms, state: Mutex::default() })
    }

    /// Host of the issuer.
    pub fn host(&self) -> String {
        self.issuer.url().host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned()
    }

    /// What is known of the provider. Whoever comes while it is being asked waits for that answer.
    async fn known(&self, http: &Http, now: i64, key_wanted: bool) -> Result<Arc<Known>, Trouble> {
        let mut state = self.state.lock().await;
        if let Some(known) = state.known.as_ref().filter(|k| will_do(k.read_at, now, self.keys_ms, key_wanted)) {
            return Ok(known.clone());
        }
        if let Some((_, why)) = state.failed.as_ref().filter(|(at, _)| now - at < PAUSE_MS) {
            return Err(Trouble::Unavailable(why.clone()));
        }
        match CoreProviderMetadata::discover_async(self.issuer.clone(), http).await {
            Ok(metadata) => {
                let known = Arc::new(Known { metadata, read_at: now });
                *state = State { known: Some(known.clone()), failed: None };
                Ok(known)
            }
            Err(error) => {
                let why = reasons(&error);
                state.failed = Some((now, why.clone()));
                Err(Trouble::Unavailable(why))
            }
        }
    }

    fn client(&self, metadata: &CoreProviderMetadata) -> Client {
        let secret = Some(self.config.client_secret.clone()).filter(|s| !s.is_empty()).map(ClientSecret::new);
        let methods = metadata.token_endpoint_auth_methods_supported();
        // What is not said means Basic.
        let basic = methods.is_none_or(|all| all.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let client =
            CoreClient::from_provider_metadata(metadata.clone(), ClientId::new(self.config.client_id.clone()), secret);
        client.set_auth_type(if basic { AuthType::BasicAuth } else { AuthType::RequestBody })
    }

    /// Where the browser is sent.
    ///
    /// # Errors
    /// When the provider does not answer.
    pub async fn address(&self, http: &Http, now: i64, flow: &Flow) -> Result<String, Trouble> {
        let known = self.known(http, now, false).await?;
        let verifier = PkceCodeVerifier::new(flow.verifier.clone());
        let (state, nonce) = (CsrfToken::new(flow.state.clone()), Nonce::new(flow.nonce.clone()));
        let client = self.client(&known.metadata);
        let (url, ..) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
            .add_scopes(self.config.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .set_redirect_uri(Cow::Owned(redirect(flow)?))
            .url();
        Ok(url.into())
    }

    /// What the provider says of the user who came back with `code`.
    ///
    /// # Errors
    /// When the provider does not answer, does not know the code, or its word does not hold.
    pub async fn claims(&self, http: &Http, now: i64, flow: &Flow, code: String) -> Result<Claims, Trouble> {
        let known = self.known(http, now, false).await?;
        let client = self.client(&known.metadata);
        let asked = client.exchange_code(AuthorizationCode::new(code)).map_err(|e| Trouble::Token(e.to_string()))?;
        let asked = asked.set_pkce_verifier(PkceCodeVerifier::new(flow.verifier.clone()));
        let answer = asked.set_redirect_uri(Cow::Owned(redirect(flow)?)).request_async(http).await;
        let answer = answer.map_err(|error| match &error {
            RequestTokenError::Request(_) => Trouble::Unavailable(reasons(&error)),
            _ => Trouble::Token(reasons(&error)),
        })?;
        let token = answer.id_token().ok_or_else(|| Trouble::Token("there is no ID token".into()))?;
        let mut claims = match self.checked(&client, token, flow, now) {
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                let newer = self.known(http, now, true).await?;
                self.checked(&self.client(&newer.metadata), token, flow, now)
            }
            other => other,
        }
        .map_err(|error| Trouble::Token(reasons(&error)))?;
        let whole = [&self.config.email_claim, &self.config.username_claim].iter().all(|c| claims.contains_key(*c));
        if let Some(address) = known.metadata.userinfo_endpoint().filter(|_| !whole) {
            let more = http.user_info(address.as_str(), answer.access_token().secret()).await;
            let more = more.map_err(|e| Trouble::Unavailable(e.to_string()))?;
            if more.get("sub") != claims.get("sub") {
                return Err(Trouble::Token("the user info is somebody else's".into()));
            }
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(claims)
    }

    /// The claims of an ID token whose signature, issuer, audience, times and nonce are right.
    fn checked(
        &self,
        client: &Client,
        token: &CoreIdToken,
        flow: &Flow,
        now: i64,
    ) -> Result<Claims, ClaimsVerificationError> {
        let at = |ms: i64| DateTime::<Utc>::from_timestamp_millis(ms).unwrap_or_default();
        let (earlier, later) = (at(now - self.skew_ms), at(now + self.skew_ms));
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || earlier)
            .set_issue_time_verifier_fn(move |made| {
                if made <= later { Ok(()) } else { Err("the token comes from the future".into()) }
            });
        token.claims(&verifier, &Nonce::new(flow.nonce.clone()))?;
        // All claims are wanted, and the text that was just checked has them.
        let text = token.to_string();
        let payload = text.split('.').nth(1).and_then(|part| BASE64URL_NOPAD.decode(part.as_bytes()).ok());
        let claims = payload.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        claims.ok_or_else(|| ClaimsVerificationError::Other("the claims are no JSON object".into()))
    }

    /// Whether `iss` of an answer (RFC 9207) is this provider; an answer need not have one.
    pub fn is_named(&self, iss: Option<&str>) -> bool {
        iss.is_none_or(|iss| iss == self.config.issuer)
    }
}

fn redirect(flow: &Flow) -> Result<RedirectUrl, Trouble> {
    RedirectUrl::new(flow.redirect_uri.clone()).map_err(|e| Trouble::Token(format!("this site's address: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_read_again_after_a_while_and_sooner_when_a_key_is_missing() {
        let hour = 60 * 60_000;
        assert!(will_do(0, hour - 1, hour, false));
        assert!(!will_do(0, hour, hour, false));
        assert!(!will_do(0, 10_000, hour, true), "a provider has a new key");
        assert!(will_do(0, 1000, hour, true), "tokens with made-up keys do not make us ask without end");
    }

    #[test]
    fn an_issuer_is_encrypted_unless_the_site_says_otherwise() {
        let whole = config::Config::default();
        let with = |issuer: &str, allow_http: bool| {
            let config = config::Provider {
                issuer: issuer.into(),
                client_id: "muster".into(),
                allow_http,
                ..Default::default()
            };
            Provider::new(config, &whole).map(|p| p.host())
        };
        assert_eq!(with("https://id.example", false).as_deref(), Ok("id.example"));
        assert_eq!(with("http://127.0.0.1:3000", true).as_deref(), Ok("127.0.0.1"));
        for (issuer, allowed) in [("http://id.example", false), ("ftp://id.example", true), ("id.example", false)] {
            assert!(with(issuer, allowed).is_err(), "{issuer}");
        }
    }
}
