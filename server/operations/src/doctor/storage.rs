//! The storage of uploaded files: written to, read back, tidied up.

use super::{Finding, Grade, Subject, finding};
use chat::files::{Store, open_store};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::time::Duration;

/// A service on another continent answers in a second; one that does not in this time is not there.
const DEADLINE: Duration = Duration::from_secs(15);

pub async fn examine(s: &Subject) -> Finding {
    let folder = s.data_dir.join("files");
    let (place, advice) = match s.files.store {
        Store::Local => (folder.display().to_string(), "Give the folder to the user that runs the server."),
        Store::S3 => (
            format!("S3 bucket {:?}", s.files.bucket),
            "Check [server.files] endpoint, region, bucket and keys; the bucket has to be there, and the keys may list, read, write and delete.",
        ),
        Store::Azure => (
            format!("Azure container {:?}", s.files.bucket),
            "Check [server.files] endpoint, bucket (the container, which has to be there), access_key (the account) and secret_key.",
        ),
    };
    if s.files.store == Store::Local
        && let Err(error) = std::fs::create_dir_all(&folder)
    {
        return finding("file storage", Grade::Bad, format!("{place}: {error}"), advice);
    }
    let files = match open_store(&s.files, &folder) {
        Ok(files) => files,
        Err(error) => return finding("file storage", Grade::Bad, error.to_string(), advice),
    };
    match tokio::time::timeout(DEADLINE, round(&*files)).await {
        Ok(Ok(())) => finding("file storage", Grade::Good, format!("{place} can be written and read"), ""),
        Ok(Err(error)) => finding("file storage", Grade::Bad, format!("{place}: {error}"), advice),
        Err(_) => {
            let found = format!("{place} does not answer within {} s", DEADLINE.as_secs());
            finding("file storage", Grade::Bad, found, advice)
        }
    }
}

async fn round(files: &dyn ObjectStore) -> Result<(), String> {
    let path = Path::from("doctor/probe");
    let text = |error: object_store::Error| error.to_string();
    files.put(&path, "probe".into()).await.map_err(text)?;
    let back = files.get(&path).await.map_err(text)?.bytes().await.map_err(text)?;
    files.delete(&path).await.map_err(text)?;
    if back.as_ref() == b"probe" { Ok(()) } else { Err("what was written is not what is read".into()) }
}
