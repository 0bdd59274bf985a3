//! Posts of a channel, oldest first, each root with its replies.

use super::super::line::{self, Line};
use super::super::reading::{self as read, Post};
use super::{Export, given};
use chat::Result;
use db::Conn;
use std::collections::HashMap;
use tokio_util::sync::CancellationToken;

impl Export<'_> {
    pub(super) async fn posts(
        &mut self,
        view: &mut Conn,
        channel: &str,
        kind: &str,
        place: impl Fn(&mut line::Post) + Send,
        stop: &CancellationToken,
        tell: &mut (dyn FnMut(u64) + Send),
    ) -> Result<()> {
        let (mut at, mut id) = (-1, String::new());
        while !stop.is_cancelled() {
            let roots = read::roots(view, channel, at, &id).await?;
            let Some(last) = roots.last() else { break };
            (at, id) = (last.create_at, last.id.clone());
            let root_ids: Vec<String> = roots.iter().map(|p| p.id.clone()).collect();
            let replies = read::replies(view, &root_ids).await?;
            let ids: Vec<String> = roots.iter().chain(&replies).map(|p| p.id.clone()).collect();
            let mut parts = Parts::read(view, &ids, &root_ids).await?;
            self.written.posts += ids.len() as u64;
            let mut answers: HashMap<String, Vec<line::Post>> = HashMap::new();
            for reply in replies {
                let root = reply.root_id.clone();
                let line = self.post(reply, &mut parts);
                answers.entry(root).or_default().push(line);
            }
            for root in roots {
                let id = root.id.clone();
                let mut line = self.post(root, &mut parts);
                place(&mut line);
                line.replies = answers.remove(&id);
                line.thread_followers = parts.followers.remove(&id);
                let (post, direct_post) = if kind == "post" { (Some(line), None) } else { (None, Some(line)) };
                self.line(kind, Line { post, direct_post, ..Line::default() }).await?;
            }
            tell(self.written.posts);
        }
        Ok(())
    }

    fn post(&mut self, p: Post, parts: &mut Parts) -> line::Post {
        let mut attachments = Vec::new();
        for (file, name, path) in parts.files.remove(&p.id).into_iter().flatten() {
            if self.wanted.attachments {
                let inside = format!("files/{file}/{name}");
                self.files.push((format!("data/{inside}"), path));
                attachments.push(line::Attachment { path: Some(inside) });
            }
        }
        line::Post {
            user: Some(p.user),
            message: Some(p.message),
            create_at: Some(p.create_at),
            edit_at: Some(p.edit_at).filter(|t| *t > 0),
            r#type: given(&p.kind),
            props: Some(p.props).filter(|o| o.as_object().is_some_and(|o| !o.is_empty())),
            is_pinned: Some(p.pinned).filter(|p| *p),
            flagged_by: parts.flags.remove(&p.id),
            reactions: parts.reactions.remove(&p.id),
            attachments: Some(attachments).filter(|a| !a.is_empty()),
            ..line::Post::default()
        }
    }
}

/// What belongs to the posts of a page, by post.
struct Parts {
    reactions: HashMap<String, Vec<line::Reaction>>,
    flags: HashMap<String, Vec<String>>,
    followers: HashMap<String, Vec<line::Follower>>,
    files: HashMap<String, Vec<(String, String, String)>>,
}

impl Parts {
    async fn read(view: &mut Conn, ids: &[String], roots: &[String]) -> Result<Self> {
        let mut parts =
            Self { reactions: HashMap::new(), flags: HashMap::new(), followers: HashMap::new(), files: HashMap::new() };
        for r in read::reactions(view, ids).await? {
            let reaction =
                line::Reaction { user: Some(r.user), emoji_name: Some(r.emoji_name), create_at: Some(r.create_at) };
            parts.reactions.entry(r.post_id).or_default().push(reaction);
        }
        for f in read::flags(view, ids).await? {
            parts.flags.entry(f.of).or_default().push(f.name);
        }
        for f in read::followers(view, roots).await? {
            let follower =
                line::Follower { user: Some(f.user), last_viewed: Some(f.last_viewed), unread_mentions: None };
            parts.followers.entry(f.post_id).or_default().push(follower);
        }
        for f in read::files(view, ids).await? {
            parts.files.entry(f.post_id).or_default().push((f.id, f.name, f.path));
        }
        Ok(parts)
    }
}
