//! Words for one user only: they are shown and not stored.

use super::cookie;
use crate::Integrations;
use crate::posting::Speech;
use chat::{Result, Site};
use wire::{Event, Post};

/// Says it to `user_id` in a channel, in the name of `author`.
///
/// # Errors
/// 400 for what is too large.
pub fn whisper(
    site: &Site,
    integrations: &Integrations,
    (user_id, author): (&str, &str),
    channel_id: &str,
    speech: Speech,
) -> Result<()> {
    for post in speech.posts(site.config().max_post_runes)? {
        let now = site.clock.now_ms();
        let mut post = Post {
            id: kit::id::new(),
            create_at: now,
            update_at: now,
            user_id: author.into(),
            channel_id: channel_id.into(),
            kind: "system_ephemeral".into(),
            ..post
        };
        if chat::posts::attachments::any(&post) {
            post.metadata.get_or_insert_default().embeds = vec![serde_json::json!({"type": "message_attachment"})];
        }
        cookie::give(&integrations.seal, &mut post, user_id);
        let event = Event::new("ephemeral_message").with_encoded("post", &post);
        site.hub.publish(event.to_channel(channel_id).to_user(user_id));
    }
    Ok(())
}
