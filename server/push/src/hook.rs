//! What chat calls, in its transactions.

use crate::proxy::{self, Notification, Outcome};
use crate::{Shared, message, store};
use chat::push::{Pusher, Seen};
use chat::{Result, Site};
use db::Tx;
use futures::future::BoxFuture;
use wire::Post;

impl Shared {
    fn ring(&self, tx: &mut Tx) {
        let bell = self.bell.clone();
        tx.after_commit(move || bell.notify_one());
    }
}

impl Pusher for Shared {
    fn public_key(&self) -> &str {
        self.signer.public_key()
    }

    fn stored<'a>(&'a self, site: &'a Site, tx: &'a mut Tx, post: &'a Post, again: bool) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if post.kind.starts_with("system_") {
                return Ok(());
            }
            let (now, room) = (site.clock.now_ms(), site.config().push.max_waiting);
            if store::add_post(tx, &post.id, again, now, room).await? {
                self.ring(tx);
            }
            Ok(())
        })
    }

    fn seen<'a>(&'a self, site: &'a Site, tx: &'a mut Tx, user: &'a str, what: Seen<'a>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            // What has not gone out yet is not told any more, and what a device shows goes away there.
            store::forget_seen(tx, user, what).await?;
            let shown = store::take_shown(tx, user, what).await?;
            let now = site.clock.now_ms();
            for place in &shown {
                store::add_clear(tx, user, place, now).await?;
            }
            if !shown.is_empty() {
                self.ring(tx);
            }
            Ok(())
        })
    }

    fn reaches<'a>(&'a self, site: &'a Site, device_id: &'a str) -> BoxFuture<'a, Option<bool>> {
        Box::pin(async move {
            let (platform, token) = message::device(device_id)?;
            let ack_id = kit::id::new();
            let notification = Notification {
                signature: self.signer.sign(&ack_id, token),
                ack_id,
                platform: platform.to_owned(),
                device_id: token.to_owned(),
                server_id: site.config().diagnostic_id.clone(),
                kind: "test".into(),
                version: message::VERSION.into(),
                ..Notification::default()
            };
            match proxy::send(&self.trials, &site.config().push.proxy_url, &notification).await {
                Ok(Outcome::Sent) => Some(true),
                Ok(Outcome::Gone) => Some(false),
                Ok(Outcome::Refused(_)) => None,
                Err(failure) => {
                    tracing::debug!(%failure, "a device could not be tried");
                    None
                }
            }
        })
    }
}
