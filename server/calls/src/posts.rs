//! The posts of calls: the call's own, and those of its recordings and transcriptions in its thread.

use crate::call::Call;
use crate::entry::Entry;
use crate::store::PlaceOfJob;
use crate::wording;
use chat::{Actor, Result, Site, files, posts, users};
use serde_json::{Value, json};
use wire::{Post, Props};

/// Type of a call's post, by which clients draw it.
pub const CALL: &str = "custom_calls";
const RECORDING: &str = "custom_calls_recording";
const TRANSCRIPTION: &str = "custom_calls_transcription";

/// The bot as an author. It is a member of no channel, so that its presence changes none: the caller has checked that the
/// post belongs there, and the roles let it through.
pub fn author(bot_id: &str) -> Actor {
    Actor { user_id: bot_id.into(), roles: vec!["system_admin".into()], is_bot: true, ..Actor::default() }
}

/// Writes the post of a call that begins.
pub async fn start(site: &Site, starter: &Actor, entry: &Entry, now: i64) -> Result<Post> {
    let user = users::get(&mut site.db.read().await?, &starter.user_id).await?.unwrap_or_default();
    let message = wording::started(&user);
    let mut props = Props::new();
    props.insert("attachments".into(), attachments(&message));
    props.insert("start_at".into(), now.into());
    props.insert("title".into(), entry.title.as_str().into());
    let post = Post {
        channel_id: entry.channel_id.clone(),
        root_id: entry.thread_id.clone(),
        message,
        kind: CALL.into(),
        props,
        ..Post::default()
    };
    posts::create(site, starter, post).await
}

fn attachments(message: &str) -> Value {
    json!([{"fallback": message, "title": message, "text": message}])
}

/// Says in the post of a call that it is over.
pub async fn end(site: &Site, call: &Call) -> Result<()> {
    let change = |post: &mut Post| {
        "Call ended".clone_into(&mut post.message);
        post.props.insert("attachments".into(), attachments(&post.message));
        post.props.insert("end_at".into(), call.end_at.into());
        post.props.insert("participants".into(), json!(call.participants));
    };
    posts::update_as_system(site, &call.post_id, change).await.map(drop)
}

/// Notes in the call's post that these jobs belong to it.
pub async fn note_jobs(site: &Site, post_id: &str, recording: &str, transcription: Option<&str>) -> Result<()> {
    let change = |post: &mut Post| {
        let mut job = entry_of(post, "recordings", recording);
        if let Some(transcription) = transcription {
            job.insert("tr_id".into(), transcription.into());
            let mut other = entry_of(post, "transcriptions", transcription);
            other.insert("rec_id".into(), recording.into());
            set_entry(post, "transcriptions", transcription, other);
        }
        set_entry(post, "recordings", recording, job);
    };
    posts::update_as_system(site, post_id, change).await.map(drop)
}

/// The note about a job in a call's post: `props.<list>.<job>`.
fn entry_of(post: &Post, list: &str, job_id: &str) -> Props {
    post.props.get(list).and_then(|l| l.get(job_id)).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn set_entry(post: &mut Post, list: &str, job_id: &str, entry: Props) {
    let list = post.props.entry(list).or_insert_with(|| json!({}));
    if !list.is_object() {
        *list = json!({});
    }
    list[job_id] = entry.into();
}

/// Posts a recording in the call's thread; a second time it gives what was posted first.
pub async fn recording(
    site: &Site,
    bot_id: &str,
    place: &PlaceOfJob,
    job_id: &str,
    file_ids: Vec<String>,
) -> Result<()> {
    let call = live(site, &place.post_id).await?;
    if entry_of(&call, "recordings", job_id).contains_key("post_id") {
        return Ok(());
    }
    let now = site.clock.now_ms();
    let mut props = Props::new();
    props.insert("recording_id".into(), job_id.into());
    props.insert("call_post_id".into(), place.post_id.as_str().into());
    // The transcription may have been quicker.
    if let Some(captions) = entry_of(&call, "transcriptions", &place.sibling).get("captions") {
        props.insert("captions".into(), captions.clone());
    }
    let message = wording::recording(&place.title, !place.sibling.is_empty(), now);
    let file_id = file_ids.first().cloned().unwrap_or_default();
    let post = reply(place, RECORDING, message, props, file_ids);
    let post = posts::create(site, &author(bot_id), post).await?;
    let note = |call: &mut Post| {
        let mut job = entry_of(call, "recordings", job_id);
        job.insert("file_id".into(), file_id.into());
        job.insert("post_id".into(), post.id.into());
        set_entry(call, "recordings", job_id, job);
    };
    posts::update_as_system(site, &place.post_id, note).await.map(drop)
}

/// A finished transcription.
pub struct Transcription {
    pub title: String,
    pub language: String,
    /// WebVTT.
    pub captions_file: String,
    pub text_file: String,
}

/// Posts a transcription in the call's thread and gives its captions to the recording; a second time it does nothing.
/// The captions file belongs to the call's post, so that members may read it.
pub async fn transcription(
    site: &Site,
    bot_id: &str,
    place: &PlaceOfJob,
    job_id: &str,
    done: Vec<Transcription>,
) -> Result<()> {
    let call = live(site, &place.post_id).await?;
    if entry_of(&call, "transcriptions", job_id).contains_key("post_id") {
        return Ok(());
    }
    let captions: Vec<Value> =
        done.iter().map(|t| json!({"title": t.title, "language": t.language, "file_id": t.captions_file})).collect();
    let owned_by_bot = Post { user_id: bot_id.into(), ..call.clone() };
    let captions_files: Vec<String> = done.iter().map(|t| t.captions_file.clone()).collect();
    let mut tx = site.db.write().await?;
    files::attach(&mut tx, &captions_files, &owned_by_bot).await?;
    tx.commit().await?;
    let mut props = Props::new();
    props.insert("call_post_id".into(), place.post_id.as_str().into());
    props.insert("transcription_id".into(), job_id.into());
    props.insert("captions".into(), captions.clone().into());
    let texts: Vec<String> = done.into_iter().map(|t| t.text_file).collect();
    let text_id = texts.first().cloned().unwrap_or_default();
    let message = wording::transcription(&place.title, site.clock.now_ms());
    let post = reply(place, TRANSCRIPTION, message, props, texts);
    let post = posts::create(site, &author(bot_id), post).await?;
    let note = |call: &mut Post| {
        let mut job = entry_of(call, "transcriptions", job_id);
        job.insert("file_id".into(), text_id.into());
        job.insert("post_id".into(), post.id.into());
        job.insert("captions".into(), captions.clone().into());
        set_entry(call, "transcriptions", job_id, job);
    };
    let call = posts::update_as_system(site, &place.post_id, note).await?;
    if let Some(id) = entry_of(&call, "recordings", &place.sibling).get("post_id").and_then(Value::as_str) {
        let show = |post: &mut Post| drop(post.props.insert("captions".into(), captions.into()));
        posts::update_as_system(site, id, show).await?;
    }
    Ok(())
}

fn reply(place: &PlaceOfJob, kind: &str, message: String, props: Props, file_ids: Vec<String>) -> Post {
    Post {
        channel_id: place.channel_id.clone(),
        root_id: place.thread_id.clone(),
        message,
        kind: kind.into(),
        props,
        file_ids,
        ..Post::default()
    }
}

async fn live(site: &Site, id: &str) -> Result<Post> {
    let post = posts::get(&mut site.db.read().await?, id).await?.filter(|p| p.delete_at == 0);
    let gone = || chat::Error::not_found("calls.post.gone.app_error", "The post of the call was deleted.");
    post.ok_or_else(gone)
}
