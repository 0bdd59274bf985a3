//! What can be asked about a post, and stopping or repeating an answer.

use super::{Ours, begin_in_direct};
use crate::agent::{Agent, POST_TYPE, REQUESTER};
use crate::task::{Analysis, Task};
use axum::extract::{Path, State};
use axum::{Extension, Json};
use chat::roles::Permission;
use chat::{Actor, Error, Result, Site, posts};
use serde::{Deserialize, Serialize};
use wire::{Post, StatusOk};

/// Body of POST /post/{id}/analyze.
#[derive(Deserialize)]
pub struct Analyze {
    analysis_type: String,
}

/// Where the answer is being written.
#[derive(Serialize)]
pub struct Begun {
    postid: String,
    channelid: String,
}

impl From<Post> for Begun {
    fn from(post: Post) -> Self {
        Self { postid: post.id, channelid: post.channel_id }
    }
}

/// POST /post/{id}/analyze: of the thread that the post is in, in the direct channel.
pub async fn analyze(
    State(site): State<Site>,
    actor: Actor,
    Extension(agent): Ours,
    Path(id): Path<String>,
    Json(body): Json<Analyze>,
) -> Result<Json<Begun>> {
    let unknown = "summarize_thread, action_items and open_questions are known";
    let analysis =
        Analysis::from_wire(&body.analysis_type).ok_or_else(|| Error::invalid_body("analysis_type", unknown))?;
    let post = posts::access(&mut site.db.read().await?, &actor, &id, Permission::READ_CHANNEL).await?;
    let root_id = if post.root_id.is_empty() { post.id } else { post.root_id };
    let task = Task::Thread { root_id, asked_in: String::new(), analysis };
    Ok(Json(begin_in_direct(&agent, &actor, task).await?.into()))
}

/// POST /post/{id}/summarize_transcription: of the call that the post belongs to, in the direct channel.
pub async fn summarize_transcription(
    State(site): State<Site>,
    actor: Actor,
    Extension(agent): Ours,
    Path(id): Path<String>,
) -> Result<Json<Begun>> {
    let post = posts::access(&mut site.db.read().await?, &actor, &id, Permission::READ_CHANNEL).await?;
    Ok(Json(begin_in_direct(&agent, &actor, Task::Call { post_id: post.id }).await?.into()))
}

/// The agent's own post, which this actor asked for.
async fn own(agent: &Agent, actor: &Actor, id: &str) -> Result<Post> {
    let post = posts::access(&mut agent.site.db.read().await?, actor, id, Permission::READ_CHANNEL).await?;
    if post.user_id != agent.bot.id || post.kind != POST_TYPE {
        return Err(Error::invalid("agents.post.not_an_answer.app_error", "The post is no answer of the agent."));
    }
    if post.props.get(REQUESTER).and_then(serde_json::Value::as_str) != Some(actor.user_id.as_str()) {
        return Err(Error::forbidden());
    }
    Ok(post)
}

/// POST /post/{id}/stop: by who asked. A finished answer stays as it is.
pub async fn stop(actor: Actor, Extension(agent): Ours, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    let post = own(&agent, &actor, &id).await?;
    agent.runs.stop(&post.id);
    Ok(Json(StatusOk::default()))
}

/// POST /post/{id}/regenerate: by who asked.
pub async fn regenerate(actor: Actor, Extension(agent): Ours, Path(id): Path<String>) -> Result<Json<StatusOk>> {
    let post = own(&agent, &actor, &id).await?;
    if post.props.contains_key("no_regen") {
        return Err(Error::invalid("agents.regenerate.refused.app_error", "This answer cannot be made again."));
    }
    agent.again(&actor, &post).await?;
    Ok(Json(StatusOk::default()))
}
