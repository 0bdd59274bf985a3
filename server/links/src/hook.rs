//! What chat asks of this crate: which links a post has, and what is known of them.

use crate::Shared;
use crate::look::Found;
use crate::message;
use crate::page::Page;
use crate::proxy::Addresses;
use crate::store::{self, Known};
use chat::posts::Outside;
use db::{Conn, Result, Tx};
use futures::future::BoxFuture;
use serde_json::json;
use std::collections::HashMap;
use wire::{Post, PostMetadata};

impl Outside for Shared {
    fn previews(&self) -> bool {
        self.config.previews
    }

    fn image_proxy(&self) -> bool {
        self.config.image_proxy
    }

    fn stored<'a>(&'a self, tx: &'a mut Tx, post: &'a Post, new: bool) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if !self.config.previews {
                return Ok(());
            }
            let has = message::looked_at(post, &self.ignored, self.config.max_per_post);
            if new && has.is_empty() {
                return Ok(());
            }
            let now = self.site_clock.now_ms();
            if store::keep(tx, &post.id, new, &has, now, self.config.max_waiting).await? {
                let bell = self.bell.clone();
                tx.after_commit(move || bell.notify_one());
            }
            Ok(())
        })
    }

    fn complete<'a>(&'a self, conn: &'a mut Conn, posts: &'a mut [Post]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if self.config.previews {
                let ids: Vec<String> = posts.iter().filter(|p| p.delete_at == 0).map(|p| p.id.clone()).collect();
                let mut known: HashMap<String, Vec<Known>> = HashMap::new();
                for one in store::of_posts(conn, &ids).await? {
                    known.entry(one.post_id.clone()).or_default().push(one);
                }
                for post in posts.iter_mut() {
                    for one in known.remove(&post.id).unwrap_or_default() {
                        show(post, &one, &self.addresses);
                    }
                }
            }
            for post in posts.iter_mut().filter(|p| p.delete_at == 0) {
                self.addresses.lead_through(post);
            }
            Ok(())
        })
    }
}

/// Adds what is known of an address to a post.
fn show(post: &mut Post, known: &Known, addresses: &Addresses) {
    let found: Found = serde_json::from_value(known.data.clone()).unwrap_or_default();
    let metadata = post.metadata.get_or_insert_with(PostMetadata::default);
    for (url, size) in &found.images {
        if let Ok(size) = serde_json::to_value(size) {
            metadata.images.insert(addresses.through(url), size);
        }
    }
    if known.role != message::Role::Link.name() {
        return;
    }
    match (known.kind.as_str(), found.page) {
        ("page", Some(page)) => {
            let data = led_through(page, addresses);
            metadata.embeds.push(json!({"type": "opengraph", "url": known.url, "data": data}));
        }
        ("picture", _) => metadata.embeds.push(json!({"type": "image", "url": known.url})),
        ("other", _) => metadata.embeds.push(json!({"type": "link", "url": known.url})),
        _ => {}
    }
}

fn led_through(mut page: Page, addresses: &Addresses) -> Page {
    for image in &mut page.images {
        for url in [&mut image.url, &mut image.secure_url] {
            *url = addresses.through(url);
        }
    }
    page
}
