//! What makes a webhook valid, and which posts it is for. No I/O.

use crate::rights::check_length;
use chat::{Error, Result};
use url::Url;
use wire::OutgoingWebhook;

pub const FORM: &str = "application/x-www-form-urlencoded";
pub const JSON: &str = "application/json";

/// 400 that names what is wrong.
///
/// # Errors
/// As said.
pub fn check(hook: &OutgoingWebhook) -> Result<()> {
    let model = "outgoing_hook";
    let invalid = |what: &str, message: &str| {
        Err(Error::invalid(&format!("model.outgoing_hook.is_valid.{what}.app_error"), message))
    };
    check_length(model, "display_name", &hook.display_name, 64)?;
    check_length(model, "description", &hook.description, 500)?;
    check_length(model, "username", &hook.username, 64)?;
    check_length(model, "icon_url", &hook.icon_url, 1024)?;
    if hook.trigger_words.is_empty() && hook.channel_id.is_empty() {
        let message = "Either trigger_words or channel_id must be set.";
        return Err(Error::invalid("api.webhook.create_outgoing.triggers.app_error", message));
    }
    if hook.trigger_words.iter().any(|w| w.trim().is_empty()) || hook.trigger_words.concat().len() > 1024 {
        return invalid(
            "trigger_words",
            "Invalid trigger words: none may be empty, all together have 1024 characters.",
        );
    }
    if !(0..=1).contains(&hook.trigger_when) {
        return invalid("trigger_when", "Invalid trigger_when: 0 (the first word is one) or 1 (it begins with one).");
    }
    if hook.callback_urls.is_empty() || hook.callback_urls.concat().len() > 1024 {
        return invalid("callback", "Invalid callback URLs: at least one, all together have 1024 characters.");
    }
    if !hook.callback_urls.iter().all(|u| is_address(u)) {
        return invalid("url", "Invalid callback URLs. Each must be a valid URL and start with http:// or https://.");
    }
    match hook.content_type.as_str() {
        "" | FORM | JSON => Ok(()),
        _ => invalid("content_type", "Invalid value for content_type: application/json or a form."),
    }
}

/// Whether the text is an address of a program.
pub fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.host().is_some())
}

/// Whether the webhook is told of a post in this channel of its team, and by which of its words.
pub fn triggered(hook: &OutgoingWebhook, channel_id: &str, message: &str) -> Option<String> {
    if !hook.channel_id.is_empty() && hook.channel_id != channel_id {
        return None;
    }
    if hook.trigger_words.is_empty() {
        return Some(String::new());
    }
    let first = message.split_whitespace().next().unwrap_or_default();
    let fits = |word: &&String| match hook.trigger_when {
        0 => first == word.as_str(),
        _ => first.starts_with(word.as_str()),
    };
    hook.trigger_words.iter().find(fits).cloned()
}

/// Whether two webhooks of a team would answer to the same posts at the same address.
pub fn collide(a: &OutgoingWebhook, b: &OutgoingWebhook) -> bool {
    let shared = |x: &[String], y: &[String]| x.iter().any(|v| y.contains(v));
    let words = a.trigger_words.is_empty() && b.trigger_words.is_empty() || shared(&a.trigger_words, &b.trigger_words);
    a.id != b.id && a.channel_id == b.channel_id && words && shared(&a.callback_urls, &b.callback_urls)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(channel: &str, words: &[&str], when: i64) -> OutgoingWebhook {
        OutgoingWebhook {
            id: kit::id::new(),
            channel_id: channel.into(),
            trigger_words: words.iter().map(|w| (*w).to_owned()).collect(),
            trigger_when: when,
            callback_urls: vec!["http://bot.lan/hook".into()],
            ..OutgoingWebhook::default()
        }
    }

    #[test]
    fn words_and_channels_decide() {
        let word = |w: &str| Some(w.to_owned());
        for (channel, words, when, message, expected) in [
            ("", &["build"][..], 0, "build it", word("build")),
            ("", &["build"], 0, "builds fail", None),
            ("", &["build"], 1, "builds fail", word("build")),
            ("", &["build"], 1, "the build", None),
            ("c", &[], 0, "anything", word("")),
            ("c", &[], 0, "", word("")),
            ("d", &[], 0, "anything", None),
            ("d", &["build"], 0, "build", None),
        ] {
            assert_eq!(triggered(&hook(channel, words, when), "c", message), expected, "{channel} {words:?} {message}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(check(&hook("", &["x"], 0)).is_ok());
        assert!(check(&hook("", &[], 0)).is_err());
        assert!(check(&hook("", &["x"], 2)).is_err());
        let file = OutgoingWebhook { callback_urls: vec!["file:///etc/passwd".into()], ..hook("c", &[], 0) };
        assert!(check(&file).is_err());
        assert!(collide(&hook("c", &["a", "b"], 0), &hook("c", &["b"], 0)));
        assert!(!collide(&hook("c", &["a"], 0), &hook("c", &["b"], 0)));
    }
}
