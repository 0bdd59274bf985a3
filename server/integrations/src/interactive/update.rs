//! How a program changes the post whose button was pressed. No I/O.

use wire::{ActionUpdate, Post};

/// Who spoke stays as it was.
const KEPT: [&str; 8] = [
    "from_webhook",
    "from_bot",
    "from_plugin",
    "from_oauth_app",
    "override_username",
    "override_icon_url",
    "override_icon_emoji",
    "webhook_display_name",
];

/// Changes `post` as `update` says; without props its attachments stay.
pub fn apply(post: &mut Post, update: ActionUpdate) {
    if let Some(message) = update.message {
        post.message = message;
    }
    let Some(mut props) = update.props else { return };
    props.retain(|key, _| !KEPT.contains(&key.as_str()));
    let kept = KEPT.iter().filter_map(|key| Some(((*key).to_owned(), post.props.get(*key)?.clone())));
    props.extend(kept.collect::<Vec<_>>());
    post.props = props;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn props(value: Value) -> wire::Props {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn who_spoke_stays() {
        let old = json!({"from_webhook": "true", "override_username": "ci", "attachments": [{}], "x": 1});
        let mut post = Post { message: "a".into(), props: props(old.clone()), ..Post::default() };
        apply(&mut post, ActionUpdate { message: Some("b".into()), props: None });
        assert_eq!((post.message.as_str(), &post.props), ("b", &props(old)));
        let update = props(json!({"override_username": "root", "y": 2}));
        apply(&mut post, ActionUpdate { message: None, props: Some(update) });
        assert_eq!(post.props, props(json!({"y": 2, "from_webhook": "true", "override_username": "ci"})));
    }
}
