//! What makes a command valid. No I/O.

use crate::outgoing::is_address;
use crate::rights::check_length;
use chat::{Error, Result};
use wire::Command;

/// The command as it is stored: its trigger in lower case.
///
/// # Errors
/// 400 that names what is wrong.
pub fn checked(mut command: Command) -> Result<Command> {
    let invalid =
        |what: &str, message: &str| Err(Error::invalid(&format!("model.command.is_valid.{what}.app_error"), message));
    command.trigger = command.trigger.trim().to_lowercase();
    let trigger = &command.trigger;
    let length = trigger.chars().count();
    if !(1..=128).contains(&length) || trigger.starts_with('/') || trigger.contains(char::is_whitespace) {
        return invalid("trigger", "Invalid trigger: 1 to 128 characters without spaces, and no / before them.");
    }
    if !["P", "G"].contains(&command.method.as_str()) {
        return invalid("method", "Invalid Method: P (POST) or G (GET).");
    }
    if command.url.chars().count() > 1024 || !is_address(&command.url) {
        return invalid("url", "Invalid URL. Must be a valid URL and start with http:// or https://.");
    }
    let model = "command.is_valid";
    check_length(model, "display_name", &command.display_name, 64)?;
    check_length(model, "description", &command.description, 128)?;
    check_length(model, "username", &command.username, 64)?;
    check_length(model, "icon_url", &command.icon_url, 1024)?;
    check_length(model, "auto_complete_desc", &command.auto_complete_desc, 1024)?;
    check_length(model, "auto_complete_hint", &command.auto_complete_hint, 1024)?;
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_one_word_and_an_address() {
        let command = |trigger: &str, method: &str, url: &str| Command {
            trigger: trigger.into(),
            method: method.into(),
            url: url.into(),
            ..Command::default()
        };
        assert_eq!(checked(command(" Deploy ", "P", "http://bot.lan/")).unwrap().trigger, "deploy");
        for (trigger, method, url, id) in [
            ("", "P", "http://b/", "trigger"),
            ("/x", "P", "http://b/", "trigger"),
            ("a b", "P", "http://b/", "trigger"),
            ("a", "X", "http://b/", "method"),
            ("a", "G", "bot.lan", "url"),
        ] {
            let error = checked(command(trigger, method, url)).unwrap_err();
            assert_eq!(error.id, format!("model.command.is_valid.{id}.app_error"));
        }
    }
}
