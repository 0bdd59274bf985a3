//! A few posts that changed, with their authors, files, confirmations and reactions.

use super::store::{self, Mark};
use super::{Line, blank};
use crate::call::Failed;
use crate::channels::store::Share;
use crate::names;
use crate::receive::SYNC;
use chat::{posts, users};
use std::collections::{BTreeMap, BTreeSet};
use wire::{Post, PostAcknowledgement, PostMetadata, Reaction, SyncMsg};

/// How often a post is sent that the partner refuses.
const TRIES: usize = 3;

/// What is to be told of a batch.
#[derive(Default)]
struct Told {
    posts: Vec<Post>,
    /// Ids of everybody who has to be known first.
    people: BTreeSet<String>,
    reactions: Vec<(Mark, Reaction)>,
    acknowledgements: Vec<(Mark, PostAcknowledgement)>,
    mentions: BTreeMap<String, String>,
}

/// Whether a post is one that people wrote; the rest each site says itself.
fn is_said(post: &Post) -> bool {
    let system = post.kind.starts_with("system_");
    let bare = post.message.is_empty() && post.file_ids.is_empty() && post.delete_at == 0;
    !system && !(bare && !posts::attachments::any(post)) && post.kind != "custom_calls"
}

/// As the partner gets it.
fn bare(mut post: Post) -> Post {
    if post.kind.starts_with("custom_") {
        post.kind.clear();
    }
    let priority = post.metadata.take().and_then(|m| m.priority);
    post.metadata = priority.map(|p| PostMetadata { priority: Some(p), ..PostMetadata::default() });
    Post { remote_id: None, participants: None, is_following: None, reply_count: 0, last_reply_at: 0, ..post }
}

impl Line<'_> {
    /// Tells of these changes.
    pub(super) async fn batch(&self, share: &Share, changed: Vec<Post>) -> Result<(), Failed> {
        let channel = share.remote.channel_id.as_str();
        let told = self.gather(share, changed).await?;
        let everybody: Vec<String> = told.people.iter().cloned().collect();
        let mut conn = self.site.db.read().await?;
        let unknown = store::unknown(&mut conn, &self.remote.remote_id, channel, &everybody).await?;
        drop(conn);
        self.people(channel, &unknown).await?;
        self.files(&told.posts).await?;
        self.say_posts(channel, told.posts, told.mentions).await?;
        if !told.acknowledgements.is_empty() {
            let (marks, list): (Vec<_>, Vec<_>) = told.acknowledgements.into_iter().unzip();
            let gone: Vec<bool> = list.iter().map(|a: &PostAcknowledgement| a.acknowledged_at == 0).collect();
            self.say(SYNC, &SyncMsg { acknowledgements: Some(list), ..blank(channel) }).await?;
            self.note(&marks, &gone).await?;
        }
        if !told.reactions.is_empty() {
            let (marks, list): (Vec<_>, Vec<_>) = told.reactions.into_iter().unzip();
            let gone: Vec<bool> = list.iter().map(|r: &Reaction| r.delete_at != 0).collect();
            self.say(SYNC, &SyncMsg { reactions: Some(list), ..blank(channel) }).await?;
            self.note(&marks, &gone).await?;
        }
        Ok(())
    }

    /// Remembers what the partner was told.
    async fn note(&self, marks: &[Mark], gone: &[bool]) -> Result<(), Failed> {
        let mut tx = self.site.db.write().await?;
        for (mark, gone) in marks.iter().zip(gone) {
            if *gone {
                store::unmark(&mut tx, &self.remote.remote_id, mark).await?;
            } else {
                store::mark(&mut tx, &self.remote.remote_id, mark).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Sends posts; those that are refused again, a few times.
    async fn say_posts(
        &self,
        channel: &str,
        mut list: Vec<Post>,
        mentions: BTreeMap<String, String>,
    ) -> Result<(), Failed> {
        let mentions = (!mentions.is_empty()).then_some(mentions);
        for again in 1..=TRIES {
            if list.is_empty() {
                return Ok(());
            }
            let msg = SyncMsg {
                posts: Some(list.iter().cloned().map(bare).collect()),
                mention_transforms: mentions.clone(),
                ..blank(channel)
            };
            let answer = self.say(SYNC, &msg).await?;
            list.retain(|p| answer.post_errors.contains(&p.id));
            if again == TRIES && !list.is_empty() {
                let ids: Vec<&str> = list.iter().map(|p| p.id.as_str()).collect();
                tracing::warn!(posts = ?ids, remote = %self.remote.name, "a partner refuses posts; they are left out");
            }
        }
        Ok(())
    }

    async fn gather(&self, share: &Share, changed: Vec<Post>) -> Result<Told, Failed> {
        let remote = self.remote.remote_id.as_str();
        let mut conn = self.site.db.read().await?;
        // What is the partner's own it has.
        let is_theirs = |p: &Post| p.remote_id.as_deref() == Some(remote);
        let mut ours: Vec<Post> = changed.iter().filter(|p| !is_theirs(p) && is_said(p)).cloned().collect();
        // A thread whose beginning lies before the sharing, or was changed later than this reply.
        let known: BTreeSet<&str> = ours.iter().map(|p| p.id.as_str()).collect();
        let mut roots: Vec<String> =
            ours.iter().map(|p| p.root_id.clone()).filter(|r| !r.is_empty() && !known.contains(r.as_str())).collect();
        roots.sort_unstable();
        roots.dedup();
        let roots = posts::roots(&mut conn, &roots, false).await?;
        let last = changed.iter().map(|p| p.update_at).max().unwrap_or(0);
        let untold = |p: &Post| !is_theirs(p) && is_said(p) && (p.create_at < share.began_at || p.update_at >= last);
        ours.extend(roots.into_iter().filter(untold));
        ours.sort_by(|a, b| {
            (!a.root_id.is_empty(), a.create_at, &a.id).cmp(&(!b.root_id.is_empty(), b.create_at, &b.id))
        });
        posts::with_metadata(self.site, &mut conn, &mut ours).await?;
        let mut told = Told::default();
        let live: Vec<String> = changed.iter().filter(|p| p.delete_at == 0).map(|p| p.id.clone()).collect();
        let reactions = posts::reactions(&mut conn, &live).await?;
        let acks = posts::acknowledgements(&mut conn, &live).await?;
        let marks = store::marks(&mut conn, remote, &live).await?;
        let mut who: Vec<String> = reactions.iter().map(|r| r.user_id.clone()).collect();
        who.extend(acks.iter().map(|a| a.user_id.clone()));
        let mut foreign = BTreeSet::new();
        for user in users::by_ids(&mut conn, &who).await? {
            if user.remote_id.as_deref() == Some(remote) {
                foreign.insert(user.id);
            }
        }
        let before: BTreeSet<&Mark> = marks.iter().collect();
        let mut now = BTreeSet::new();
        for reaction in reactions.into_iter().filter(|r| !foreign.contains(&r.user_id)) {
            let mark = Mark::new("reaction", &reaction.post_id, &reaction.user_id, &reaction.emoji_name);
            now.insert(mark.clone());
            if !before.contains(&mark) {
                told.people.insert(reaction.user_id.clone());
                told.reactions.push((mark, reaction));
            }
        }
        for ack in acks.into_iter().filter(|a| !foreign.contains(&a.user_id)) {
            let mark = Mark::new("ack", &ack.post_id, &ack.user_id, "");
            now.insert(mark.clone());
            if !before.contains(&mark) {
                told.people.insert(ack.user_id.clone());
                told.acknowledgements.push((mark, ack));
            }
        }
        let at = self.site.clock.now_ms();
        for mark in marks.iter().filter(|m| !now.contains(*m)) {
            self.taken_back(share, mark, at, &mut told);
        }
        told.people.extend(ours.iter().filter(|p| p.delete_at == 0).map(|p| p.user_id.clone()));
        let mut named: Vec<String> = ours.iter().flat_map(|p| names::mentioned(&p.message)).collect();
        named.sort_unstable();
        named.dedup();
        if !named.is_empty() {
            let found = users::by_usernames(&mut conn, &named).await?;
            told.mentions = found.into_iter().map(|u| (u.username, u.id)).collect();
        }
        told.posts = ours;
        Ok(told)
    }

    fn taken_back(&self, share: &Share, mark: &Mark, at: i64, told: &mut Told) {
        let channel_id = share.remote.channel_id.clone();
        match mark.kind.as_str() {
            "reaction" => {
                let reaction = Reaction {
                    user_id: mark.user_id.clone(),
                    post_id: mark.post_id.clone(),
                    emoji_name: mark.name.clone(),
                    create_at: at,
                    update_at: at,
                    delete_at: at,
                    channel_id,
                    ..Reaction::default()
                };
                told.reactions.push((mark.clone(), reaction));
            }
            "ack" => {
                let ack = PostAcknowledgement {
                    user_id: mark.user_id.clone(),
                    post_id: mark.post_id.clone(),
                    acknowledged_at: 0,
                    channel_id,
                    remote_id: None,
                };
                told.acknowledgements.push((mark.clone(), ack));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partners_hear_what_people_say_and_not_what_the_site_says() {
        let post = |kind: &str, message: &str| Post { kind: kind.into(), message: message.into(), ..Post::default() };
        assert!(is_said(&post("", "hello")));
        assert!(!is_said(&post("system_join_channel", "ana joined the channel.")));
        assert!(!is_said(&post("custom_calls", "")));
        assert!(is_said(&Post { delete_at: 5, ..post("", "") }), "that it was deleted");
        let mut answer = post("custom_llmbot", "42");
        answer.remote_id = Some("other".into());
        let sent = bare(answer);
        assert_eq!((sent.kind.as_str(), sent.remote_id), ("", None));
    }
}
