//! Bookmarks: links and files that the members of a channel keep at its top.

mod routes;
mod rules;
mod store;

pub use routes::router;

use crate::{Result, Site};
use db::Tx;
use wire::{Bookmark, Event};

/// Takes away the bookmarks of files that are no more, and says so.
pub(crate) async fn forget_files(site: &Site, tx: &mut Tx, files: &[String]) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let now = site.clock.now_ms();
    for known in store::of_files(tx, files).await? {
        let gone = Bookmark { update_at: now, delete_at: now, ..known };
        store::update(tx, &gone).await?;
        let event = Event::new("channel_bookmark_deleted").with_encoded("bookmark", &gone);
        site.emit(tx, event.to_channel(&gone.channel_id));
    }
    Ok(())
}
