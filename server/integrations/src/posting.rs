//! How other programs speak in channels: with a name and a picture of their own, in as many posts as their words need.

use crate::slack::{self, People};
use chat::{Error, Result, Site, posts, users};
use db::Conn;
use serde_json::Value;
use wire::{Channel, HookMessage, Post, PostMetadata, PostPriority, Props};

/// Bytes of attachments in one post; chat takes somewhat more for all props.
const MAX_ATTACHMENTS: usize = 750_000;

/// Props that say who spoke; a program cannot set them itself.
const OURS: [&str; 6] = [
    "attachments",
    "from_webhook",
    "override_username",
    "override_icon_url",
    "override_icon_emoji",
    "webhook_display_name",
];

/// What is said.
#[derive(Clone, Debug, Default)]
pub struct Speech {
    pub text: String,
    pub attachments: Vec<Value>,
    pub props: Props,
    pub kind: String,
    pub username: String,
    pub icon_url: String,
    pub icon_emoji: String,
    /// Name of the webhook, for administrators.
    pub display_name: String,
    pub priority: Option<PostPriority>,
    pub root_id: String,
}

/// Loads the users that the texts of a program mention by id.
///
/// # Errors
/// When the database fails.
pub async fn people(conn: &mut Conn, text: &str, attachments: &[Value]) -> Result<People> {
    let ids = slack::mentioned_ids(text, attachments);
    if ids.is_empty() {
        return Ok(People::new());
    }
    Ok(users::by_ids(conn, &ids).await?.into_iter().map(|u| (u.id, u.username)).collect())
}

impl Speech {
    /// The message of a program; its own name and picture come before those of the webhook (`username`, `icon_url`).
    ///
    /// # Errors
    /// 400 for a type that is the server's own.
    pub fn of(message: HookMessage, people: &People, username: &str, icon_url: &str) -> Result<Self> {
        check_kind(&message.kind)?;
        let or = |own: String, other: &str| if own.is_empty() { other.to_owned() } else { own };
        Ok(Self {
            text: slack::markdown(&message.text.unwrap_or_default(), people),
            attachments: slack::attachments(message.attachments.unwrap_or_default(), people),
            props: message.props.unwrap_or_default(),
            kind: message.kind,
            username: or(message.username, username),
            icon_url: or(message.icon_url, icon_url),
            icon_emoji: message.icon_emoji,
            priority: message.priority,
            ..Self::default()
        })
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.attachments.is_empty()
    }

    /// Makes posts of at most `limit` characters; attachments go with the last ones.
    ///
    /// # Errors
    /// 400 for an attachment that fits in no post.
    pub fn posts(mut self, limit: usize) -> Result<Vec<Post>> {
        self.props.retain(|key, _| !OURS.contains(&key.as_str()));
        let mut props = self.props;
        props.insert("from_webhook".into(), "true".into());
        for (key, value) in [
            ("override_username", &self.username),
            ("override_icon_url", &self.icon_url),
            ("override_icon_emoji", &self.icon_emoji),
            ("webhook_display_name", &self.display_name),
        ] {
            if !value.is_empty() {
                props.insert(key.into(), value.as_str().into());
            }
        }
        let post = |message: String, props: Props| Post {
            message,
            props,
            kind: self.kind.clone(),
            root_id: self.root_id.clone(),
            metadata: self.priority.clone().map(|p| PostMetadata { priority: Some(p), ..PostMetadata::default() }),
            ..Post::default()
        };
        let mut made: Vec<Post> = pieces(&self.text, limit).into_iter().map(|text| post(text, props.clone())).collect();
        for (i, group) in groups(self.attachments)?.into_iter().enumerate() {
            if i > 0 {
                made.push(post(String::new(), props.clone()));
            }
            if let Some(last) = made.last_mut() {
                last.props.insert("attachments".into(), group.into());
                if last.kind.is_empty() {
                    last.kind = "slack_attachment".into();
                }
            }
        }
        Ok(made)
    }
}

/// 400 for types that are the server's own.
///
/// # Errors
/// As said.
pub fn check_kind(kind: &str) -> Result<()> {
    if kind.is_empty() || kind == "slack_attachment" || kind.starts_with("custom_") {
        return Ok(());
    }
    let message = format!("Invalid type {kind:?}: a program's own types begin with custom_.");
    Err(Error::invalid("model.post.is_valid.type.app_error", message))
}

/// A text in pieces of at most `limit` characters, cut at line ends where that is not far away.
fn pieces(text: &str, limit: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(limit.max(1)) {
        let line = rest[..end].rfind('\n').filter(|at| *at > end / 2);
        let (piece, more) = rest.split_at(line.map_or(end, |at| at + 1));
        all.push(piece.to_owned());
        rest = more;
    }
    if !rest.is_empty() || all.is_empty() {
        all.push(rest.to_owned());
    }
    all
}

/// Attachments in groups that fit into a post each.
fn groups(attachments: Vec<Value>) -> Result<Vec<Vec<Value>>> {
    let mut all: Vec<Vec<Value>> = Vec::new();
    let mut room = 0;
    for attachment in attachments {
        let size = attachment.to_string().len() + 1;
        if size > MAX_ATTACHMENTS {
            let message = format!("Unable to split webhook: an attachment is larger than {MAX_ATTACHMENTS} bytes.");
            return Err(Error::invalid("web.incoming_webhook.split_props_length.app_error", message));
        }
        if size > room {
            all.push(Vec::new());
            room = MAX_ATTACHMENTS;
        }
        room -= size;
        if let Some(group) = all.last_mut() {
            group.push(attachment);
        }
    }
    Ok(all)
}

/// Writes it for `author`, who need not be a member, in one piece; the first post.
///
/// # Errors
/// 400 for what is too long, or a channel that is archived.
pub async fn write(site: &Site, channel: &Channel, author: &str, speech: Speech) -> Result<Post> {
    let config = site.config();
    let all = speech.posts(config.max_post_runes)?;
    let mut tx = site.db.write().await?;
    let mut first = None;
    for mut post in all {
        if !config.features.username_override {
            post.props.remove("override_username");
        }
        if !config.features.icon_override {
            post.props.remove("override_icon_url");
            post.props.remove("override_icon_emoji");
        }
        post.channel_id.clone_from(&channel.id);
        let stored = posts::create_for(site, &mut tx, channel, author, post).await?;
        first.get_or_insert(stored);
    }
    tx.commit().await?;
    first.ok_or_else(|| Error::invalid_body("text", "there is nothing to say"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn long_texts_become_several_posts_and_nothing_is_lost() {
        let text = "ä".repeat(25);
        let speech = Speech { text: text.clone(), attachments: vec![json!({"text": "x"})], ..Speech::default() };
        let posts = speech.posts(10).unwrap();
        assert_eq!(posts.iter().map(|p| p.message.chars().count()).collect::<Vec<_>>(), [10, 10, 5]);
        assert_eq!(posts.iter().map(|p| p.message.as_str()).collect::<String>(), text);
        assert!(posts[2].props.contains_key("attachments") && !posts[0].props.contains_key("attachments"));
        assert_eq!(pieces("one two\nthree", 9), ["one two\n", "three"]);
        let big = || json!({"text": "y".repeat(MAX_ATTACHMENTS / 2)});
        let speech = Speech { attachments: vec![big(), big(), big()], ..Speech::default() };
        assert_eq!(speech.posts(10).unwrap().len(), 3);
        let whole = Speech { attachments: vec![json!({"text": "z".repeat(MAX_ATTACHMENTS)})], ..Speech::default() };
        assert!(whole.posts(10).is_err());
    }

    #[test]
    fn who_spoke_is_not_the_programs_to_say() {
        let props = json!({"from_webhook": "false", "override_username": "root", "mood": "good"});
        let message = HookMessage { props: props.as_object().cloned(), ..HookMessage::default() };
        let speech = Speech::of(message, &People::new(), "ci", "").unwrap();
        let post = speech.posts(10).unwrap().remove(0);
        assert_eq!(
            post.props,
            *json!({"mood": "good", "from_webhook": "true", "override_username": "ci"}).as_object().unwrap()
        );
        let message = HookMessage { kind: "system_join_channel".into(), ..HookMessage::default() };
        assert!(Speech::of(message, &People::new(), "", "").is_err());
    }
}
