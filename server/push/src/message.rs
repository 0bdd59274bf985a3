//! What a device is sent: made when it goes out, so that it says what is true then, and nothing of it lies in the queue.

use crate::proxy::Notification;
use crate::store::{self, Waiting};
use chat::auth::VOIP;
use chat::features::NameDisplay;
use chat::push::Contents;
use chat::{Result, Site, channels, posts, users};
use db::Conn;
use pulldown_cmark::{Event, Parser, TagEnd};
use wire::{Channel, Post, User};

/// Version of the format, as apps know it.
pub const VERSION: &str = "v2";
/// Apple and Google take four kilobytes in all.
const MAX_CHARS: usize = 800;

/// Platform and token of a session's device; `None` for what is no device of an app.
pub fn device(device_id: &str) -> Option<(&str, &str)> {
    device_id.split_once(':').filter(|(platform, token)| !platform.is_empty() && !token.is_empty())
}

/// What is sent for a row of the queue; `None` when it is not true any more, or not for this user.
///
/// # Errors
/// When the database fails.
pub async fn of(site: &Site, conn: &mut Conn, waiting: &Waiting) -> Result<Option<Notification>> {
    let badge = store::badge(conn, &waiting.user_id).await?;
    let mut made = if waiting.kind == "clear" {
        Notification {
            kind: "clear".into(),
            channel_id: waiting.channel_id.clone(),
            root_id: waiting.root_id.clone(),
            cont_ava: 1,
            ..blank(site)
        }
    } else {
        let Some(post) = posts::get(conn, &waiting.post_id).await?.filter(|p| p.delete_at == 0) else {
            return Ok(None);
        };
        let Some(channel) = channels::get(conn, &post.channel_id).await?.filter(|c| c.delete_at == 0) else {
            return Ok(None);
        };
        if channels::member(conn, &channel.id, &waiting.user_id).await?.is_none() {
            return Ok(None);
        }
        told(site, conn, &post, &channel, site.config().push.contents).await?
    };
    let voip = waiting.props.get(VOIP).and_then(|v| v.as_str()).filter(|_| made.sub_type == "calls").and_then(device);
    let Some((platform, token)) = voip.or_else(|| device(&waiting.device_id)) else { return Ok(None) };
    if voip.is_some() {
        made.transport = "voip".into();
    }
    (made.platform, made.device_id) = (platform.to_owned(), token.to_owned());
    made.ack_id.clone_from(&waiting.id);
    made.badge = badge;
    Ok(Some(made))
}

fn blank(site: &Site) -> Notification {
    Notification {
        server_id: site.config().diagnostic_id.clone(),
        version: VERSION.into(),
        is_crt_enabled: true,
        ..Notification::default()
    }
}

/// What is told of a post, as much of it as `contents` says.
///
/// # Errors
/// When the database fails.
pub async fn told(
    site: &Site,
    conn: &mut Conn,
    post: &Post,
    channel: &Channel,
    contents: Contents,
) -> Result<Notification> {
    let author = users::get(conn, &post.user_id).await?.unwrap_or_default();
    let mut made = Notification {
        kind: "message".into(),
        post_id: post.id.clone(),
        channel_id: post.channel_id.clone(),
        root_id: post.root_id.clone(),
        team_id: channel.team_id.clone(),
        sender_id: post.user_id.clone(),
        category: "CAN_REPLY".into(),
        ..blank(site)
    };
    // A call that begins among few rings.
    let rings = post.kind == "custom_calls" && channel.team_id.is_empty();
    if rings {
        made.sub_type = "calls".into();
    }
    if contents == Contents::IdLoaded {
        made.is_id_loaded = true;
        made.message = "You have a new message.".into();
        return Ok(made);
    }
    let webhook = |name: &str| post.props.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    made.from_webhook = webhook("from_webhook");
    if made.from_webhook == "true" {
        let features = site.config().features.clone();
        made.override_username = if features.username_override { webhook("override_username") } else { String::new() };
        made.override_icon_url = if features.icon_override { webhook("override_icon_url") } else { String::new() };
    }
    let sender = match made.override_username.as_str() {
        "" => shown_name(&author, site.config().privacy.name_display, site.config().privacy.show_full_name),
        name => name.to_owned(),
    };
    made.sender_name.clone_from(&sender);
    let direct = channel.kind == "D";
    made.channel_name = match contents {
        _ if direct => sender.clone(),
        Contents::GenericNoChannel => String::new(),
        _ => channel.display_name.clone(),
    };
    made.message = match contents {
        _ if rings => format!("{sender} is calling you."),
        Contents::Full => full(post, &sender, direct),
        _ if direct => format!("{sender} sent you a message."),
        Contents::GenericNoChannel => format!("{sender} wrote a message."),
        _ => format!("{sender} wrote a message in {}.", channel.display_name),
    };
    Ok(made)
}

fn full(post: &Post, sender: &str, direct: bool) -> String {
    let mut text = plain(&post.message);
    if text.is_empty() {
        text = attachment(post);
    }
    if text.is_empty() && !post.file_ids.is_empty() {
        return format!("{sender} sent a file.");
    }
    if text.chars().count() > MAX_CHARS {
        text = text.chars().take(MAX_CHARS - 1).chain(['…']).collect();
    }
    if direct { text } else { format!("{sender}: {text}") }
}

/// The words of a message attachment, when the message itself has none.
fn attachment(post: &Post) -> String {
    let first = post.props.get("attachments").and_then(|a| a.get(0));
    let words = |name: &str| first.and_then(|a| a.get(name)).and_then(|v| v.as_str()).unwrap_or_default();
    let found = ["fallback", "text", "pretext", "title"].into_iter().map(words).find(|w| !w.is_empty());
    plain(found.unwrap_or_default())
}

/// Markdown as phones show it: without its signs.
fn plain(markdown: &str) -> String {
    let mut out = String::new();
    for event in Parser::new(markdown) {
        match event {
            Event::Text(words) | Event::Code(words) | Event::Html(words) | Event::InlineHtml(words) => {
                out.push_str(&words);
            }
            Event::SoftBreak | Event::HardBreak | Event::Rule => out.push('\n'),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::CodeBlock) => out.push('\n'),
            _ => {}
        }
    }
    out.trim().to_owned()
}

fn shown_name(user: &User, display: NameDisplay, full_names: bool) -> String {
    let full = format!("{} {}", user.first_name, user.last_name).trim().to_owned();
    let full = if full_names { full } else { String::new() };
    let chosen = match display {
        NameDisplay::Username => String::new(),
        NameDisplay::NicknameFullName if !user.nickname.is_empty() => user.nickname.clone(),
        NameDisplay::NicknameFullName | NameDisplay::FullName => full,
    };
    if chosen.is_empty() { format!("@{}", user.username) } else { chosen }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_shows_words_not_markdown() {
        assert_eq!(plain("**Pump 3** is `off`\nsee [plan](http://x)"), "Pump 3 is off\nsee plan");
        assert_eq!(plain("# Water\n\n* one\n* two"), "Water\none\ntwo");
        let long = Post { message: "ö".repeat(5000), ..Post::default() };
        assert_eq!(full(&long, "@ana", true).chars().count(), MAX_CHARS);
        let file = Post { file_ids: vec!["f".into()], ..Post::default() };
        assert_eq!(full(&file, "@ana", false), "@ana sent a file.");
    }

    #[test]
    fn a_device_has_a_platform_and_a_token() {
        assert_eq!(device("android_rn-v2:abc:def"), Some(("android_rn-v2", "abc:def")));
        assert_eq!(device("apple_rn-v2:"), None);
        assert_eq!(device("abc"), None);
    }
}
