//! Threads as clients get them.

use super::store::{self, Followed};
use crate::{Actor, Result, Site, posts, users};
use db::Conn;
use std::collections::BTreeMap;
use wire::{Participant, Post, Thread, User};

/// Fills in root posts and participants; `extended` gives whole users instead of ids.
pub async fn complete(
    site: &Site,
    conn: &mut Conn,
    actor: &Actor,
    found: Vec<Followed>,
    deleted: bool,
    extended: bool,
) -> Result<Vec<Thread>> {
    let ids: Vec<String> = found.iter().map(|f| f.post_id.clone()).collect();
    let mut roots = posts::roots(conn, &ids, deleted).await?;
    posts::with_metadata(site, conn, &mut roots).await?;
    let mut roots: BTreeMap<String, Post> = roots.into_iter().map(|p| (p.id.clone(), p)).collect();
    let people = if extended { participants(conn, actor, &found).await? } else { BTreeMap::new() };
    let thread = |f: Followed| {
        let mut post = roots.remove(&f.post_id)?;
        let list: Vec<Participant> = f.participants.iter().map(|id| participant(id, &people)).collect();
        post.reply_count = f.reply_count;
        post.last_reply_at = f.last_reply_at;
        post.participants = Some(list.clone());
        post.is_following = Some(f.following);
        Some(Thread {
            id: f.post_id,
            reply_count: f.reply_count,
            last_reply_at: f.last_reply_at,
            last_viewed_at: f.last_viewed_at,
            participants: list,
            post,
            unread_replies: f.unread_replies,
            unread_mentions: f.unread_mentions,
            is_following: f.following,
            is_urgent: f.urgent,
            delete_at: f.delete_at,
            ..Thread::default()
        })
    };
    Ok(found.into_iter().filter_map(thread).collect())
}

async fn participants(conn: &mut Conn, actor: &Actor, found: &[Followed]) -> Result<BTreeMap<String, User>> {
    let mut ids: Vec<String> = found.iter().flat_map(|f| f.participants.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let users = users::by_ids(conn, &ids).await?;
    Ok(users.into_iter().map(|u| (u.id.clone(), users::sanitized(u, actor))).collect())
}

fn participant(id: &str, people: &BTreeMap<String, User>) -> Participant {
    match people.get(id) {
        Some(user) => Participant::User(Box::new(user.clone())),
        None => Participant::Id { id: id.to_owned() },
    }
}

/// One user's view of a thread; who never followed it has read nothing of it.
pub async fn one(conn: &mut Conn, root: &Post, user: &str) -> Result<Followed> {
    if let Some(known) = store::one(conn, &root.id, user).await? {
        return Ok(known);
    }
    let summary = store::summaries(conn, std::slice::from_ref(&root.id)).await?.pop().unwrap_or_default();
    Ok(Followed {
        post_id: root.id.clone(),
        user_id: user.into(),
        reply_count: summary.reply_count,
        last_reply_at: summary.last_reply_at,
        participants: summary.participants,
        ..Followed::default()
    })
}
