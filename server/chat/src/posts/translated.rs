//! The translations of a post as clients of the core API read them: in its metadata, by language.

use serde_json::{Value, json};
use wire::{Post, Props};

/// From `props.translations`, where the product keeps texts by language, the one of the original among them.
pub fn of(post: &Post) -> Props {
    let Some(texts) = post.props.get("translations").and_then(Value::as_object) else { return Props::new() };
    let is_original = |text: &Value| text.as_str() == Some(&post.message);
    let source = texts.iter().find(|(_, text)| is_original(text)).map_or("", |(language, _)| language);
    let entry = |(language, text): (&String, &Value)| {
        // In the reader's own language there is nothing to show in place of the original.
        let state = if is_original(text) { "skipped" } else { "ready" };
        let translation = json!({"object": {"message": text}, "state": state, "source_lang": source});
        (language.clone(), translation)
    };
    texts.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_text_and_says_where_it_came_from() {
        let mut post = Post { message: "hello".into(), ..Post::default() };
        assert!(of(&post).is_empty());
        post.props.insert("translations".into(), json!({"en": "hello", "pt": "ola"}));
        let wanted = json!({
            "en": {"object": {"message": "hello"}, "state": "skipped", "source_lang": "en"},
            "pt": {"object": {"message": "ola"}, "state": "ready", "source_lang": "en"},
        });
        assert_eq!(json!(of(&post)), wanted);
    }
}
