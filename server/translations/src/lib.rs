//! Automatic translation of channels, in Mattermost's wire shape of the channel-translations plugin.
//!
//! * [`start`] marks what is posted in translated channels, translates it afterwards and gives the routes of
//!   `/plugins/mattermost-channel-translations`.
//! * `mark` says which posts are translated and what happens to a post before it is stored; it waits for nothing.
//! * `listen` puts new and edited posts into the queue, a table, so that nothing is lost while the service is away.
//! * `work` takes them out: it asks for the languages that somebody in the channel reads, and puts the texts into
//!   `props.translations` of the post, from where clients show them. `message` stays what its author wrote.
//! * `languages` knows what the service offers, `reading` which languages a channel reads.

mod config;
mod languages;
mod listen;
mod mark;
mod reading;
mod routes;
mod store;
mod translator;
mod work;

pub use config::Config;

use anyhow::Context;
use axum::Router;
use chat::Site;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use translator::Translator;

/// Begins to translate and gives the routes to be nested at `/plugins/mattermost-channel-translations`. Everything ends
/// with `stop`.
///
/// # Errors
/// When the service's address is no URL, or the database fails.
pub async fn start(site: Site, config: Config, stop: CancellationToken) -> anyhow::Result<Router> {
    let translator = Translator::new(site.clone(), config, stop).await.context("starting channel translation")?;
    let translator = Arc::new(translator);
    site.on_before_store(mark::hook(translator.channels.clone()));
    site.translate_with(translator.clone());
    let events = site.hub.tap();
    tokio::spawn(listen::listen(translator.clone(), events));
    tokio::spawn(listen::catch_up(translator.clone()));
    tokio::spawn(work::work(translator.clone()));
    Ok(routes::router(&site, translator))
}
