//! The SRTP ciphers that str0m is given: AES-GCM of aws-lc, which can also tell how a packet was sealed.
//!
//! While [`watch`] runs, each RTP packet that str0m seals on this thread is noted with its key, its initialisation
//! vector and its header. That is all it takes to seal the next packets of the same stream without str0m
//! ([`crate::egress`]). Everything else of the cryptography stays str0m's own provider.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};
use std::cell::RefCell;
use std::sync::{Arc, LazyLock};
use str0m::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, CryptoError, CryptoProvider, SrtpProvider, SupportedAeadAes128Gcm,
    SupportedAeadAes256Gcm, SupportedAes128CmSha1_80,
};

/// Bytes that AES-GCM adds to a packet (RFC 7714, both profiles).
pub(crate) const TAG: usize = 16;

/// How one RTP packet was sealed.
pub(crate) struct Sealed {
    pub key: Arc<LessSafeKey>,
    pub iv: [u8; 12],
    /// Header with its extensions, as it went out.
    pub header: Vec<u8>,
}

thread_local! {
    static WATCHED: RefCell<Option<Vec<Sealed>>> = const { RefCell::new(None) };
}

/// Runs `work`, which must not panic, and returns what was sealed meanwhile.
pub(crate) fn watch<T>(work: impl FnOnce() -> T) -> (T, Vec<Sealed>) {
    WATCHED.with_borrow_mut(|watched| *watched = Some(Vec::new()));
    let value = work();
    (value, WATCHED.take().unwrap_or_default())
}

/// str0m's provider with these ciphers in it.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
        let base = str0m::crypto::from_feature_flags();
        Arc::new(CryptoProvider { srtp_provider: &Provider, ..base })
    });
    Arc::clone(&PROVIDER)
}

/// What this provider does not do itself is this one's.
fn base() -> &'static dyn SrtpProvider {
    static BASE: LazyLock<&'static dyn SrtpProvider> =
        LazyLock::new(|| str0m::crypto::from_feature_flags().srtp_provider);
    *BASE
}

#[derive(Debug)]
struct Provider;

impl SrtpProvider for Provider {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        base().aes_128_cm_sha1_80()
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        &Factory
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        &Factory
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        base().srtp_aes_128_ecb_round(key, input, output);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        base().srtp_aes_256_ecb_round(key, input, output);
    }
}

#[derive(Debug)]
struct Factory;

impl SupportedAeadAes128Gcm for Factory {
    fn create_cipher(&self, key: [u8; 16], _encrypt: bool) -> Box<dyn AeadAes128GcmCipher> {
        Box::new(Gcm::new(&AES_128_GCM, &key))
    }
}

impl SupportedAeadAes256Gcm for Factory {
    fn create_cipher(&self, key: [u8; 32], _encrypt: bool) -> Box<dyn AeadAes256GcmCipher> {
        Box::new(Gcm::new(&AES_256_GCM, &key))
    }
}

#[derive(Debug)]
struct Gcm(Arc<LessSafeKey>);

impl Gcm {
    fn new(algorithm: &'static Algorithm, key: &[u8]) -> Self {
        let key = UnboundKey::new(algorithm, key).expect("because the key has the algorithm's length");
        Self(Arc::new(LessSafeKey::new(key)))
    }

    fn seal(&self, iv: &[u8; 12], header: &[u8], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        let (body, rest) = output.split_at_mut(input.len());
        body.copy_from_slice(input);
        let nonce = Nonce::assume_unique_for_key(*iv);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(header), body);
        let tag = tag.map_err(|e| CryptoError::Other(format!("AES-GCM: {e}")))?;
        rest[..TAG].copy_from_slice(tag.as_ref());
        if is_rtp(header) {
            WATCHED.with_borrow_mut(|watched| {
                if let Some(watched) = watched {
                    watched.push(Sealed { key: Arc::clone(&self.0), iv: *iv, header: header.to_vec() });
                }
            });
        }
        Ok(())
    }

    fn open(&self, iv: &[u8; 12], aads: &[&[u8]], input: &[u8], output: &mut [u8]) -> Result<usize, CryptoError> {
        let length = input.len().checked_sub(TAG).ok_or_else(|| CryptoError::Other("AES-GCM: no tag".into()))?;
        let (body, tag) = input.split_at(length);
        let joined;
        let aad = match aads {
            [one] => Aad::from(*one),
            several => {
                joined = several.concat();
                Aad::from(joined.as_slice())
            }
        };
        let opened =
            self.0.open_separate_gather(Nonce::assume_unique_for_key(*iv), aad, body, tag, &mut output[..length]);
        opened.map(|()| length).map_err(|e| CryptoError::Other(format!("AES-GCM: {e}")))
    }
}

/// RFC 5761: the second byte tells RTP from RTCP, whose associated data begins with its header as well.
fn is_rtp(header: &[u8]) -> bool {
    header.len() >= 12 && !(192..224).contains(&header[1])
}

impl AeadAes128GcmCipher for Gcm {
    fn encrypt(&mut self, iv: &[u8; 12], aad: &[u8], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        self.seal(iv, aad, input, output)
    }

    fn decrypt(
        &mut self,
        iv: &[u8; 12],
        aads: &[&[u8]],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize, CryptoError> {
        self.open(iv, aads, input, output)
    }
}

impl AeadAes256GcmCipher for Gcm {
    fn encrypt(&mut self, iv: &[u8; 12], aad: &[u8], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        self.seal(iv, aad, input, output)
    }

    fn decrypt(
        &mut self,
        iv: &[u8; 12],
        aads: &[&[u8]],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize, CryptoError> {
        self.open(iv, aads, input, output)
    }
}
