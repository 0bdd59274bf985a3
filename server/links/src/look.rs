//! Looking at one address: a page, a picture, something else, or nothing that can be had.

use crate::config::Config;
use crate::page::{self, Page};
use crate::picture::{self, Dimensions};
use crate::text;
use outbound::{Client, Failure, Fetched, Wanted};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How much of a picture is read to learn its size, and of an animated one to count its pictures, bytes.
const PICTURE_HEAD: usize = 256 << 10;
const ANIMATION_HEAD: usize = 1 << 20;
const ACCEPT_PAGE: &str = "text/html,application/xhtml+xml,image/*;q=0.9,*/*;q=0.1";
const ACCEPT_PICTURE: &str = "image/*";

/// What was found, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    /// Sizes of pictures by their addresses: of the address itself, or of what the page shows.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, Dimensions>,
}

impl Found {
    /// As [`crate::store::Known`] has it.
    pub fn kind(&self) -> &'static str {
        match (&self.page, self.images.is_empty()) {
            (Some(_), _) => "page",
            (None, false) => "picture",
            (None, true) => "other",
        }
    }
}

/// Why nothing was found.
#[derive(Debug, thiserror::Error)]
pub enum Nothing {
    #[error(transparent)]
    Call(#[from] Failure),
    #[error("it answers {0}")]
    Status(reqwest::StatusCode),
    #[error("it could not be read: {0}")]
    Unreadable(#[from] tokio::task::JoinError),
}

impl Nothing {
    /// Whether the host could not be reached at all, so that its other pages cannot either.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Call(Failure::Unreachable(_)))
    }
}

/// Looks at an address.
///
/// # Errors
/// When nothing can be had from there.
pub async fn at(client: &Client, config: &Config, url: &str) -> Result<Found, Nothing> {
    let page_bytes = config.max_page_kb << 10;
    let most = move |kind: &str| match kind {
        "text/html" | "application/xhtml+xml" => page_bytes,
        _ => picture_bytes(kind),
    };
    let fetched = fetch(client, config, url, ACCEPT_PAGE, &most).await?;
    if !matches!(fetched.content_type.as_str(), "text/html" | "application/xhtml+xml") {
        return Ok(sized(url, fetched).await?.unwrap_or_default());
    }
    // Parsers of what anybody wrote run beside the others; one that panics costs its page only.
    let read = tokio::task::spawn_blocking(move || {
        page::read(&text::decode(&fetched.body, fetched.charset.as_deref()), &fetched.url)
    });
    let mut page = read.await?;
    let mut images = BTreeMap::new();
    let mut kept = Vec::new();
    for (place, image) in std::mem::take(&mut page.images).into_iter().enumerate() {
        // The first is the one that clients show; the others keep the sizes that the page told.
        if place == 0 {
            match fetch(client, config, image.address(), ACCEPT_PICTURE, &picture_bytes).await {
                Ok(fetched) => match sized(image.address(), fetched).await? {
                    Some(found) => images.extend(found.images),
                    None => continue,
                },
                Err(Nothing::Call(Failure::Unreachable(_) | Failure::Broken(_) | Failure::Late(_))) => {}
                Err(_) => continue,
            }
        }
        kept.push(image);
    }
    page.images = kept;
    url.clone_into(&mut page.url);
    Ok(Found { page: (!page.is_empty()).then_some(page), images })
}

fn picture_bytes(kind: &str) -> usize {
    match kind {
        "image/gif" => ANIMATION_HEAD,
        _ if kind.starts_with("image/") => PICTURE_HEAD,
        _ => 0,
    }
}

async fn fetch(
    client: &Client,
    config: &Config,
    url: &str,
    accept: &str,
    most: &(dyn Fn(&str) -> usize + Sync),
) -> Result<Fetched, Nothing> {
    let fetched = client.fetch(url, &Wanted { accept, redirects: config.max_redirects, most }).await?;
    if fetched.status.is_success() { Ok(fetched) } else { Err(Nothing::Status(fetched.status)) }
}

/// What was fetched as a picture, if it is one.
async fn sized(url: &str, fetched: Fetched) -> Result<Option<Found>, Nothing> {
    let read = tokio::task::spawn_blocking(move || picture::dimensions(&fetched.body));
    let images = read.await?.map(|size| BTreeMap::from([(url.to_owned(), size)]));
    Ok(images.map(|images| Found { page: None, images }))
}
