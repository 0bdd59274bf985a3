//! What a page says of itself: Open Graph, then Twitter's cards, then its title. Pure.

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use serde::{Deserialize, Serialize};
use url::Url;

/// Longest texts that are kept, characters.
const MAX_TITLE: usize = 300;
const MAX_DESCRIPTION: usize = 1000;
/// Pictures of one page that are kept.
const MAX_PICTURES: usize = 4;
/// Longest address that is kept, bytes.
const MAX_ADDRESS: usize = 2048;

/// A picture of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Picture {
    pub url: String,
    pub secure_url: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub width: u32,
    pub height: u32,
}

impl Picture {
    /// The address to look at.
    pub fn address(&self) -> &str {
        if self.secure_url.is_empty() { &self.url } else { &self.secure_url }
    }
}

/// As the `opengraph` embed of a post tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Page {
    #[serde(rename = "type")]
    pub kind: String,
    /// The link as it was written.
    pub url: String,
    pub title: String,
    pub description: String,
    pub site_name: String,
    pub images: Vec<Picture>,
}

impl Page {
    /// Whether there is anything to show.
    pub fn is_empty(&self) -> bool {
        self.title.is_empty() && self.description.is_empty() && self.images.is_empty()
    }
}

/// What is used where Open Graph is silent.
#[derive(Default)]
struct Otherwise {
    twitter_title: String,
    twitter_description: String,
    twitter_picture: String,
    title: Option<String>,
    description: String,
}

/// Reads a page that was found at `base`.
pub fn read(html: &str, base: &Url) -> Page {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let (mut page, mut otherwise, mut base, mut in_title) =
        (Page::default(), Otherwise::default(), base.clone(), false);
    for token in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Ok(Token::StartTag(tag)) => match tag.name.as_slice() {
                b"title" => in_title = otherwise.title.is_none(),
                b"meta" => meta(&mut page, &mut otherwise, &tag),
                b"base" => {
                    if let Ok(other) = base.join(&attribute(&tag, b"href")) {
                        base = other;
                    }
                }
                _ => {}
            },
            Ok(Token::String(text)) if in_title => {
                let text = String::from_utf8_lossy(&text.value);
                // One title may come in pieces; it is cut later.
                let title = otherwise.title.get_or_insert_default();
                if title.len() < 4 * MAX_TITLE {
                    title.push_str(&text);
                }
            }
            Ok(Token::EndTag(_)) => in_title = false,
            _ => {}
        }
    }
    let Otherwise { twitter_title, twitter_description, twitter_picture, title, description } = otherwise;
    let first =
        |texts: [&str; 3], most| texts.into_iter().map(|t| tidy(t, most)).find(|t| !t.is_empty()).unwrap_or_default();
    page.title = first([&page.title, &twitter_title, &title.unwrap_or_default()], MAX_TITLE);
    page.description = first([&page.description, &twitter_description, &description], MAX_DESCRIPTION);
    page.site_name = tidy(&page.site_name, MAX_TITLE);
    page.kind = tidy(&page.kind, 100);
    if page.images.is_empty() && !twitter_picture.is_empty() {
        page.images.push(Picture { url: twitter_picture, ..Picture::default() });
    }
    for picture in &mut page.images {
        picture.url = absolute(&base, &picture.url);
        picture.secure_url = absolute(&base, &picture.secure_url);
        picture.kind = tidy(&picture.kind, 100);
    }
    page.images.retain(|p| !p.address().is_empty());
    page.images.truncate(MAX_PICTURES);
    page
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> String {
    tag.attributes.get(name).map(|v| String::from_utf8_lossy(v).into_owned()).unwrap_or_default()
}

fn meta(page: &mut Page, otherwise: &mut Otherwise, tag: &StartTag<()>) {
    let name = Some(attribute(tag, b"property")).filter(|n| !n.is_empty()).unwrap_or_else(|| attribute(tag, b"name"));
    let content = attribute(tag, b"content");
    if content.trim().is_empty() {
        return;
    }
    let first = |field: &mut String, content: String| {
        if field.is_empty() {
            *field = content;
        }
    };
    let name = name.trim().to_ascii_lowercase();
    match name.as_str() {
        "og:title" => first(&mut page.title, content),
        "og:description" => first(&mut page.description, content),
        "og:site_name" => first(&mut page.site_name, content),
        "og:type" => first(&mut page.kind, content),
        "og:image" => picture(page, |p| p.url.is_empty() && p.secure_url.is_empty(), |p| p.url = content),
        "og:image:url" => picture(page, |p| p.url.is_empty(), |p| p.url = content),
        "og:image:secure_url" => picture(page, |p| p.secure_url.is_empty(), |p| p.secure_url = content),
        "og:image:type" => picture(page, |p| p.kind.is_empty(), |p| p.kind = content),
        "og:image:width" => picture(page, |p| p.width == 0, |p| p.width = content.trim().parse().unwrap_or(0)),
        "og:image:height" => picture(page, |p| p.height == 0, |p| p.height = content.trim().parse().unwrap_or(0)),
        "twitter:title" => first(&mut otherwise.twitter_title, content),
        "twitter:description" => first(&mut otherwise.twitter_description, content),
        "twitter:image" | "twitter:image:src" => first(&mut otherwise.twitter_picture, content),
        "description" => first(&mut otherwise.description, content),
        _ => {}
    }
}

/// Says something of the last picture, or of a new one where the last has that already.
fn picture(page: &mut Page, fits: impl Fn(&Picture) -> bool, say: impl FnOnce(&mut Picture)) {
    if !page.images.last().is_some_and(&fits) {
        if page.images.len() >= 4 * MAX_PICTURES {
            return;
        }
        page.images.push(Picture::default());
    }
    if let Some(last) = page.images.last_mut() {
        say(last);
    }
}

/// The address of a picture, if it is one of the web.
fn absolute(base: &Url, address: &str) -> String {
    let address = address.trim();
    if address.is_empty() || address.len() > MAX_ADDRESS {
        return String::new();
    }
    let url = base.join(address).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
    url.map(String::from).filter(|u| u.len() <= MAX_ADDRESS).unwrap_or_default()
}

/// One line without control characters, at most so long.
fn tidy(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()) {
        let word_length = word.chars().count();
        if length + word_length >= most {
            out.extend(word.chars().take(most.saturating_sub(length + 1)));
            out.push('…');
            break;
        }
        if !out.is_empty() {
            out.push(' ');
            length += 1;
        }
        out.push_str(word);
        length += word_length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    fn of(html: &str) -> Page {
        read(html, &Url::parse("http://wiki.lan/dir/page").unwrap())
    }

    #[test]
    fn a_page_is_what_it_says_of_itself() {
        let page = of(r#"<!doctype html><html><head>
            <script>var x = "<meta property='og:title' content='no'>";</script>
            <title>Plain</title>
            <meta property="og:title" content="Caf&eacute; &amp; more&#x202f;!">
            <META NAME=Description CONTENT='spoken   over
              lines'>
            <meta property="og:site_name" content="Wiki"><meta property=og:type content=article>
            <meta property="og:image" content="/a.png"><meta property="og:image:width" content="200">
            <meta property="og:image:height" content="100"><meta property="og:image:secure_url" content="https://wiki.lan/a.png">
            <meta property="og:image" content="b.png"><meta property="og:image" content="javascript:alert(1)">
            </head><body><title>later</title></body>"#);
        assert_eq!(page.title, "Café & more !");
        assert_eq!(page.description, "spoken over lines");
        assert_eq!((page.site_name.as_str(), page.kind.as_str()), ("Wiki", "article"));
        let picture = |url: &str, secure: &str, width, height| Picture {
            url: url.into(),
            secure_url: secure.into(),
            kind: String::new(),
            width,
            height,
        };
        assert_eq!(
            page.images,
            [
                picture("http://wiki.lan/a.png", "https://wiki.lan/a.png", 200, 100),
                picture("http://wiki.lan/dir/b.png", "", 0, 0),
            ]
        );
        let page =
            of("<base href='http://cdn.lan/x/'><title>T &lt;1&gt;</title><meta name=twitter:image content=i.png>");
        assert_eq!((page.title.as_str(), page.images[0].url.as_str()), ("T <1>", "http://cdn.lan/x/i.png"));
        assert!(of("<p>nothing").is_empty());
        let long = of(&format!("<title>{}</title>", "wort ".repeat(10_000)));
        assert!(long.title.chars().count() <= MAX_TITLE && long.title.ends_with('…'));
    }

    #[test]
    fn hostile_pages_take_no_longer_than_others() {
        let attributes: String = (0..150_000).map(|n| format!(" a{n}")).collect();
        let names: String = (0..20_000).map(|n| format!("<meta property=og:image content=/{n}>")).collect();
        for html in [
            format!("<meta{attributes}>"),
            "<div>".repeat(200_000),
            "<!--".repeat(250_000),
            "<title>".repeat(150_000),
            "&amp".repeat(250_000),
            format!("<title>{}", "x".repeat(1 << 20)),
            format!("<meta content=\"{}", "&#x10ffff;".repeat(100_000)),
            names,
        ] {
            let began = Instant::now();
            let page = of(&html);
            assert!(began.elapsed() < Duration::from_secs(10), "{}", &html[..40]);
            assert!(page.images.len() <= MAX_PICTURES && page.title.chars().count() <= MAX_TITLE);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_only_web_addresses_come_out(
            html in "(<(meta|title|base|!--|script|/title)( (property|name|content|href)=(\"og:(image|title)\"|'twitter:image'|[a-z:/.&#;0]{0,12}))*>?|[<>&#;x0 \"'é]{0,6}){0,20}",
        ) {
            for picture in of(&html).images {
                prop_assert!(picture.address().starts_with("http://") || picture.address().starts_with("https://"));
            }
        }
    }
}
