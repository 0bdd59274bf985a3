//! Posts as a conversation.

use crate::agent::Agent;
use crate::mention;
use crate::prompt::Said;
use chat::roles::Permission;
use chat::{Actor, Result, channels, posts, users};
use db::Conn;
use wire::{Post, User};

/// Most posts that are loaded for a span of time.
const MAX_LOADED: i64 = 1000;

/// What was said before the post `post_id`, and the post itself: its thread, or the latest posts of its channel.
pub async fn before(agent: &Agent, asker: &Actor, post_id: &str, reply_id: &str) -> Result<Vec<Said>> {
    let mut conn = agent.site.db.read().await?;
    let question = posts::access(&mut conn, asker, post_id, Permission::READ_CHANNEL).await?;
    let mut talk = if question.root_id.is_empty() {
        let limit = agent.config.channel_context_posts.saturating_add(2);
        let limit = i64::try_from(limit).unwrap_or(MAX_LOADED);
        let mut latest = posts::latest(&mut conn, &question.channel_id, limit, 0, true).await?;
        latest.reverse();
        latest
    } else {
        from_root(posts::thread(&mut conn, &question.root_id).await?, &question.root_id)
    };
    // Other questions may have come since; the own reply came after. Of posts of one millisecond the order is not known,
    // but the question is what the model has to read last.
    talk.retain(|p| p.create_at <= question.create_at && p.id != reply_id && p.id != question.id);
    talk.push(question.clone());
    let most = if question.root_id.is_empty() {
        agent.config.channel_context_posts.saturating_add(1)
    } else {
        agent.config.max_context_posts
    };
    said(agent, &mut conn, newest(talk, most)).await
}

/// A thread without what the agent said and without the post that asked.
pub async fn thread(agent: &Agent, asker: &Actor, root_id: &str, asked_in: &str) -> Result<Vec<Said>> {
    let mut conn = agent.site.db.read().await?;
    posts::access(&mut conn, asker, root_id, Permission::READ_CHANNEL).await?;
    let mut talk = from_root(posts::thread(&mut conn, root_id).await?, root_id);
    talk.retain(|p| p.id != asked_in && is_talk(p, agent));
    said(agent, &mut conn, newest(talk, agent.config.max_context_posts)).await
}

/// A thread with its root in front, where a reply of the root's own millisecond may stand.
fn from_root(mut thread: Vec<Post>, root_id: &str) -> Vec<Post> {
    thread.sort_by_key(|p| p.id != root_id);
    thread
}

/// What people posted in a channel in a span of time; from 0: the latest.
pub async fn channel(
    agent: &Agent,
    asker: &Actor,
    channel_id: &str,
    from_ms: i64,
    to_ms: i64,
    asked_in: &str,
) -> Result<Vec<Said>> {
    let mut conn = agent.site.db.read().await?;
    channels::access(&mut conn, asker, channel_id, Permission::READ_CHANNEL).await?;
    let mut talk = if from_ms > 0 {
        // What changed since then holds all that is new since then.
        posts::since(&mut conn, channel_id, from_ms - 1, MAX_LOADED).await?
    } else {
        posts::latest(&mut conn, channel_id, MAX_LOADED, 0, true).await?
    };
    talk.reverse();
    let inside = |at: i64| at >= from_ms && at <= to_ms;
    talk.retain(|p| p.delete_at == 0 && inside(p.create_at) && p.id != asked_in && is_talk(p, agent));
    said(agent, &mut conn, newest(talk, agent.config.max_context_posts)).await
}

/// What people said to each other. What they asked the agent would be taken for part of the subject.
fn is_talk(post: &Post, agent: &Agent) -> bool {
    post.user_id != agent.bot.id && !mention::mentions(&post.message, &agent.bot.username)
}

fn newest(mut posts: Vec<Post>, most: usize) -> Vec<Post> {
    let surplus = posts.len().saturating_sub(most.max(1));
    posts.drain(..surplus);
    posts
}

/// Words of people and of the agent; system messages and other products' cards are not part of the talk.
async fn said(agent: &Agent, conn: &mut Conn, talk: Vec<Post>) -> Result<Vec<Said>> {
    let mut ids: Vec<String> = talk.iter().map(|p| p.user_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = users::by_ids(conn, &ids).await?;
    Ok(talk.iter().filter_map(|post| turn(post, &people, &agent.bot)).collect())
}

fn turn(post: &Post, people: &[User], bot: &User) -> Option<Said> {
    if !matches!(post.kind.as_str(), "" | "custom_translation" | "custom_llmbot") {
        return None;
    }
    let text = mention::without(&post.message, &bot.username);
    let name = people.iter().find(|u| u.id == post.user_id).map_or("somebody", |u| u.username.as_str());
    (!text.is_empty()).then(|| Said { name: name.into(), text, by_agent: post.user_id == bot.id })
}
