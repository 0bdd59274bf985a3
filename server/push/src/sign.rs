//! Signatures of notifications: a JWT (ES256) over the id of the notification and the device, which apps check with the
//! public key that the site's configuration tells. The claims are fixed by those apps, so that this is one line of JSON
//! signed with the library that TLS uses; nothing here is ever verified.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use chat::keys::SYSTEM_SECRET;
use chat::{Site, system};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::json;

/// Name among the installation's values; the ending says that it is sealed.
const NAME: &str = "PushSigningKey";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the signing key in the database is damaged")]
    Damaged,
    #[error("no signing key could be made")]
    Random,
    #[error(transparent)]
    Site(#[from] chat::Error),
}

/// Signs for one site.
pub struct Signer {
    pair: EcdsaKeyPair,
    public_key: String,
}

impl Signer {
    /// With the key of the site; made the first time.
    ///
    /// # Errors
    /// When the database fails, or what is in it is no key.
    pub async fn open(site: &Site) -> Result<Self, KeyError> {
        let mut tx = site.db.write().await.map_err(chat::Error::from)?;
        let stored = match system::value(&mut tx, NAME).await? {
            Some(stored) => site.keys.open(&SYSTEM_SECRET, NAME, &stored)?,
            None => {
                let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
                let text = BASE64.encode(made.map_err(|_| KeyError::Random)?.as_ref());
                system::set_value(&mut tx, NAME, &site.keys.close(&SYSTEM_SECRET, NAME, &text)?).await?;
                text
            }
        };
        tx.commit().await.map_err(chat::Error::from)?;
        Self::of(&stored)
    }

    fn of(text: &str) -> Result<Self, KeyError> {
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| KeyError::Damaged)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes).map_err(|_| KeyError::Damaged)?;
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| KeyError::Damaged)?;
        let public_key = BASE64.encode(der.as_ref());
        Ok(Self { pair, public_key })
    }

    /// Base64 of the public key as DER.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// The JWT for one notification to one device.
    pub fn sign(&self, ack_id: &str, device_id: &str) -> String {
        let part = |value: serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let header = part(json!({"alg": "ES256", "typ": "JWT"}));
        let text = format!("{header}.{}", part(json!({"ack_id": ack_id, "device_id": device_id})));
        match self.pair.sign(&SystemRandom::new(), text.as_bytes()) {
            Ok(signature) => format!("{text}.{}", BASE64URL_NOPAD.encode(signature.as_ref())),
            // What an unsigned one says; apps decide what they think of it.
            Err(_) => "NO_SIGNATURE".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    #[test]
    fn the_told_key_verifies_what_was_signed() {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let signer = Signer::of(&BASE64.encode(made.as_ref())).unwrap();
        let token = signer.sign("ack", "device");
        let (text, signature) = token.rsplit_once('.').unwrap();
        let claims = BASE64URL_NOPAD.decode(text.split_once('.').unwrap().1.as_bytes()).unwrap();
        assert_eq!(claims, br#"{"ack_id":"ack","device_id":"device"}"#);
        // The point ends a DER public key.
        let der = BASE64.decode(signer.public_key().as_bytes()).unwrap();
        assert_eq!(der.len(), 91, "a P-256 key in DER");
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &der[der.len() - 65..]);
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        assert!(key.verify(text.as_bytes(), &signature).is_ok());
        assert!(key.verify(b"something else", &signature).is_err());
        assert!(Signer::of("bm9uc2Vuc2U=").is_err());
    }
}
