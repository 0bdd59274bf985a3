//! Mattermost identifiers: 16 random bytes in base32 with the alphabet `ybndrfg8ejkmcpqxot1uwisza345h769`, 26 characters.

use data_encoding::{Encoding, Specification};
use rand::RngCore;
use std::sync::LazyLock;

static ZBASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("ybndrfg8ejkmcpqxot1uwisza345h769");
    spec.encoding().expect("the alphabet has 32 distinct ASCII symbols")
});

/// A new random id of 26 characters.
pub fn new() -> String {
    let mut bytes = [0u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    ZBASE32.encode(&bytes)
}

/// A new random secret of `len` characters from the id alphabet (5 bits each).
pub fn secret(len: usize) -> String {
    let mut bytes = vec![0u8; len * 5 / 8 + 1];
    rand::rng().fill_bytes(&mut bytes);
    let mut text = ZBASE32.encode(&bytes);
    text.truncate(len);
    text
}

/// Whether `text` has the shape of an id: exactly 26 letters or digits.
pub fn is_valid(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_valid_and_differ() {
        let (a, b) = (super::new(), super::new());
        assert!(super::is_valid(&a) && super::is_valid(&b), "{a} {b}");
        assert_ne!(a, b);
        assert_eq!(super::secret(32).len(), 32);
        assert!(!super::is_valid("me"));
    }
}
