//! What a browser keeps for the server without being able to read or change it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use data_encoding::BASE64URL_NOPAD as BASE64;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// The key of a site.
pub struct Seal(LessSafeKey);

impl Seal {
    /// Reads a stored secret; `None` when it is too short to be one.
    pub fn new(secret: &str) -> Option<Self> {
        let bytes: [u8; 32] = Sha256::digest(format!("single sign-on:{secret}").as_bytes()).into();
        let key = UnboundKey::new(&AES_256_GCM, &bytes).ok().filter(|_| secret.len() >= 52)?;
        Some(Self(LessSafeKey::new(key)))
    }

    /// Closes a value, for one use only: what is closed as a login does not open as something else.
    pub fn close<T: Serialize>(&self, use_: &str, value: &T) -> Option<String> {
        let mut nonce = [0u8; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce).ok()?;
        let mut sealed = serde_json::to_vec(value).ok()?;
        let (with, once) = (Aad::from(use_.as_bytes()), Nonce::assume_unique_for_key(nonce));
        self.0.seal_in_place_append_tag(once, with, &mut sealed).ok()?;
        Some(BASE64.encode(&[&nonce[..], &sealed].concat()))
    }

    /// The value, if it is unchanged and was closed for this use.
    pub fn open<T: DeserializeOwned>(&self, use_: &str, sealed: &str) -> Option<T> {
        let bytes = BASE64.decode(sealed.as_bytes()).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.0.open_in_place(nonce, Aad::from(use_.as_bytes()), &mut sealed).ok()?;
        serde_json::from_slice(plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_here_unchanged_and_for_its_use() {
        let (seal, other) = (Seal::new(&"a".repeat(52)).unwrap(), Seal::new(&"b".repeat(52)).unwrap());
        let sealed = seal.close("login", &("ana", 5)).unwrap();
        assert_eq!(seal.open::<(String, i32)>("login", &sealed), Some(("ana".into(), 5)));
        assert_eq!(seal.open::<(String, i32)>("switch", &sealed), None);
        assert_eq!(other.open::<(String, i32)>("login", &sealed), None);
        let mut changed = sealed.into_bytes();
        changed[20] ^= 1;
        assert_eq!(seal.open::<(String, i32)>("login", &String::from_utf8(changed).unwrap()), None);
        assert!(Seal::new("short").is_none());
    }
}
