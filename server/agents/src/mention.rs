//! Which new posts are meant for the agent. Pure.

use wire::{Event, Post, User};

/// The post of a `posted` event, if a person wrote it to the agent: by `@name` anywhere, or in the direct channel with it.
pub fn asked(event: &Event, bot: &User) -> Option<Post> {
    if event.event != "posted" {
        return None;
    }
    let text = |key: &str| event.data.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let direct = text("channel_type") == "D" && text("channel_name").split("__").any(|id| id == bot.id);
    let encoded = text("post");
    // Most posts are for somebody else: they are not decoded.
    if !direct && !encoded.to_lowercase().contains(&format!("@{}", bot.username)) {
        return None;
    }
    let post: Post = serde_json::from_str(encoded).ok()?;
    let machine = ["from_webhook", "from_bot", "from_plugin"].iter().any(|key| post.props.contains_key(*key));
    if machine || post.user_id == bot.id || !matches!(post.kind.as_str(), "" | "custom_translation") {
        return None;
    }
    (direct || mentions(&post.message, &bot.username)).then_some(post)
}

/// Whether `message` says `@username` outside code.
pub fn mentions(message: &str, username: &str) -> bool {
    places(&without_code(message), username).next().is_some()
}

/// The message without `@username`, trimmed.
pub fn without(message: &str, username: &str) -> String {
    let mut left = String::with_capacity(message.len());
    let mut from = 0;
    for place in places(message, username) {
        left.push_str(message[from..place.start].trim_end_matches(' '));
        from = place.end;
    }
    left.push_str(&message[from..]);
    left.trim().trim_start_matches([',', ':']).trim().to_owned()
}

/// Where `@username` stands as a whole name. Names are ASCII, so offsets of the text itself are compared.
fn places<'a>(text: &'a str, username: &'a str) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
    let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    text.match_indices('@').filter_map(move |(at, _)| {
        let end = at + 1 + username.len();
        let name = text.get(at + 1..end)?;
        // A full stop after the name ends the sentence, unless a longer name goes on.
        let rest = text[end..].trim_start_matches(['.', '-', '_']);
        let whole = !rest.starts_with(in_name);
        let glued = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '@');
        (name.eq_ignore_ascii_case(username) && whole && !glued).then_some(at..end)
    })
}

/// Leaves out fenced blocks and `code`; a mark without its partner opens nothing.
fn without_code(message: &str) -> String {
    outside(message, "```").map(|text| outside(text, "`").collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(" ")
}

fn outside<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    let last = text.matches(mark).count();
    text.split(mark).enumerate().filter(move |(i, _)| i % 2 == 0 || *i == last).map(|(_, part)| part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bot() -> User {
        User { id: "bot".into(), username: "muster".into(), ..User::default() }
    }

    fn posted(post: Post, kind: &str, name: &str) -> Event {
        Event::new("posted").with_encoded("post", &post).with("channel_type", kind).with("channel_name", name)
    }

    #[test]
    fn only_people_who_call_it_are_answered() {
        let by = |user: &str, message: &str| Post { user_id: user.into(), message: message.into(), ..Post::default() };
        let heard = |post: Post, kind: &str, name: &str| asked(&posted(post, kind, name), &bot()).is_some();
        assert!(heard(by("ana", "@muster hello"), "O", "town"));
        assert!(heard(by("ana", "so, @Muster."), "P", "town"));
        assert!(heard(by("ana", "hello"), "D", "ana__bot"));
        assert!(!heard(by("ana", "hello"), "D", "ana__bruno"));
        assert!(heard(by("ana", "@muster hello"), "D", "ana__bruno"));
        assert!(!heard(by("ana", "hello muster"), "O", "town"));
        assert!(!heard(by("ana", "try `@muster hello`"), "O", "town"));
        assert!(!heard(by("bot", "@muster hello"), "O", "town"));
        let mut hook = by("ana", "@muster hello");
        hook.props.insert("from_webhook".into(), "true".into());
        assert!(!heard(hook, "O", "town"));
        let system = Post { kind: "system_join_channel".into(), ..by("ana", "@muster joined") };
        assert!(!heard(system, "O", "town"));
        assert!(asked(&Event::new("post_edited"), &bot()).is_none());
    }

    #[test]
    fn a_name_is_whole_or_not_at_all() {
        for (message, hit) in [
            ("@muster", true),
            ("(@muster)", true),
            ("@muster...", true),
            ("@muster.", true),
            ("@muster-two", false),
            ("@muster.two", false),
            ("@musterer", false),
            ("me@muster", false),
            ("olá @muster, tudo bem?", true),
            ("it`s late, @muster", true),
            ("```\n@muster\n```", false),
        ] {
            assert_eq!(mentions(message, "muster"), hit, "{message}");
        }
        assert_eq!(without("@muster: what is it?", "muster"), "what is it?");
        assert_eq!(without("hey @muster what is it?", "muster"), "hey what is it?");
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[ -~é€🦀\n]{0,80}") {
            mentions(&text, "muster");
            prop_assert!(without(&text, "muster").len() <= text.len());
        }
    }
}
