//! The buttons of posts that are not stored: what they do goes to the client, sealed, and comes back when one is pressed.

use crate::seal::Seal;
use chat::posts::attachments;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wire::Post;

/// What a button of an unstored post does.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cookie {
    pub post_id: String,
    pub action_id: String,
    pub channel_id: String,
    pub root_id: String,
    /// Who can press it.
    pub user_id: String,
    pub action: Map<String, Value>,
}

/// Seals the buttons of a post that only `user_id` gets.
pub fn give(seal: &Seal, post: &mut Post, user_id: &str) {
    attachments::name_actions(post);
    let text =
        |action: &Map<String, Value>, key: &str| action.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let sealed = |action: &Map<String, Value>| {
        let kept =
            action.iter().filter(|(key, _)| ["type", "data_source", "integration", "options"].contains(&key.as_str()));
        let cookie = Cookie {
            post_id: post.id.clone(),
            action_id: text(action, "id"),
            channel_id: post.channel_id.clone(),
            root_id: post.root_id.clone(),
            user_id: user_id.into(),
            action: kept.map(|(k, v)| (k.clone(), v.clone())).collect(),
        };
        serde_json::to_string(&cookie).ok().and_then(|text| seal.close(&text)).unwrap_or_default()
    };
    let cookies: Vec<String> = attachments::actions(post).map(sealed).collect();
    for (action, cookie) in attachments::actions_mut(post).zip(cookies) {
        action.insert("cookie".into(), cookie.into());
    }
    attachments::hide(post);
}

/// What a client sends back.
pub fn read(seal: &Seal, sealed: &str) -> Option<Cookie> {
    serde_json::from_str(&seal.open(sealed)?).ok()
}
