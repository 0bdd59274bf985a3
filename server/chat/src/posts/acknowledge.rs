//! "I have read this": confirmations that the author of a post asked for.

use super::change::later;
use super::{access, persist, store};
use crate::Json;
use crate::roles::Permission;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site, channels};
use axum::extract::{Path, State};
use db::{Conn, Row, Sql, Tx, params};
use wire::{Event, Post, PostAcknowledgement, StatusOk};

/// How long a confirmation can be taken back, milliseconds; the protocol's number.
const TAKE_BACK_MS: i64 = 5 * 60 * 1000;

const OF_POSTS: Sql = Sql::new(
    "SELECT user_id, post_id, acknowledged_at, channel_id FROM post_acknowledgements WHERE post_id IN LIST($1)
     ORDER BY acknowledged_at, user_id",
);
const ONE: Sql = Sql::new(
    "SELECT user_id, post_id, acknowledged_at, channel_id FROM post_acknowledgements WHERE post_id = $1 AND user_id = $2",
);
const INSERT: Sql = Sql::new(
    "INSERT INTO post_acknowledgements (post_id, user_id, channel_id, acknowledged_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (post_id, user_id) DO NOTHING",
);
const DELETE: Sql = Sql::new("DELETE FROM post_acknowledgements WHERE post_id = $1 AND user_id = $2");

fn row(row: Row) -> db::Result<PostAcknowledgement> {
    let mut r = row.read();
    Ok(PostAcknowledgement {
        user_id: r.get()?,
        post_id: r.get()?,
        acknowledged_at: r.get()?,
        channel_id: r.get()?,
        remote_id: None,
    })
}

/// The confirmations of these posts, the earliest first.
pub async fn of_posts(conn: &mut Conn, ids: &[String]) -> db::Result<Vec<PostAcknowledgement>> {
    conn.fetch(&OF_POSTS, params![ids], row).await
}

/// The post, when its channel is not archived.
async fn open_post(tx: &mut Tx, actor: &Actor, id: &str, what: &str) -> Result<Post> {
    let post = access(tx, actor, id, Permission::READ_CHANNEL).await?;
    let channel = channels::get(tx, &post.channel_id).await?.ok_or_else(channels::missing)?;
    if channel.delete_at != 0 {
        let message = "Posts of an archived channel cannot be confirmed any more.";
        return Err(Error::new(
            crate::error::Kind::Forbidden,
            format!("api.acknowledgement.{what}.archived_channel.app_error"),
            message,
        ));
    }
    Ok(post)
}

async fn say(site: &Site, tx: &mut Tx, mut post: Post, event: &str, ack: &PostAcknowledgement) -> Result<()> {
    // Clients that ask for changes since a time get the post again.
    post.update_at = later(site, &post);
    store::update(tx, &post).await?;
    site.emit(tx, Event::new(event).with_encoded("acknowledgement", ack).to_channel(&post.channel_id));
    Ok(())
}

/// POST /users/{id}/posts/{id}/ack: the same confirmation however often it is sent.
pub async fn add(
    State(site): State<Site>,
    actor: Actor,
    Path((user, id)): Path<(String, String)>,
) -> Result<Json<PostAcknowledgement>> {
    let user = me_or(&actor, &user)?;
    let mut tx = site.db.write().await?;
    let post = open_post(&mut tx, &actor, &id, "save").await?;
    let ack = confirm(&site, &mut tx, post, &user, site.clock.now_ms()).await?;
    tx.commit().await?;
    Ok(Json(ack))
}

/// Confirms a post that is there; nothing is said of one that was confirmed before.
///
/// # Errors
/// When the database fails.
pub async fn confirm(site: &Site, tx: &mut Tx, post: Post, user: &str, at: i64) -> Result<PostAcknowledgement> {
    let id = post.id.clone();
    let new = tx.execute(&INSERT, params![&id, user, &post.channel_id, at]).await? > 0;
    let ack = tx.fetch_optional(&ONE, params![&id, user], row).await?.unwrap_or_default();
    if new {
        persist::answered(tx, &id, user).await?;
        say(site, tx, post, "post_acknowledgement_added", &ack).await?;
    }
    Ok(ack)
}

/// DELETE /users/{id}/posts/{id}/ack: within five minutes.
pub async fn remove(
    State(site): State<Site>,
    actor: Actor,
    Path((user, id)): Path<(String, String)>,
) -> Result<Json<StatusOk>> {
    let user = me_or(&actor, &user)?;
    let mut tx = site.db.write().await?;
    let post = open_post(&mut tx, &actor, &id, "delete").await?;
    let missing = || Error::not_found("app.acknowledgement.get.app_error", "The post has not been confirmed.");
    let ack = tx.fetch_optional(&ONE, params![&id, &user], row).await?.ok_or_else(missing)?;
    if site.clock.now_ms() - ack.acknowledged_at > TAKE_BACK_MS {
        let message = "A confirmation can be taken back for five minutes.";
        return Err(Error::new(
            crate::error::Kind::Forbidden,
            "api.acknowledgement.delete.deadline.app_error",
            message,
        ));
    }
    take_back(&site, &mut tx, post, &user).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// Takes a confirmation back; nothing is said of one that is not there.
///
/// # Errors
/// When the database fails.
pub async fn take_back(site: &Site, tx: &mut Tx, post: Post, user: &str) -> Result<()> {
    let Some(mut ack) = tx.fetch_optional(&ONE, params![&post.id, user], row).await? else { return Ok(()) };
    tx.execute(&DELETE, params![&post.id, user]).await?;
    ack.acknowledged_at = 0;
    say(site, tx, post, "post_acknowledgement_removed", &ack).await
}
