//! Taking posts out of the queue: translate, store, tell; or let them wait when the service is away.

use crate::mark::{self, POST_TYPE, TRANSLATIONS};
use crate::reading;
use crate::store::{self, Waiting};
use crate::translator::Translator;
use chat::posts;
use futures::StreamExt;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use wire::Post;

/// Posts that are looked at before the queue is read again.
const BATCH: i64 = 32;
/// First and longest wait after a failure, milliseconds.
const WAITS_MS: (i64, i64) = (2_000, 300_000);
/// Tries of a post that the service, though there, fails at.
const MAX_TRIES: i64 = 2;
/// Longest sleep of an idle worker, milliseconds.
const IDLE_MS: i64 = 600_000;

/// Why a post is not translated yet.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The service failed or is away.
    #[error(transparent)]
    Service(#[from] llm_client::Error),
    /// The chat server failed.
    #[error(transparent)]
    Chat(#[from] chat::Error),
}

/// How long to wait after try number `tries` (from 0), milliseconds: doubling.
pub fn backoff(tries: i64) -> i64 {
    let doubled = 1_i64.checked_shl(u32::try_from(tries.clamp(0, 20)).unwrap_or(20)).unwrap_or(i64::MAX);
    WAITS_MS.0.saturating_mul(doubled).min(WAITS_MS.1)
}

/// Works until the translator stops.
pub async fn work(translator: Arc<Translator>) {
    loop {
        let pause = match pass(&translator).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(%error, "the translation queue could not be read");
                Duration::from_secs(10)
            }
        };
        tokio::select! {
            () = translator.stop.cancelled() => return,
            () = translator.bell.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Works off what is due; how long the rest waits.
async fn pass(translator: &Translator) -> chat::Result<Duration> {
    let clock = &translator.site.clock;
    loop {
        let due = store::due(&mut translator.site.db.read().await?, clock.now_ms(), BATCH).await?;
        if due.is_empty() || translator.stop.is_cancelled() {
            break;
        }
        let parallel = translator.config.max_parallel.max(1);
        let ended = futures::stream::iter(due).map(|waiting| attend(translator, waiting)).buffer_unordered(parallel);
        let ended: Vec<chat::Result<bool>> = ended.collect().await;
        let mut away = false;
        for end in ended {
            away |= end?;
        }
        if away {
            // The others would only find the same.
            return Ok(Duration::from_millis(WAITS_MS.0.unsigned_abs()));
        }
    }
    let next = store::next_at(&mut translator.site.db.read().await?).await?;
    let wait = next.map_or(IDLE_MS, |at| (at - clock.now_ms()).clamp(50, IDLE_MS));
    Ok(Duration::from_millis(wait.unsigned_abs()))
}

/// One post: out of the queue when it is done or hopeless, later when the service may come back; whether it is away.
async fn attend(translator: &Translator, waiting: Waiting) -> chat::Result<bool> {
    let site = &translator.site;
    let done = translate_post(translator, &waiting.post_id).await;
    let now = site.clock.now_ms();
    let away = matches!(&done, Err(Failure::Service(error)) if error.is_temporary());
    let mut tx = site.db.write().await?;
    match done {
        Ok(()) => store::take(&mut tx, &waiting).await?,
        Err(failure) => {
            let old = now - waiting.create_at > translator.config.give_up_hours.saturating_mul(3_600_000);
            let hopeless = !away && waiting.tries >= MAX_TRIES;
            if old || hopeless {
                tracing::warn!(post.id = %waiting.post_id, %failure, "a post stays untranslated");
                store::take(&mut tx, &waiting).await?;
            } else {
                let wait = match &failure {
                    Failure::Service(llm_client::Error::Busy { retry_after_seconds }) => {
                        i64::try_from(*retry_after_seconds).unwrap_or(60).clamp(1, 60) * 1000
                    }
                    _ => backoff(waiting.tries),
                };
                tracing::debug!(post.id = %waiting.post_id, %failure, wait, "a post waits for its translation");
                store::postpone(&mut tx, &waiting, now + wait).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(away)
}

/// Translates a post into what its channel reads, and stores that.
async fn translate_post(translator: &Translator, id: &str) -> Result<(), Failure> {
    let post = posts::get(&mut translator.site.db.read().await.map_err(chat::Error::from)?, id).await;
    let Some(post) = post.map_err(chat::Error::from)? else { return Ok(()) };
    if post.kind != POST_TYPE || post.delete_at != 0 || !translator.channels.contains(&post.channel_id) {
        return Ok(());
    }
    let offered = translator.languages.fresh(&translator.service).await?;
    let mut wanted = translator.wanted(&post.channel_id, &offered).await?;
    wanted.retain(|language| mark::translation(&post, language).is_none());
    if wanted.is_empty() {
        return Ok(());
    }
    let made = translations(translator, &post.message, &wanted, &offered).await?;
    store_translations(translator, &post, made).await
}

/// The text in each of `wanted`, and in the language it is in.
async fn translations(
    translator: &Translator,
    text: &str,
    wanted: &[String],
    offered: &[String],
) -> Result<Map<String, Value>, llm_client::Error> {
    let mut made = Map::new();
    let source = source(translator, text, offered).await?;
    // Without letters, or in a language the service does not have, the text is the same for everybody.
    let Some(source) = source else {
        made.extend(wanted.iter().map(|language| (language.clone(), text.into())));
        return Ok(made);
    };
    for target in wanted.iter().filter(|target| **target != source) {
        let translated = translator.service.translate_one(text, &source, target).await?;
        // A space is what clients take for "nothing came back".
        let text = if translated.text.trim().is_empty() { " ".to_owned() } else { translated.text };
        made.insert(target.clone(), text.into());
    }
    made.insert(source, text.into());
    Ok(made)
}

/// The language of a text among those offered.
async fn source(translator: &Translator, text: &str, offered: &[String]) -> Result<Option<String>, llm_client::Error> {
    if reading::is_foreign(text, offered) {
        return Ok(None);
    }
    let found = translator.service.detect(text).await?;
    Ok(found.into_iter().map(|d| d.language).find(|code| offered.contains(code)))
}

/// Puts the texts into the post, unless it says something else by now.
async fn store_translations(translator: &Translator, post: &Post, made: Map<String, Value>) -> Result<(), Failure> {
    let channels = translator.channels.clone();
    let add = |stored: &mut Post| {
        if stored.message != post.message || stored.kind != POST_TYPE || !channels.contains(&stored.channel_id) {
            return;
        }
        let all = stored.props.entry(TRANSLATIONS).or_insert_with(|| Value::Object(Map::new()));
        if let Some(all) = all.as_object_mut() {
            all.extend(made);
        }
    };
    match posts::update_as_system(&translator.site, &post.id, add).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind == chat::error::Kind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// One text into one language, for whoever asks.
///
/// # Errors
/// As of the service.
pub async fn translate_text(translator: &Translator, text: &str, target: &str) -> Result<String, llm_client::Error> {
    let offered = translator.languages.fresh(&translator.service).await?;
    let wanted = [target.to_owned()];
    let mut made = translations(translator, text, &wanted, &offered).await?;
    let text = made.remove(target).and_then(|text| text.as_str().map(str::to_owned));
    Ok(text.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes() {
        let waits: Vec<i64> = (0..9).map(|tries| backoff(tries) / 1000).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(backoff(i64::MAX), WAITS_MS.1);
        assert_eq!(backoff(-1), WAITS_MS.0);
    }
}
