//! Notifications on phones. A crate that stands on this one sends them; without it nobody is told anything outside of an
//! open socket. What has to be told is written down in the transaction that caused it, so that a killed server forgets none.

mod settings;

pub use settings::{Contents, Settings};

use crate::{Result, Site};
use db::Tx;
use futures::future::BoxFuture;
use wire::Post;

/// What somebody has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<'a> {
    /// A channel; with its threads when the client shows replies among the messages.
    Channel { id: &'a str, threads: bool },
    /// One thread, by its first post.
    Thread(&'a str),
    /// The threads of a team, and those of direct and group messages.
    ThreadsOf { team: &'a str },
}

/// Who tells phones.
pub trait Pusher: Send + Sync {
    /// What apps check signatures with: base64 of a DER public key (P-256).
    fn public_key(&self) -> &str;

    /// Hears of a post in the transaction that stores it. `again`: of an urgent one that insists. Only SQL is waited for.
    fn stored<'a>(&'a self, site: &'a Site, tx: &'a mut Tx, post: &'a Post, again: bool) -> BoxFuture<'a, Result<()>>;

    /// Hears of what a user has read, in the transaction that stores it. Only SQL is waited for.
    fn seen<'a>(&'a self, site: &'a Site, tx: &'a mut Tx, user: &'a str, what: Seen<'a>) -> BoxFuture<'a, Result<()>>;

    /// Whether notifications reach a device; `None` when that cannot be found out.
    fn reaches<'a>(&'a self, site: &'a Site, device_id: &'a str) -> BoxFuture<'a, Option<bool>>;
}

/// Lets whoever tells phones hear of a stored post.
pub(crate) async fn stored(site: &Site, tx: &mut Tx, post: &Post, again: bool) -> Result<()> {
    match site.pusher() {
        Some(pusher) if site.config().push.works() => pusher.stored(site, tx, post, again).await,
        _ => Ok(()),
    }
}

/// Lets whoever tells phones hear of what `user` has read.
pub(crate) async fn seen(site: &Site, tx: &mut Tx, user: &str, what: Seen<'_>) -> Result<()> {
    match site.pusher() {
        Some(pusher) if site.config().push.works() => pusher.seen(site, tx, user, what).await,
        _ => Ok(()),
    }
}
