//! Attachments: boxes with text, pictures, buttons and selects that programs add to their posts (`props.attachments`).
//!
//! What a button does, the address that is called and the context that goes there, is between the program and this
//! server: it is stored, and never shown to a client.

use serde_json::{Map, Value};
use std::collections::HashMap;
use wire::Post;

type Object = Map<String, Value>;

/// Whether the post has attachments.
pub fn any(post: &Post) -> bool {
    post.props.get("attachments").and_then(Value::as_array).is_some_and(|a| !a.is_empty())
}

/// The buttons and selects of a post, as they are stored.
pub fn actions(post: &Post) -> impl Iterator<Item = &Object> {
    let attachments = post.props.get("attachments").and_then(Value::as_array).into_iter().flatten();
    attachments.filter_map(|a| a.get("actions")?.as_array()).flatten().filter_map(Value::as_object)
}

/// [`actions`], to be changed.
pub fn actions_mut(post: &mut Post) -> impl Iterator<Item = &mut Object> {
    let attachments = post.props.get_mut("attachments").and_then(Value::as_array_mut).into_iter().flatten();
    attachments.filter_map(|a| a.get_mut("actions")?.as_array_mut()).flatten().filter_map(Value::as_object_mut)
}

fn id(action: &Object) -> Option<&str> {
    action.get("id").and_then(Value::as_str).filter(|id| !id.is_empty())
}

/// Gives every button and select that has none an id, by which clients name it.
pub fn name_actions(post: &mut Post) {
    for action in actions_mut(post) {
        if id(action).is_none() {
            action.insert("id".into(), kit::id::new().into());
        }
    }
}

/// Takes out what clients may not see.
pub fn hide(post: &mut Post) {
    for action in actions_mut(post) {
        action.remove("integration");
    }
}

/// An edit by somebody who never saw what the buttons do keeps it, for the buttons that stay.
pub fn keep(old: &Post, new: &mut Post) {
    let known: HashMap<&str, &Value> =
        actions(old).filter_map(|a| Some((id(a)?, a.get("integration").filter(|i| !i.is_null())?))).collect();
    for action in actions_mut(new) {
        let secret = id(action).and_then(|id| known.get(id).copied());
        if let Some(secret) = secret.filter(|_| action.get("integration").is_none_or(Value::is_null)) {
            action.insert("integration".into(), secret.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn clients_see_buttons_but_not_what_they_do_and_an_edit_keeps_it() {
        let integration = json!({"url": "http://bot.example/press", "context": {"secret": 1}});
        let attachments =
            json!([{"actions": [{"name": "Go", "integration": integration}, "nonsense"]}, 5, {"actions": null}]);
        let mut stored = Post::default();
        stored.props.insert("attachments".into(), attachments);
        name_actions(&mut stored);
        let mut shown = stored.clone();
        hide(&mut shown);
        let text = serde_json::to_string(&shown).unwrap();
        assert!(text.contains("Go") && !text.contains("secret"), "{text}");
        let first = actions(&shown).next().unwrap();
        assert_eq!(id(first).map(str::len), Some(26));
        keep(&stored, &mut shown);
        assert_eq!(actions(&shown).next().unwrap()["integration"], integration);
    }
}
