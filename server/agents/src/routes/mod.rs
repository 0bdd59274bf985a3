//! `/plugins/mattermost-ai`: the table of routes, and what every handler needs.

mod bots;
mod channel;
mod posts;

use crate::agent::{Agent, Place};
use crate::task::Task;
use axum::routing::{get, post};
use axum::{Extension, Router};
use chat::error::Kind;
use chat::{Actor, Error, Result, Site, channels};
use std::sync::Arc;
use wire::Post;

/// The agent behind a request.
pub type Ours = Extension<Arc<Agent>>;

/// All routes; each asks for a session.
pub fn router(site: &Site, agent: Arc<Agent>) -> Router {
    Router::new()
        .route("/ai_bots", get(bots::list))
        .route("/ai_threads", get(bots::threads))
        .route("/post/{post_id}/analyze", post(posts::analyze))
        .route("/post/{post_id}/summarize_transcription", post(posts::summarize_transcription))
        .route("/post/{post_id}/stop", post(posts::stop))
        .route("/post/{post_id}/regenerate", post(posts::regenerate))
        .route("/post/{post_id}/react", post(absent))
        .route("/post/{post_id}/tool_call", post(absent))
        .route("/post/{post_id}/transcribe/file/{file_id}", post(absent))
        .route("/post/{post_id}/postback_summary", post(absent))
        .route("/channel/{channel_id}/interval", post(channel::interval))
        .route("/search", post(no_search))
        .route("/search/run", post(no_search))
        .layer(Extension(agent))
        .with_state(site.clone())
}

/// Starts a reply in the direct channel of the asker and the agent.
async fn begin_in_direct(agent: &Arc<Agent>, asker: &Actor, task: Task) -> Result<Post> {
    let channel = channels::direct(&agent.site, &asker.user_id, &agent.bot.id).await?;
    let place = Place { channel_id: &channel.id, root_id: "", responding_to: "" };
    agent.begin(asker, task, &place).await
}

async fn absent(_: Actor) -> Error {
    let message = "This agent does not do that.";
    Error::new(Kind::NotImplemented, "agents.not_implemented.app_error", message)
}

async fn no_search(_: Actor) -> Error {
    Error::invalid("agents.search.not_configured.app_error", "Search by meaning is not configured.")
}
