//! Links in posts that lead out of the site. A crate that stands on this one looks at what is behind them; without it posts
//! have no previews of pages, and pictures come from where they are.

use crate::Site;
use db::{Conn, Result, Tx};
use futures::future::BoxFuture;
use wire::Post;

/// Who looks outside.
pub trait Outside: Send + Sync {
    /// Whether pages behind links are previewed.
    fn previews(&self) -> bool;

    /// Whether pictures of elsewhere come through this server.
    fn image_proxy(&self) -> bool;

    /// Hears of a post in the transaction that stores it: as `new`, or changed. Only SQL is waited for.
    fn stored<'a>(&'a self, tx: &'a mut Tx, post: &'a Post, new: bool) -> BoxFuture<'a, Result<()>>;

    /// Adds to the metadata of posts what is known of their links.
    fn complete<'a>(&'a self, conn: &'a mut Conn, posts: &'a mut [Post]) -> BoxFuture<'a, Result<()>>;
}

/// Lets whoever looks outside hear of a stored post.
pub(super) async fn stored(site: &Site, tx: &mut Tx, post: &Post, new: bool) -> Result<()> {
    match site.outside() {
        Some(outside) => outside.stored(tx, post, new).await,
        None => Ok(()),
    }
}
