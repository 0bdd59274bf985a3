//! Taking the bytes of an upload, and making a file of them.

use super::{Found, discard_pieces, find, folder, store};
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, channels, files};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use object_store::path::Path;
use object_store::{ObjectStoreExt, WriteMultipart};
use std::time::Duration;
use tokio::time::timeout;
use wire::{FileInfo, UploadSession};

/// Bytes that are gathered before they are stored: what a crash of the server costs a client at most.
const PIECE: usize = 4 << 20;
/// Longest silence of a client inside a request.
const SILENCE: Duration = Duration::from_secs(60);
/// Most pieces of one upload.
const MAX_PIECES: usize = 10_000;

/// Where an upload stands after a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// More bytes are wanted, from `file_offset` of the session on.
    Incomplete,
    /// The upload has become this file, which belongs to the actor until a post of theirs takes it.
    Complete(FileInfo),
}

/// Appends `body` to the actor's upload. `length`, if it is known, is how many bytes it holds. What arrives before a body
/// breaks off is kept; a body that goes beyond the announced size leaves the upload as it was.
///
/// # Errors
/// 400 when the body is too long, breaks off, or another request sends to the same upload; 403, 404.
pub async fn append<B, E>(site: &Site, actor: &Actor, id: &str, length: Option<i64>, body: B) -> Result<Progress>
where
    B: Stream<Item = std::result::Result<Bytes, E>> + Send + Unpin,
    E: std::fmt::Display + Send,
{
    let session = match find(site, actor, id).await? {
        Found::Complete(info) => return Ok(Progress::Complete(info)),
        Found::Open(session) => session,
    };
    // An import was allowed to an administrator when it was announced, and belongs to no channel.
    if session.kind != super::IMPORT {
        channels::access(&mut site.db.read().await?, actor, &session.channel_id, Permission::UPLOAD_FILE).await?;
    }
    if length.is_some_and(|l| l > session.file_size - session.file_offset) {
        return Err(too_long(&session));
    }
    let session = take(site, session, body).await?;
    if session.file_offset < session.file_size {
        return Ok(Progress::Incomplete);
    }
    finish(site, &session).await.map(Progress::Complete)
}

fn too_long(session: &UploadSession) -> Error {
    let rest = session.file_size - session.file_offset;
    Error::invalid_body("body", &format!("{rest} of {} bytes are missing, and it has more", session.file_size))
}

/// Stores what comes; the session at its new offset.
async fn take<B, E>(site: &Site, mut session: UploadSession, mut body: B) -> Result<UploadSession>
where
    B: Stream<Item = std::result::Result<Bytes, E>> + Send + Unpin,
    E: std::fmt::Display,
{
    let before = session.clone();
    let mut piece = BytesMut::new();
    let broken = loop {
        match timeout(SILENCE, body.next()).await {
            Ok(Some(Ok(bytes))) => piece.extend_from_slice(&bytes),
            Ok(Some(Err(error))) => break Some(error.to_string()),
            Ok(None) => break None,
            Err(_) => break Some(format!("nothing came for {} s", SILENCE.as_secs())),
        }
        let have = i64::try_from(piece.len()).unwrap_or(i64::MAX);
        if have > session.file_size - session.file_offset {
            rewind(site, &session, &before).await?;
            return Err(too_long(&before));
        }
        if piece.len() >= PIECE {
            keep(site, &mut session, piece.split().freeze()).await?;
        }
    };
    if !piece.is_empty() {
        keep(site, &mut session, piece.freeze()).await?;
    }
    match broken {
        None => Ok(session),
        Some(reason) => Err(Error::invalid_body("body", &format!("it broke off ({reason}); go on at file_offset"))),
    }
}

fn raced() -> Error {
    let message = "Another request sends to the same upload. Ask for its file_offset and go on there.";
    Error::invalid("app.upload.upload_data.concurrent.app_error", message)
}

/// Stores one piece and moves the session behind it.
async fn keep(site: &Site, session: &mut UploadSession, bytes: Bytes) -> Result<()> {
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    if store::parts(&mut site.db.read().await?, &session.id).await?.len() >= MAX_PIECES {
        return Err(Error::invalid_body(
            "body",
            "the file came in too many pieces; begin a new upload with larger ones",
        ));
    }
    // A name that no other request uses, so that two at the same offset cannot mix their bytes.
    let path = format!("{}/{}", folder(&session.id), kit::id::new());
    files::put(site, &path, bytes).await?;
    let end = session.file_offset + size;
    let mut tx = site.db.write().await?;
    let added = store::add_part(&mut tx, &session.id, session.file_offset, end, &path).await?;
    tx.commit().await?;
    if !added {
        drop(site.files.delete(&Path::from(path)).await);
        return Err(raced());
    }
    session.file_offset = end;
    Ok(())
}

async fn rewind(site: &Site, session: &UploadSession, to: &UploadSession) -> Result<()> {
    let mut tx = site.db.write().await?;
    store::rewind(&mut tx, &session.id, session.file_offset, to.file_offset).await?;
    tx.commit().await?;
    Ok(())
}

/// Puts the pieces together. The file is whole in the storage before its row exists; a crash in between costs nothing,
/// because the session stays and the next request comes here again.
async fn finish(site: &Site, session: &UploadSession) -> Result<FileInfo> {
    let size = session.file_size.unsigned_abs();
    let pieces = store::parts(&mut site.db.read().await?, &session.id).await?;
    if pieces.is_empty() {
        return finished_by_another(site, &session.id).await;
    }
    if session.kind == super::IMPORT {
        return finish_import(site, session, &pieces).await;
    }
    let joined = match join(site, &pieces, size).await {
        Ok(joined) => joined,
        // The pieces go when another request has made the file.
        Err(error) => return finished_by_another(site, &session.id).await.map_err(|_| error),
    };
    if joined.size != size {
        let reason = format!("upload {}: {} bytes in the file storage, {size} expected", session.id, joined.size);
        return Err(Error::internal(reason));
    }
    let wanted = files::New {
        id: session.id.clone(),
        user_id: &session.user_id,
        channel_id: &session.channel_id,
        name: &session.filename,
    };
    let (info, blob) = files::keep(site, wanted, &joined).await?;
    let mut tx = site.db.write().await?;
    if !store::delete(&mut tx, &session.id).await? {
        drop(tx);
        return finished_by_another(site, &session.id).await;
    }
    files::insert(site, &mut tx, &info, &blob).await?;
    tx.commit().await?;
    discard_pieces(site, &session.id).await;
    Ok(info)
}

/// The file of a whole import belongs to no channel: it is listed by its name alone.
async fn finish_import(site: &Site, session: &UploadSession, pieces: &[String]) -> Result<FileInfo> {
    let location = Path::from(super::import_path(session));
    let mut out = WriteMultipart::new(site.files.put_multipart(&location).await.map_err(Error::internal)?);
    for piece in pieces {
        let mut bytes = files::stream(site, piece, None).await?;
        while let Some(chunk) = bytes.next().await {
            out.wait_for_capacity(2).await.map_err(Error::internal)?;
            out.put(chunk.map_err(Error::internal)?);
        }
    }
    out.finish().await.map_err(Error::internal)?;
    let mut tx = site.db.write().await?;
    store::delete(&mut tx, &session.id).await?;
    tx.commit().await?;
    discard_pieces(site, &session.id).await;
    Ok(FileInfo {
        id: session.id.clone(),
        user_id: session.user_id.clone(),
        create_at: session.create_at,
        name: session.filename.clone(),
        size: session.file_size,
        ..FileInfo::default()
    })
}

async fn finished_by_another(site: &Site, id: &str) -> Result<FileInfo> {
    Ok(files::get(&mut site.db.read().await?, id).await?.ok_or_else(raced)?.0)
}

/// Receives the pieces one after the other.
async fn join(site: &Site, pieces: &[String], size: u64) -> Result<files::Spooled> {
    let mut whole = files::Spool::new(site, size).await?;
    for piece in pieces {
        whole.take(files::stream(site, piece, None).await?).await?;
    }
    whole.done().await
}

/// Forgets what has come of an upload when all of it comes once more: `length` bytes. For a sender that begins again where
/// it could go on.
///
/// # Errors
/// When the database fails.
pub async fn begin_again(site: &Site, id: &str, length: Option<i64>) -> Result<()> {
    let Some(session) = store::get(&mut site.db.read().await?, id).await? else { return Ok(()) };
    if session.file_offset == 0 || length != Some(session.file_size) {
        return Ok(());
    }
    rewind(site, &session, &UploadSession { file_offset: 0, ..session.clone() }).await
}
