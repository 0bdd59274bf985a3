//! The bytes of files, each kept once. A blob is found by the hash of what was received, named by an id of its own, and
//! counted by the rows of files that have its path. An id of its own, so that deleting an old blob can never hit a new one
//! with the same bytes.
//!
//! Nothing here depends on a process that lives on: a row says "being stored" before the object is, "there" after it is,
//! and "being deleted" until it is gone. What a killed server leaves half done is swept away an hour later.

mod sweep;

pub use sweep::sweep;

use super::spool::Spooled;
use super::{put, worker};
use crate::{Error, Result, Site};
use db::{Conn, FromCell, Row, Sql, Tx, params};
use object_store::path::Path;
use object_store::{ObjectStoreExt, WriteMultipart};
use pictures::Format;
use tokio::io::AsyncReadExt;
use tokio::sync::Semaphore;
use wire::FileInfo;

/// Bytes that are sent to the storage at a time; S3 takes no smaller parts but for the last.
const PART: usize = 5 << 20;
/// Files being sent to the storage at a time; each holds up to two parts in memory.
static SENDING: Semaphore = Semaphore::const_new(3);

const BY_KEY: Sql =
    Sql::new("SELECT path, width, height, has_preview_image, mini_preview FROM blobs WHERE key = $1 AND state = 1");
const TOUCH: Sql = Sql::new("UPDATE blobs SET touch_at = $2 WHERE key = $1 AND state = 1");
const BEGIN: Sql = Sql::new(
    "INSERT INTO blobs (path, key, state, touch_at, width, height, has_preview_image, mini_preview)
     VALUES ($1, $2, 0, $3, $4, $5, $6, $7)",
);
const THERE: Sql = Sql::new("UPDATE blobs SET state = 1, touch_at = $2 WHERE path = $1 AND state = 0");
const GIVE_UP: Sql = Sql::new("UPDATE blobs SET state = 2 WHERE path = $1 AND state = 0");

/// Bytes in the storage, and what was found in them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Blob {
    pub path: String,
    pub width: Option<i64>,
    pub height: Option<i64>,
    pub has_preview_image: bool,
    pub mini_preview: Option<String>,
}

impl Blob {
    /// Says in `info` what was found.
    pub fn describe(&self, info: &mut FileInfo) {
        info.width = self.width;
        info.height = self.height;
        info.has_preview_image = self.has_preview_image;
        info.mini_preview.clone_from(&self.mini_preview);
    }
}

fn blob(row: Row) -> db::Result<Blob> {
    let mut r = row.read();
    Ok(Blob { path: r.get()?, width: r.get()?, height: r.get()?, has_preview_image: r.get()?, mini_preview: r.get()? })
}

/// The blob with these bytes, if there is one; it stays for an hour at least, time enough for a row to refer to it.
async fn known(tx: &mut Tx, key: &str, now: i64) -> Result<Option<Blob>> {
    if tx.execute(&TOUCH, params![key, now]).await? == 0 {
        return Ok(None);
    }
    Ok(tx.fetch_optional(&BY_KEY, params![key], blob).await?)
}

/// Keeps what was received, unless its bytes are there already. The blob stays for an hour at least; then it wants a row of
/// `file_infos` with its path.
///
/// # Errors
/// 500 when the storage or the database fails.
pub(crate) async fn keep(site: &Site, spooled: &Spooled) -> Result<Blob> {
    let mut tx = site.db.write().await?;
    let found = known(&mut tx, &spooled.hash, site.clock.now_ms()).await?;
    tx.commit().await?;
    if let Some(blob) = found {
        return Ok(blob);
    }
    let id = kit::id::new();
    let mut blob = Blob { path: format!("blobs/{}/{id}", id.get(..2).unwrap_or_default()), ..Blob::default() };
    let is_picture = Format::of(&spooled.head).is_some() && spooled.size <= site.config().files.max_picture_bytes;
    let small = if is_picture { worker::picture(&site.config().files, spooled.path()).await?.small } else { None };
    if let Some(small) = &small {
        blob.width = Some(small.width.into());
        blob.height = Some(small.height.into());
        blob.has_preview_image = true;
        blob.mini_preview = Some(data_encoding::BASE64.encode(&small.mini));
    }
    begin(site, &blob, &spooled.hash).await?;
    send(site, spooled, &blob.path).await?;
    if let Some(small) = small {
        put(site, &format!("{}.thumbnail", blob.path), small.thumbnail.into()).await?;
        put(site, &format!("{}.preview", blob.path), small.preview.into()).await?;
    }
    finish(site, blob, &spooled.hash).await
}

async fn begin(site: &Site, blob: &Blob, key: &str) -> Result<()> {
    let mut tx = site.db.write().await?;
    let values = params![
        &blob.path,
        key,
        site.clock.now_ms(),
        blob.width,
        blob.height,
        blob.has_preview_image,
        blob.mini_preview.clone()
    ];
    tx.execute(&BEGIN, values).await?;
    Ok(tx.commit().await?)
}

/// Says that the blob is there. When somebody else stored the same bytes in the meantime, theirs is the one.
async fn finish(site: &Site, blob: Blob, key: &str) -> Result<Blob> {
    for _ in 0..3 {
        let mut tx = site.db.write().await?;
        let now = site.clock.now_ms();
        if let Some(theirs) = known(&mut tx, key, now).await? {
            tx.execute(&GIVE_UP, params![&blob.path]).await?;
            tx.commit().await?;
            return Ok(theirs);
        }
        match tx.execute(&THERE, params![&blob.path, now]).await {
            Ok(0) => return Err(Error::internal(format!("{} was swept away while it was stored", blob.path))),
            Ok(_) => match tx.commit().await {
                Ok(()) => return Ok(blob),
                Err(error) if error.is_unique_violation() => {}
                Err(error) => return Err(error.into()),
            },
            Err(error) if error.is_unique_violation() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::internal("the same bytes are stored and deleted again and again"))
}

/// Sends a received file to the storage, part by part.
async fn send(site: &Site, spooled: &Spooled, path: &str) -> Result<()> {
    let _permit = SENDING.acquire().await.map_err(Error::internal)?;
    let mut file = tokio::fs::File::open(spooled.path()).await.map_err(Error::internal)?;
    file.set_max_buf_size(256 << 10);
    if spooled.size <= PART as u64 {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).await.map_err(Error::internal)?;
        return put(site, path, bytes.into()).await;
    }
    let upload = site.files.put_multipart(&Path::from(path)).await.map_err(Error::internal)?;
    let mut out = WriteMultipart::new_with_chunk_size(upload, PART);
    let sent = async {
        let mut buffer = vec![0; 256 << 10];
        loop {
            let n = file.read(&mut buffer).await.map_err(Error::internal)?;
            if n == 0 {
                return Ok::<(), Error>(());
            }
            out.wait_for_capacity(1).await.map_err(Error::internal)?;
            out.write(&buffer[..n]);
        }
    };
    if let Err(error) = sent.await {
        drop(out.abort().await);
        return Err(error);
    }
    out.finish().await.map_err(Error::internal)?;
    Ok(())
}

/// How many blobs are in a state; for tests and the doctor.
///
/// # Errors
/// When the database fails.
pub async fn count(conn: &mut Conn) -> Result<i64> {
    Ok(conn.fetch_optional(&Sql::new("SELECT COUNT(*) FROM blobs"), vec![], only::<i64>).await?.unwrap_or(0))
}

fn only<T: FromCell>(row: Row) -> db::Result<T> {
    row.only()
}
