//! Where the bytes of files are: a folder, or a bucket of an S3 or Azure Blob service.

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A kind of storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Store {
    /// A folder of this machine.
    #[default]
    Local,
    /// Amazon S3, and what speaks its protocol.
    S3,
    /// Azure Blob Storage.
    Azure,
}

/// Which storage, and how to get in.
#[derive(Clone, Debug, Default)]
pub struct StoreConfig {
    pub store: Store,
    /// S3: the bucket; Azure: the container. It has to be there.
    pub bucket: String,
    /// What the names of all objects begin with; empty: nothing.
    pub prefix: String,
    /// `https://host:port` of a service that is not Amazon's or Microsoft's; empty: theirs.
    pub endpoint: String,
    /// S3 only.
    pub region: String,
    /// S3: the id of the access key; Azure: the name of the account. Empty: from the environment, as the clouds' own tools.
    pub access_key: String,
    pub secret_key: String,
    /// Whether the service may be spoken to without encryption.
    pub allow_http: bool,
}

/// Why a storage cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{key} of the file storage is missing")]
    Missing { key: &'static str },
    #[error("file storage: {0}")]
    Settings(#[from] object_store::Error),
    #[error("{}: {source}", path.display())]
    Folder { path: std::path::PathBuf, source: std::io::Error },
}

/// Opens a storage; `folder` is where a local one is. Nothing is sent yet.
///
/// # Errors
/// When the settings are not complete, or the folder cannot be made.
pub fn open_store(config: &StoreConfig, folder: &Path) -> Result<Arc<dyn ObjectStore>, StoreError> {
    if config.store != Store::Local && config.bucket.is_empty() {
        return Err(StoreError::Missing { key: "bucket" });
    }
    let set = |text: &String| (!text.is_empty()).then(|| text.clone());
    Ok(match config.store {
        Store::Local => {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::Folder { path: folder.to_owned(), source })?;
            Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true))
        }
        Store::S3 => {
            let mut builder = AmazonS3Builder::from_env()
                .with_bucket_name(&config.bucket)
                .with_client_options(client(config.allow_http))
                .with_allow_http(config.allow_http)
                .with_retry(retry());
            if let Some(endpoint) = set(&config.endpoint) {
                builder = builder.with_endpoint(endpoint);
            }
            if let Some(region) = set(&config.region) {
                builder = builder.with_region(region);
            }
            if let Some(key) = set(&config.access_key) {
                builder = builder.with_access_key_id(key).with_secret_access_key(&config.secret_key);
            }
            prefixed(builder.build()?, &config.prefix)
        }
        Store::Azure => {
            let mut builder = MicrosoftAzureBuilder::from_env()
                .with_container_name(&config.bucket)
                .with_client_options(client(config.allow_http))
                .with_allow_http(config.allow_http)
                .with_retry(retry());
            if let Some(endpoint) = set(&config.endpoint) {
                builder = builder.with_endpoint(endpoint);
            }
            if let Some(key) = set(&config.access_key) {
                builder = builder.with_account(key).with_access_key(&config.secret_key);
            }
            prefixed(builder.build()?, &config.prefix)
        }
    })
}

fn prefixed<T: ObjectStore>(store: T, prefix: &str) -> Arc<dyn ObjectStore> {
    if prefix.is_empty() { Arc::new(store) } else { Arc::new(PrefixStore::new(store, prefix)) }
}

/// A whole download takes as long as its reader does; silence in it is what has a deadline.
fn client(allow_http: bool) -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(allow_http)
        .with_connect_timeout(Duration::from_secs(5))
        .with_timeout_disabled()
        .with_read_timeout(Duration::from_secs(60))
}

fn retry() -> RetryConfig {
    RetryConfig { backoff: BackoffConfig::default(), max_retries: 3, retry_timeout: Duration::from_secs(30) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_lack_something_are_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let s3 = StoreConfig { store: Store::S3, ..StoreConfig::default() };
        assert!(open_store(&s3, folder.path()).unwrap_err().to_string().contains("bucket"));
        let local = open_store(&StoreConfig::default(), &folder.path().join("new"));
        assert!(local.is_ok() && folder.path().join("new").is_dir());
        let azure = StoreConfig {
            store: Store::Azure,
            bucket: "files".into(),
            access_key: "account".into(),
            secret_key: "no base64 !".into(),
            ..StoreConfig::default()
        };
        assert!(open_store(&azure, folder.path()).is_err());
    }
}
