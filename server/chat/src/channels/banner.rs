//! The banner over a channel.

use crate::roles::Permission;
use crate::{Error, Result};
use wire::{Channel, ChannelBanner};

/// Most characters of the text.
const MAX_TEXT: usize = 1024;

/// The permission to set the banner of a channel of this kind.
pub fn permission(kind: &str) -> Permission {
    Permission(if kind == "O" { "manage_public_channel_banner" } else { "manage_private_channel_banner" })
}

/// The banner of `channel` after `patch`.
///
/// # Errors
/// 400 for a direct or group message, and for a banner that is on and lacks something.
pub fn patched(channel: &Channel, patch: ChannelBanner) -> Result<ChannelBanner> {
    let wrong = |what: &str, message: &str| {
        Error::invalid(&format!("model.channel.is_valid.banner_info.{what}.app_error"), message.to_owned())
    };
    if channel.team_id.is_empty() {
        return Err(wrong("channel_type", "Direct and group messages have no banner."));
    }
    let old = channel.banner_info.clone().unwrap_or_default();
    let new = ChannelBanner {
        enabled: patch.enabled.or(old.enabled),
        text: patch.text.or(old.text),
        background_color: patch.background_color.or(old.background_color),
    };
    let text = new.text.as_deref().unwrap_or_default();
    if text.chars().count() > MAX_TEXT {
        return Err(wrong("text.invalid_length", "At most 1024 characters are wanted for the text of the banner."));
    }
    let color = new.background_color.as_deref().unwrap_or_default();
    let digits = color.strip_prefix('#').unwrap_or_default();
    let is_color = [3, 6].contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
    if !color.is_empty() && !is_color {
        return Err(wrong("background_color.invalid", "A color is wanted for the banner, as in #1e88e5."));
    }
    if new.enabled == Some(true) {
        if text.trim().is_empty() {
            return Err(wrong("text.empty", "A text is wanted for the banner."));
        }
        if color.is_empty() {
            return Err(wrong("background_color.empty", "A background color is wanted for the banner."));
        }
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banner_that_is_on_has_a_text_and_a_color() {
        let channel = Channel { team_id: "t".into(), ..Channel::default() };
        let banner = |enabled, text: &str, color: &str| ChannelBanner {
            enabled: Some(enabled),
            text: (!text.is_empty()).then(|| text.into()),
            background_color: (!color.is_empty()).then(|| color.into()),
        };
        assert!(patched(&channel, banner(true, "Mind the step", "#1e88e5")).is_ok());
        assert!(patched(&channel, banner(false, "", "")).is_ok());
        for bad in [banner(true, "", "#fff"), banner(true, "x", ""), banner(false, "x", "red; url(x)")] {
            assert!(patched(&channel, bad.clone()).is_err(), "{bad:?}");
        }
        let on = Channel { banner_info: Some(banner(true, "Mind the step", "#1e88e5")), ..channel };
        let off = patched(&on, ChannelBanner { enabled: Some(false), ..ChannelBanner::default() }).unwrap();
        assert_eq!(off.text.as_deref(), Some("Mind the step"), "what a patch leaves out stays");
        assert!(patched(&Channel::default(), banner(false, "", "")).is_err(), "a direct message");
    }
}
