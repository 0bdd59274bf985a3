//! Posts of people at a partner site, as the crate that keeps the connections hands them over: it has proved that the site
//! may write in the channel and that the author belongs to it.
//!
//! A post keeps its id and the time of its writing, so that both sites show the same order. Its `update_at` is of here:
//! clients that ask for what changed since they were here hear of posts that were under way for hours.

use super::{attachments, audience, change, complete, create, mentions, outside, reach, rules, store, versions};
use crate::{Result, Site, channels, files};
use db::Tx;
use wire::{Channel, Event, Post, PostMetadata, PostPriority};

pub use super::acknowledge::{confirm, take_back};
pub use super::reactions::{put as react, take as unreact};

/// Types that people write; everything else that comes from another site is shown as plain text.
const KINDS: [&str; 3] = ["", "me", "slack_attachment"];
/// Under another name or picture nobody speaks here.
const DISGUISES: [&str; 5] =
    ["override_username", "override_icon_url", "override_icon_emoji", "use_user_icon", "webhook_display_name"];

/// Takes out what another site may not say.
fn cleaned(mut post: Post) -> Post {
    if !KINDS.contains(&post.kind.as_str()) {
        post.kind.clear();
    }
    for key in DISGUISES {
        post.props.shift_remove(key);
    }
    // What a button does would be done by this server.
    attachments::hide(&mut post);
    post
}

fn urgency(new: &Post) -> Option<PostMetadata> {
    let wanted = new.metadata.as_ref()?.priority.as_ref()?;
    let known = new.root_id.is_empty() && ["", "important", "urgent"].contains(&wanted.priority.as_str());
    // Whether it insists is between the author and the author's own site.
    let priority = PostPriority { persistent_notifications: None, ..wanted.clone() };
    known.then(|| PostMetadata { priority: Some(priority), ..PostMetadata::default() })
}

/// Stores a post under its own id. Files that have not come are left out.
///
/// # Errors
/// 400 for a post that nobody could write, or whose thread is not here.
pub async fn receive(site: &Site, tx: &mut Tx, channel: &Channel, new: Post) -> Result<Post> {
    let new = cleaned(new);
    rules::check(&new, &site.config())?;
    channels::lock(tx, &channel.id).await?;
    create::check_root(tx, &new).await?;
    let here = files::of_ids(tx, &new.file_ids).await?;
    let ready = |id: &String| here.iter().any(|f| f.id == *id && f.post_id.is_empty() && f.user_id == new.user_id);
    let mut post = Post {
        create_at: new.create_at.max(1),
        edit_at: new.edit_at,
        hashtags: rules::hashtags(&new.message),
        metadata: urgency(&new),
        file_ids: new.file_ids.iter().filter(|id| ready(id)).cloned().collect(),
        id: new.id,
        user_id: new.user_id,
        channel_id: channel.id.clone(),
        root_id: new.root_id,
        message: new.message,
        kind: new.kind,
        props: new.props,
        is_pinned: new.is_pinned,
        remote_id: new.remote_id,
        ..Post::default()
    };
    attachments::name_actions(&mut post);
    site.before_store(&mut post);
    let post = create::write(site, tx, channel, post).await?;
    if !post.root_id.is_empty() {
        // The reply may be older than what clients have asked for.
        store::touch(tx, &post.root_id, post.update_at).await?;
    }
    Ok(post)
}

/// Puts the words of `new` in place of those that `old` has; nothing happens when they are the same.
///
/// # Errors
/// 400 for a post that nobody could write.
pub async fn revise(site: &Site, tx: &mut Tx, channel: &Channel, old: Post, new: Post) -> Result<()> {
    let new = cleaned(new);
    let mut post = old.clone();
    post.message = new.message;
    post.props = new.props;
    post.is_pinned = new.is_pinned;
    post.edit_at = old.edit_at.max(new.edit_at);
    let here = files::of_ids(tx, &new.file_ids).await?;
    post.file_ids = new.file_ids.into_iter().filter(|id| here.iter().any(|f| f.id == *id)).collect();
    attachments::name_actions(&mut post);
    rules::check(&post, &site.config())?;
    let reworded = post.message != old.message;
    if !reworded && post.props == old.props && post.is_pinned == old.is_pinned && post.file_ids == old.file_ids {
        return Ok(());
    }
    channels::lock(tx, &channel.id).await?;
    post.update_at = change::later(site, &old);
    if reworded || post.file_ids != old.file_ids {
        versions::keep(tx, &old, post.update_at).await?;
        files::exchange(tx, &old.file_ids, &post, post.update_at).await?;
    }
    if reworded {
        post.hashtags = rules::hashtags(&post.message);
        site.before_store(&mut post);
        let reach = reach::of(site, tx, channel, &mut post).await?;
        let mentioned = audience::mentioned(tx, channel, &post, reach).await?;
        mentions::replace(tx, &post, &mentioned).await?;
    }
    store::update(tx, &post).await?;
    outside::stored(site, tx, &post, false).await?;
    let post = complete(site, tx, post).await?;
    site.emit(tx, Event::new("post_edited").with_encoded("post", &post).to_channel(&post.channel_id));
    Ok(())
}

/// Deletes a post, and with a root its replies.
///
/// # Errors
/// When the database fails.
pub async fn withdraw(site: &Site, tx: &mut Tx, post: Post) -> Result<()> {
    channels::lock(tx, &post.channel_id).await?;
    let by = post.user_id.clone();
    change::withdraw(site, tx, post, &by).await
}

/// A live post of this channel.
///
/// # Errors
/// 404.
pub async fn live(tx: &mut Tx, channel: &str, id: &str) -> Result<Post> {
    let found = store::get(tx, id).await?.filter(|p| p.delete_at == 0 && p.channel_id == channel);
    found.ok_or_else(super::missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn another_site_speaks_under_no_other_name_and_its_buttons_do_nothing_here() {
        let mut post = Post { kind: "system_add_to_channel".into(), ..Post::default() };
        post.props = serde_json::from_value(json!({
            "override_username": "root", "from_webhook": "true",
            "attachments": [{"actions": [{"name": "Go", "integration": {"url": "http://127.0.0.1/"}}]}],
        }))
        .unwrap();
        let kept = cleaned(post);
        assert_eq!(kept.kind, "");
        assert!(!kept.props.contains_key("override_username"));
        assert!(!serde_json::to_string(&kept).unwrap().contains("integration"));
    }
}
