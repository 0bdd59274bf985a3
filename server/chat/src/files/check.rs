//! The system console's question whether the file storage works: something is written, read and deleted there.

use super::stores::{Store, StoreConfig, open_store};
use crate::Json;
use crate::error::Kind;
use crate::roles::{self, Permission};
use crate::{Actor, Error, Result, Site};
use axum::extract::State;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde::Deserialize;
use std::time::Duration;
use wire::StatusOk;

/// Longest that the storage may take for the whole question.
const DEADLINE: Duration = Duration::from_secs(30);

/// The part of the protocol's configuration that says where files are.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct FileSettings {
    driver_name: String,
    amazon_s3_access_key_id: String,
    amazon_s3_secret_access_key: String,
    amazon_s3_bucket: String,
    amazon_s3_path_prefix: String,
    amazon_s3_region: String,
    amazon_s3_endpoint: String,
    #[serde(rename = "AmazonS3SSL")]
    amazon_s3_ssl: Option<bool>,
}

/// Body of POST /file/test: a whole configuration, or nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Asked {
    file_settings: FileSettings,
}

impl FileSettings {
    /// The S3 storage that is asked about; `None` for the one in use. A secret of asterisks is one that the console was
    /// not told, so that it can only mean the one in use.
    fn s3(&self) -> Option<StoreConfig> {
        let told = !self.amazon_s3_secret_access_key.chars().all(|c| c == '*');
        if self.driver_name != "amazons3" || self.amazon_s3_bucket.is_empty() || !told {
            return None;
        }
        let secure = self.amazon_s3_ssl.unwrap_or(true);
        let endpoint = match self.amazon_s3_endpoint.as_str() {
            "" | "s3.amazonaws.com" => String::new(),
            host if host.contains("://") => host.to_owned(),
            host => format!("{}://{host}", if secure { "https" } else { "http" }),
        };
        Some(StoreConfig {
            store: Store::S3,
            bucket: self.amazon_s3_bucket.clone(),
            prefix: self.amazon_s3_path_prefix.clone(),
            endpoint,
            region: self.amazon_s3_region.clone(),
            access_key: self.amazon_s3_access_key_id.clone(),
            secret_key: self.amazon_s3_secret_access_key.clone(),
            allow_http: !secure,
        })
    }
}

/// POST /file/test, by those who may change the configuration.
pub(super) async fn check(State(site): State<Site>, actor: Actor, body: bytes::Bytes) -> Result<Json<StatusOk>> {
    if !roles::system_can(&actor, Permission("manage_system")) {
        return Err(Error::forbidden());
    }
    let asked: Asked = if body.iter().all(u8::is_ascii_whitespace) {
        Asked::default()
    } else {
        serde_json::from_slice(&body).map_err(|e| Error::invalid_body("config", &e.to_string()))?
    };
    let failed = |reason: String| {
        let message = format!("The file storage does not work: {reason}");
        Error::new(Kind::Internal, "api.file.test_connection.app_error", message)
    };
    let store = match asked.file_settings.s3() {
        Some(config) => open_store(&config, std::path::Path::new("")).map_err(|e| failed(e.to_string()))?,
        None => site.files.clone(),
    };
    match tokio::time::timeout(DEADLINE, probe(store.as_ref())).await {
        Ok(Ok(())) => Ok(Json(StatusOk::default())),
        Ok(Err(reason)) => Err(failed(reason)),
        Err(_) => Err(failed(format!("no answer within {} s", DEADLINE.as_secs()))),
    }
}

/// Writes something, reads it again and deletes it.
pub async fn probe(store: &dyn ObjectStore) -> std::result::Result<(), String> {
    let path = Path::from(format!("probes/{}", kit::id::new()));
    let written = kit::id::new();
    let said = |e: object_store::Error| e.to_string();
    store.put(&path, written.clone().into_bytes().into()).await.map_err(said)?;
    let read = store.get(&path).await.map_err(said)?.bytes().await.map_err(said)?;
    store.delete(&path).await.map_err(said)?;
    if read == written.as_bytes() { Ok(()) } else { Err("it gives back something else than was written".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_asks_about_s3_only_with_a_secret_that_it_knows() {
        let ask = |text: &str| serde_json::from_str::<Asked>(text).unwrap().file_settings.s3();
        assert!(ask("{}").is_none());
        let body = r#"{"FileSettings": {"DriverName": "amazons3", "AmazonS3Bucket": "b", "AmazonS3SecretAccessKey": "KEY",
            "AmazonS3Endpoint": "127.0.0.1:9000", "AmazonS3SSL": false, "MaxFileSize": 5}}"#;
        let config = ask(body).unwrap();
        assert_eq!((config.endpoint.as_str(), config.allow_http), ("http://127.0.0.1:9000", true));
        assert!(ask(&body.replace("KEY", "*****")).is_none());
        assert!(ask(&body.replace("amazons3", "local")).is_none());
    }
}
