//! Who is asking: Basic `clientID:authKey` or a bearer token of `/login`. Keys are kept as bcrypt hashes.

use crate::error::ApiError;
use crate::store;
use base64::Engine;
use db::Db;
use http::HeaderMap;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// Fewest characters of a key.
const SHORTEST_KEY: usize = 32;
/// How long a token is good.
const TOKEN_LIFE: Duration = Duration::from_secs(1440 * 60);
/// Cost of the hashes, as upstream's.
const BCRYPT_COST: u32 = 10;

/// Checks credentials. Hashing is slow on purpose: two at a time, and a key that was right once is remembered.
pub struct Auth {
    db: Db,
    open: bool,
    hashing: Semaphore,
    /// Keys by client that were found right.
    proven: Mutex<HashMap<String, String>>,
    /// The newest token of each client.
    tokens: Mutex<HashMap<String, (String, Instant)>>,
}

enum Credentials {
    Basic { client_id: String, key: String },
    Bearer(String),
}

impl Auth {
    /// With `open`, unknown clients register themselves by their first request.
    pub fn new(db: Db, open: bool) -> Self {
        let (proven, tokens) = (Mutex::default(), Mutex::default());
        Self { db, open, hashing: Semaphore::new(2), proven, tokens }
    }

    /// Whether clients may register themselves.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The id of the client that sent `headers`. With `adopt`, an unknown client is registered if that is allowed.
    ///
    /// # Errors
    /// [`ApiError::Unauthorised`].
    pub async fn client(&self, headers: &HeaderMap, adopt: bool) -> Result<String, ApiError> {
        match credentials(headers)? {
            Credentials::Bearer(token) => self.bearer(&token),
            Credentials::Basic { client_id, key } => {
                let known = store::key_hash(&mut self.db.read().await?, &client_id).await?.is_some();
                if !known && adopt && self.open {
                    let registered = self.register(&client_id, &key).await;
                    registered.map_err(|_| ApiError::Unauthorised("unauthorized"))?;
                }
                self.check(&client_id, &key).await?;
                Ok(client_id)
            }
        }
    }

    /// Whether the key is the client's.
    ///
    /// # Errors
    /// [`ApiError::Unauthorised`] when it is not.
    pub async fn check(&self, client_id: &str, key: &str) -> Result<(), ApiError> {
        const WRONG: ApiError = ApiError::Unauthorised("authentication failed");
        let proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner).get(client_id).cloned();
        if proven.is_some_and(|p| bool::from(p.as_bytes().ct_eq(key.as_bytes()))) {
            return Ok(());
        }
        let hash = store::key_hash(&mut self.db.read().await?, client_id).await?.ok_or(WRONG)?;
        let right = self.hashed(key, move |key| bcrypt::verify(key, &hash)).await?;
        if !right {
            return Err(WRONG);
        }
        self.proven.lock().unwrap_or_else(PoisonError::into_inner).insert(client_id.to_owned(), key.to_owned());
        Ok(())
    }

    /// Adds a client.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] with upstream's wording when the id is empty or taken or the key too short.
    pub async fn register(&self, client_id: &str, key: &str) -> Result<(), ApiError> {
        let refuse = |why: &str| Err(ApiError::Invalid(format!("registration failed: {why}")));
        if client_id.is_empty() {
            return refuse("error: empty key");
        }
        // bcrypt reads 72 bytes; a longer key would be cut without a word.
        if key.len() < SHORTEST_KEY || key.len() > 72 {
            return refuse(if key.len() > 72 { "key too long" } else { "key not long enough" });
        }
        let hash = self.hashed(key, |key| bcrypt::hash(key, BCRYPT_COST)).await?;
        let mut tx = self.db.write().await?;
        let added = store::add_client(&mut tx, client_id, &hash).await?;
        tx.commit().await?;
        if added { Ok(()) } else { refuse("already registered") }
    }

    /// Removes a client with its token.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] when there is none.
    pub async fn unregister(&self, client_id: &str) -> Result<(), ApiError> {
        let mut tx = self.db.write().await?;
        let removed = store::remove_client(&mut tx, client_id).await?;
        tx.commit().await?;
        self.proven.lock().unwrap_or_else(PoisonError::into_inner).remove(client_id);
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(client_id);
        if removed { Ok(()) } else { Err(ApiError::Invalid("unregister failed: error: not found".into())) }
    }

    /// A new token for the client; the one before is void.
    pub fn token(&self, client_id: &str) -> String {
        let token = kit::id::secret(32);
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, (_, made)| made.elapsed() < TOKEN_LIFE);
        tokens.insert(client_id.to_owned(), (token.clone(), Instant::now()));
        token
    }

    fn bearer(&self, token: &str) -> Result<String, ApiError> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let found = tokens.iter().find(|(_, (known, made))| {
            bool::from(known.as_bytes().ct_eq(token.as_bytes())) && made.elapsed() < TOKEN_LIFE
        });
        let found = found.map(|(client_id, _)| client_id.clone());
        found.ok_or(ApiError::Unauthorised("authentication failed: invalid bearer token"))
    }

    async fn hashed<T: Send + 'static>(
        &self,
        key: &str,
        work: impl FnOnce(String) -> Result<T, bcrypt::BcryptError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let failed = |why: String| ApiError::Internal("hashing", why);
        let waiting = tokio::time::timeout(Duration::from_secs(10), self.hashing.acquire());
        let _place = waiting.await.map_err(|_| failed("too many".into()))?.map_err(|e| failed(e.to_string()))?;
        let key = key.to_owned();
        let done = tokio::task::spawn_blocking(move || work(key)).await.map_err(|e| failed(e.to_string()))?;
        done.map_err(|e| failed(e.to_string()))
    }
}

fn credentials(headers: &HeaderMap) -> Result<Credentials, ApiError> {
    const INVALID: ApiError = ApiError::Unauthorised("authentication failed: invalid auth header");
    let header = headers.get(http::header::AUTHORIZATION).and_then(|h| h.to_str().ok()).ok_or(INVALID)?;
    if let Some(token) = header.strip_prefix("Bearer ") {
        return Ok(Credentials::Bearer(token.trim().to_owned()));
    }
    let encoded = header.strip_prefix("Basic ").ok_or(INVALID)?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).map_err(|_| INVALID)?;
    let text = String::from_utf8(bytes).map_err(|_| INVALID)?;
    let (client_id, key) = text.split_once(':').ok_or(INVALID)?;
    if client_id.is_empty() {
        return Err(ApiError::Unauthorised("authentication failed: unauthorized"));
    }
    Ok(Credentials::Basic { client_id: client_id.to_owned(), key: key.to_owned() })
}
