//! Deleting blobs that no file refers to: those of deleted files, and what a killed server left half stored.

use crate::{Result, Site};
use db::{Row, Sql, params};
use object_store::ObjectStoreExt;
use object_store::path::Path;

/// Time in which a blob that nothing refers to yet gets its row, and in which one is stored, milliseconds.
const GRACE_MS: i64 = 60 * 60 * 1000;
/// Blobs that one round looks at.
const AT_ONCE: i64 = 200;

const IDLE: Sql = Sql::new(
    "SELECT path FROM blobs b WHERE touch_at < $1 AND
     (state <> 1 OR NOT EXISTS (SELECT 1 FROM file_infos f WHERE f.path = b.path)) ORDER BY touch_at LIMIT $2",
);
// Asked once more with the row locked: whoever wants the bytes touches the row first.
const DOOM: Sql = Sql::new(
    "UPDATE blobs SET state = 2 WHERE path = $1 AND touch_at < $2 AND
     NOT EXISTS (SELECT 1 FROM file_infos f WHERE f.path = blobs.path)",
);
const DELETE: Sql = Sql::new("DELETE FROM blobs WHERE path = $1 AND state = 2");
const DELETE_TEXT: Sql = Sql::new("DELETE FROM file_texts WHERE path = $1");

/// Deletes blobs that nothing has referred to for an hour; how many.
///
/// # Errors
/// When the database fails. An object that cannot be deleted is tried again by the next round.
pub async fn sweep(site: &Site) -> Result<usize> {
    let before = site.clock.now_ms() - GRACE_MS;
    let idle: Vec<String> = site.db.read().await?.fetch(&IDLE, params![before, AT_ONCE], Row::only).await?;
    let mut swept = 0;
    for path in idle {
        let mut tx = site.db.write().await?;
        let doomed = tx.execute(&DOOM, params![&path, before]).await? > 0;
        tx.commit().await?;
        if !doomed || !delete_objects(site, &path).await {
            continue;
        }
        let mut tx = site.db.write().await?;
        tx.execute(&DELETE_TEXT, params![&path]).await?;
        tx.execute(&DELETE, params![&path]).await?;
        tx.commit().await?;
        swept += 1;
    }
    Ok(swept)
}

/// The bytes and the small versions; whether all are gone.
async fn delete_objects(site: &Site, path: &str) -> bool {
    for suffix in ["", ".thumbnail", ".preview"] {
        match site.files.delete(&Path::from(format!("{path}{suffix}"))).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => {
                tracing::warn!(path, %error, "an unused file stays in the file storage; the next round tries again");
                return false;
            }
        }
    }
    true
}
