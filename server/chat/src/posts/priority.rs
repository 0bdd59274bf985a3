//! How urgent a post is, whether its readers are asked to confirm it, and whether it is told again until they do.

use crate::{Error, Result, Site};
use db::{Conn, Row, Sql, Tx, params};
use std::collections::HashMap;
use wire::{Channel, Post, PostPriority};

const INSERT: Sql =
    Sql::new("INSERT INTO post_priority (post_id, priority, requested_ack, persistent) VALUES ($1, $2, $3, $4)");
const OF_POSTS: Sql =
    Sql::new("SELECT post_id, priority, requested_ack, persistent FROM post_priority WHERE post_id IN LIST($1)");

/// What the author asked for; `None` when it is nothing special.
fn wanted(post: &Post) -> Option<&PostPriority> {
    let priority = post.metadata.as_ref()?.priority.as_ref()?;
    let plain = priority.priority.is_empty()
        && priority.requested_ack != Some(true)
        && priority.persistent_notifications != Some(true);
    (!plain).then_some(priority)
}

/// The words, and that only a post that begins a thread has a priority.
///
/// # Errors
/// 400 that names what is wrong.
pub fn check(post: &Post) -> Result<()> {
    let Some(priority) = wanted(post) else { return Ok(()) };
    if !post.root_id.is_empty() {
        let message = "Only a post that begins a thread can have a priority.";
        return Err(Error::invalid(
            "api.post.post_priority.priority_post_only_allowed_for_root_post.request_error",
            message,
        ));
    }
    if !["", "important", "urgent"].contains(&priority.priority.as_str()) {
        return Err(Error::invalid_body("metadata.priority", "important or urgent is wanted, or nothing"));
    }
    if priority.persistent_notifications == Some(true) && priority.priority != "urgent" {
        let message = "Only an urgent post can be told again until it is answered.";
        return Err(Error::invalid(
            "api.post.post_priority.urgent_persistent_notification_post.request_error",
            message,
        ));
    }
    Ok(())
}

/// Stores the priority of a new post; whether it is urgent.
///
/// # Errors
/// 400 when a post that is told again mentions nobody or too many.
pub async fn record(site: &Site, tx: &mut Tx, channel: &Channel, post: &Post, mentioned: &[String]) -> Result<bool> {
    let Some(priority) = wanted(post) else { return Ok(false) };
    let (ack, persistent) = (priority.requested_ack == Some(true), priority.persistent_notifications == Some(true));
    if persistent && channel.kind != "D" {
        let most = site.config().persistent_max_recipients;
        if mentioned.is_empty() || mentioned.len() > most {
            let message = format!(
                "A post that is told again mentions 1 to {most} people; this one mentions {}.",
                mentioned.len()
            );
            return Err(Error::invalid(
                "api.post.post_priority.max_recipients_persistent_notification_post.request_error",
                message,
            ));
        }
    }
    tx.execute(&INSERT, params![&post.id, &priority.priority, ack, persistent]).await?;
    if persistent {
        super::persist::begin(site, tx, post).await?;
    }
    Ok(priority.priority == "urgent")
}

/// The priorities of those posts that have one.
pub async fn of_posts(conn: &mut Conn, ids: &[String]) -> db::Result<HashMap<String, PostPriority>> {
    let decode = |row: Row| {
        let mut r = row.read();
        let id: String = r.get()?;
        let (priority, ack, persistent): (String, bool, bool) = (r.get()?, r.get()?, r.get()?);
        let priority = PostPriority { priority, requested_ack: Some(ack), persistent_notifications: Some(persistent) };
        Ok((id, priority))
    };
    Ok(conn.fetch(&OF_POSTS, params![ids], decode).await?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::PostMetadata;

    fn post(root: &str, priority: &str, persistent: bool) -> Post {
        let priority = PostPriority {
            priority: priority.into(),
            persistent_notifications: Some(persistent),
            ..PostPriority::default()
        };
        let metadata = PostMetadata { priority: Some(priority), ..PostMetadata::default() };
        Post { root_id: root.into(), metadata: Some(metadata), ..Post::default() }
    }

    #[test]
    fn only_roots_are_urgent_and_only_urgent_ones_insist() {
        assert!(check(&post("", "urgent", true)).is_ok());
        assert!(check(&post("r", "", false)).is_ok(), "clients send an empty priority with replies");
        for bad in [post("r", "urgent", false), post("", "loud", false), post("", "important", true)] {
            assert!(check(&bad).is_err(), "{bad:?}");
        }
    }
}
