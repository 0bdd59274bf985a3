//! Which links and pictures of elsewhere a message has. Pure.

use linkify::{LinkFinder, LinkKind};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, TextMergeWithOffset};
use regex::Regex;
use serde_json::Value;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;
use url::Url;
use wire::Post;

/// Longest address that is looked at, bytes.
const MAX_LENGTH: usize = 2048;
/// Prop of a post whose author took the preview away.
pub const REMOVED: &str = "remove_link_preview";

/// Why an address is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The first link of a message, which is previewed.
    Link,
    /// A picture in it, whose size is told.
    Picture,
}

impl Role {
    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Picture => "picture",
        }
    }
}

/// What of a site is not looked at.
#[derive(Clone, Debug, Default)]
pub struct Ignored {
    /// The site's own address, without a trailing slash; may be empty.
    pub site_url: String,
    /// Domains, with all below them.
    pub domains: Vec<String>,
}

impl Ignored {
    fn covers(&self, address: &str) -> bool {
        static POST: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"/[a-z0-9_-]+/pl/[a-z0-9]{26}$").expect("the pattern is constant and valid"));
        let own = !self.site_url.is_empty()
            && address
                .strip_prefix(&self.site_url)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
        let Some(host) = Url::parse(address).ok().and_then(|u| u.host_str().map(str::to_lowercase)) else {
            return true;
        };
        own || POST.is_match(address)
            || self.domains.iter().any(|d| {
                let domain = d.trim().trim_start_matches('.').to_lowercase();
                host.strip_suffix(&domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
    }
}

/// What of a post is looked at: its first link, unless it has attachments or its author wants none, and its pictures.
pub fn looked_at(post: &Post, ignored: &Ignored, most: usize) -> Vec<(Role, String)> {
    if post.kind.starts_with("system_") || post.delete_at != 0 {
        return Vec::new();
    }
    let mut out: Vec<(Role, String)> = Vec::new();
    let found = of_text(&post.message);
    let said = |name: &str| post.props.get(name).is_some_and(|v| v == "true" || v == &Value::Bool(true));
    let attachments = post.props.get("attachments").and_then(Value::as_array).filter(|a| !a.is_empty());
    if attachments.is_none() && !said(REMOVED) && !said("unsafe_links") {
        out.extend(found.link.map(|url| (Role::Link, url)));
    }
    let pictures =
        found.pictures.into_iter().map(|p| p.url).chain(attachments.into_iter().flatten().flat_map(of_attachment));
    out.extend(pictures.map(|url| (Role::Picture, url)));
    let mut seen = Vec::new();
    out.retain(|(role, url)| {
        let good = web(url) && url.len() <= MAX_LENGTH && !ignored.covers(url) && !seen.contains(&(*role, url.clone()));
        seen.push((*role, url.clone()));
        good
    });
    out.truncate(most);
    out
}

fn web(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
}

/// The pictures of a message attachment.
fn of_attachment(attachment: &Value) -> Vec<String> {
    let text = |name: &str| attachment.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
    let mut out: Vec<String> = ["image_url", "thumb_url", "author_icon", "footer_icon"]
        .into_iter()
        .filter_map(text)
        .map(str::to_owned)
        .collect();
    let fields = attachment.get("fields").and_then(Value::as_array).into_iter().flatten();
    let values = fields.filter_map(|f| f.get("value")?.as_str());
    for text in ["pretext", "text"].into_iter().filter_map(text).chain(values) {
        out.extend(of_text(text).pictures.into_iter().map(|p| p.url));
    }
    out
}

/// A Markdown picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub url: String,
    /// Where `![…](…)` stands in the text, bytes.
    pub place: Range<usize>,
}

/// What a Markdown text has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub link: Option<String>,
    pub pictures: Vec<Picture>,
}

/// The first link and all pictures of a Markdown text, code left out.
pub fn of_text(text: &str) -> Found {
    let mut found = Found::default();
    if !text.contains("://") && !text.contains("www.") {
        return found;
    }
    let text = without_sizes(text);
    let events = Parser::new_ext(&text, Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES).into_offset_iter();
    // Links within links and the words of pictures are no links of their own; code is none at all.
    let mut inside = 0_usize;
    for (event, place) in TextMergeWithOffset::new(events) {
        match event {
            Event::Start(Tag::Image { dest_url, .. }) => {
                inside += 1;
                found.pictures.push(Picture { url: dest_url.into_string(), place });
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                inside += 1;
                if found.link.is_none() && web(&dest_url) {
                    found.link = Some(dest_url.into_string());
                }
            }
            Event::Start(Tag::CodeBlock(_)) => inside += 1,
            Event::End(TagEnd::Image | TagEnd::Link | TagEnd::CodeBlock) => inside = inside.saturating_sub(1),
            Event::Text(words) | Event::Html(words) if inside == 0 && found.link.is_none() => {
                found.link = in_words(&words)
            }
            _ => {}
        }
    }
    found
}

/// The first address that stands in running words.
fn in_words(words: &str) -> Option<String> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(false);
    let mut links = finder.links(words).map(|l| l.as_str());
    links.find_map(|link| match link {
        l if web(l) => Some(l.to_owned()),
        l if l.starts_with("www.") => Some(format!("http://{l}")),
        _ => None,
    })
}

/// Blanks Mattermost's sizes of pictures, `![a](address =100x50)`, which no other Markdown has; everything stays in its place.
fn without_sizes(text: &str) -> Cow<'_, str> {
    static SIZE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(!\[[^\]\n]*\]\([^\s)]+)( +=\d{0,5}(?:x\d{0,5})?)").expect("the pattern is constant and valid")
    });
    SIZE.replace_all(text, |c: &regex::Captures<'_>| format!("{}{}", &c[1], " ".repeat(c[2].len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_first_link_of_a_message_is_found_as_clients_draw_it() {
        for (text, link) in [
            ("see https://wiki.lan/a_b_c?x=1&y=2.", Some("https://wiki.lan/a_b_c?x=1&y=2")),
            ("[words](http://a.lan/1 \"title\") and http://b.lan", Some("http://a.lan/1")),
            ("`http://code.lan` then <http://angle.lan>", Some("http://angle.lan")),
            ("```\nhttp://code.lan\n```\n(http://after.lan/x_(y))", Some("http://after.lan/x_(y)")),
            ("![http://alt.lan](http://picture.lan/p.png) http://link.lan", Some("http://link.lan")),
            ("www.example.com is old", Some("http://www.example.com")),
            ("[mail](mailto:a@b.lan) ftp://c.lan example.com", None),
            ("**http://bold.lan** and ~~http://gone.lan~~", Some("http://bold.lan")),
            ("| a |\n|---|\n| http://cell.lan |", Some("http://cell.lan")),
        ] {
            assert_eq!(of_text(text).link.as_deref(), link, "{text}");
        }
    }

    #[test]
    fn pictures_are_found_where_they_stand_and_in_attachments() {
        let text = "ä ![a](http://p.lan/1.png =100x50) ![b](http://p.lan/2.png \"t\")";
        let found = of_text(text);
        let urls: Vec<&str> = found.pictures.iter().map(|p| p.url.as_str()).collect();
        assert_eq!(urls, ["http://p.lan/1.png", "http://p.lan/2.png"]);
        assert_eq!(&text[found.pictures[0].place.clone()], "![a](http://p.lan/1.png =100x50)");
        let mut post = Post { message: "http://page.lan".into(), ..Post::default() };
        post.props.insert(
            "attachments".into(),
            json!([
                {"image_url": "http://p.lan/3.png", "thumb_url": 5, "text": "![x](http://p.lan/4.png)"}, "nonsense"
            ]),
        );
        let all = looked_at(&post, &Ignored::default(), 10);
        let pictures = ["http://p.lan/3.png", "http://p.lan/4.png"].map(|u| (Role::Picture, u.to_owned()));
        assert_eq!(all, pictures, "attachments stand in place of a preview");
    }

    #[test]
    fn what_nobody_wants_is_not_looked_at() {
        let site = Ignored { site_url: "http://chat.lan".into(), domains: vec!["secret.lan".into()] };
        let post = |message: &str| Post { message: message.into(), ..Post::default() };
        for message in [
            "http://chat.lan/team/channels/a",
            "http://other.lan/team/pl/abcdefghijklmnopqrstuvwxyz",
            "https://a.secret.lan/x",
            "https://SECRET.lan",
            "http://",
        ] {
            assert_eq!(looked_at(&post(message), &site, 10), [], "{message}");
        }
        assert_eq!(looked_at(&post("http://chat.lan.evil.lan and more"), &site, 10).len(), 1);
        assert_eq!(looked_at(&post("http://notsecret.lan"), &site, 10).len(), 1);
        let mut removed = post("http://a.lan ![p](http://a.lan/p.png)");
        removed.props.insert(REMOVED.into(), "true".into());
        assert_eq!(looked_at(&removed, &site, 10), [(Role::Picture, "http://a.lan/p.png".to_owned())]);
        let long = format!("http://a.lan/{}", "x".repeat(3000));
        assert_eq!(looked_at(&post(&long), &site, 10), []);
        let many: String = (0..50).map(|n| format!("![p](http://a.lan/{n}.png) ")).collect();
        assert_eq!(looked_at(&post(&many), &site, 10).len(), 10);
    }

    proptest! {
        #[test]
        fn any_message_is_read_and_places_lie_in_it(text in "[\\[\\]()!<>`*_ =x0-9hé\n/:w.]{0,60}(!\\[a\\]\\(http://p =1\\))?.{0,40}") {
            for picture in of_text(&text).pictures {
                prop_assert!(text.get(picture.place).is_some());
            }
        }
    }
}
