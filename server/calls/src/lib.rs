//! Calls: the server side of Mattermost's Calls plugin. Media flows between clients and rtcd; this crate decides who is in
//! a call, passes the signalling on, and has calls recorded and transcribed.
//!
//! * `call` is one call as a state machine, `rooms` the tasks that own one each, `entry` who may join.
//! * `listen` takes client actions (`actions`), chat events and what `rtcd` says to the calls they are about; `events`
//!   gives the wire form of what a call tells.
//! * `posts` and `wording` are the call's posts; `jobs` what the recording service is asked for.
//! * `http` is `/plugins/com.mattermost.calls`, `/bot` for the recording workers included.
//! * `store` keeps the state, so that a restart takes running calls over.

mod actions;
mod call;
mod config;
mod entry;
mod events;
mod http;
mod jobs;
mod limit;
mod listen;
mod posts;
mod rooms;
mod rtcd;
mod service;
mod store;
mod turn;
mod wording;

pub use config::{Config, IceServer, Quality};
pub use http::VERSION;

use anyhow::Context;
use axum::Router;
use call::Rules;
use chat::{Site, auth, system, users};
use rooms::Rooms;
use rtcd::Rtcd;
use service::{Calls, Parts};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Names of stored keys, by which rtcd and the recording service know this installation.
const RTCD_KEY: &str = "CallsRtcdKey";
const OFFLOADER_KEY: &str = "CallsOffloaderKey";

/// How long a worker may need its session: the longest recording and its transcription.
const WORKER_LIFE_MS: i64 = 3 * 24 * 3600 * 1000;

/// Where the services around calls are.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// `http://host:port` of rtcd.
    pub rtcd: String,
    /// `http://host:port` of the recording service.
    pub offloader: String,
    /// Where workers reach this server, unless the settings say otherwise.
    pub site: String,
}

/// Makes sure of the bot account, takes over the calls that an earlier process left, starts to listen, and gives the
/// routes to be nested at `/plugins/com.mattermost.calls`. Everything ends with `stop`; calls go on without this server
/// until it is back or its grace is over.
///
/// # Errors
/// When the bot's name belongs to a person, an address is no URL, or the database fails.
pub async fn start(site: Site, config: Config, to: Addresses, stop: CancellationToken) -> anyhow::Result<Router> {
    let bot = users::ensure_bot(&site, "calls", "Calls", "Calls Bot", "com.mattermost.calls").await;
    let bot_id = bot.context("making the bot of calls")?.id;
    // Each start makes a session; workers of earlier ones may still be busy with theirs.
    let old = site.clock.now_ms() - WORKER_LIFE_MS;
    auth::end_old_bot_sessions(&site, &bot_id, old).await.context("ending old sessions of the bot of calls")?;
    let bot_token = auth::bot_token(&site, &bot_id).await.context("making a session of the bot of calls")?;
    let client_id = site.config().diagnostic_id.clone();
    let rtcd_key = system::secret(&site, RTCD_KEY, 32).await.context("reading the key for rtcd")?;
    let offloader_key =
        system::secret(&site, OFFLOADER_KEY, 32).await.context("reading the key for the recording service")?;
    let offloader = offloader_client::Client::new(&to.offloader, &client_id, &offloader_key)?;
    let actions = site.hub.actions(events::PREFIX);
    let chat_events = site.hub.tap();
    let rtcd_config = rtcd_client::Config::new(to.rtcd, client_id, rtcd_key);
    let (rtcd, from_rtcd) = Rtcd::start(rtcd_config, site.clock.clone(), stop.clone());
    let worker_site_url =
        if config.worker_site_url.is_empty() { to.site } else { config.worker_site_url.trim_end_matches('/').into() };
    let rules = Arc::new(Rules::new(&config, &bot_id));
    let rooms = Rooms::default();
    let calls = Calls(Arc::new(Parts {
        site,
        config,
        rules,
        rtcd,
        offloader,
        rooms,
        bot_id,
        bot_token,
        worker_site_url,
        stop,
    }));
    take_over(&calls).await.context("taking over running calls")?;
    tokio::spawn(listen::actions(calls.clone(), actions));
    tokio::spawn(listen::chat_events(calls.clone(), chat_events));
    tokio::spawn(listen::rtcd(calls.clone(), from_rtcd));
    tokio::spawn(jobs::prepare(calls.clone()));
    Ok(http::router(&calls))
}

async fn take_over(calls: &Calls) -> chat::Result<()> {
    let left = store::active(&mut calls.site.db.read().await?, &calls.rules).await?;
    let now = calls.site.clock.now_ms();
    let newest: HashMap<String, String> = left.iter().map(|c| (c.channel_id.clone(), c.id.clone())).collect();
    for call in left {
        if newest.get(&call.channel_id) != Some(&call.id) {
            // The end of an earlier one could not be stored.
            let mut tx = calls.site.db.write().await?;
            store::end(&mut tx, &call.id, now).await?;
            tx.commit().await?;
            continue;
        }
        tracing::info!(call.id = call.id, sessions = call.sessions.len(), "a call of an earlier process is taken over");
        calls.rooms.restore(calls, call.restore(now));
    }
    Ok(())
}
