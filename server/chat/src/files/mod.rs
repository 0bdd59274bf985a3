//! Files: uploaded before a post refers to them, seen only by their uploader until then.

mod images;
mod public;
mod routes;
mod store;

pub use public::open as open_public;
pub use routes::{open, router};
pub(crate) use store::{get, insert};
pub use store::{matching, of_ids, of_posts};

use crate::{Error, Result, Site};
use db::Tx;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use std::ops::Range;
use wire::{FileInfo, Post};

pub(crate) fn missing() -> Error {
    Error::not_found("app.file_info.get.app_error", "Unable to find the file.")
}

/// 413: the largest size, `most` bytes, is said.
pub(crate) fn too_large(most: u64) -> Error {
    let message = format!("The file is larger than {} MB.", most >> 20);
    Error::new(crate::error::Kind::TooLarge, "api.file.upload_file.too_large_detailed.app_error", message)
}

/// Where the bytes of the file `id` are.
pub(crate) fn path_of(id: &str) -> String {
    format!("{}/{id}", id.get(..2).unwrap_or_default())
}

/// What a file's name and size say about it. Nothing is stored.
pub(crate) fn describe(site: &Site, id: String, user_id: &str, channel_id: &str, name: &str, size: u64) -> FileInfo {
    let now = site.clock.now_ms();
    let safe: String = name.chars().filter(|c| !c.is_control() && !matches!(c, '/' | '\\')).take(255).collect();
    let extension = safe.rsplit_once('.').map(|(_, e)| e.to_lowercase()).unwrap_or_default();
    let mime_type = mime_guess::from_ext(&extension).first_or_octet_stream().to_string();
    FileInfo {
        id,
        user_id: user_id.into(),
        channel_id: channel_id.into(),
        create_at: now,
        update_at: now,
        size: i64::try_from(size).unwrap_or(i64::MAX),
        name: if safe.is_empty() { "file".into() } else { safe },
        extension,
        mime_type,
        ..FileInfo::default()
    }
}

/// Stores `bytes` as a file of `user_id` in a channel. The bytes are on disk before the row exists.
///
/// # Errors
/// 413 when it is too large, 500 when the storage fails.
pub async fn store_bytes(
    site: &Site,
    user_id: &str,
    channel_id: &str,
    name: &str,
    bytes: bytes::Bytes,
) -> Result<FileInfo> {
    let size = bytes.len() as u64;
    if size > site.config.max_file_bytes {
        return Err(too_large(site.config.max_file_bytes));
    }
    let mut info = describe(site, kit::id::new(), user_id, channel_id, name, size);
    let path = path_of(&info.id);
    put_small_versions(site, &path, bytes.clone(), &mut info).await?;
    put(site, &path, bytes).await?;
    let mut tx = site.db.write().await?;
    store::insert(&mut tx, &info, &path).await?;
    tx.commit().await?;
    Ok(info)
}

/// Whether [`put_small_versions`] looks at the bytes of such a file.
pub(crate) fn may_have_small_versions(info: &FileInfo) -> bool {
    images::is_picture(info)
}

/// Stores the thumbnail and the preview of a picture beside it, and notes its measures in `info`.
pub(crate) async fn put_small_versions(
    site: &Site,
    path: &str,
    bytes: bytes::Bytes,
    info: &mut FileInfo,
) -> Result<()> {
    if let Some(made) = images::prepare(bytes, info).await? {
        put(site, &format!("{path}.thumbnail"), made.thumbnail.into()).await?;
        put(site, &format!("{path}.preview"), made.preview.into()).await?;
    }
    Ok(())
}

pub(crate) async fn put(site: &Site, path: &str, bytes: bytes::Bytes) -> Result<()> {
    site.files.put(&Path::from(path), bytes.into()).await.map_err(Error::internal)?;
    Ok(())
}

/// Removes a stored object.
///
/// # Errors
/// When the storage fails.
pub(crate) async fn delete(site: &Site, path: &str) -> Result<()> {
    site.files.delete(&Path::from(path)).await.map_err(Error::internal)
}

/// The bytes of a stored object (`path`, `path.thumbnail`, `path.preview`).
///
/// # Errors
/// 404 when it is gone.
pub async fn read(site: &Site, path: &str) -> Result<bytes::Bytes> {
    let found = site.files.get(&Path::from(path)).await.map_err(|_| missing())?;
    found.bytes().await.map_err(Error::internal)
}

/// The bytes of a stored object as they are read, all of them or a part.
///
/// # Errors
/// 404 when it is gone.
pub(crate) async fn stream(
    site: &Site,
    path: &str,
    part: Option<Range<u64>>,
) -> Result<BoxStream<'static, object_store::Result<bytes::Bytes>>> {
    let options = GetOptions { range: part.map(GetRange::Bounded), ..GetOptions::default() };
    let found = site.files.get_opts(&Path::from(path), options).await.map_err(|_| missing())?;
    Ok(found.into_stream())
}

/// Gives the author's own unattached files to the post.
///
/// # Errors
/// 400 when a file is not the author's, or belongs to a post already.
pub async fn attach(tx: &mut Tx, ids: &[String], post: &Post) -> Result<()> {
    for id in ids {
        if store::attach(tx, id, post).await? == 0 {
            let message =
                format!("The file {id} cannot be attached: it is not yours, of another channel, or already used.");
            return Err(Error::invalid("api.post.create_post.attach_files.app_error", message));
        }
    }
    Ok(())
}
