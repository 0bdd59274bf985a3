//! Resumable uploads: a file is announced, then sent in as many requests as it takes; whoever breaks off asks how far
//! it came and goes on there, also after a restart of the server.
//!
//! Bytes are kept in pieces, each an object of its own, and a piece counts once it is stored and the session has moved
//! behind it. The last byte puts the pieces together: the file gets the id of its upload, so that a client that missed
//! the answer asks once more and is told.

mod append;
mod routes;
mod store;

pub use append::{Progress, append, begin_again};
pub use routes::{receive, router};
pub use store::get as session;

use crate::error::Kind;
use crate::roles::Permission;
use crate::{Actor, Error, Result, Site, channels, features, files};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use wire::{FileInfo, UploadSession};

/// Abandoned sessions that one new session sweeps away.
const SWEPT_AT_ONCE: i64 = 20;

/// Type of an upload that an administrator will import as a whole.
const IMPORT: &str = "import";
/// Largest such upload, bytes: 64 GB.
const MOST_IMPORTED: u64 = 64 << 30;

/// Where the file of such an upload goes; imports are listed from there.
fn import_path(session: &UploadSession) -> String {
    let allowed = |c: char| if c.is_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let name: String = session.filename.chars().map(allowed).collect();
    format!("import/{}_{name}", session.id)
}

fn missing() -> Error {
    Error::not_found("app.upload.get.app_error", "Unable to find the upload session.")
}

/// What an upload id stands for.
enum Found {
    Open(UploadSession),
    Complete(FileInfo),
}

async fn find(site: &Site, actor: &Actor, id: &str) -> Result<Found> {
    let mut conn = site.db.read().await?;
    let found = match store::get(&mut conn, id).await? {
        Some(session) => Found::Open(session),
        None => Found::Complete(files::get(&mut conn, id).await?.ok_or_else(missing)?.0),
    };
    let (Found::Open(UploadSession { user_id, .. }) | Found::Complete(FileInfo { user_id, .. })) = &found;
    if *user_id == actor.user_id { Ok(found) } else { Err(Error::forbidden()) }
}

/// Announces a file of `wanted.file_size` bytes, named `wanted.filename`, for `wanted.channel_id`.
///
/// # Errors
/// 400 that names the field, 403 without the right to upload there, 413 when it is too large, 429 when the actor has too
/// many open sessions.
pub async fn create(site: &Site, actor: &Actor, wanted: UploadSession) -> Result<UploadSession> {
    let config = site.config();
    if wanted.kind != IMPORT && !config.features.file_attachments {
        return Err(features::off("api.file.attachments.disabled.app_error", "File attachments"));
    }
    create_up_to(site, actor, wanted, config.max_file_bytes).await
}

/// As [`create`], for a product that has a limit of its own: `most` bytes.
///
/// # Errors
/// As [`create`].
pub async fn create_up_to(site: &Site, actor: &Actor, wanted: UploadSession, most: u64) -> Result<UploadSession> {
    expect(site, actor, kit::id::new(), wanted, most).await
}

/// As [`create_up_to`], under an id that is chosen by the caller, who has seen that it is free: the file that comes has it
/// too.
///
/// # Errors
/// As [`create`].
pub async fn expect(site: &Site, actor: &Actor, id: String, wanted: UploadSession, most: u64) -> Result<UploadSession> {
    let for_import = wanted.kind == IMPORT;
    if for_import && !actor.is_system_admin() {
        return Err(Error::forbidden());
    }
    let most = if for_import { MOST_IMPORTED } else { most };
    if !matches!(wanted.kind.as_str(), "" | "attachment" | IMPORT) {
        return Err(Error::invalid_body("type", "it must be attachment or import"));
    }
    if wanted.filename.trim().is_empty() || wanted.filename.chars().count() > 255 {
        return Err(Error::invalid_body("filename", "1 to 255 characters are wanted"));
    }
    if wanted.file_size <= 0 {
        return Err(Error::invalid_body("file_size", "it must be above 0"));
    }
    if wanted.file_size.unsigned_abs() > most {
        return Err(files::too_large(most));
    }
    if !for_import && !kit::id::is_valid(&wanted.channel_id) {
        return Err(Error::invalid_body("channel_id", "it is no id"));
    }
    sweep(site).await?;
    let session = UploadSession {
        id,
        kind: if for_import { IMPORT } else { "attachment" }.into(),
        create_at: site.clock.now_ms(),
        user_id: actor.user_id.clone(),
        channel_id: wanted.channel_id,
        filename: wanted.filename,
        file_size: wanted.file_size,
        ..UploadSession::default()
    };
    let mut tx = site.db.write().await?;
    let archived = !for_import
        && channels::access(&mut tx, actor, &session.channel_id, Permission::UPLOAD_FILE).await?.delete_at != 0;
    if archived {
        let message = "Cannot upload to a deleted channel.";
        return Err(Error::invalid("app.upload.create.cannot_upload_to_deleted_channel.app_error", message));
    }
    if store::count(&mut tx, &actor.user_id).await? >= site.config().max_uploads_per_user {
        let message = format!(
            "You have {} unfinished uploads; finish one, or wait until they are given up.",
            site.config().max_uploads_per_user
        );
        return Err(Error::new(Kind::TooMany, "api.upload.create.too_many.app_error", message));
    }
    store::insert(&mut tx, &session).await?;
    tx.commit().await?;
    Ok(session)
}

/// The state of the actor's own upload; one that has become a file is at its end.
///
/// # Errors
/// 404 when there is none, 403 when it is another user's.
pub async fn get(site: &Site, actor: &Actor, id: &str) -> Result<UploadSession> {
    Ok(match find(site, actor, id).await? {
        Found::Open(session) => session,
        Found::Complete(info) => UploadSession {
            id: info.id,
            kind: "attachment".into(),
            create_at: info.create_at,
            user_id: info.user_id,
            channel_id: info.channel_id,
            filename: info.name,
            file_size: info.size,
            file_offset: info.size,
            ..UploadSession::default()
        },
    })
}

/// A user's uploads that are not finished, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn of_user(site: &Site, user_id: &str) -> Result<Vec<UploadSession>> {
    Ok(store::of_user(&mut site.db.read().await?, user_id).await?)
}

/// Gives up sessions that are older than configured.
async fn sweep(site: &Site) -> Result<()> {
    let before = site.clock.now_ms() - site.config().upload_length_ms;
    let old = store::older(&mut site.db.read().await?, before, SWEPT_AT_ONCE).await?;
    for id in old {
        let mut tx = site.db.write().await?;
        store::delete(&mut tx, &id).await?;
        tx.commit().await?;
        discard_pieces(site, &id).await;
    }
    Ok(())
}

fn folder(id: &str) -> String {
    format!("uploads/{id}")
}

/// Deletes every piece of an upload that has ended, those that never counted too.
async fn discard_pieces(site: &Site, id: &str) {
    let folder = Path::from(folder(id));
    let pieces = site.files.list(Some(&folder));
    let done = pieces.try_for_each(|piece| async move { site.files.delete(&piece.location).await }).await;
    if let Err(error) = done {
        tracing::warn!(upload.id = %id, %error, "pieces of an ended upload were left in the file storage");
    }
}
