//! What a new account must look like.

use crate::{Config, Error, Result};
use wire::NewUser;

const RESERVED: [&str; 5] = ["all", "channel", "here", "matterbot", "system"];

/// Checks username, e-mail and password.
///
/// # Errors
/// 400 with upstream's id and the field that is wrong.
pub fn check_new(user: &NewUser, config: &Config) -> Result<()> {
    check_username(&user.username)?;
    check_email(&user.email)?;
    check_password(&user.password, config)
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

/// Password length.
///
/// # Errors
/// 400.
pub fn check_password(password: &str, config: &Config) -> Result<()> {
    if (config.password_min..=config.password_max).contains(&password.chars().count()) {
        return Ok(());
    }
    let message = format!("Your password must be {} to {} characters long.", config.password_min, config.password_max);
    Err(Error::invalid("model.user.is_valid.pwd_min_length.app_error", message))
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
        assert!(check_password("1234567", &Config::default()).is_err());
        assert!(check_password("12345678", &Config::default()).is_ok());
    }
}
