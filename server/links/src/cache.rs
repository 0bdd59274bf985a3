//! Pictures that the proxy has fetched, in a folder of bounded size. What is in it can be fetched again.

use crate::picture;
use crate::proxy::NoPicture;
use moka::future::Cache;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Failures that are remembered.
const FAILURES: u64 = 10_000;

/// A picture on disk.
#[derive(Debug)]
pub struct Kept {
    pub path: PathBuf,
    pub content_type: &'static str,
    /// Bytes.
    pub size: u64,
}

/// The pictures; two readers who want one at the same time wait for the same fetch.
pub struct Images {
    folder: PathBuf,
    kept: Cache<String, Arc<Kept>>,
    failed: Cache<String, Arc<NoPicture>>,
}

impl Images {
    /// Opens the folder, with what an earlier process left in it.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub async fn open(
        folder: &Path,
        max_bytes: u64,
        kept_for: Duration,
        failed_for: Duration,
    ) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let kept = Cache::builder()
            .weigher(|_, kept: &Arc<Kept>| u32::try_from(kept.size).unwrap_or(u32::MAX))
            .max_capacity(max_bytes)
            .time_to_live(kept_for)
            .eviction_listener(|_, kept: Arc<Kept>, _| drop(std::fs::remove_file(&kept.path)))
            .build();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            match found(&path, kept_for) {
                Some((key, one)) => kept.insert(key, Arc::new(one)).await,
                None => drop(std::fs::remove_file(&path)),
            }
        }
        let failed = Cache::builder().max_capacity(FAILURES).time_to_live(failed_for).build();
        Ok(Self { folder: folder.to_owned(), kept, failed })
    }

    /// The picture of an address, from `fetch` if it is not there.
    ///
    /// # Errors
    /// What `fetch` failed with, also for a while after.
    pub async fn get(
        &self,
        url: &str,
        fetch: impl Future<Output = Result<(Vec<u8>, &'static str), NoPicture>>,
    ) -> Result<Arc<Kept>, Arc<NoPicture>> {
        let key = hex::encode(Sha256::digest(url.as_bytes()));
        if let Some(failure) = self.failed.get(&key).await {
            return Err(failure);
        }
        // Somebody may have emptied the folder.
        if self.kept.get(&key).await.is_some_and(|kept| !kept.path.exists()) {
            self.kept.invalidate(&key).await;
        }
        let got = self.kept.try_get_with(key.clone(), self.keep(&key, fetch)).await;
        if let Err(failure) = &got {
            self.failed.insert(key, failure.clone()).await;
        }
        got
    }

    async fn keep(
        &self,
        key: &str,
        fetch: impl Future<Output = Result<(Vec<u8>, &'static str), NoPicture>>,
    ) -> Result<Arc<Kept>, NoPicture> {
        let (bytes, content_type) = fetch.await?;
        // A name of its own: the one that is evicted must not take the next one's bytes with it.
        let path = self.folder.join(format!("{key}-{}", kit::id::new()));
        let size = bytes.len() as u64;
        tokio::fs::write(&path, bytes).await.map_err(|error| {
            tracing::warn!(path = %path.display(), %error, "a picture could not be kept");
            NoPicture::Failed("it could not be kept".into())
        })?;
        Ok(Arc::new(Kept { path, content_type, size }))
    }
}

/// A picture that an earlier process kept, and the key of its address.
fn found(path: &Path, kept_for: Duration) -> Option<(String, Kept)> {
    let (key, _) = path.file_name()?.to_str()?.split_once('-')?;
    let metadata = path.metadata().ok()?;
    if metadata.modified().ok()?.elapsed().is_ok_and(|age| age > kept_for) {
        return None;
    }
    let mut head = Vec::new();
    std::fs::File::open(path).ok()?.take(pictures::HEAD as u64).read_to_end(&mut head).ok()?;
    let content_type = picture::content_type(&head)?;
    Some((key.to_owned(), Kept { path: path.to_owned(), content_type, size: metadata.len() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIF: &[u8] = b"GIF89a";

    async fn open(folder: &Path, max: u64) -> Images {
        Images::open(folder, max, Duration::from_secs(60), Duration::from_secs(60)).await.unwrap()
    }

    fn files(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[tokio::test]
    async fn the_folder_stays_small_and_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let images = open(folder.path(), 100).await;
        let picture = || async { Ok(([GIF, &[0; 34]].concat(), "image/gif")) };
        for n in 0..20 {
            images.get(&format!("http://p.lan/{n}"), picture()).await.unwrap();
        }
        images.kept.run_pending_tasks().await;
        assert!(files(folder.path()) <= 2, "{}", files(folder.path()));
        let no = || async { Err(NoPicture::Failed("away".into())) };
        assert!(images.get("http://p.lan/away", no()).await.is_err());
        assert!(images.get("http://p.lan/away", picture()).await.is_err(), "remembered");
        let left = files(folder.path());
        std::fs::write(folder.path().join("junk"), "x").unwrap();
        let again = open(folder.path(), 100).await;
        again.kept.run_pending_tasks().await;
        assert_eq!(again.kept.entry_count() as usize, left);
        assert_eq!(files(folder.path()), left);
    }
}
