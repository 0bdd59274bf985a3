//! Urgent posts that are told again, until somebody whom they mention confirms, reacts or replies.

use super::{complete, store};
use crate::{Result, Site, channels, push, users};
use db::{Conn, Row, Sql, Tx, params};
use wire::Post;

/// Posts told again in one round.
const AT_ONCE: i64 = 100;

const BEGIN: Sql = Sql::new("INSERT INTO persistent_notifications (post_id, next_at) VALUES ($1, $2)");
const DUE: Sql = Sql::new("SELECT post_id FROM persistent_notifications WHERE next_at <= $1 ORDER BY next_at LIMIT $2");
const AGAIN: Sql = Sql::new(
    "UPDATE persistent_notifications SET next_at = $2, sent = sent + 1 WHERE post_id = $1 AND next_at <= $3 RETURNING sent",
);
const END: Sql = Sql::new("DELETE FROM persistent_notifications WHERE post_id = $1");
const ANSWERED: Sql = Sql::new(
    "DELETE FROM persistent_notifications WHERE post_id = $1
     AND EXISTS (SELECT 1 FROM post_mentions x WHERE x.post_id = $1 AND x.user_id = $2)",
);
const MENTIONED: Sql = Sql::new(
    "SELECT x.user_id FROM post_mentions x JOIN channel_members m ON m.channel_id = x.channel_id AND m.user_id = x.user_id
     WHERE x.post_id = $1",
);

/// The first repetition waits as long as every other.
pub(super) async fn begin(site: &Site, tx: &mut Tx, post: &Post) -> Result<()> {
    tx.execute(&BEGIN, params![&post.id, post.create_at + site.config().persistent_interval_ms]).await?;
    Ok(())
}

/// `user` confirmed, reacted or replied: when the post mentions them it is not told again.
pub(super) async fn answered(tx: &mut Tx, post_id: &str, user: &str) -> Result<()> {
    tx.execute(&ANSWERED, params![post_id, user]).await?;
    Ok(())
}

/// Of a post that was deleted.
pub(super) async fn end(tx: &mut Tx, post_id: &str) -> Result<()> {
    tx.execute(&END, params![post_id]).await?;
    Ok(())
}

/// Tells again what is due; how many posts were told.
pub(super) async fn tell_due(site: &Site) -> Result<usize> {
    let now = site.clock.now_ms();
    let due: Vec<String> = site.db.read().await?.fetch(&DUE, params![now, AT_ONCE], Row::only).await?;
    let mut told = 0;
    for id in due {
        told += usize::from(tell(site, &id, now).await?);
    }
    Ok(told)
}

async fn tell(site: &Site, id: &str, now: i64) -> Result<bool> {
    let mut tx = site.db.write().await?;
    let next = now + site.config().persistent_interval_ms;
    let sent: Option<i64> = tx.fetch_optional(&AGAIN, params![id, next, now], Row::only).await?;
    let Some(sent) = sent else { return Ok(false) };
    if sent >= site.config().persistent_max_count {
        tx.execute(&END, params![id]).await?;
    }
    let said = say(site, &mut tx, id).await?;
    if !said {
        tx.execute(&END, params![id]).await?;
    }
    tx.commit().await?;
    Ok(said)
}

async fn mentioned(conn: &mut Conn, id: &str) -> Result<Vec<String>> {
    Ok(conn.fetch(&MENTIONED, params![id], Row::only).await?)
}

/// One event to each person whom the post mentions; false when there is nobody, or no such post any more.
async fn say(site: &Site, tx: &mut Tx, id: &str) -> Result<bool> {
    let Some(post) = store::get(tx, id).await?.filter(|p| p.delete_at == 0) else { return Ok(false) };
    let Some(channel) = channels::get(tx, &post.channel_id).await?.filter(|c| c.delete_at == 0) else {
        return Ok(false);
    };
    let people = mentioned(tx, id).await?;
    let author = users::get(tx, &post.user_id).await?.unwrap_or_default();
    push::stored(site, tx, &post, true).await?;
    let post = complete(site, tx, post).await?;
    for user in &people {
        let mut event = super::create::posted(&post, &channel, &author, std::slice::from_ref(user), &[]);
        event.event = "persistent_notification_triggered".into();
        site.emit(tx, event.to_user(user));
    }
    Ok(!people.is_empty())
}
