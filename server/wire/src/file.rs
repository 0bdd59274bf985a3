//! Files attached to posts.

use crate::is_false;
use serde::{Deserialize, Serialize};

/// Metadata of an uploaded file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileInfo {
    pub id: String,
    pub user_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub post_id: String,
    pub channel_id: String,
    pub create_at: i64,
    pub update_at: i64,
    pub delete_at: i64,
    pub name: String,
    /// Without the dot.
    pub extension: String,
    /// Bytes.
    pub size: i64,
    pub mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<i64>,
    #[serde(skip_serializing_if = "is_false")]
    pub has_preview_image: bool,
    /// Base64 of a tiny JPEG.
    pub mini_preview: Option<String>,
    pub remote_id: Option<String>,
    pub archived: bool,
}

/// Answer of `POST /files`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileUpload {
    pub file_infos: Vec<FileInfo>,
    pub client_ids: Vec<String>,
}

/// What a search for files finds, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileInfoList {
    pub order: Vec<String>,
    pub file_infos: std::collections::BTreeMap<String, FileInfo>,
    pub next_file_info_id: String,
    pub prev_file_info_id: String,
    pub first_inaccessible_file_time: i64,
}

/// A resumable upload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UploadSession {
    pub id: String,
    /// `attachment` or `import`.
    #[serde(rename = "type")]
    pub kind: String,
    pub create_at: i64,
    pub user_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub channel_id: String,
    pub filename: String,
    pub file_size: i64,
    pub file_offset: i64,
    pub remote_id: String,
    pub req_file_id: String,
}
