//! Emoji on posts.

use super::{access, persist, store};
use crate::Json;
use crate::roles::Permission;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use db::{Conn, Row, Sql, params};
use std::collections::BTreeMap;
use wire::{Event, Reaction, StatusOk};

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
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    if new.emoji_name.is_empty() || new.emoji_name.len() > 64 || !new.emoji_name.chars().all(named) {
        return Err(Error::invalid_body("emoji_name", "the name of an emoji without colons is wanted"));
    }
    let mut tx = site.db.write().await?;
    let mut post = access(&mut tx, &actor, &new.post_id, Permission::ADD_REACTION).await?;
    let mut names: Vec<String> =
        of_posts(&mut tx, std::slice::from_ref(&post.id)).await?.into_iter().map(|r| r.emoji_name).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() >= MAX_EMOJI && !names.contains(&new.emoji_name) {
        let message = format!("A post can have {MAX_EMOJI} different reactions.");
        return Err(Error::invalid("app.reaction.save.save.too_many_reactions", message));
    }
    new.create_at = site.clock.now_ms();
    new.update_at = new.create_at;
    new.channel_id.clone_from(&post.channel_id);
    tx.execute(&INSERT, params![&new.user_id, &new.post_id, &new.emoji_name, new.create_at, &new.channel_id]).await?;
    persist::answered(&mut tx, &new.post_id, &new.user_id).await?;
    post.has_reactions = true;
    post.update_at = new.create_at;
    store::update(&mut tx, &post).await?;
    site.emit(&mut tx, Event::new("reaction_added").with_encoded("reaction", &new).to_channel(&new.channel_id));
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(new)))
}

pub async fn remove(
    State(site): State<Site>,
    actor: Actor,
    Path((user, post_id, emoji)): Path<(String, String, String)>,
) -> Result<Json<StatusOk>> {
    let user = me_or(&actor, &user)?;
    let mut tx = site.db.write().await?;
    let mut post = access(&mut tx, &actor, &post_id, Permission::ADD_REACTION).await?;
    tx.execute(&DELETE, params![&post_id, &user, &emoji]).await?;
    post.has_reactions = !of_posts(&mut tx, std::slice::from_ref(&post_id)).await?.is_empty();
    post.update_at = site.clock.now_ms();
    store::update(&mut tx, &post).await?;
    let gone = Reaction {
        user_id: user,
        post_id,
        emoji_name: emoji,
        channel_id: post.channel_id.clone(),
        ..Reaction::default()
    };
    site.emit(&mut tx, Event::new("reaction_removed").with_encoded("reaction", &gone).to_channel(&post.channel_id));
    tx.commit().await?;
    Ok(Json(StatusOk::default()))
}
