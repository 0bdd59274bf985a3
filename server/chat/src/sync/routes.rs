//! `POST /sync`.

use super::sections::{self, Sections};
use super::store;
use crate::Json;
use crate::{Actor, Error, Result, Site, channels, posts, status, teams, threads};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use db::Conn;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use wire::{Channel, ChannelMember, Post, Status, Thread};

/// Most posts of a page.
const MAX_POSTS: i64 = 1000;
/// Most threads and statuses of an answer; a client that is so far behind asks for the rest as at its start.
const MAX_OTHER: i64 = 1000;

/// What is written while an answer is made bears a time before it: that long before the time of the last answer begins
/// the next one. What comes twice is the same.
const OVERLAP_MS: i64 = 10_000;

/// Routes of this domain.
pub fn router() -> Router<Site> {
    Router::new().route("/sync", post(sync))
}

/// Body of the request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Body {
    /// `timestamp` of the last answer, milliseconds.
    since: i64,
    /// Only this team, and direct and group messages; empty for all.
    team_id: String,
    /// `cursor` of the page before; empty for the first page.
    cursor: String,
    /// Posts of a page.
    per_page: Option<i64>,
    /// `revisions` of the last answer; none for a client that wants every section.
    revisions: BTreeMap<String, String>,
}

/// A page. Everything but `posts` is in the first page only.
#[derive(Debug, Default, Serialize)]
pub struct Delta {
    /// In the order of their last change; deleted ones say nothing but that they were.
    posts: Vec<Post>,
    channels: Vec<Channel>,
    channel_members: Vec<ChannelMember>,
    /// Ids of every channel that the user is in; what is not among them was left. Of one that the client did not have, it
    /// asks for posts and threads as at its start: they may be older than the last answer.
    channel_ids: Vec<String>,
    threads: Vec<Thread>,
    statuses: Vec<Status>,
    #[serde(flatten)]
    sections: Option<Sections>,
    /// For the next page; empty after the last.
    cursor: String,
    /// When the first page was made: `since` of the next request.
    timestamp: i64,
}

/// Where a page begins: after this post, of a request that began at `started`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cursor {
    started: i64,
    update_at: i64,
    id: String,
}

impl Cursor {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let cursor = Self {
            started: parts.next()?.parse().ok()?,
            update_at: parts.next()?.parse().ok()?,
            id: parts.next()?.to_owned(),
        };
        (parts.next().is_none() && kit::id::is_valid(&cursor.id)).then_some(cursor)
    }

    fn write(&self) -> String {
        format!("{}.{}.{}", self.started, self.update_at, self.id)
    }
}

async fn sync(State(site): State<Site>, actor: Actor, Json(body): Json<Body>) -> Result<Json<Delta>> {
    if body.since <= 0 {
        return Err(Error::invalid_body("since", "the timestamp of the last answer is wanted, in milliseconds"));
    }
    let mut conn = site.db.read().await?;
    if !body.team_id.is_empty() {
        teams::require_member(&mut conn, &actor, &body.team_id).await?;
    }
    let first = body.cursor.is_empty();
    let from = if first {
        Cursor { started: site.clock.now_ms(), update_at: (body.since - OVERLAP_MS).max(0), id: posts::LAST_ID.into() }
    } else {
        Cursor::read(&body.cursor).ok_or_else(|| Error::invalid_body("cursor", "it is not one of this server"))?
    };
    let mut delta = if first { around(&site, &mut conn, &actor, &body).await? } else { Delta::default() };
    let limit = body.per_page.unwrap_or(MAX_POSTS).clamp(1, MAX_POSTS);
    let team = body.team_id.as_str();
    delta.posts = posts::changed_for(&mut conn, &actor.user_id, team, from.update_at, &from.id, limit).await?;
    delta.timestamp = from.started;
    if i64::try_from(delta.posts.len()).unwrap_or(0) == limit {
        let last = delta.posts.last();
        delta.cursor = last.map_or_else(String::new, |p| {
            Cursor { started: from.started, update_at: p.update_at, id: p.id.clone() }.write()
        });
    }
    posts::with_metadata(&site, &mut conn, &mut delta.posts).await?;
    posts::with_permalinks(&site, &mut conn, &actor, &mut delta.posts).await?;
    posts::with_following(&mut conn, &actor.user_id, &mut delta.posts).await?;
    Ok(Json(delta))
}

/// What changed beside the posts.
async fn around(site: &Site, conn: &mut Conn, actor: &Actor, body: &Body) -> Result<Delta> {
    let (user, team, since) = (actor.user_id.as_str(), body.team_id.as_str(), (body.since - OVERLAP_MS).max(0));
    let changed: HashSet<String> = store::channels(conn, user, team, since).await?.into_iter().collect();
    let mut delta = Delta { channels: channels::of_user(conn, user).await?, ..Delta::default() };
    delta.channels.retain(|c| team.is_empty() || c.team_id.is_empty() || c.team_id == team);
    delta.channel_ids = delta.channels.iter().map(|c| c.id.clone()).collect();
    delta.channels.retain(|c| changed.contains(&c.id));
    delta.channel_members = channels::memberships(conn, user).await?;
    delta.channel_members.retain(|m| changed.contains(&m.channel_id));
    let ids = store::threads(conn, user, team, since, MAX_OTHER).await?;
    delta.threads = threads::of_user(site, conn, actor, &ids).await?;
    let set: Vec<String> =
        store::statuses(conn, user, since, MAX_OTHER).await?.into_iter().map(|s| s.user_id).collect();
    delta.statuses = status::of(site, conn, &set).await?;
    delta.sections = Some(sections::changed(site, conn, actor, team, &body.revisions).await?);
    Ok(delta)
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = Cursor { started: 7, update_at: 5, id: "a".repeat(26) };
        assert_eq!(Cursor::read(&cursor.write()), Some(cursor));
        for bad in ["", "7", "7.5", "7.5.x", "x.5.aaaaaaaaaaaaaaaaaaaaaaaaaa", "7.5.aaaaaaaaaaaaaaaaaaaaaaaaaa.9"] {
            assert_eq!(Cursor::read(bad), None, "{bad}");
        }
    }
}
