//! The addresses in a form go to the user's client and come back when it is submitted. They carry this site's signature,
//! so that a user can only make the server call what a program asked for. It stands in the fragment, which no program
//! is sent.

use crate::seal::Seal;

const MARK: &str = "#muster=";

fn text(user_id: &str, expires: &str, url: &str) -> String {
    format!("dialog:{user_id}:{expires}:{url}")
}

/// The address for the client of `user_id`, good until `expires` (milliseconds).
pub fn sign(seal: &Seal, url: &str, user_id: &str, expires: i64) -> String {
    let plain = url.split('#').next().unwrap_or_default();
    let signature = seal.sign(&text(user_id, &expires.to_string(), plain));
    format!("{plain}{MARK}{expires}.{signature}")
}

/// The address that [`sign`] signed for this user, while it is good.
pub fn open<'a>(seal: &Seal, url: &'a str, user_id: &str, now: i64) -> Option<&'a str> {
    let (plain, rest) = url.rsplit_once(MARK)?;
    let (expires, signature) = rest.split_once('.')?;
    let signed = seal.signed(&text(user_id, expires, plain), signature);
    (signed && expires.parse().is_ok_and(|at: i64| now <= at)).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::new_key;

    #[test]
    fn only_its_user_can_use_an_address_and_not_for_ever() {
        let seal = Seal::new(&new_key()).unwrap();
        let signed = sign(&seal, "http://bot.lan/form?x=1#part", "ana", 10);
        assert_eq!(open(&seal, &signed, "ana", 10), Some("http://bot.lan/form?x=1"));
        assert_eq!(open(&seal, &signed, "ana", 11), None);
        assert_eq!(open(&seal, &signed, "bruno", 10), None);
        assert_eq!(open(&seal, &signed.replace("x=1", "x=2"), "ana", 10), None);
        assert_eq!(open(&seal, "http://bot.lan/", "ana", 10), None);
    }
}
