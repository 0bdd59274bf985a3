//! Pictures of elsewhere through this server: which addresses posts show, and answering at them.

use crate::cache::Kept;
use crate::message;
use crate::{Links, picture};
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use outbound::{Failure, Wanted};
use regex::{Captures, Regex};
use std::sync::{Arc, LazyLock};
use tokio_util::io::ReaderStream;
use url::Url;
use url::form_urlencoded;
use wire::Post;

/// Where the proxy is, below the site's address.
const PATH: &str = "/api/v4/image?url=";
/// An SVG is a document that may hold scripts; as one, it is let do nothing.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox";

/// The addresses of pictures in posts.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    /// What comes before the picture's own address; empty: posts keep those, and clients ask the proxy by themselves.
    prefix: String,
}

impl Addresses {
    /// `site_url` without a trailing slash; where it is not known, posts are left as they are.
    pub fn new(site_url: &str, proxy: bool) -> Self {
        let on = proxy && !site_url.is_empty();
        Self { prefix: if on { format!("{site_url}{PATH}") } else { String::new() } }
    }

    /// The address through the proxy.
    pub fn through(&self, url: &str) -> String {
        if self.prefix.is_empty() || url.is_empty() || url.starts_with(&self.prefix) {
            return url.to_owned();
        }
        format!("{}{}", self.prefix, form_urlencoded::byte_serialize(url.as_bytes()).collect::<String>())
    }

    /// Lets the pictures of a message lead through the proxy; its author edits `message_source`.
    pub fn lead_through(&self, post: &mut Post) {
        if self.prefix.is_empty() || !post.message.contains("![") {
            return;
        }
        let mut text = post.message.clone();
        for picture in message::of_text(&post.message).pictures.into_iter().rev() {
            let web = picture.url.starts_with("http://") || picture.url.starts_with("https://");
            let Some(written) = text.get(picture.place.clone()).filter(|_| web) else { continue };
            // An address that is written in another way, or elsewhere, stays as it is.
            let Some((before, after)) = written.rsplit_once(&picture.url) else { continue };
            let replaced = format!("{before}{}{after}", self.through(&picture.url));
            text.replace_range(picture.place, &replaced);
        }
        if text != post.message {
            post.message_source = std::mem::replace(&mut post.message, text);
        }
    }

    /// Undoes [`Self::lead_through`] in what a client sends back.
    pub fn lead_back(&self, post: &mut Post) {
        static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(https?://[^\s()<>]*?/api/v4/image\?url=)([A-Za-z0-9*._+%-]+)")
                .expect("the pattern is constant and valid")
        });
        if self.prefix.is_empty() || !post.message.contains(&self.prefix) {
            return;
        }
        let own = |c: &Captures<'_>| {
            if c[1] != self.prefix {
                return c[0].to_owned();
            }
            let text = format!("url={}", &c[2]);
            form_urlencoded::parse(text.as_bytes()).next().map_or_else(|| c[0].to_owned(), |(_, url)| url.into_owned())
        };
        post.message = ADDRESS.replace_all(&post.message, own).into_owned();
    }
}

/// Why a picture is not shown.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NoPicture {
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Failed(String),
}

/// The address that is meant: a client that does not know the site's own address may have asked for the proxy twice.
fn meant(url: &str, addresses: &Addresses) -> String {
    let own = !addresses.prefix.is_empty() && url.starts_with(&addresses.prefix);
    let nested = url.split_once(PATH).filter(|(before, _)| before.is_empty() || own);
    match nested.and_then(|(_, inner)| {
        form_urlencoded::parse(format!("url={inner}").as_bytes()).next().map(|(_, u)| u.into_owned())
    }) {
        Some(inner) => inner,
        None => url.to_owned(),
    }
}

/// GET /image
pub async fn answer(links: &Links, url: &str) -> chat::Result<Response> {
    let url = meant(url, &links.addresses);
    if !Url::parse(&url).is_ok_and(|u| ["http", "https"].contains(&u.scheme())) {
        return Err(chat::Error::invalid_param("url"));
    }
    if !links.config.image_proxy {
        return Ok(redirect(&url));
    }
    match links.images.get(&url, fetch(links, &url)).await {
        Ok(kept) => serve(&kept).await,
        // What this server may not read is left to the reader's browser, as without a proxy.
        Err(error) if matches!(*error, NoPicture::Refused(_)) => Ok(redirect(&url)),
        Err(error) => Err(chat::Error::not_found("api.image.get.app_error", format!("There is no picture: {error}."))),
    }
}

fn redirect(url: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, url.to_owned())]).into_response()
}

async fn fetch(links: &Links, url: &str) -> Result<(Vec<u8>, &'static str), NoPicture> {
    let most = links.config.max_image_mb << 20;
    // A server that gives no type, or a wrong one, may still give a picture; its bytes tell.
    let wanted = Wanted { accept: "image/*", redirects: links.config.max_redirects, most: &|_| most };
    let failed = |reason: String| NoPicture::Failed(reason);
    let fetched = links.image_client.fetch(url, &wanted).await.map_err(|failure| match failure {
        Failure::Refused(_) => NoPicture::Refused(failure.to_string()),
        other => NoPicture::Failed(other.to_string()),
    })?;
    if !fetched.status.is_success() {
        return Err(failed(format!("it answers {}", fetched.status)));
    }
    if fetched.cut {
        return Err(failed(format!("it is larger than {} MB", links.config.max_image_mb)));
    }
    let kind = picture::content_type(&fetched.body).ok_or_else(|| failed("it is none".into()))?;
    Ok((fetched.body, kind))
}

async fn serve(kept: &Arc<Kept>) -> chat::Result<Response> {
    let file = tokio::fs::File::open(&kept.path).await.map_err(chat::Error::internal)?;
    let headers = [
        (header::CONTENT_TYPE, kept.content_type.to_owned()),
        (header::CONTENT_LENGTH, kept.size.to_string()),
        (header::CONTENT_DISPOSITION, "inline".to_owned()),
        (header::CACHE_CONTROL, "private, max-age=86400".to_owned()),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(file))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_lead_through_the_proxy_and_an_edit_leads_back() {
        let addresses = Addresses::new("http://chat.lan", true);
        let message = "![a](http://p.lan/a b.png) ![b](http://p.lan/b.png?x=1&y=ü =10x20 \"t\") http://p.lan/c.png `![c](http://p.lan/c.png)`";
        let mut post = Post { message: message.into(), ..Post::default() };
        addresses.lead_through(&mut post);
        let through = "http://chat.lan/api/v4/image?url=http%3A%2F%2Fp.lan%2Fb.png%3Fx%3D1%26y%3D%C3%BC";
        let expected = message.replace("http://p.lan/b.png?x=1&y=ü", through);
        assert_eq!((post.message.as_str(), post.message_source.as_str()), (expected.as_str(), message));
        addresses.lead_back(&mut post);
        assert_eq!(post.message, message);
        let mut foreign = Post { message: "http://other.lan/api/v4/image?url=x".into(), ..Post::default() };
        addresses.lead_back(&mut foreign);
        assert_eq!(foreign.message, "http://other.lan/api/v4/image?url=x");
        for off in [Addresses::new("", true), Addresses::new("http://chat.lan", false)] {
            assert_eq!(off.through("http://p.lan/b.png"), "http://p.lan/b.png");
        }
        assert_eq!(meant("/api/v4/image?url=http%3A%2F%2Fp.lan%2Fb.png", &addresses), "http://p.lan/b.png");
        assert_eq!(meant("http://p.lan/b.png", &addresses), "http://p.lan/b.png");
    }
}
