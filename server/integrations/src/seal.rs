//! What others keep for the server without being able to read or change it: signatures and sealed texts. The key is made
//! once per site and stays valid over restarts.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use data_encoding::{BASE64URL_NOPAD as BASE64, HEXLOWER};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// The key could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the stored key of the integrations is damaged")]
pub struct Damaged;

/// The key of a site.
pub struct Seal {
    mac: [u8; 32],
    aead: LessSafeKey,
}

/// A key such as the installation keeps.
#[cfg(test)]
pub fn new_key() -> String {
    kit::id::secret(52)
}

impl Seal {
    /// Reads a stored key.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(key: &str) -> Result<Self, Damaged> {
        if key.len() < 52 {
            return Err(Damaged);
        }
        // Two keys from one secret, so that no key has two uses.
        let derive = |use_: &str| -> [u8; 32] { Sha256::digest(format!("{use_}:{key}").as_bytes()).into() };
        let aead = UnboundKey::new(&AES_256_GCM, &derive("seal")).map_err(|_| Damaged)?;
        Ok(Self { mac: derive("sign"), aead: LessSafeKey::new(aead) })
    }

    fn hmac(&self, text: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.mac).ok()?;
        mac.update(text.as_bytes());
        Some(mac)
    }

    /// The signature of a text, in hex.
    pub fn sign(&self, text: &str) -> String {
        self.hmac(text).map(|mac| HEXLOWER.encode(&mac.finalize().into_bytes())).unwrap_or_default()
    }

    /// Whether `signature` is that of the text; takes the same time for every wrong one.
    pub fn signed(&self, text: &str, signature: &str) -> bool {
        let given = HEXLOWER.decode(signature.as_bytes());
        given.is_ok_and(|given| self.hmac(text).is_some_and(|mac| mac.verify_slice(&given).is_ok()))
    }

    /// A text that only this site can read.
    pub fn close(&self, text: &str) -> Option<String> {
        let mut nonce = [0u8; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce).ok()?;
        let mut sealed = text.as_bytes().to_vec();
        self.aead.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).ok()?;
        Some(BASE64.encode(&[&nonce[..], &sealed].concat()))
    }

    /// The text that was closed, if it is unchanged.
    pub fn open(&self, sealed: &str) -> Option<String> {
        let bytes = BASE64.decode(sealed.as_bytes()).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.aead.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_is_noticed_and_another_site_reads_nothing() {
        let (seal, other) = (Seal::new(&new_key()).unwrap(), Seal::new(&new_key()).unwrap());
        let signature = seal.sign("ana:5");
        assert!(seal.signed("ana:5", &signature) && !seal.signed("ana:6", &signature) && !seal.signed("ana:5", ""));
        let sealed = seal.close("http://bot.example").unwrap();
        assert_eq!(seal.open(&sealed).as_deref(), Some("http://bot.example"));
        assert_eq!(other.open(&sealed), None);
        assert_eq!(seal.open("x"), None);
        assert!(Seal::new("short").is_err());
    }
}
