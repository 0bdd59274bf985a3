//! Which agents there are, and one's conversations with them.

use super::Ours;
use axum::extract::State;
use axum::{Extension, Json};
use chat::{Actor, Result, Site, channels, posts};
use db::Conn;
use serde::Serialize;
use wire::{Channel, Post};

/// Most conversations of one list.
const MAX_THREADS: i64 = 60;
/// Characters of a conversation's title.
const TITLE_CHARS: usize = 60;

/// Answer of GET /ai_bots.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bots {
    bots: Vec<Bot>,
    search_enabled: bool,
}

/// An agent as the web client lists it.
#[derive(Serialize)]
pub struct Bot {
    id: String,
    #[serde(rename = "displayName")]
    display_name: String,
    username: String,
    #[serde(rename = "lastIconUpdate")]
    last_icon_update: i64,
    /// Empty until the asker has talked to it.
    #[serde(rename = "dmChannelID")]
    dm_channel_id: String,
    /// 0: everybody may use it everywhere.
    #[serde(rename = "channelAccessLevel")]
    channel_access_level: u8,
    #[serde(rename = "channelIDs")]
    channel_ids: Vec<String>,
    #[serde(rename = "userAccessLevel")]
    user_access_level: u8,
    #[serde(rename = "userIDs")]
    user_ids: Vec<String>,
}

/// A conversation with the agent.
#[derive(Serialize)]
pub struct Thread {
    id: String,
    message: String,
    title: String,
    channel_id: String,
    reply_count: i64,
    update_at: i64,
}

/// GET /ai_bots
pub async fn list(State(site): State<Site>, actor: Actor, Extension(agent): Ours) -> Result<Json<Bots>> {
    let direct = direct(&mut site.db.read().await?, &actor.user_id, &agent.bot.id).await?;
    let bot = Bot {
        id: agent.bot.id.clone(),
        display_name: agent.config.bot_display_name.clone(),
        username: agent.bot.username.clone(),
        last_icon_update: agent.bot.bot_last_icon_update,
        dm_channel_id: direct.map(|c| c.id).unwrap_or_default(),
        channel_access_level: 0,
        channel_ids: Vec::new(),
        user_access_level: 0,
        user_ids: Vec::new(),
    };
    Ok(Json(Bots { bots: vec![bot], search_enabled: false }))
}

/// GET /ai_threads: newest first.
pub async fn threads(State(site): State<Site>, actor: Actor, Extension(agent): Ours) -> Result<Json<Vec<Thread>>> {
    let mut conn = site.db.read().await?;
    let Some(channel) = direct(&mut conn, &actor.user_id, &agent.bot.id).await? else { return Ok(Json(Vec::new())) };
    let mut roots = posts::latest(&mut conn, &channel.id, MAX_THREADS, 0, false).await?;
    posts::with_metadata(&site, &mut conn, &mut roots).await?;
    Ok(Json(roots.into_iter().map(thread).collect()))
}

fn thread(post: Post) -> Thread {
    let title = crate::parts::head(post.message.lines().next().unwrap_or_default(), TITLE_CHARS).to_owned();
    Thread {
        title,
        reply_count: post.reply_count,
        update_at: post.update_at.max(post.last_reply_at),
        id: post.id,
        message: post.message,
        channel_id: post.channel_id,
    }
}

/// The direct channel of two users if it exists; its name is both ids, sorted.
async fn direct(conn: &mut Conn, a: &str, b: &str) -> Result<Option<Channel>> {
    let (first, second) = if a < b { (a, b) } else { (b, a) };
    Ok(channels::by_name(conn, "", &format!("{first}__{second}")).await?)
}
