//! The invitation code: what the other site needs to answer, sealed with the administrator's password. No I/O.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::pbkdf2;
use data_encoding::BASE64URL;
use std::num::NonZeroU32;
use wire::RemoteClusterInvite;

/// The version that is made here.
pub const VERSION: i64 = 3;
const SALT: usize = 16;
const ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).expect("a number above 0");
/// Bytes of a code; what is inside is a few ids and an address.
const MOST: usize = 16 << 10;

/// Why a code is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadInvite {
    #[error("it is no invitation code; copy all of it")]
    Shape,
    #[error("the password does not open it")]
    Password,
    #[error("what is inside is no invitation")]
    Inside,
    #[error("there are no random numbers to seal it with")]
    Random,
}

fn by_pbkdf2(password: &str, salt: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, password.as_bytes(), &mut key);
    key
}

/// Of sites before version 3.
fn by_scrypt(password: &str, salt: &[u8]) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let params = scrypt::Params::new(15, 8, 1, 32).ok()?;
    scrypt::scrypt(password.as_bytes(), salt, &params, &mut key).ok()?;
    Some(key)
}

fn cipher(key: &[u8; 32]) -> Option<LessSafeKey> {
    Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?))
}

/// Seals an invitation. It takes a tenth of a second on purpose.
///
/// # Errors
/// When the system has no random numbers.
pub fn seal(invite: &RemoteClusterInvite, password: &str) -> Result<String, BadInvite> {
    let mut sealed = serde_json::to_vec(invite).map_err(|_| BadInvite::Inside)?;
    let (mut salt, mut nonce) = ([0u8; SALT], [0u8; NONCE_LEN]);
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| BadInvite::Random)?;
    aws_lc_rs::rand::fill(&mut nonce).map_err(|_| BadInvite::Random)?;
    let cipher = cipher(&by_pbkdf2(password, &salt)).ok_or(BadInvite::Random)?;
    let once = Nonce::assume_unique_for_key(nonce);
    cipher.seal_in_place_append_tag(once, Aad::empty(), &mut sealed).map_err(|_| BadInvite::Random)?;
    Ok(BASE64URL.encode(&[&salt[..], &nonce, &sealed].concat()))
}

/// Salt, nonce and what is sealed.
type Parts = ([u8; SALT], [u8; NONCE_LEN], Vec<u8>);

fn parts(code: &str) -> Result<Parts, BadInvite> {
    let code = code.trim();
    if code.len() > MOST {
        return Err(BadInvite::Shape);
    }
    let bytes = BASE64URL.decode(code.as_bytes()).map_err(|_| BadInvite::Shape)?;
    let (salt, rest) = bytes.split_first_chunk().ok_or(BadInvite::Shape)?;
    let (nonce, sealed) = rest.split_first_chunk().ok_or(BadInvite::Shape)?;
    if sealed.len() <= AES_256_GCM.tag_len() {
        return Err(BadInvite::Shape);
    }
    Ok((*salt, *nonce, sealed.to_vec()))
}

fn inside(plain: &[u8]) -> Result<RemoteClusterInvite, BadInvite> {
    let invite: RemoteClusterInvite = serde_json::from_slice(plain).map_err(|_| BadInvite::Inside)?;
    let whole = kit::id::is_valid(&invite.remote_id) && !invite.token.is_empty() && !invite.site_url.is_empty();
    if whole { Ok(invite) } else { Err(BadInvite::Inside) }
}

/// Opens a code, of this or an older version.
///
/// # Errors
/// What is wrong with it.
pub fn open(code: &str, password: &str) -> Result<RemoteClusterInvite, BadInvite> {
    let (salt, nonce, sealed) = parts(code)?;
    let opened = |key: &[u8; 32]| {
        let mut text = sealed.clone();
        let plain = cipher(key)?.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text).ok()?;
        Some(plain.to_vec())
    };
    let plain = opened(&by_pbkdf2(password, &salt))
        .or_else(|| by_scrypt(password, &salt).and_then(|key| opened(&key)))
        .ok_or(BadInvite::Password)?;
    inside(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite() -> RemoteClusterInvite {
        RemoteClusterInvite {
            remote_id: kit::id::new(),
            site_url: "https://a.example/chat".into(),
            token: kit::id::new(),
            version: VERSION,
            ..RemoteClusterInvite::default()
        }
    }

    #[test]
    fn only_the_password_opens_a_code() {
        let (invite, password) = (invite(), "correct horse battery staple");
        let code = seal(&invite, password).unwrap();
        assert_eq!(open(&format!(" {code}\n"), password).unwrap(), invite);
        assert_eq!(open(&code, "another password").unwrap_err(), BadInvite::Password);
        assert_eq!(open(&code[1..], password).unwrap_err(), BadInvite::Shape);
        assert_eq!(open("", password).unwrap_err(), BadInvite::Shape);
        assert_ne!(seal(&invite, password).unwrap(), code, "a salt of its own");
    }

    #[test]
    fn codes_of_older_sites_are_read() {
        let (invite, password) = (RemoteClusterInvite { version: 1, ..invite() }, "an older site's password");
        let (salt, nonce) = ([7; SALT], [9; NONCE_LEN]);
        let mut sealed = serde_json::to_vec(&invite).unwrap();
        let cipher = cipher(&by_scrypt(password, &salt).unwrap()).unwrap();
        cipher.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).unwrap();
        let code = BASE64URL.encode(&[&salt[..], &nonce, &sealed].concat());
        assert_eq!(open(&code, password).unwrap(), invite);
    }

    #[test]
    fn a_code_that_was_changed_anywhere_is_refused() {
        let code = seal(&invite(), "password of sixteen").unwrap();
        let bytes = BASE64URL.decode(code.as_bytes()).unwrap();
        // One of each part; every try derives two keys.
        for at in [0, SALT, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(open(&BASE64URL.encode(&changed), "password of sixteen").unwrap_err(), BadInvite::Password);
        }
    }

    proptest::proptest! {
        // Without the derivation of keys, which is slow on purpose.
        #[test]
        fn nonsense_is_refused_and_never_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..120), text in ".{0,60}") {
            let enough = bytes.len() > SALT + NONCE_LEN + AES_256_GCM.tag_len();
            let cut = parts(&BASE64URL.encode(&bytes));
            proptest::prop_assert_eq!(cut.is_ok(), enough);
            if let Ok((salt, nonce, sealed)) = cut {
                proptest::prop_assert_eq!([&salt[..], &nonce, &sealed].concat(), bytes.clone());
            }
            proptest::prop_assert!(inside(&bytes).is_err() && inside(text.as_bytes()).is_err());
            proptest::prop_assert!(parts(&text).is_err() || text.len() >= 60);
        }

        #[test]
        fn an_invitation_reads_back_and_one_that_lacks_something_is_refused(url in "[a-z:/.]{1,40}", version in 0_i64..9, cut in 0_usize..200) {
            let invite = RemoteClusterInvite { site_url: url, version, ..invite() };
            let text = serde_json::to_vec(&invite).unwrap();
            proptest::prop_assert_eq!(inside(&text), Ok(invite.clone()));
            proptest::prop_assert!(inside(&text[..cut.min(text.len() - 1)]).is_err());
            let empty = RemoteClusterInvite { token: String::new(), ..invite };
            proptest::prop_assert!(inside(&serde_json::to_vec(&empty).unwrap()).is_err());
        }
    }
}
