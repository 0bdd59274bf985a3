//! The transcript of a call: the one nearest to a post.

use super::Unreadable;
use super::transcript;
use crate::agent::Agent;
use crate::wording::Failure;
use chat::roles::Permission;
use chat::{Actor, files, posts};
use wire::{FileInfo, Post};

/// Posts of a channel that are looked through when the thread holds no transcript.
const MAX_POSTS: i64 = 200;
const TRANSCRIPTION: &str = "custom_calls_transcription";

/// The words of the transcript nearest to the post: of the post itself, else of its thread, else the newest of its channel.
pub async fn transcript(agent: &Agent, asker: &Actor, post_id: &str) -> Result<String, Failure> {
    let mut conn = agent.site.db.read().await.map_err(chat::Error::from)?;
    let post = posts::access(&mut conn, asker, post_id, Permission::READ_CHANNEL).await?;
    let root = if post.root_id.is_empty() { &post.id } else { &post.root_id };
    let thread = posts::thread(&mut conn, root).await.map_err(chat::Error::from)?;
    let ids: Vec<String> = thread.iter().map(|p| p.id.clone()).collect();
    let near = files::of_posts(&mut conn, &ids).await.map_err(chat::Error::from)?;
    let found = match nearest(&thread, &near, post_id) {
        Some(file) => Some(file.clone()),
        None => {
            let latest = posts::latest(&mut conn, &post.channel_id, MAX_POSTS, 0, true).await;
            let mut latest = latest.map_err(chat::Error::from)?;
            latest.retain(|p| p.kind == TRANSCRIPTION);
            let ids: Vec<String> = latest.iter().map(|p| p.id.clone()).collect();
            let far = files::of_posts(&mut conn, &ids).await.map_err(chat::Error::from)?;
            nearest(&latest, &far, post_id).cloned()
        }
    };
    drop(conn);
    let file = found.ok_or(Unreadable::NoTranscript)?;
    let allowed = agent.config.max_transcript_bytes;
    if u64::try_from(file.size).unwrap_or(u64::MAX) > allowed {
        return Err(Unreadable::TooLarge { bytes: file.size, allowed }.into());
    }
    let (_, bytes) = files::open(&agent.site, asker, &file.id).await?;
    let words = transcript::words(&String::from_utf8_lossy(&bytes));
    if words.is_empty() { Err(Unreadable::NoTranscript.into()) } else { Ok(words) }
}

/// The best file: of the post itself, of a transcription post, of the newest post, and text before captions.
fn nearest<'a>(posts: &[Post], files: &'a [FileInfo], post_id: &str) -> Option<&'a FileInfo> {
    let rank = |file: &FileInfo| {
        let post = posts.iter().find(|p| p.id == file.post_id)?;
        matches!(file.extension.as_str(), "txt" | "vtt")
            .then(|| (post.id == post_id, post.kind == TRANSCRIPTION, post.create_at, file.extension == "txt"))
    };
    files.iter().filter_map(|f| rank(f).map(|rank| (rank, f))).max_by_key(|(rank, _)| *rank).map(|(_, f)| f)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(id: &str, kind: &str, at: i64) -> Post {
        Post { id: id.into(), kind: kind.into(), create_at: at, ..Post::default() }
    }

    fn file(id: &str, post: &str, extension: &str) -> FileInfo {
        FileInfo { id: id.into(), post_id: post.into(), extension: extension.into(), ..FileInfo::default() }
    }

    #[test]
    fn the_newest_transcription_is_taken_unless_one_is_pointed_at() {
        let posts = [
            post("call", "custom_calls", 1),
            post("t1", TRANSCRIPTION, 2),
            post("t2", TRANSCRIPTION, 3),
            post("n", "", 4),
        ];
        let files = [
            file("captions", "call", "vtt"),
            file("old", "t1", "txt"),
            file("new", "t2", "txt"),
            file("notes", "n", "txt"),
            file("picture", "n", "png"),
        ];
        let id = |asked: &str| nearest(&posts, &files, asked).map(|f| f.id.as_str());
        assert_eq!(id("question"), Some("new"));
        assert_eq!(id("t1"), Some("old"));
        assert_eq!(nearest(&posts, &files[..1], "question").map(|f| f.id.as_str()), Some("captions"));
        assert!(nearest(&posts, &files[4..], "n").is_none());
    }
}
