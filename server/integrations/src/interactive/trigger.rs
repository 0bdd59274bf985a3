//! Trigger ids: a program that a user just called holds one, and can show that user a form for a short time.

use crate::seal::Seal;
use data_encoding::BASE64;

/// What the user's client and the program are given for one thing that a user did.
pub struct Made {
    /// The client shows a form that comes with the id of the last thing that it did.
    pub client: String,
    /// The program opens the form with this.
    pub program: String,
}

/// For something that `user_id` did at `now` (milliseconds).
pub fn make(seal: &Seal, user_id: &str, now: i64) -> Made {
    let client = kit::id::new();
    let text = format!("{client}:{user_id}:{now}");
    let program = BASE64.encode(format!("{text}:{}", seal.sign(&text)).as_bytes());
    Made { client, program }
}

/// Why a trigger id opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("it was not made by this server")]
    Forged,
    #[error("it has expired")]
    Late,
}

/// The client's id in a program's, and whose it is.
///
/// # Errors
/// For one that is not this site's, or older than `lifetime_ms`.
pub fn read(seal: &Seal, trigger_id: &str, now: i64, lifetime_ms: i64) -> Result<(String, String), Invalid> {
    let bytes = BASE64.decode(trigger_id.as_bytes()).map_err(|_| Invalid::Forged)?;
    let whole = String::from_utf8(bytes).map_err(|_| Invalid::Forged)?;
    let (text, signature) = whole.rsplit_once(':').ok_or(Invalid::Forged)?;
    if !seal.signed(text, signature) {
        return Err(Invalid::Forged);
    }
    let mut parts = text.split(':');
    let (Some(id), Some(user), Some(at)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Invalid::Forged);
    };
    let at: i64 = at.parse().map_err(|_| Invalid::Forged)?;
    if now - at > lifetime_ms {
        return Err(Invalid::Late);
    }
    Ok((id.to_owned(), user.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::new_key;

    #[test]
    fn it_names_its_user_for_a_short_time() {
        let seal = Seal::new(&new_key()).unwrap();
        let made = make(&seal, "ana", 1000);
        assert_eq!(read(&seal, &made.program, 3000, 2000), Ok((made.client, "ana".into())));
        assert_eq!(read(&seal, &made.program, 3001, 2000), Err(Invalid::Late));
        let forged = BASE64.encode(b"x:bruno:1000:00");
        assert_eq!(read(&seal, &forged, 1000, 2000), Err(Invalid::Forged));
        assert_eq!(read(&seal, "?", 1000, 2000), Err(Invalid::Forged));
    }
}
