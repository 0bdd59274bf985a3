//! Which props of a post are not for everybody to set. Clients draw another name over a post that says it came from a
//! webhook, and programs pass over what other programs wrote.

use crate::Actor;
use wire::Props;

/// Programs set these: bots, and scripts with a token of their own.
const OF_PROGRAMS: [&str; 6] = [
    "from_webhook",
    "override_username",
    "override_icon_url",
    "override_icon_emoji",
    "use_user_icon",
    "webhook_display_name",
];
/// The server itself sets these.
const OF_SERVER: [&str; 7] = [
    "from_bot",
    "from_plugin",
    "from_oauth_app",
    "deleteBy",
    "add_channel_member",
    "mentionHighlightDisabled",
    "disable_group_highlight",
];

/// Whether the request comes from a program and not from somebody at a client.
fn is_program(actor: &Actor) -> bool {
    actor.is_bot || actor.is_app() || actor.props.get("type").is_some_and(|kind| kind == "UserAccessToken")
}

/// Leaves out of `new` what the actor may not set; what the post had before (`old`) stays.
pub fn guard(actor: &Actor, old: &Props, new: &mut Props) {
    let program = is_program(actor);
    let kept = OF_SERVER.iter().chain(OF_PROGRAMS.iter().filter(|_| !program));
    for key in kept.copied() {
        match old.get(key) {
            Some(value) => new.insert(key.into(), value.clone()),
            None => new.shift_remove(key),
        };
    }
}

/// [`guard`] for a new post, and who wrote it when that is a program.
pub fn sign(actor: &Actor, new: &mut Props) {
    guard(actor, &Props::new(), new);
    if actor.is_bot {
        new.insert("from_bot".into(), "true".into());
    } else if actor.is_app() {
        new.insert("from_oauth_app".into(), "true".into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wire::StringMap;

    fn props(value: serde_json::Value) -> Props {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn nobody_at_a_client_passes_for_a_program() {
        let wanted = || props(json!({"from_webhook": "true", "override_username": "root", "from_bot": "true", "x": 1}));
        let mut written = wanted();
        sign(&Actor::default(), &mut written);
        assert_eq!(written, props(json!({"x": 1})));
        let mut written = wanted();
        sign(&Actor { is_bot: true, ..Actor::default() }, &mut written);
        assert_eq!(written, wanted());
        let token = StringMap::from([("type".into(), "UserAccessToken".into())]);
        let mut written = wanted();
        sign(&Actor { props: token, ..Actor::default() }, &mut written);
        assert_eq!(written, props(json!({"from_webhook": "true", "override_username": "root", "x": 1})));
    }

    #[test]
    fn an_edit_keeps_what_the_editor_may_not_set() {
        let old = props(json!({"from_webhook": "true", "override_username": "ci"}));
        let mut new = props(json!({"override_username": "root", "y": 2}));
        guard(&Actor::default(), &old, &mut new);
        assert_eq!(new, props(json!({"from_webhook": "true", "override_username": "ci", "y": 2})));
    }
}
