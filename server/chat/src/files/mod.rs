//! Files: uploaded before a post refers to them, seen only by their uploader until then.
//!
//! A file is a row that names a [blob](blobs); bytes come in through a [spool](spool), are looked into by a
//! [worker](worker) process, and the text of documents is read later by a [queue](index).

pub mod blobs;
mod brand;
mod check;

pub(crate) use check::probe;
mod config;
mod index;
mod public;
mod routes;
mod send;
mod spool;
mod store;
mod stores;
pub mod worker;

pub use config::Config;
pub use index::{read_due, run, waiting};
pub use public::open as open_public;
pub use routes::{open, router};
pub(crate) use spool::{Spool, Spooled};
pub use store::{copied, forget, get, of_ids, of_posts};
pub use stores::{Store, StoreConfig, open_store};

use crate::{Error, Result, Site};
use db::Tx;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use pictures::Format;
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

/// A file that is to be.
pub(crate) struct New<'a> {
    pub id: String,
    pub user_id: &'a str,
    pub channel_id: &'a str,
    pub name: &'a str,
}

/// A name as it is kept: no path, nothing that cannot be seen, nothing that shows an ending where there is another.
fn safe_name(name: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: String = name.chars().filter(|c| !c.is_control() && !matches!(c, '/' | '\\') && !turns(*c)).collect();
    let kept = kept.trim();
    if kept.chars().count() <= 255 {
        return if kept.is_empty() { "file".into() } else { kept.into() };
    }
    // The ending says what it is.
    let ending: String = kept.rsplit_once('.').map(|(_, e)| e).filter(|e| e.chars().count() < 32).unwrap_or("").into();
    let stem: String = kept.chars().take(254 - ending.chars().count()).collect();
    if ending.is_empty() { stem } else { format!("{stem}.{ending}") }
}

/// What a file's name and its first bytes say about it.
fn describe(site: &Site, new: New<'_>, received: &Spooled) -> FileInfo {
    let now = site.clock.now_ms();
    let name = safe_name(new.name);
    let extension = name.rsplit_once('.').map(|(_, e)| e.to_lowercase()).unwrap_or_default();
    let named = mime_guess::from_ext(&extension).first_or_octet_stream().to_string();
    let mime_type = match Format::of(&received.head) {
        Some(format) if named.starts_with("image/") || named == "application/octet-stream" => format.mime_type().into(),
        // Called a picture of a kind that can be told, and it is none.
        None if INLINE_PICTURES.contains(&named.as_str()) => "application/octet-stream".into(),
        _ => named,
    };
    FileInfo {
        id: new.id,
        user_id: new.user_id.into(),
        channel_id: new.channel_id.into(),
        create_at: now,
        update_at: now,
        size: i64::try_from(received.size).unwrap_or(i64::MAX),
        name,
        extension,
        mime_type,
        ..FileInfo::default()
    }
}

/// Pictures that a browser may show in place.
const INLINE_PICTURES: [&str; 6] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"];

/// Keeps the bytes of a new file, so that [`insert`] can make it known.
///
/// # Errors
/// 500 when the storage fails.
pub(crate) async fn keep(site: &Site, new: New<'_>, received: &Spooled) -> Result<(FileInfo, String)> {
    let mut info = describe(site, new, received);
    let blob = blobs::keep(site, received).await?;
    blob.describe(&mut info);
    Ok((info, blob.path))
}

/// Makes a kept file known, and its text wanted.
pub(crate) async fn insert(site: &Site, tx: &mut Tx, info: &FileInfo, path: &str) -> db::Result<()> {
    store::insert(tx, info, path).await?;
    index::want(site, tx, info, path).await
}

/// Makes a received file known.
pub(crate) async fn accept(site: &Site, new: New<'_>, received: &Spooled) -> Result<FileInfo> {
    let (info, path) = keep(site, new, received).await?;
    let mut tx = site.db.write().await?;
    insert(site, &mut tx, &info, &path).await?;
    tx.commit().await?;
    Ok(info)
}

/// Stores `bytes` as a file of `user_id` in a channel. The bytes are stored before the row exists.
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
    let mut spool = Spool::new(site, site.config().max_file_bytes).await?;
    spool.write(&bytes).await?;
    drop(bytes);
    accept(site, New { id: kit::id::new(), user_id, channel_id, name }, &spool.done().await?).await
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

/// 404 for an object that is gone, 500 for a storage that is away.
fn read_error(error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { .. } => missing(),
        error => Error::internal(error),
    }
}

/// The bytes of a stored object (`path`, `path.thumbnail`, `path.preview`).
///
/// # Errors
/// 404 when it is gone.
pub async fn read(site: &Site, path: &str) -> Result<bytes::Bytes> {
    let found = site.files.get(&Path::from(path)).await.map_err(read_error)?;
    found.bytes().await.map_err(Error::internal)
}

/// The bytes of a stored object as they are read, all of them or a part.
///
/// # Errors
/// 404 when it is gone.
pub async fn stream(
    site: &Site,
    path: &str,
    part: Option<Range<u64>>,
) -> Result<BoxStream<'static, object_store::Result<bytes::Bytes>>> {
    let options = GetOptions { range: part.map(GetRange::Bounded), ..GetOptions::default() };
    let found = site.files.get_opts(&Path::from(path), options).await.map_err(read_error)?;
    Ok(found.into_stream())
}

/// Puts the files that the post names now in place of those in `former`. Files that the post had earlier come back, new
/// ones must be the author's own.
///
/// # Errors
/// As [`attach`].
pub async fn exchange(tx: &mut Tx, former: &[String], post: &Post, now: i64) -> Result<()> {
    let gone: Vec<String> = former.iter().filter(|id| !post.file_ids.contains(id)).cloned().collect();
    store::detach(tx, &post.id, &gone, now).await?;
    store::take_back(tx, &post.id, &post.file_ids, now).await?;
    let kept: Vec<String> = of_posts(tx, std::slice::from_ref(&post.id)).await?.into_iter().map(|f| f.id).collect();
    let new: Vec<String> = post.file_ids.iter().filter(|id| !kept.contains(id)).cloned().collect();
    attach(tx, &new, post).await
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

#[cfg(test)]
mod tests {
    use super::safe_name;

    #[test]
    fn names_show_what_they_are() {
        let table = [
            ("../../etc/passwd", "....etcpasswd"),
            ("photo\u{202e}gnp.exe", "photognp.exe"),
            ("a\r\nb\".txt", "ab\".txt"),
            (" / ", "file"),
            ("明日の計画.pdf", "明日の計画.pdf"),
        ];
        for (name, expected) in table {
            assert_eq!(safe_name(name), expected);
        }
        let long = safe_name(&format!("{}.pdf", "x".repeat(400)));
        assert!(long.ends_with("x.pdf") && long.len() <= 255);
    }
}
