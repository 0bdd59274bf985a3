//! Who may join a call, and who may start one.

use crate::call::Refusal;
use crate::service::Calls;
use crate::store;
use chat::roles::Permission;
use chat::{Actor, channels, posts, users};
use wire::Post;

/// What somebody who wants to join says.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    pub channel_id: String,
    pub connection_id: String,
    pub user_id: String,
    /// Shown with the recording; may be empty.
    pub title: String,
    /// Root post that the call hangs on; empty: the call gets a post of its own.
    pub thread_id: String,
    /// Job of the bot; empty for people.
    pub job_id: String,
    pub av1_support: bool,
    pub dc_signaling: bool,
}

/// Somebody who may join, as far as the chat is concerned.
pub struct Admitted {
    pub actor: Actor,
    pub is_bot: bool,
}

/// Proves the right to join, and to start the call when none goes on.
///
/// # Errors
/// [`Refusal`] with the first reason against it.
pub async fn admit(calls: &Calls, entry: &Entry, goes_on: bool) -> Result<Admitted, Refusal> {
    let server = |e: chat::Error| Refusal::Server(e.to_string());
    let is_bot = entry.user_id == calls.bot_id;
    if is_bot && entry.job_id.is_empty() {
        return Err(Refusal::NoJobId);
    }
    let actor = users::actor_of(&calls.site, &entry.user_id).await.map_err(|_| Refusal::Forbidden)?;
    let mut conn = calls.site.db.read().await.map_err(|e| server(e.into()))?;
    let channel = if is_bot {
        channels::get(&mut conn, &entry.channel_id).await.map_err(|e| server(e.into()))?.ok_or(Refusal::Forbidden)?
    } else {
        let may = channels::access(&mut conn, &actor, &entry.channel_id, Permission::CREATE_POST).await;
        may.map_err(|_| Refusal::Forbidden)?
    };
    if channel.delete_at != 0 {
        return Err(Refusal::Archived);
    }
    if !entry.thread_id.is_empty() {
        let post = posts::get(&mut conn, &entry.thread_id).await.map_err(|e| server(e.into()))?;
        check_thread(post.as_ref(), &channel.id)?;
    }
    if !goes_on {
        let said = store::enabled(&mut conn, &channel.id).await.map_err(|e| server(e.into()))?;
        may_start(said, calls.config.default_enabled, actor.is_system_admin())?;
    }
    Ok(Admitted { actor, is_bot })
}

/// Whether a call may hang on this post.
fn check_thread(post: Option<&Post>, channel_id: &str) -> Result<(), Refusal> {
    let post = post.filter(|p| p.channel_id == channel_id).ok_or(Refusal::Forbidden)?;
    if post.delete_at != 0 {
        return Err(Refusal::DeletedThread);
    }
    if post.root_id.is_empty() { Ok(()) } else { Err(Refusal::NotARoot) }
}

/// Whether a call may be started where `said` is what was set for the channel.
fn may_start(said: Option<bool>, default_enabled: bool, is_admin: bool) -> Result<(), Refusal> {
    match said {
        Some(false) => Err(Refusal::Disabled),
        Some(true) => Ok(()),
        None if default_enabled || is_admin => Ok(()),
        None => Err(Refusal::NotYet),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_that_says_no_says_it_to_everybody() {
        assert_eq!(may_start(Some(false), true, true), Err(Refusal::Disabled));
        assert_eq!(may_start(Some(true), false, false), Ok(()));
        assert_eq!(may_start(None, true, false), Ok(()));
        assert_eq!(may_start(None, false, false), Err(Refusal::NotYet));
        assert_eq!(may_start(None, false, true), Ok(()), "administrators try it out first");
    }

    #[test]
    fn a_call_hangs_on_a_live_root_of_its_channel() {
        let post = Post { channel_id: "c".into(), ..Post::default() };
        assert_eq!(check_thread(Some(&post), "c"), Ok(()));
        assert_eq!(check_thread(Some(&post), "d"), Err(Refusal::Forbidden));
        assert_eq!(check_thread(None, "c"), Err(Refusal::Forbidden));
        assert_eq!(check_thread(Some(&Post { delete_at: 1, ..post.clone() }), "c"), Err(Refusal::DeletedThread));
        assert_eq!(check_thread(Some(&Post { root_id: "r".into(), ..post }), "c"), Err(Refusal::NotARoot));
    }
}
