//! Emoji on posts.

use super::change::later;
use super::{access, persist, store};
use crate::Json;
use crate::roles::Permission;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use db::{Conn, Row, Sql, Tx, params};
use std::collections::BTreeMap;
use wire::{Event, Post, Reaction, StatusOk};

/// Different emoji on one post.
const MAX_EMOJI: usize = 50;

const OF_POSTS: Sql = Sql::new(
    "SELECT user_id, post_id, emoji_name, create_at, update_at, channel_id FROM reactions WHERE post_id IN LIST($1) ORDER BY create_at",
);
const INSERT: Sql = Sql::new(
    "INSERT INTO reactions (user_id, post_id, emoji_name, create_at, update_at, channel_id) VALUES ($1, $2, $3, $4, $4, $5)
     ON CONFLICT (post_id, user_id, emoji_name) DO NOTHING",
);
const DELETE: Sql = Sql::new("DELETE FROM reactions WHERE post_id = $1 AND user_id = $2 AND emoji_name = $3");

fn row(row: Row) -> db::Result<Reaction> {
    let mut r = row.read();
    Ok(Reaction {
        user_id: r.get()?,
        post_id: r.get()?,
        emoji_name: r.get()?,
        create_at: r.get()?,
        update_at: r.get()?,
        channel_id: r.get()?,
        ..Reaction::default()
    })
}

pub async fn of_posts(conn: &mut Conn, ids: &[String]) -> db::Result<Vec<Reaction>> {
    conn.fetch(&OF_POSTS, params![ids], row).await
}

pub async fn list(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Vec<Reaction>>> {
    let mut conn = site.db.read().await?;
    access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await?;
    Ok(Json(of_posts(&mut conn, &[id]).await?))
}

/// POST /posts/ids/reactions: the reactions of each post that the actor may read.
pub async fn of_many(
    State(site): State<Site>,
    actor: Actor,
    Json(ids): Json<Vec<String>>,
) -> Result<Json<BTreeMap<String, Vec<Reaction>>>> {
    if ids.len() > 1000 {
        return Err(Error::invalid_body("ids", "at most 1000 at once"));
    }
    let mut conn = site.db.read().await?;
    let mut readable = Vec::new();
    for id in ids {
        if access(&mut conn, &actor, &id, Permission::READ_CHANNEL).await.is_ok() {
            readable.push(id);
        }
    }
    let mut out: BTreeMap<String, Vec<Reaction>> = readable.iter().map(|id| (id.clone(), Vec::new())).collect();
    for reaction in of_posts(&mut conn, &readable).await? {
        out.entry(reaction.post_id.clone()).or_default().push(reaction);
    }
    Ok(Json(out))
}

pub async fn add(
    State(site): State<Site>,
    actor: Actor,
    Json(mut new): Json<Reaction>,
) -> Result<(StatusCode, Json<Reaction>)> {
    new.user_id = me_or(&actor, if new.user_id.is_empty() { "me" } else { &new.user_id })?;
    let mut tx = site.db.write().await?;
    let post = access(&mut tx, &actor, &new.post_id, Permission::ADD_REACTION).await?;
    new.create_at = site.clock.now_ms();
    put(&site, &mut tx, post, &mut new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(new)))
}

/// Adds the reaction to a post that is there; nothing is said of one that it has.
///
/// # Errors
/// 400 for what is no name of an emoji, or when the post has too many.
pub async fn put(site: &Site, tx: &mut Tx, mut post: Post, new: &mut Reaction) -> Result<()> {
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    if new.emoji_name.is_empty() || new.emoji_name.len() > 64 || !new.emoji_name.chars().all(named) {
        return Err(Error::invalid_body("emoji_name", "the name of an emoji without colons is wanted"));
    }
    let mut names: Vec<String> =
        of_posts(tx, std::slice::from_ref(&post.id)).await?.into_iter().map(|r| r.emoji_name).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() >= MAX_EMOJI && !names.contains(&new.emoji_name) {
        let message = format!("A post can have {MAX_EMOJI} different reactions.");
        return Err(Error::invalid("app.reaction.save.save.too_many_reactions", message));
    }
    new.update_at = new.create_at;
    new.channel_id.clone_from(&post.channel_id);
    let values = params![&new.user_id, &new.post_id, &new.emoji_name, new.create_at, &new.channel_id];
    if tx.execute(&INSERT, values).await? == 0 {
        return Ok(());
    }
    persist::answered(tx, &new.post_id, &new.user_id).await?;
    post.has_reactions = true;
    post.update_at = later(site, &post);
    store::update(tx, &post).await?;
    site.emit(tx, Event::new("reaction_added").with_encoded("reaction", &*new).to_channel(&new.channel_id));
    Ok(())
}

pub async fn remove(
    State(site): State<Site>,
    actor: Actor,
    Path((user, post_id, emoji)): Path<(String, String, String)>,
) -> Result<Json<StatusOk>> {
    let user = me_or(&actor, &user)?;
    let mut tx = site.db.write().await?;
    let post = access(&mut tx, &actor, &post_id, Permission::ADD_REACTION).await?;
    take(&site, &mut tx, post, &user, &emoji).await?;
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}

/// Takes a reaction from a post that is there; nothing is said of one that it does not have.
///
/// # Errors
/// When the database fails.
pub async fn take(site: &Site, tx: &mut Tx, mut post: Post, user: &str, emoji: &str) -> Result<()> {
    if tx.execute(&DELETE, params![&post.id, user, emoji]).await? == 0 {
        return Ok(());
    }
    post.has_reactions = !of_posts(tx, std::slice::from_ref(&post.id)).await?.is_empty();
    post.update_at = later(site, &post);
    store::update(tx, &post).await?;
    let gone = Reaction {
        user_id: user.into(),
        post_id: post.id.clone(),
        emoji_name: emoji.into(),
        channel_id: post.channel_id.clone(),
        ..Reaction::default()
    };
    site.emit(tx, Event::new("reaction_removed").with_encoded("reaction", &gone).to_channel(&post.channel_id));
    Ok(())
}
