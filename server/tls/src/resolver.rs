//! The certificate that a handshake gets: the newest, or the proof that an ACME server asks for.

use crate::certificate::Facts;
use crate::files::Pair;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The protocol in which an ACME server asks (RFC 8737).
pub const ACME_ALPN: &[u8] = b"acme-tls/1";

#[derive(Default)]
struct Inner {
    pair: Option<Pair>,
    /// Of the site's own authority.
    local: bool,
    /// Path component and answer of http-01.
    tokens: HashMap<String, String>,
    /// Name and certificate of tls-alpn-01.
    proofs: HashMap<String, Arc<CertifiedKey>>,
}

/// Changed while connections come in; an open connection keeps what it began with.
#[derive(Clone, Default)]
pub struct Current(Arc<RwLock<Inner>>);

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").finish_non_exhaustive()
    }
}

impl Current {
    fn inner(&self) -> RwLockReadGuard<'_, Inner> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Inner> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set(&self, pair: Pair, local: bool) {
        let mut inner = self.change();
        inner.pair = Some(pair);
        inner.local = local;
    }

    pub fn facts(&self) -> Option<Facts> {
        self.inner().pair.as_ref().map(|p| p.facts.clone())
    }

    pub fn is_local(&self) -> bool {
        self.inner().local
    }

    pub fn answer(&self, token: &str) -> Option<String> {
        self.inner().tokens.get(token).cloned()
    }

    pub fn expect_token(&self, token: String, answer: String) {
        self.change().tokens.insert(token, answer);
    }

    pub fn expect_proof(&self, name: String, key: Arc<CertifiedKey>) {
        self.change().proofs.insert(name, key);
    }

    pub fn forget_challenges(&self) {
        let mut inner = self.change();
        inner.tokens.clear();
        inner.proofs.clear();
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let inner = self.inner();
        let asks_for_proof = hello.alpn().is_some_and(|mut offered| offered.any(|p| p == ACME_ALPN));
        if asks_for_proof {
            return inner.proofs.get(&hello.server_name()?.to_lowercase()).cloned();
        }
        inner.pair.as_ref().map(|p| p.key.clone())
    }
}
