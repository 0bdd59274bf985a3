//! What a partner says, taken or refused piece by piece. A piece is a transaction of its own, so that one that is refused
//! takes no other with it, and one that comes twice changes nothing.
//!
//! Nothing is believed: a channel has to be shared with that very site, an author has to be one of its people, and a post
//! that is changed has to be theirs.

mod people;

pub use people::arrive;

use crate::channels::NOT_SHARED;
use crate::channels::store::{self as shares, Share};
use crate::send::Line;
use crate::{Federation, channels as sharing, names};
use chat::posts::{self, remote};
use chat::{Error, Result, Site, channels, uploads, users};
use db::{Conn, Tx};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wire::{
    Channel, MembershipChange, Post, PostAcknowledgement, Reaction, RemoteCluster, RemoteClusterMsg,
    SharedChannelInvite, SyncMsg, SyncResponse, UploadSession, User,
};

pub const INVITE: &str = "sharedchannel_invite";
pub const SYNC: &str = "sharedchannel_sync";
pub const MEMBERSHIP: &str = "sharedchannel_membership";
pub const GLOBAL_USERS: &str = "sharedchannel_global_user_sync";
pub const UPLOAD: &str = "sharedchannel_upload";
/// Our own: upstream lets the other site find out with its next message.
pub const UNSHARE: &str = "sharedchannel_unshare";
/// Pieces of one message.
const MOST: usize = 1000;

fn read<T: DeserializeOwned>(payload: Value) -> Result<T> {
    serde_json::from_value(payload).map_err(|e| Error::invalid_body("payload", &e.to_string()))
}

fn foreign(what: &str) -> Error {
    Error::invalid_body(what, "it belongs to another site")
}

/// Takes a message; what is answered.
///
/// # Errors
/// Why it is refused; 500 when it should come again.
pub async fn message(
    site: &Site,
    federation: &Federation,
    from: &RemoteCluster,
    msg: RemoteClusterMsg,
) -> Result<Value> {
    match msg.topic.as_str() {
        INVITE => {
            sharing::arrive(site, from, read::<SharedChannelInvite>(msg.payload)?).await?;
            Ok(Value::Null)
        }
        SYNC | MEMBERSHIP | GLOBAL_USERS => Ok(json!(sync(site, federation, from, read(msg.payload)?).await?)),
        UPLOAD => Ok(json!(expect(site, from, read(msg.payload)?).await?)),
        UNSHARE => {
            let id = msg.payload["channel_id"].as_str().unwrap_or_default().to_owned();
            // It may be late, and the channel shared anew: the site is asked. An answer is not waited for here.
            let (site, federation, from) = (site.clone(), federation.clone(), from.clone());
            tokio::spawn(async move {
                let line = Line { site: &site, federation: &federation, remote: &from };
                if let Err(failed) = line.check(&id).await {
                    tracing::debug!(%failed, "a partner does not say whether a channel is still shared");
                }
            });
            Ok(Value::Null)
        }
        other => Err(Error::invalid_body("topic", &format!("{other:?} is not known here"))),
    }
}

/// The channel, and that it is shared with that site.
async fn shared(conn: &mut Conn, from: &RemoteCluster, id: &str) -> Result<(Channel, Share)> {
    let no = || Error::invalid("api.remote_cluster.not_shared.app_error", NOT_SHARED);
    // It may have taken the invitation before its answer was noted here.
    let share = shares::share_of(conn, id, &from.remote_id).await?.ok_or_else(no)?;
    Ok((channels::get(conn, id).await?.ok_or_else(no)?, share))
}

/// One of the people of that site.
async fn theirs(conn: &mut Conn, from: &RemoteCluster, id: &str) -> Result<User> {
    let user = users::get(conn, id).await?.filter(|u| u.remote_id.as_deref() == Some(from.remote_id.as_str()));
    user.ok_or_else(|| foreign("user_id"))
}

/// What one message needs again and again.
struct Scene<'a> {
    site: &'a Site,
    from: &'a RemoteCluster,
    channel: Channel,
    /// The partner only reads here.
    closed: bool,
    /// A name behind an @, and whose it is.
    mentions: BTreeMap<String, String>,
}

async fn sync(site: &Site, federation: &Federation, from: &RemoteCluster, msg: SyncMsg) -> Result<SyncResponse> {
    let mut answer = SyncResponse::default();
    let people: Vec<User> = msg.users.unwrap_or_default().into_values().take(MOST).collect();
    if msg.channel_id.is_empty() {
        for user in people {
            let id = user.id.clone();
            note(
                arrive(site, federation, from, None, user).await,
                id,
                &mut answer.users_syncd,
                &mut answer.user_errors,
            )?;
        }
        return Ok(answer);
    }
    let (channel, share) = shared(&mut site.db.read().await?, from, &msg.channel_id).await?;
    for user in people {
        let (id, at) = (user.id.clone(), user.update_at);
        let taken = arrive(site, federation, from, Some(&channel), user).await;
        note(taken, id, &mut answer.users_syncd, &mut answer.user_errors)?;
        answer.users_last_update_at = answer.users_last_update_at.max(at);
    }
    let scene = Scene {
        site,
        from,
        channel,
        closed: share.readonly && share.home,
        mentions: msg.mention_transforms.unwrap_or_default(),
    };
    let mut taken = Vec::new();
    for change in msg.membership_changes.unwrap_or_default().into_iter().take(MOST) {
        let (id, at) = (change.user_id.clone(), change.change_time);
        note(scene.membership(change).await, id, &mut taken, &mut answer.membership_errors)?;
        answer.membership_last_update_at = answer.membership_last_update_at.max(at);
    }
    for post in msg.posts.unwrap_or_default().into_iter().take(MOST) {
        let (id, at) = (post.id.clone(), post.update_at);
        note(scene.post(post).await, id, &mut taken, &mut answer.post_errors)?;
        answer.posts_last_update_at = answer.posts_last_update_at.max(at);
    }
    for ack in msg.acknowledgements.unwrap_or_default().into_iter().take(MOST) {
        let (id, at) = (ack.post_id.clone(), ack.acknowledged_at);
        note(scene.acknowledgement(ack).await, id, &mut taken, &mut answer.acknowledgement_errors)?;
        answer.acknowledgements_last_update_at = answer.acknowledgements_last_update_at.max(at);
    }
    for reaction in msg.reactions.unwrap_or_default().into_iter().take(MOST) {
        let (id, at) = (reaction.post_id.clone(), reaction.update_at);
        note(scene.reaction(reaction).await, id, &mut taken, &mut answer.reaction_errors)?;
        answer.reactions_last_update_at = answer.reactions_last_update_at.max(at);
    }
    Ok(answer)
}

/// A piece that is refused is named in the answer; a broken database is not the piece's fault, and all comes again.
fn note(done: Result<()>, id: String, good: &mut Vec<String>, bad: &mut Vec<String>) -> Result<()> {
    match done {
        Ok(()) => good.push(id),
        Err(error) if error.kind == chat::error::Kind::Internal => return Err(error),
        Err(error) => {
            tracing::info!(%error, id, "a piece of a partner's message is refused");
            bad.push(id);
        }
    }
    Ok(())
}

impl Scene<'_> {
    fn open(&self) -> Result<()> {
        if self.closed {
            return Err(Error::invalid_body("channel_id", "the channel is read-only for that site"));
        }
        Ok(())
    }

    /// The message with the names that people have here.
    async fn translated(&self, conn: &mut Conn, message: &str) -> Result<String> {
        if self.mentions.is_empty() || !message.contains('@') {
            return Ok(message.to_owned());
        }
        let ids: Vec<String> = self.mentions.values().take(MOST).cloned().collect();
        let known = users::by_ids(conn, &ids).await?;
        let here = |id: &String| known.iter().find(|u| u.id == *id).map(|u| u.username.clone());
        let other = self.mentions.iter().filter_map(|(name, id)| Some((name.to_lowercase(), here(id)?))).collect();
        Ok(names::rewritten(message, &other))
    }

    async fn post(&self, mut post: Post) -> Result<()> {
        self.open()?;
        if post.channel_id != self.channel.id || !kit::id::is_valid(&post.id) {
            return Err(foreign("post"));
        }
        // Joining and renaming are told by whoever sees them happen.
        if post.kind.starts_with("system_") {
            return Ok(());
        }
        let (site, me) = (self.site, self.from.remote_id.as_str());
        let mut tx = site.db.write().await?;
        let known = posts::get(&mut tx, &post.id).await?;
        if known.as_ref().is_some_and(|k| k.channel_id != self.channel.id || k.remote_id.as_deref() != Some(me)) {
            return Err(foreign("post"));
        }
        match known {
            Some(old) if old.delete_at != 0 => return Ok(()),
            None if post.delete_at != 0 => return Ok(()),
            Some(old) if post.delete_at != 0 => remote::withdraw(site, &mut tx, old).await?,
            Some(old) if old.user_id != post.user_id || old.root_id != post.root_id => return Err(foreign("post")),
            Some(old) => {
                post.message = self.translated(&mut tx, &post.message).await?;
                remote::revise(site, &mut tx, &self.channel, old, post).await?;
            }
            None => {
                let author = theirs(&mut tx, self.from, &post.user_id).await?;
                channels::join(site, &mut tx, &self.channel, &author.id, false).await?;
                post.message = self.translated(&mut tx, &post.message).await?;
                post.remote_id = Some(me.to_owned());
                remote::receive(site, &mut tx, &self.channel, post).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    async fn reaction(&self, mut reaction: Reaction) -> Result<()> {
        self.open()?;
        let site = self.site;
        let mut tx = site.db.write().await?;
        theirs(&mut tx, self.from, &reaction.user_id).await?;
        let Some(post) = self.live(&mut tx, &reaction.post_id).await? else { return Ok(()) };
        if reaction.delete_at != 0 {
            remote::unreact(site, &mut tx, post, &reaction.user_id, &reaction.emoji_name).await?;
        } else {
            reaction.remote_id = Some(self.from.remote_id.clone());
            remote::react(site, &mut tx, post, &mut reaction).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn acknowledgement(&self, ack: PostAcknowledgement) -> Result<()> {
        let site = self.site;
        let mut tx = site.db.write().await?;
        theirs(&mut tx, self.from, &ack.user_id).await?;
        let Some(post) = self.live(&mut tx, &ack.post_id).await? else { return Ok(()) };
        if ack.acknowledged_at == 0 {
            remote::take_back(site, &mut tx, post, &ack.user_id).await?;
        } else {
            remote::confirm(site, &mut tx, post, &ack.user_id, ack.acknowledged_at).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The post, unless it is deleted; one that was never here is an error.
    async fn live(&self, tx: &mut Tx, id: &str) -> Result<Option<Post>> {
        let found = posts::get(tx, id).await?.filter(|p| p.channel_id == self.channel.id);
        let post = found.ok_or_else(|| Error::invalid_body("post_id", "the channel has no such post"))?;
        Ok((post.delete_at == 0).then_some(post))
    }

    async fn membership(&self, change: MembershipChange) -> Result<()> {
        let site = self.site;
        let mut tx = site.db.write().await?;
        let user = theirs(&mut tx, self.from, &change.user_id).await?;
        if change.is_add {
            people::enter(site, &mut tx, &self.channel, &user).await?;
        } else {
            channels::leave(site, &mut tx, &self.channel, &user.id, &user.id).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// A file is announced. One that is here is at its end; one that has begun goes on where it was.
async fn expect(site: &Site, from: &RemoteCluster, wanted: UploadSession) -> Result<UploadSession> {
    let mut conn = site.db.read().await?;
    let (channel, share) = shared(&mut conn, from, &wanted.channel_id).await?;
    if share.readonly && share.home {
        return Err(Error::invalid_body("channel_id", "the channel is read-only for that site"));
    }
    let user = theirs(&mut conn, from, &wanted.user_id).await?;
    let id = if wanted.req_file_id.is_empty() { kit::id::new() } else { wanted.req_file_id.clone() };
    if !kit::id::is_valid(&id) {
        return Err(Error::invalid_body("req_file_id", "it is no id"));
    }
    let told = |session: UploadSession| UploadSession {
        remote_id: from.remote_id.clone(),
        req_file_id: id.clone(),
        ..session
    };
    if let Some((file, _)) = chat::files::get(&mut conn, &id).await? {
        if file.user_id != user.id {
            return Err(foreign("req_file_id"));
        }
        let size = file.size;
        return Ok(told(UploadSession { id: file.id, file_size: size, file_offset: size, ..wanted.clone() }));
    }
    if let Some(open) = uploads::session(&mut conn, &id).await? {
        if open.user_id != user.id || open.channel_id != channel.id {
            return Err(foreign("req_file_id"));
        }
        return Ok(told(open));
    }
    drop(conn);
    let actor = users::actor_of(site, &user.id).await?;
    let most = site.config().max_file_bytes;
    let new = UploadSession { kind: "attachment".into(), channel_id: channel.id, ..wanted.clone() };
    uploads::expect(site, &actor, id.clone(), new, most).await.map(told)
}
