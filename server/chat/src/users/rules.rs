//! What a new account must look like.

use crate::auth::Settings;
use crate::{Error, Result};
use wire::NewUser;

const RESERVED: [&str; 5] = ["all", "channel", "here", "matterbot", "system"];

/// Checks username, e-mail and password.
///
/// # Errors
/// 400 with upstream's id and the field that is wrong.
pub fn check_new(user: &NewUser, settings: &Settings) -> Result<()> {
    check_username(&user.username)?;
    check_email(&user.email)?;
    check_password(&user.password, settings)
}

/// Usernames: 3 to 64 of `a-z 0-9 . - _`, a letter first, none that mentions use.
///
/// # Errors
/// 400.
pub fn check_username(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    let shape = (3..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(allowed);
    if shape && !RESERVED.contains(&name) {
        return Ok(());
    }
    let message = "Username must begin with a letter and contain between 3 and 64 lowercase characters made up of numbers, letters and the symbols \".\", \"-\" and \"_\".";
    Err(Error::invalid("model.user.is_valid.username.app_error", message))
}

/// An address with one `@` and something on both sides.
///
/// # Errors
/// 400.
pub fn check_email(email: &str) -> Result<()> {
    let parts = email.split_once('@');
    let right = parts.is_some_and(|(a, b)| !a.is_empty() && !b.is_empty() && !b.contains('@'));
    if right && email.len() <= 128 && !email.chars().any(char::is_whitespace) {
        return Ok(());
    }
    Err(Error::invalid("model.user.is_valid.email.app_error", "Please enter a valid email address."))
}

/// Length and kinds of characters of a password.
///
/// # Errors
/// 400; the id lists the kinds that the settings ask for, as clients expect.
pub fn check_password(password: &str, settings: &Settings) -> Result<()> {
    let (least, most) = (settings.password_min_length, settings.password_max_length);
    let length = password.chars().count();
    if length < least || length > most {
        let bound = if length < least { "min" } else { "max" };
        let id = format!("model.user.is_valid.pwd_{bound}_length.app_error");
        return Err(Error::invalid(&id, format!("Your password must be {least} to {most} characters long.")));
    }
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    let kinds = [
        (settings.password_lowercase, "lowercase", "a lower-case letter", has(char::is_lowercase)),
        (settings.password_uppercase, "uppercase", "an upper-case letter", has(char::is_uppercase)),
        (settings.password_number, "number", "a digit", has(char::is_numeric)),
        (settings.password_symbol, "symbol", "a symbol", has(|c| !c.is_alphanumeric())),
    ];
    let wanted = || kinds.iter().filter(|(on, ..)| *on);
    if wanted().all(|(.., there)| *there) {
        return Ok(());
    }
    let names: Vec<&str> = wanted().map(|(_, name, ..)| *name).collect();
    let words: Vec<&str> = wanted().map(|(_, _, words, _)| *words).collect();
    let id = format!("model.user.is_valid.pwd_{}.app_error", names.join("_"));
    Err(Error::invalid(&id, format!("Your password must contain {}.", words.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_and_addresses() {
        for good in ["ana", "b.runo-1_x"] {
            assert!(check_username(good).is_ok(), "{good}");
        }
        for bad in ["ab", "1ana", "Ana", "all", "a b c", "ü-umlaut"] {
            assert!(check_username(bad).is_err(), "{bad}");
        }
        assert!(check_email("a@b").is_ok());
        for bad in ["a", "@b", "a@", "a@b@c", "a b@c"] {
            assert!(check_email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_hold_what_the_site_asks_for() {
        let plain = Settings::default();
        assert!(check_password("1234567", &plain).is_err());
        assert!(check_password("12345678", &plain).is_ok());
        assert_eq!(
            check_password(&"x".repeat(73), &plain).unwrap_err().id,
            "model.user.is_valid.pwd_max_length.app_error"
        );
        let strict = Settings { password_lowercase: true, password_number: true, password_symbol: true, ..plain };
        assert!(check_password("correct horse 9", &strict).is_ok());
        let refused = check_password("correcthorse9", &strict).unwrap_err();
        assert_eq!(refused.id, "model.user.is_valid.pwd_lowercase_number_symbol.app_error");
        assert!(refused.message.contains("a symbol"), "{}", refused.message);
    }
}
