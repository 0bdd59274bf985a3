//! Who is asking: Basic `clientID:authKey`, a bearer token of `/login`, or the admin's password.

use crate::clients::Clients;
use crate::error::ApiError;
use base64::Engine;
use http::HeaderMap;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// Fewest characters of a key.
const SHORTEST_KEY: usize = 32;
/// bcrypt reads no more bytes; a longer key would be cut without a word.
const LONGEST_KEY: usize = 72;
/// Cost of the hashes, as upstream's.
const BCRYPT_COST: u32 = 10;
/// How long a request waits for its turn at hashing.
const HASHING_WAIT: Duration = Duration::from_secs(10);

/// Somebody who proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// May register and unregister anybody, and has no calls.
    Admin,
    Client(String),
}

/// Checks credentials. Hashing is slow on purpose: two at a time, and a key that was right once is remembered.
pub struct Auth {
    clients: Clients,
    open: bool,
    admin_key: String,
    token_life: Duration,
    hashing: Semaphore,
    /// Keys by client that were found right.
    proven: Mutex<HashMap<String, String>>,
    /// The newest token of each client.
    tokens: Mutex<HashMap<String, (String, Instant)>>,
}

impl Auth {
    /// With `open`, unknown clients may register themselves; an empty `admin_key` means that there is no admin.
    pub fn new(clients: Clients, open: bool, admin_key: String, token_life: Duration) -> Self {
        let (proven, tokens) = (Mutex::default(), Mutex::default());
        Self { clients, open, admin_key, token_life, hashing: Semaphore::new(2), proven, tokens }
    }

    /// Whether clients may register themselves.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Whether clients can be unregistered at all.
    pub fn can_unregister(&self) -> bool {
        self.open || !self.admin_key.is_empty()
    }

    /// Who sent these headers.
    ///
    /// # Errors
    /// [`ApiError::Unauthorised`] with upstream's wording.
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let header = headers.get(http::header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if let Some(token) = header.strip_prefix("Bearer ") {
            return self.bearer(token).map(Caller::Client);
        }
        let (client, key) =
            basic(header).ok_or(ApiError::Unauthorised("authentication failed: invalid auth header"))?;
        if !self.admin_key.is_empty() && bool::from(self.admin_key.as_bytes().ct_eq(key.as_bytes())) {
            return Ok(Caller::Admin);
        }
        if client.is_empty() {
            return Err(ApiError::Unauthorised("authentication failed: unauthorized"));
        }
        self.check(&client, &key).await?;
        Ok(Caller::Client(client))
    }

    /// Whether the key is the client's.
    ///
    /// # Errors
    /// [`ApiError::Unauthorised`] when it is not.
    pub async fn check(&self, client: &str, key: &str) -> Result<(), ApiError> {
        const WRONG: ApiError = ApiError::Unauthorised("authentication failed");
        let proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner).get(client).cloned();
        if proven.is_some_and(|p| bool::from(p.as_bytes().ct_eq(key.as_bytes()))) {
            return Ok(());
        }
        let hash = self.clients.hash(client).ok_or(WRONG)?;
        if !self.hashed(key, move |key| bcrypt::verify(key, &hash)).await? {
            return Err(WRONG);
        }
        self.proven.lock().unwrap_or_else(PoisonError::into_inner).insert(client.to_owned(), key.to_owned());
        Ok(())
    }

    /// Adds a client.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] with upstream's wording when the id is empty or taken or the key unfit.
    pub async fn register(&self, client: &str, key: &str) -> Result<(), ApiError> {
        let refuse = |why: &str| Err(ApiError::Invalid(format!("registration failed: {why}")));
        if client.is_empty() {
            return refuse("error: empty key");
        }
        if key.len() < SHORTEST_KEY {
            return refuse("key not long enough");
        }
        if key.len() > LONGEST_KEY {
            return refuse("key too long");
        }
        if self.clients.hash(client).is_some() {
            return refuse("already registered");
        }
        let hash = self.hashed(key, |key| bcrypt::hash(key, BCRYPT_COST)).await?;
        let added = self.clients.add(client, hash).map_err(|e| ApiError::Internal("registration", e.to_string()))?;
        if added { Ok(()) } else { refuse("already registered") }
    }

    /// Removes a client with its token.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] when there is none.
    pub fn unregister(&self, client: &str) -> Result<(), ApiError> {
        let removed = self.clients.remove(client).map_err(|e| ApiError::Internal("unregistering", e.to_string()))?;
        self.proven.lock().unwrap_or_else(PoisonError::into_inner).remove(client);
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(client);
        if removed { Ok(()) } else { Err(ApiError::Invalid("unregister failed: error: not found".into())) }
    }

    /// A new token for the client; the one before is void.
    pub fn token(&self, client: &str) -> String {
        let token = kit::id::secret(32);
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(client.to_owned(), (token.clone(), Instant::now()));
        token
    }

    fn bearer(&self, token: &str) -> Result<String, ApiError> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let found = tokens.iter().find(|(_, (known, _))| bool::from(known.as_bytes().ct_eq(token.as_bytes())));
        match found {
            Some((client, (_, since))) if since.elapsed() < self.token_life => Ok(client.clone()),
            Some(_) => Err(ApiError::Unauthorised("authentication failed: session expired")),
            None => Err(ApiError::Unauthorised("authentication failed: session not found")),
        }
    }

    async fn hashed<T: Send + 'static>(
        &self,
        key: &str,
        work: impl FnOnce(String) -> bcrypt::BcryptResult<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        let internal = |e: &dyn std::fmt::Display| ApiError::Internal("checking the key", e.to_string());
        let turn = tokio::time::timeout(HASHING_WAIT, self.hashing.acquire()).await;
        let _turn = turn.map_err(|e| internal(&e))?.map_err(|e| internal(&e))?;
        let key = key.to_owned();
        tokio::task::spawn_blocking(move || work(key)).await.map_err(|e| internal(&e))?.map_err(|e| internal(&e))
    }
}

/// Client and key of a Basic header.
fn basic(header: &str) -> Option<(String, String)> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(header.strip_prefix("Basic ")?.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(client, key)| (client.to_owned(), key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_header_is_survived(text in "(Basic |Bearer )?\\PC{0,40}") {
            drop(basic(&text));
        }
    }

    #[tokio::test]
    async fn tokens_replace_each_other_and_end_with_the_client() {
        let folder = tempfile::tempdir().unwrap();
        let auth = Auth::new(Clients::open(folder.path()).unwrap(), true, String::new(), Duration::from_secs(60));
        auth.register("site", &"k".repeat(32)).await.unwrap();
        let bearer = |token: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
            headers
        };
        let (first, second) = (auth.token("site"), auth.token("site"));
        assert!(auth.caller(&bearer(&first)).await.is_err());
        assert_eq!(auth.caller(&bearer(&second)).await, Ok(Caller::Client("site".into())));
        auth.unregister("site").unwrap();
        assert!(auth.caller(&bearer(&second)).await.is_err());
    }
}
