//! Telling a partner what happened in the channels that it shares. What is still to be told is read from the tables each
//! time: posts after the cursor, people and reactions that differ from what it was told. So nothing is lost when either
//! side is killed or the link is cut for hours, and what comes twice changes nothing on the other side.

mod batch;
mod files;
pub mod store;

use crate::Federation;
use crate::call::Failed;
use crate::channels::store::{self as shares, Share};
use crate::channels::{self as sharing, NOT_SHARED};
use crate::receive::{INVITE, MEMBERSHIP, SYNC};
use chat::{Site, channels, posts, users};
use serde_json::json;
use std::collections::BTreeMap;
use wire::{MembershipChange, Post, RemoteCluster, SyncMsg, SyncResponse, User};

/// A clock that was set back leaves posts before the cursor: from this long before they are told again.
const CLOCK_SET_BACK_MS: i64 = 10 * 60 * 1000;

/// One partner, and how it is talked to.
pub struct Line<'a> {
    pub site: &'a Site,
    pub federation: &'a Federation,
    pub remote: &'a RemoteCluster,
}

/// A message about a channel, empty.
fn blank(channel: &str) -> SyncMsg {
    SyncMsg { id: kit::id::new(), channel_id: channel.into(), ..SyncMsg::default() }
}

impl Line<'_> {
    /// Tells all there is to tell. A channel that the partner refuses does not hold up the others.
    ///
    /// # Errors
    /// When the partner does not answer.
    pub async fn pass(&self) -> Result<(), Failed> {
        let all = shares::of_remote(&mut self.site.db.read().await?, &self.remote.remote_id).await?;
        for share in all {
            let channel = share.remote.channel_id.clone();
            let done =
                if share.remote.is_invite_confirmed { self.channel(share).await } else { self.invite(share).await };
            match done {
                Ok(()) => {}
                Err(Failed::Refused(reason)) => {
                    tracing::warn!(channel.id = %channel, %reason, "a partner refuses a channel")
                }
                Err(away) => return Err(away),
            }
        }
        Ok(())
    }

    async fn invite(&self, share: Share) -> Result<(), Failed> {
        let id = share.remote.channel_id.as_str();
        let found = channels::get(&mut self.site.db.read().await?, id).await?;
        let Some(channel) = found.filter(|c| c.delete_at == 0) else { return Ok(()) };
        let payload = json!(sharing::invitation(&channel, share.readonly));
        match self.federation.tell(self.site, self.remote, "msg", INVITE, payload).await {
            Ok(_) => {
                let mut tx = self.site.db.write().await?;
                shares::confirm(&mut tx, &share.remote.id, self.site.clock.now_ms()).await?;
                tx.commit().await?;
                self.channel(share).await
            }
            Err(Failed::Refused(reason)) => {
                let mut tx = self.site.db.write().await?;
                sharing::leave(self.site, &mut tx, &share).await?;
                tx.commit().await?;
                let message = format!("{} does not take this channel: {reason}", self.remote.display_name);
                let whispered = Post { channel_id: id.into(), message, ..Post::default() };
                posts::whisper(self.site, &share.remote.creator_id, whispered);
                Ok(())
            }
            Err(away) => Err(away),
        }
    }

    /// Asks whether the partner still shares a channel, and ends the sharing here when it does not.
    ///
    /// # Errors
    /// When the partner does not answer.
    pub async fn check(&self, channel: &str) -> Result<(), Failed> {
        let found = shares::share_of(&mut self.site.db.read().await?, channel, &self.remote.remote_id).await?;
        let Some(share) = found else { return Ok(()) };
        let said = self.say(SYNC, &blank(channel)).await.map(|_| ());
        self.settled(&share, said).await
    }

    async fn channel(&self, share: Share) -> Result<(), Failed> {
        let done = self.changes(&share).await;
        self.settled(&share, done).await
    }

    /// A channel that the partner does not share is not shared here any more.
    async fn settled(&self, share: &Share, done: Result<(), Failed>) -> Result<(), Failed> {
        match done {
            Err(Failed::Refused(reason)) if reason.contains(NOT_SHARED) => {
                let mut tx = self.site.db.write().await?;
                // It may have been invited anew meanwhile.
                let still = shares::share_of(&mut tx, &share.remote.channel_id, &share.remote.remote_id).await?;
                if still.is_some_and(|s| s.remote.id == share.remote.id) {
                    sharing::leave(self.site, &mut tx, share).await?;
                }
                tx.commit().await?;
                Ok(())
            }
            done => done,
        }
    }

    async fn changes(&self, share: &Share) -> Result<(), Failed> {
        let (remote, channel) = (self.remote.remote_id.as_str(), share.remote.channel_id.as_str());
        let config = &self.federation.config;
        loop {
            let mut conn = self.site.db.read().await?;
            let ids = store::people(&mut conn, remote, channel, config.max_users, config.tell_members).await?;
            drop(conn);
            if ids.is_empty() {
                break;
            }
            self.people(channel, &ids).await?;
        }
        // The partner that has only to read has nothing to be told by us.
        self.posts(share).await?;
        self.left(share).await?;
        self.pictures(channel).await
    }

    /// Sends a message; what the partner answers.
    async fn say(&self, topic: &str, msg: &SyncMsg) -> Result<SyncResponse, Failed> {
        let payload = self.federation.tell(self.site, self.remote, "msg", topic, json!(msg)).await?;
        Ok(serde_json::from_value(payload).unwrap_or_default())
    }

    /// Tells of people, a few at a time.
    async fn people(&self, channel: &str, ids: &[String]) -> Result<(), Failed> {
        let few = usize::try_from(self.federation.config.max_users).unwrap_or(1).max(1);
        for ids in ids.chunks(few) {
            let found = users::by_ids(&mut self.site.db.read().await?, ids).await?;
            let with_email = self.site.config().privacy.show_email;
            let told: BTreeMap<String, User> =
                found.iter().map(|u| (u.id.clone(), described(u.clone(), with_email))).collect();
            let answer = self.say(SYNC, &SyncMsg { users: Some(told), ..blank(channel) }).await?;
            if !answer.user_errors.is_empty() {
                tracing::warn!(users = ?answer.user_errors, remote = %self.remote.name, "a partner refuses people");
            }
            let mut tx = self.site.db.write().await?;
            for user in &found {
                store::told(&mut tx, &self.remote.remote_id, channel, &user.id, user.update_at).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// Tells who is not in the channel any more.
    async fn left(&self, share: &Share) -> Result<(), Failed> {
        let (remote, channel) = (self.remote.remote_id.as_str(), share.remote.channel_id.as_str());
        loop {
            let gone =
                store::gone(&mut self.site.db.read().await?, remote, channel, self.federation.config.max_users).await?;
            if gone.is_empty() {
                return Ok(());
            }
            let now = self.site.clock.now_ms();
            let change = |user: &String| MembershipChange {
                channel_id: channel.into(),
                user_id: user.clone(),
                is_add: false,
                remote_id: remote.into(),
                change_time: now,
            };
            let changes = gone.iter().map(change).collect();
            match self.say(MEMBERSHIP, &SyncMsg { membership_changes: Some(changes), ..blank(channel) }).await {
                // A site that does not know of memberships.
                Ok(_) | Err(Failed::Refused(_)) => {}
                Err(away) => return Err(away),
            }
            let mut tx = self.site.db.write().await?;
            store::left(&mut tx, remote, channel, &gone).await?;
            shares::members_told(&mut tx, &share.remote.id, now).await?;
            tx.commit().await?;
        }
    }

    async fn pictures(&self, channel: &str) -> Result<(), Failed> {
        let (remote, limit) = (self.remote.remote_id.as_str(), self.federation.config.max_users);
        loop {
            let mut conn = self.site.db.read().await?;
            let ids = store::pictures(&mut conn, remote, channel, limit).await?;
            let found = users::by_ids(&mut conn, &ids).await?;
            drop(conn);
            if found.is_empty() {
                return Ok(());
            }
            for user in found {
                let png = users::portrait(self.site, &user).await.unwrap_or_default();
                match png {
                    Some(png) => match self.federation.picture(self.remote, &user.id, png.to_vec()).await {
                        Ok(()) => {}
                        Err(Failed::Refused(reason)) => tracing::info!(%reason, "a partner refuses a picture"),
                        Err(away) => return Err(away),
                    },
                    None => tracing::debug!(user.id, "a picture is gone"),
                }
                let mut tx = self.site.db.write().await?;
                store::shown(&mut tx, remote, &user.id, user.last_picture_update).await?;
                tx.commit().await?;
            }
        }
    }

    async fn posts(&self, share: &Share) -> Result<(), Failed> {
        let (channel, limit) = (share.remote.channel_id.as_str(), self.federation.config.max_posts.max(1));
        let now = self.site.clock.now_ms();
        let (mut at, mut id) = (share.remote.last_post_update_at, share.remote.last_post_id.clone());
        if at > now {
            (at, id) = (now - CLOCK_SET_BACK_MS, String::new());
        }
        loop {
            // Whoever took a time before this has committed by now, so that nothing appears behind the cursor.
            let until = self.site.clock.now_ms() - self.federation.settled_ms();
            let mut conn = self.site.db.read().await?;
            let found = posts::changed_in(&mut conn, channel, at, &id, until, limit).await?;
            drop(conn);
            let Some(last) = found.last() else { return Ok(()) };
            (at, id) = (last.update_at, last.id.clone());
            let full = i64::try_from(found.len()).unwrap_or(limit) >= limit;
            self.batch(share, found).await?;
            let mut tx = self.site.db.write().await?;
            shares::move_to(&mut tx, &share.remote.id, at, &id).await?;
            tx.commit().await?;
            if !full {
                return Ok(());
            }
        }
    }
}

/// Somebody as a partner may know them.
fn described(user: User, with_email: bool) -> User {
    User {
        id: user.id,
        create_at: user.create_at,
        update_at: user.update_at,
        delete_at: user.delete_at,
        username: user.username,
        email: if with_email { user.email } else { String::new() },
        nickname: user.nickname,
        first_name: user.first_name,
        last_name: user.last_name,
        position: user.position,
        roles: "system_user".into(),
        notify_props: Some(wire::StringMap::new()),
        locale: user.locale,
        timezone: user.timezone,
        last_picture_update: user.last_picture_update,
        is_bot: user.is_bot,
        ..User::default()
    }
}
