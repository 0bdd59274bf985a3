//! The agent: a bot account that answers with a local language model, in Mattermost's wire shape of the agents plugin.
//!
//! * [`start`] makes the bot, listens to new posts and gives the routes of `/plugins/mattermost-ai`.
//! * `mention` decides which posts are for the agent, `intent` what they want, `task` is what a run has to do.
//! * `reading` loads what the asker may read, never more; `prompt` and `parts` make it fit the model.
//! * `answer` writes the reply while the model speaks; `bridge` translates for a model that does not speak the asker's
//!   language; `runs` bounds how many answers are written at once.

mod agent;
mod answer;
mod bridge;
mod config;
mod intent;
mod mention;
mod parts;
mod prompt;
mod reading;
mod routes;
mod runs;
mod store;
mod task;
mod wording;

pub use config::Config;

use agent::Agent;
use anyhow::Context;
use axum::Router;
use chat::Site;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Makes sure of the bot account, ends what an earlier process left half-done, starts to listen for questions, and
/// gives the routes to be nested at `/plugins/mattermost-ai`. Everything ends with `stop`.
///
/// # Errors
/// When the bot's name belongs to a person, the model's address is no URL, or the database fails.
pub async fn start(site: Site, config: Config, stop: CancellationToken) -> anyhow::Result<Router> {
    let agent = Arc::new(Agent::new(site.clone(), config, stop).await.context("starting the agent")?);
    let interrupted = agent.end_interrupted().await.context("ending runs of an earlier process")?;
    if interrupted > 0 {
        tracing::info!(interrupted, "answers of an earlier process were ended");
    }
    let events = site.hub.tap();
    tokio::spawn(agent::listen(agent.clone(), events));
    Ok(routes::router(&site, agent))
}
