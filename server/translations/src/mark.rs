//! Which posts are translated, and what happens to one before it is stored. Pure, but for the set of channels.

use chat::site::BeforeStore;
use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use wire::Post;

/// The type of a post that is or will be translated; clients draw it by its translations.
pub const POST_TYPE: &str = "custom_translation";
/// Prop of such a post: language → text. The language of the original is among them, with the original.
pub const TRANSLATIONS: &str = "translations";

/// The channels that are translated, in memory, because every new post asks.
#[derive(Debug, Default)]
pub struct Channels(RwLock<HashSet<String>>);

impl Channels {
    /// These channels.
    pub fn new(ids: impl IntoIterator<Item = String>) -> Self {
        Self(RwLock::new(ids.into_iter().collect()))
    }

    /// Whether the channel is translated.
    pub fn contains(&self, id: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    /// All of them.
    pub fn all(&self) -> Vec<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Turns one on or off.
    pub fn set(&self, id: &str, enabled: bool) {
        let mut channels = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if enabled {
            channels.insert(id.to_owned());
        } else {
            channels.remove(id);
        }
    }
}

/// [`mark`] for every new or edited post.
pub fn hook(channels: Arc<Channels>) -> BeforeStore {
    Arc::new(move |post| mark(post, channels.contains(&post.channel_id)))
}

/// Marks a post of people for translation if its channel is translated. Translations of an earlier text go: they say
/// what the post no longer says.
fn mark(post: &mut Post, enabled: bool) {
    if !matches!(post.kind.as_str(), "" | POST_TYPE) {
        return;
    }
    let translate = enabled && !post.message.trim().is_empty();
    if translate || post.kind == POST_TYPE {
        post.props.shift_remove(TRANSLATIONS);
    }
    post.kind = if translate { POST_TYPE.into() } else { String::new() };
}

/// The text for one language, if it is there.
pub fn translation<'a>(post: &'a Post, language: &str) -> Option<&'a str> {
    post.props.get(TRANSLATIONS)?.get(language)?.as_str()
}

/// Whether the post waits for one of `languages`.
pub fn lacks(post: &Post, languages: &[String]) -> bool {
    post.kind == POST_TYPE && post.delete_at == 0 && languages.iter().any(|l| translation(post, l).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn post(kind: &str, message: &str) -> Post {
        let mut post = Post { kind: kind.into(), message: message.into(), ..Post::default() };
        post.props.insert(TRANSLATIONS.into(), json!({"pt": "velho"}));
        post
    }

    #[test]
    fn words_of_people_in_translated_channels_are_marked_and_old_translations_go() {
        for (kind, message, enabled, then, kept) in [
            ("", "hello", true, POST_TYPE, false),
            (POST_TYPE, "hello again", true, POST_TYPE, false),
            (POST_TYPE, "hello again", false, "", false),
            ("", "hello", false, "", true),
            ("", " ", true, "", true),
            ("custom_llmbot", "hello", true, "custom_llmbot", true),
            ("system_join_channel", "ana joined", true, "system_join_channel", true),
        ] {
            let mut post = post(kind, message);
            mark(&mut post, enabled);
            assert_eq!((post.kind.as_str(), post.props.contains_key(TRANSLATIONS)), (then, kept), "{kind} {message}");
        }
    }

    #[test]
    fn a_post_waits_until_every_language_is_there() {
        let mut post = post(POST_TYPE, "old");
        assert!(!lacks(&post, &["pt".into()]));
        assert!(lacks(&post, &["pt".into(), "en".into()]));
        post.delete_at = 1;
        assert!(!lacks(&post, &["en".into()]));
        let channels = Channels::new(["a".to_owned()]);
        channels.set("b", true);
        channels.set("a", false);
        assert_eq!((channels.contains("a"), channels.all()), (false, vec!["b".to_owned()]));
    }
}
