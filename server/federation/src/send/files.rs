//! The files of posts: announced, then sent from where the partner has them. They come before their post.

use super::Line;
use super::store::{self, Mark};
use crate::call::Failed;
use crate::receive::UPLOAD;
use chat::files;
use futures::TryStreamExt;
use reqwest::Body;
use serde_json::json;
use wire::{FileInfo, Post, UploadSession};

impl Line<'_> {
    /// Sends every file of these posts that the partner does not have. One that it refuses is left out.
    pub(super) async fn files(&self, posts: &[Post]) -> Result<(), Failed> {
        let remote = self.remote.remote_id.as_str();
        for post in posts {
            let list = post.metadata.as_ref().map(|m| m.files.clone()).unwrap_or_default();
            if list.is_empty() {
                continue;
            }
            let mut conn = self.site.db.read().await?;
            let marks = store::marks(&mut conn, remote, std::slice::from_ref(&post.id)).await?;
            drop(conn);
            for file in list {
                let mark = Mark::new("file", &post.id, "", &file.id);
                if marks.contains(&mark) {
                    continue;
                }
                match self.file(&file).await {
                    Ok(()) => {}
                    Err(Failed::Refused(reason)) => {
                        tracing::warn!(file.id, %reason, remote = %self.remote.name, "a partner refuses a file");
                    }
                    Err(away) => return Err(away),
                }
                let mut tx = self.site.db.write().await?;
                store::mark(&mut tx, remote, &mark).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    async fn file(&self, file: &FileInfo) -> Result<(), Failed> {
        let Some((_, path)) = files::get(&mut self.site.db.read().await?, &file.id).await? else { return Ok(()) };
        let wanted = UploadSession {
            id: kit::id::new(),
            kind: "attachment".into(),
            create_at: self.site.clock.now_ms(),
            user_id: file.user_id.clone(),
            channel_id: file.channel_id.clone(),
            filename: file.name.clone(),
            file_size: file.size,
            remote_id: self.remote.remote_id.clone(),
            req_file_id: file.id.clone(),
            ..UploadSession::default()
        };
        let answer = self.federation.tell(self.site, self.remote, "msg", UPLOAD, json!(wanted)).await?;
        let session: UploadSession =
            serde_json::from_value(answer).map_err(|e| Failed::Refused(format!("its upload makes no sense: {e}")))?;
        let (from, size) = (session.file_offset.max(0).unsigned_abs(), file.size.max(0).unsigned_abs());
        if from >= size {
            return Ok(());
        }
        let part = (from > 0).then_some(from..size);
        let bytes = files::stream(self.site, &path, part).await?;
        let body = Body::wrap_stream(bytes.map_err(std::io::Error::other));
        self.federation.upload(self.remote, &session.id, size - from, body).await
    }
}
