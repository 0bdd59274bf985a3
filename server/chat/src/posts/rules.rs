//! Pure checks on a new post, and whom it mentions.

use crate::{Config, Error, Result};
use unicode_segmentation::UnicodeSegmentation;
use wire::{Post, User};

/// Types of messages about who came and went; they do not count as unread.
pub const COMING_AND_GOING: [&str; 10] = [
    "system_join_channel",
    "system_guest_join_channel",
    "system_leave_channel",
    "system_add_to_channel",
    "system_add_guest_to_chan",
    "system_remove_from_channel",
    "system_join_team",
    "system_leave_team",
    "system_add_to_team",
    "system_remove_from_team",
];

/// Whether a post counts for those who have not read it.
pub fn counts(post: &Post) -> bool {
    counts_kind(&post.kind)
}

/// [`counts`], by the type alone.
pub fn counts_kind(kind: &str) -> bool {
    !COMING_AND_GOING.contains(&kind)
}

/// Whether the words of a post may still be changed.
///
/// # Errors
/// 400 when the time for it has passed.
pub fn check_edit_time(post: &Post, config: &Config, now: i64) -> Result<()> {
    let limit = config.post_edit_seconds;
    if limit < 0 || now <= post.create_at.saturating_add(limit.saturating_mul(1000)) {
        return Ok(());
    }
    let message = format!("Post edit is only allowed for {limit} seconds. Please ask an administrator for details.");
    Err(Error::invalid("api.post.update_post.permissions_time_limit.app_error", message))
}

/// Length, emptiness and number of files.
///
/// # Errors
/// 400 that names what is wrong.
pub fn check(post: &Post, config: &Config) -> Result<()> {
    let bare = post.message.trim().is_empty() && post.file_ids.is_empty() && post.kind.is_empty();
    if bare && !super::attachments::any(post) {
        return Err(Error::invalid_body("message", "a post needs a message, a file or an attachment"));
    }
    check_length(post, config)
}

/// Length and number of files only; what is not finished may be empty.
///
/// # Errors
/// 400 that names what is wrong.
pub fn check_length(post: &Post, config: &Config) -> Result<()> {
    if post.message.chars().count() > config.max_post_runes {
        let message = format!("The message is longer than {} characters.", config.max_post_runes);
        return Err(Error::invalid("model.post.is_valid.msg.app_error", message));
    }
    if post.file_ids.len() > config.max_files_per_post {
        let message = format!("A post can have at most {} files.", config.max_files_per_post);
        return Err(Error::invalid("api.post.create_post.too_many_files.app_error", message));
    }
    if serde_json::to_string(&post.props).map_or(0, |p| p.len()) > 800_000 {
        return Err(Error::invalid("model.post.is_valid.props.app_error", "The props of the post are too large."));
    }
    Ok(())
}

/// `#tags` of a message, space-separated, as clients search them.
pub fn hashtags(message: &str) -> String {
    let tag = |word: &&str| {
        word.strip_prefix('#').is_some_and(|t| t.chars().count() >= 2 && t.starts_with(char::is_alphabetic))
    };
    let mut tags: Vec<&str> =
        message.split_whitespace().map(|w| w.trim_end_matches(|c: char| !c.is_alphanumeric())).filter(tag).collect();
    tags.dedup();
    tags.join(" ")
}

/// Which of `members` the message mentions: by `@username`, their own keywords or first name, and by `@channel`, `@all` and
/// `@here` when the author may call `everybody`.
pub fn mentioned(message: &str, members: &[User], author: &str, everybody: bool) -> Vec<String> {
    let lower = message.to_lowercase();
    let (names, called) = names(message);
    let everybody = everybody && called;
    let words: Vec<&str> = lower.unicode_words().collect();
    let hit = |user: &&User| {
        let props = user.notify_props.as_ref();
        let on = |key: &str| props.and_then(|p| p.get(key)).is_some_and(|v| v == "true");
        let by_name = names.contains(&user.username);
        let by_key = props.and_then(|p| p.get("mention_keys")).is_some_and(|keys| {
            keys.split(',').map(|k| k.trim().to_lowercase()).any(|k| !k.is_empty() && words.contains(&k.as_str()))
        });
        let first = user.first_name.to_lowercase();
        by_name || by_key || everybody && on("channel") || on("first_name") && words.contains(&first.as_str())
    };
    members.iter().filter(|u| u.id != author).filter(hit).map(|u| u.id.clone()).collect()
}

/// What stands behind each `@`, in lower case, with and without the punctuation that may belong to the sentence; and
/// whether one of it means everybody.
pub fn names(message: &str) -> (Vec<String>, bool) {
    let lower = message.to_lowercase();
    let found: Vec<&str> = lower.split('@').skip(1).map(leading_name).filter(|n| !n.is_empty()).collect();
    let everybody = found.iter().any(|n| matches!(*n, "channel" | "all" | "here"));
    let mut names: Vec<String> =
        found.iter().flat_map(|n| [*n, n.trim_end_matches(['.', '-', '_'])]).map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    (names, everybody)
}

fn leading_name(text: &str) -> &str {
    let part = |text: &str| {
        text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))).unwrap_or(text.len())
    };
    let mut end = part(text);
    // Somebody at a partner site is `name:site`; a colon before a space belongs to the sentence.
    while let Some(rest) = text[end..].strip_prefix(':').filter(|r| r.starts_with(|c: char| c.is_ascii_alphanumeric()))
    {
        end += 1 + part(rest);
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::StringMap;

    fn user(id: &str, name: &str, props: &[(&str, &str)]) -> User {
        let props: StringMap = props.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        User { id: id.into(), username: name.into(), notify_props: Some(props), ..User::default() }
    }

    #[test]
    fn mentions_follow_names_keywords_and_channel_words() {
        let members = [
            user("1", "ana", &[("channel", "true")]),
            user("2", "b.runo", &[("mention_keys", "generator, médico"), ("channel", "false")]),
        ];
        let table: &[(&str, &[&str])] = &[
            ("hello @ana.", &["1"]),
            ("mail@anabel is somebody else", &[]),
            ("@b.runo: please", &["2"]),
            ("@channel hear this", &["1"]),
            ("the Generator is back", &["2"]),
            ("o médico chega", &["2"]),
            ("nobody", &[]),
        ];
        for (message, expected) in table {
            assert_eq!(mentioned(message, &members, "3", true), *expected, "{message}");
        }
        assert!(mentioned("@ana", &members, "1", true).is_empty(), "nobody mentions oneself");
        assert!(mentioned("@channel hear this", &members, "3", false).is_empty(), "who may not call everybody");
    }

    #[test]
    fn names_end_where_the_sentence_goes_on() {
        let found = |message: &str| names(message).0;
        assert_eq!(found("ask @Night-Shift. or @medics, please"), ["medics", "night-shift", "night-shift."]);
        assert!(found("nobody at all").is_empty());
    }

    #[test]
    fn hashtags_begin_with_a_letter() {
        assert_eq!(hashtags("see #Water, #1 and #a but #plan-b."), "#Water #plan-b");
    }
}
