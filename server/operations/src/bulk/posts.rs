//! Applies post lines, many in one transaction. A post that is there already (same channel, author, time and words) is
//! left, and only gets what it lacks; so an import can be run again, also after it was cut off.

use super::line::{Post, text};
use super::names::Names;
use super::source::Files;
use super::store::{self, Key, Known};
use chat::{Error, Result, Site, files, posts};
use db::{Tx, Value, params};
use serde_json::json;
use std::collections::{BTreeSet, HashMap, VecDeque};

/// A thread of a batch: where it belongs and what its line says.
pub struct Thread {
    pub channel: String,
    pub root: Post,
    /// Line number, for errors about attachments.
    pub line: u64,
}

/// How many posts were new.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    pub new: u64,
    pub known: u64,
}

/// What the statements of a batch will write.
#[derive(Default)]
struct Rows {
    posts: Vec<Vec<Value>>,
    reactions: Vec<Vec<Value>>,
    flags: Vec<Vec<Value>>,
    mentions: Vec<Vec<Value>>,
    follows: Vec<Vec<Value>>,
    /// Posts that were there and have reactions now.
    reacted: Vec<String>,
    /// By channel: posts that count, roots of these, last post, last root.
    bumps: HashMap<String, (i64, i64, i64, i64)>,
    threads: Vec<(String, String, Vec<String>)>,
    changed: Vec<(String, Option<bool>, Option<i64>)>,
    /// Files to give to posts.
    attached: Vec<(Vec<String>, wire::Post)>,
}

fn key(user: &str, post: &Post) -> Key {
    (user.to_owned(), post.create_at.unwrap_or_default(), text(&post.message).to_owned())
}

/// An id for every post of the batch. Posts of one channel and millisecond are shown by their ids, so these ascend in the
/// order of the lines.
fn ordered_ids(threads: &[Thread]) -> HashMap<(&str, i64), VecDeque<String>> {
    let mut ids: HashMap<(&str, i64), VecDeque<String>> = HashMap::new();
    for thread in threads {
        for post in std::iter::once(&thread.root).chain(thread.root.replies.iter().flatten()) {
            let at = post.create_at.unwrap_or_default();
            ids.entry((&thread.channel, at)).or_default().push_back(kit::id::new());
        }
    }
    ids.values_mut().filter(|list| list.len() > 1).for_each(|list| list.make_contiguous().sort_unstable());
    ids
}

/// The posts of these threads that the site has, by channel.
async fn known_posts(site: &Site, threads: &[Thread]) -> Result<HashMap<String, HashMap<Key, Known>>> {
    let mut times: HashMap<&str, BTreeSet<i64>> = HashMap::new();
    for thread in threads {
        let list = times.entry(&thread.channel).or_default();
        let replies = thread.root.replies.iter().flatten();
        list.extend(std::iter::once(&thread.root).chain(replies).filter_map(|p| p.create_at));
    }
    let mut conn = site.db.read().await?;
    let mut found = HashMap::new();
    for (channel, times) in times {
        let times: Vec<i64> = times.into_iter().collect();
        let mut known = HashMap::new();
        store::at_times(&mut conn, channel, &times, &mut known).await?;
        found.insert(channel.to_owned(), known);
    }
    Ok(found)
}

/// Stores the attachments that posts do not have yet; the ids of the files.
async fn attachments(
    site: &Site,
    from: &Files,
    channel: &str,
    user: &str,
    post: &Post,
    known: Option<&Known>,
    line: u64,
) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    if known.is_some_and(|k| k.files > 0) {
        return Ok(ids);
    }
    for path in post.attachments.iter().flatten().map(|a| text(&a.path)) {
        let bytes = from.read(path, site.config().max_file_bytes).await.map_err(|reason| {
            let message = format!("line {line}, attachments.path: {reason}");
            Error::invalid("app.import.attachment.bad_file.error", message)
        })?;
        let name = path.rsplit('/').next().unwrap_or(path);
        ids.push(files::store_bytes(site, user, channel, name, bytes.into()).await?.id);
    }
    Ok(ids)
}

/// Writes the threads of a batch.
///
/// # Errors
/// When an attachment cannot be had or the database fails; then nothing of the batch is there.
pub async fn apply(site: &Site, names: &Names, from: &Files, threads: Vec<Thread>) -> Result<Counted> {
    let mut known = known_posts(site, &threads).await?;
    let (mut rows, mut counted) = (Rows::default(), Counted::default());
    let mut ids = ordered_ids(&threads);
    for thread in &threads {
        let of_channel = known.entry(thread.channel.clone()).or_default();
        let mut root_id = String::new();
        let mut repliers: Vec<String> = Vec::new();
        let mut grew = false;
        let all = std::iter::once(&thread.root).chain(thread.root.replies.iter().flatten());
        for post in all {
            let Some(user) = names.user(text(&post.user)).map(str::to_owned) else { continue };
            let key = key(&user, post);
            let there = of_channel.get(&key).cloned();
            let files = attachments(site, from, &thread.channel, &user, post, there.as_ref(), thread.line).await?;
            let id = match &there {
                Some(known) => {
                    counted.known += 1;
                    let pinned = post.is_pinned.filter(|p| *p != known.pinned);
                    let edited = post.edit_at.filter(|t| *t != known.edit_at);
                    if pinned.is_some() || edited.is_some() {
                        rows.changed.push((known.id.clone(), pinned, edited));
                    }
                    known.id.clone()
                }
                None => {
                    counted.new += 1;
                    grew = true;
                    let place = (thread.channel.as_str(), post.create_at.unwrap_or_default());
                    let id = ids.get_mut(&place).and_then(VecDeque::pop_front).unwrap_or_else(kit::id::new);
                    rows.add_post(&id, &root_id, &thread.channel, &user, post, &files);
                    for other in names.mentioned(text(&post.message), &user) {
                        let at = post.create_at.unwrap_or_default();
                        rows.mentions.push(params![&id, other, &root_id, &thread.channel, at]);
                    }
                    let pinned = post.is_pinned.unwrap_or_default();
                    let edit_at = post.edit_at.unwrap_or_default();
                    let made = Known { id: id.clone(), pinned, edit_at, files: files.len() as i64 };
                    of_channel.insert(key, made);
                    id
                }
            };
            rows.add_reactions(names, &thread.channel, &id, post, there.is_some());
            for flagged in post.flagged_by.iter().flatten().filter_map(|name| names.user(name)) {
                rows.flags.push(params![flagged, "flagged_post", &id, "true"]);
            }
            if !files.is_empty() {
                let create_at = post.create_at.unwrap_or_default();
                let channel_id = thread.channel.clone();
                let owner =
                    wire::Post { id: id.clone(), user_id: user.clone(), channel_id, create_at, ..Default::default() };
                rows.attached.push((files, owner));
            }
            if root_id.is_empty() {
                root_id = id;
            } else {
                repliers.retain(|r| *r != user);
                repliers.push(user);
            }
        }
        if !repliers.is_empty() && grew {
            rows.add_thread(names, thread, &root_id, repliers);
        }
    }
    let mut tx = site.db.write().await?;
    rows.write(site, &mut tx).await?;
    tx.commit().await?;
    Ok(counted)
}

impl Rows {
    fn add_post(&mut self, id: &str, root: &str, channel: &str, user: &str, post: &Post, files: &[String]) {
        let (at, edited) = (post.create_at.unwrap_or_default(), post.edit_at.unwrap_or_default());
        let (message, kind) = (text(&post.message), text(&post.r#type));
        let props = post.props.clone().filter(serde_json::Value::is_object).unwrap_or_else(|| json!({}));
        self.posts.push(params![
            id,
            at,
            at.max(edited),
            edited,
            post.is_pinned.unwrap_or_default(),
            user,
            channel,
            root,
            message,
            kind,
            props,
            posts::hashtags(message),
            json!(files),
            post.reactions.iter().flatten().next().is_some()
        ]);
        let counts = i64::from(posts::counts(kind));
        let is_root = root.is_empty();
        let bump = self.bumps.entry(channel.to_owned()).or_default();
        bump.0 += counts;
        bump.1 += if is_root { counts } else { 0 };
        bump.2 = bump.2.max(at);
        bump.3 = if is_root { bump.3.max(at) } else { bump.3 };
    }

    fn add_reactions(&mut self, names: &Names, channel: &str, id: &str, post: &Post, was_there: bool) {
        for reaction in post.reactions.iter().flatten() {
            let Some(user) = names.user(text(&reaction.user)) else { continue };
            let at = reaction.create_at.or(post.create_at).unwrap_or_default();
            self.reactions.push(params![user, id, text(&reaction.emoji_name), at, at, channel]);
            if was_there && self.reacted.last().is_none_or(|last| last != id) {
                self.reacted.push(id.to_owned());
            }
        }
    }

    /// Its author and all who replied follow a thread, with those whom the line names; who is not named has read it.
    fn add_thread(&mut self, names: &Names, thread: &Thread, root: &str, repliers: Vec<String>) {
        let last = thread.root.replies.iter().flatten().filter_map(|r| r.create_at).max().unwrap_or_default();
        let mut followers: HashMap<&str, i64> = HashMap::new();
        for user in names.user(text(&thread.root.user)).into_iter().chain(repliers.iter().map(String::as_str)) {
            followers.insert(user, last);
        }
        for follower in thread.root.thread_followers.iter().flatten() {
            if let Some(user) = names.user(text(&follower.user)) {
                followers.insert(user, follower.last_viewed.unwrap_or(last));
            }
        }
        let follows = followers.into_iter().map(|(user, viewed)| params![root, user, true, viewed, last]);
        self.follows.extend(follows);
        self.threads.push((root.to_owned(), thread.channel.clone(), repliers));
    }

    async fn write(self, site: &Site, tx: &mut Tx) -> Result<()> {
        const POSTS: [&str; 14] = [
            "id",
            "create_at",
            "update_at",
            "edit_at",
            "is_pinned",
            "user_id",
            "channel_id",
            "root_id",
            "message",
            "type",
            "props",
            "hashtags",
            "file_ids",
            "has_reactions",
        ];
        const REACTIONS: [&str; 6] = ["user_id", "post_id", "emoji_name", "create_at", "update_at", "channel_id"];
        const FLAGS: [&str; 4] = ["user_id", "category", "name", "value"];
        const MENTIONS: [&str; 5] = ["post_id", "user_id", "root_id", "channel_id", "create_at"];
        const FOLLOWS: [&str; 5] = ["post_id", "user_id", "following", "last_viewed_at", "last_update_at"];
        const TWICE: &str = "ON CONFLICT DO NOTHING";
        tx.insert_rows("posts", &POSTS, "", self.posts).await?;
        tx.insert_rows("reactions", &REACTIONS, TWICE, self.reactions).await?;
        tx.insert_rows("preferences", &FLAGS, TWICE, self.flags).await?;
        tx.insert_rows("post_mentions", &MENTIONS, TWICE, self.mentions).await?;
        tx.insert_rows("thread_memberships", &FOLLOWS, TWICE, self.follows).await?;
        for (root, channel, participants) in &self.threads {
            store::put_thread(tx, root, channel, participants).await?;
        }
        for (channel, (counted, roots, last, last_root)) in &self.bumps {
            store::bump(tx, params![channel, *counted, *roots, *last, *last_root]).await?;
        }
        store::reacted(tx, self.reacted).await?;
        let now = site.clock.now_ms();
        for (id, pinned, edited) in self.changed {
            store::change_post(tx, &id, pinned, edited, now).await?;
        }
        for (ids, owner) in self.attached {
            files::attach(tx, &ids, &owner).await?;
        }
        Ok(())
    }
}
