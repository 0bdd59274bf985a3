//! Sending what is due. A post is created and its plan deleted, or put off by a week, in one transaction, so that it is sent
//! exactly once each time.

use super::{repeat, store};
use crate::error::Kind;
use crate::{Actor, Error, Result, Site, files, posts, users};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wire::{Event, Post, PostMetadata, ScheduledPost};

/// How often the plans are looked at.
const EVERY: Duration = Duration::from_secs(5);
/// Plans sent in one round.
const AT_ONCE: i64 = 100;
/// After this long of failing for the server's own reasons a post is given up, milliseconds.
const GIVE_UP_AFTER_MS: i64 = 24 * 3600 * 1000;

/// Sends what is due until `stop`.
pub async fn run(site: Site, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = deliver_due(&site).await {
            tracing::warn!(%error, "scheduled posts could not be looked at; the next round tries again");
        }
    }
}

/// Sends every post whose time has come; how many were sent. One that cannot be sent keeps the reason and is not tried
/// again until its author changes it.
///
/// # Errors
/// When the database fails.
pub async fn deliver_due(site: &Site) -> Result<usize> {
    let now = site.clock.now_ms();
    let due = store::due(&mut site.db.read().await?, now, AT_ONCE).await?;
    let mut sent = 0;
    for plan in due {
        match send(site, &plan).await {
            Ok(true) => sent += 1,
            Ok(false) => {}
            Err(error) => fail(site, plan, &error, now).await?,
        }
    }
    Ok(sent)
}

/// False when the plan was withdrawn in the meantime.
async fn send(site: &Site, plan: &ScheduledPost) -> Result<bool> {
    let actor: Actor = users::actor_of(site, &plan.user_id).await?;
    let author = users::get(&mut site.db.read().await?, &plan.user_id).await?.ok_or_else(users::missing)?;
    if author.delete_at != 0 {
        let message = "The author's account has been deactivated.";
        return Err(Error::new(Kind::Forbidden, "api.user.login.inactive.app_error", message));
    }
    let mut tx = site.db.write().await?;
    let now = site.clock.now_ms();
    let again = repeat::next(plan, now);
    let taken = match again {
        Some(at) => store::put_off(&mut tx, plan, at, now).await?,
        None => store::delete(&mut tx, &plan.id).await?,
    };
    if !taken {
        return Ok(false);
    }
    // A file belongs to one post; those of a post that is sent again stay with the plan.
    let file_ids = match again {
        Some(_) => files::copied(&mut tx, &plan.file_ids, now).await?,
        None => plan.file_ids.clone(),
    };
    let post = Post {
        channel_id: plan.channel_id.clone(),
        root_id: plan.root_id.clone(),
        message: plan.message.clone(),
        kind: plan.kind.clone(),
        props: plan.props.clone(),
        file_ids,
        metadata: Some(PostMetadata { priority: plan.priority.clone(), ..PostMetadata::default() }),
        ..Post::default()
    };
    posts::create_in(site, &mut tx, &actor, post).await?;
    match again {
        Some(at) => {
            let plan = ScheduledPost { scheduled_at: at, update_at: now, ..plan.clone() };
            say(site, &mut tx, "scheduled_post_updated", &plan, "");
        }
        None => say(site, &mut tx, "scheduled_post_deleted", plan, ""),
    }
    tx.commit().await?;
    Ok(true)
}

async fn fail(site: &Site, mut plan: ScheduledPost, error: &Error, now: i64) -> Result<()> {
    let ours = matches!(error.kind, Kind::Internal | Kind::Unavailable);
    if ours && now - plan.scheduled_at < GIVE_UP_AFTER_MS {
        tracing::warn!(%error, scheduled.id = %plan.id, "a scheduled post waits for the next round");
        return Ok(());
    }
    plan.error_code = code(error).into();
    plan.processed_at = now;
    plan.update_at = now;
    let mut tx = site.db.write().await?;
    store::update(&mut tx, &plan).await?;
    say(site, &mut tx, "scheduled_post_updated", &plan, "");
    Ok(tx.commit().await?)
}

/// The protocol's word for why a post could not be sent.
fn code(error: &Error) -> &'static str {
    match (error.kind, error.id.as_str()) {
        (_, "api.post.create_post.can_not_post_to_deleted.error") => "channel_archived",
        (_, "app.channel.get.existing.app_error") => "channel_not_found",
        (_, "app.user.missing_account.const") => "user_missing",
        (_, "api.user.login.inactive.app_error") => "user_deleted",
        (_, "api.post.create_post.root_id.app_error") => "thread_deleted",
        (Kind::Forbidden, _) => "no_channel_permission",
        (Kind::Internal | Kind::Unavailable, _) => "unable_to_send",
        _ => "invalid_post",
    }
}

/// Tells the author's other connections.
pub fn say(site: &Site, tx: &mut db::Tx, event: &str, plan: &ScheduledPost, connection_id: &str) {
    let event = Event::new(event).with_encoded("scheduledPost", plan).to_user(&plan.user_id);
    site.emit(tx, event.omitting_connection(connection_id));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_the_word_that_clients_translate() {
        assert_eq!(code(&Error::forbidden()), "no_channel_permission");
        assert_eq!(code(&crate::channels::missing()), "channel_not_found");
        assert_eq!(code(&Error::invalid_body("message", "it is empty")), "invalid_post");
        assert_eq!(code(&Error::internal("disk")), "unable_to_send");
    }
}
