//! Reminders of a post, said by the server's own bot in a direct message when their time has come. A reminder is deleted
//! and its message written in one transaction, so that it is said exactly once, whenever the process ends.

use super::ephemeral::whisper;
use super::{access, create_in};
use crate::Json;
use crate::roles::Permission;
use crate::users::me_or;
use crate::{Actor, Error, Result, Site, channels, system, teams, users};
use axum::extract::{Path, State};
use db::{Conn, Row, Sql, params};
use serde::Deserialize;
use serde_json::json;
use wire::{Post, Props, StatusOk, User};

/// Reminders said in one round.
const AT_ONCE: i64 = 100;

const SET: Sql = Sql::new(
    "INSERT INTO post_reminders (post_id, user_id, target_time) VALUES ($1, $2, $3)
     ON CONFLICT (post_id, user_id) DO UPDATE SET target_time = excluded.target_time",
);
const WAITING: Sql = Sql::new("SELECT COUNT(*) FROM post_reminders WHERE user_id = $1");
const DUE: Sql = Sql::new(
    "SELECT post_id, user_id, target_time FROM post_reminders WHERE target_time <= $1 ORDER BY target_time, post_id LIMIT $2",
);
const TAKE: Sql = Sql::new("DELETE FROM post_reminders WHERE post_id = $1 AND user_id = $2 AND target_time = $3");

/// Body of POST /users/{id}/posts/{id}/reminder.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Body {
    /// Seconds.
    target_time: i64,
}

/// A reminder; `target_time` in milliseconds.
struct Reminder {
    post_id: String,
    user_id: String,
    target_time: i64,
}

/// POST /users/{id}/posts/{id}/reminder: in place of an earlier one of the same post.
pub async fn set(
    State(site): State<Site>,
    actor: Actor,
    Path((user, id)): Path<(String, String)>,
    Json(body): Json<Body>,
) -> Result<Json<StatusOk>> {
    let user = me_or(&actor, &user)?;
    let target = body.target_time.saturating_mul(1000);
    if target <= site.clock.now_ms() {
        return Err(Error::invalid_body("target_time", "a time in the future is wanted, in seconds"));
    }
    let mut tx = site.db.write().await?;
    let post = access(&mut tx, &actor, &id, Permission::READ_CHANNEL).await?;
    let waiting: i64 = tx.fetch_optional(&WAITING, params![&user], Row::only).await?.unwrap_or(0);
    if waiting >= site.config().max_reminders_per_user {
        let message = format!("At most {} reminders can wait.", site.config().max_reminders_per_user);
        return Err(Error::invalid("api.post.set_post_reminder.app_error", message));
    }
    tx.execute(&SET, params![&id, &user, target]).await?;
    let author = users::get(&mut tx, &post.user_id).await?.unwrap_or_default();
    let mut props = props(&mut tx, &site, &post, &author).await?;
    tx.commit().await?;
    let link = props.get("link").and_then(|l| l.as_str()).unwrap_or_default();
    let message = format!("You will be reminded of this message from @{}: {link}", author.username);
    props.insert("type".into(), "reminder".into());
    props.insert("target_time".into(), body.target_time.into());
    let note = Post { channel_id: post.channel_id, root_id: post.root_id, message, props, ..Post::default() };
    whisper(&site, &user, note);
    Ok(Json(StatusOk::default()))
}

/// What clients draw a reminder from.
async fn props(conn: &mut Conn, site: &Site, post: &Post, author: &User) -> Result<Props> {
    let channel = channels::get(conn, &post.channel_id).await?.unwrap_or_default();
    let team = match channel.team_id.as_str() {
        "" => None,
        id => teams::get(conn, id).await?,
    };
    // A direct message belongs to no team; `_redirect` lets the client choose one.
    let name = team.map_or_else(|| "_redirect".to_owned(), |t| t.name);
    let link = format!("{}/{name}/pl/{}", site.config().site_url, post.id);
    let value = json!({"team_name": name, "link": link, "post_id": post.id, "username": author.username});
    Ok(value.as_object().cloned().unwrap_or_default())
}

fn reminder(row: Row) -> db::Result<Reminder> {
    let mut r = row.read();
    Ok(Reminder { post_id: r.get()?, user_id: r.get()?, target_time: r.get()? })
}

/// Says what is due; how many reminders were said. Those of deleted posts, and of posts that their user may not read any
/// more, are forgotten.
pub(super) async fn say_due(site: &Site) -> Result<usize> {
    let now = site.clock.now_ms();
    let due = site.db.read().await?.fetch(&DUE, params![now, AT_ONCE], reminder).await?;
    let mut said = 0;
    for one in due {
        said += usize::from(say(site, &one).await?);
    }
    Ok(said)
}

async fn say(site: &Site, due: &Reminder) -> Result<bool> {
    let take = params![&due.post_id, &due.user_id, due.target_time];
    let found = match users::actor_of(site, &due.user_id).await {
        Ok(reader) => access(&mut site.db.read().await?, &reader, &due.post_id, Permission::READ_CHANNEL).await,
        Err(error) => Err(error),
    };
    let post = match found {
        Ok(post) => post,
        Err(error) if error.kind == crate::error::Kind::Internal => return Err(error),
        Err(_) => {
            let mut tx = site.db.write().await?;
            tx.execute(&TAKE, take).await?;
            tx.commit().await?;
            return Ok(false);
        }
    };
    let bot = system::bot(site, &due.user_id).await?;
    let place = channels::direct(site, &bot.user_id, &due.user_id).await?;
    let mut tx = site.db.write().await?;
    if tx.execute(&TAKE, take).await? == 0 {
        return Ok(false);
    }
    let author = users::get(&mut tx, &post.user_id).await?.unwrap_or_default();
    let props = props(&mut tx, site, &post, &author).await?;
    let link = props.get("link").and_then(|l| l.as_str()).unwrap_or_default();
    let message = format!("Here is your reminder of this message from @{}: {link}", author.username);
    let note = Post { channel_id: place.id, message, kind: "reminder".into(), props, ..Post::default() };
    create_in(site, &mut tx, &bot, note).await?;
    tx.commit().await?;
    Ok(true)
}
