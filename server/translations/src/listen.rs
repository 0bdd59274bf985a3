//! What happens on the site that the queue has to know of.

use crate::mark;
use crate::translator::{PREFERENCE, Translator};
use chat::{Result, channels};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::sync::mpsc::Receiver;
use wire::{Event, Post, Preference};

/// Follows the events until the translator stops.
pub async fn listen(translator: Arc<Translator>, mut events: Receiver<Arc<Event>>) {
    loop {
        let event = tokio::select! {
            () = translator.stop.cancelled() => return,
            event = events.recv() => event,
        };
        let Some(event) = event else { return };
        report(heard(&translator, &event).await);
    }
}

/// Channels that may lack a language. Catching up asks the service, which may be away, so it happens beside the listening.
#[derive(Default)]
pub struct Behind {
    channels: Mutex<BTreeSet<String>>,
    bell: Notify,
}

impl Behind {
    /// Looks at these before long.
    pub fn add(&self, channels: impl IntoIterator<Item = String>) {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner).extend(channels);
        self.bell.notify_one();
    }

    fn next(&self) -> Option<String> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner).pop_first()
    }
}

/// Catches up until the translator stops. It begins with what an earlier process may not have heard of.
pub async fn catch_up(translator: Arc<Translator>) {
    translator.behind.add(translator.channels.all());
    loop {
        tokio::select! {
            () = translator.stop.cancelled() => return,
            () = translator.behind.bell.notified() => {}
        }
        while let Some(channel) = translator.behind.next() {
            report(translator.catch_up(&channel).await);
        }
    }
}

fn report(done: Result<()>) {
    if let Err(error) = done {
        tracing::error!(%error, "posts could not be queued for translation");
    }
}

async fn heard(translator: &Translator, event: &Event) -> Result<()> {
    match event.event.as_str() {
        "posted" | "post_edited" => match untranslated(translator, event) {
            Some(post) => translator.enqueue(&post.channel_id, &[post.id]).await,
            None => Ok(()),
        },
        "preferences_changed" => match reader(event) {
            Some(user_id) => {
                let mine = channels::ids_of(&mut translator.site.db.read().await?, &user_id).await?;
                translator.behind.add(mine);
                Ok(())
            }
            None => Ok(()),
        },
        "user_added" => {
            translator.behind.add([event.broadcast.channel_id.clone()]);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn encoded<T: serde::de::DeserializeOwned>(event: &Event, key: &str) -> Option<T> {
    serde_json::from_str(event.data.get(key)?.as_str()?).ok()
}

/// The marked post that nobody has translated yet.
fn untranslated(translator: &Translator, event: &Event) -> Option<Post> {
    // Most channels are not translated: their posts are not decoded.
    if !translator.channels.contains(&event.broadcast.channel_id) {
        return None;
    }
    let post: Post = encoded(event, "post")?;
    (post.kind == mark::POST_TYPE && !post.props.contains_key(mark::TRANSLATIONS)).then_some(post)
}

/// Who has chosen a language to read in.
fn reader(event: &Event) -> Option<String> {
    let changed: Vec<Preference> = encoded(event, "preferences")?;
    changed.into_iter().find(|p| (p.category.as_str(), p.name.as_str()) == PREFERENCE).map(|p| p.user_id)
}
