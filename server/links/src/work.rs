//! The queue: which address is looked at next, and telling the posts that have it.

use crate::Shared;
use crate::look::{self, Found, Nothing};
use crate::store;
use chat::{Site, posts};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Posts that are told before the queue is looked at again.
const TELL: i64 = 100;
/// Longest sleep, and time between two sweeps.
const IDLE: Duration = Duration::from_secs(3600);

type Looked = (String, Result<Found, Nothing>);

/// Hosts and when they may be asked again.
#[derive(Default)]
struct Hosts {
    busy: HashSet<String>,
    rests: HashMap<String, Instant>,
    /// Those that could not be reached.
    away: HashMap<String, Instant>,
}

impl Hosts {
    fn sweep(&mut self, now: Instant) {
        self.rests.retain(|_, until| *until > now);
        self.away.retain(|_, until| *until > now);
    }
}

fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default()
}

/// Looks at what waits until `stop`.
pub async fn run(site: Site, links: Arc<Shared>, stop: CancellationToken) {
    let (mut hosts, mut running) = (Hosts::default(), JoinSet::<Looked>::new());
    let mut swept: Option<Instant> = None;
    loop {
        if swept.is_none_or(|at| at.elapsed() >= IDLE) {
            swept = Some(Instant::now());
            report(sweep(&site, &links).await, "links could not be swept");
        }
        report(tell(&site).await, "posts could not be told of their links");
        let pause = match start(&site, &links, &mut hosts, &mut running).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(%error, "the queue of links could not be read");
                Duration::from_secs(10)
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = links.bell.notified() => {}
            () = tokio::time::sleep(pause) => {}
            Some(done) = running.join_next() => {
                let ended = match done {
                    Ok(looked) => end(&site, &links, &mut hosts, looked).await,
                    // A task that panicked is found waiting again; its host stays busy until the next start.
                    Err(error) => Err(chat::Error::internal(error)),
                };
                report(ended, "a link could not be kept");
            }
        }
    }
}

fn report(done: chat::Result<()>, what: &str) {
    if let Err(error) = done {
        tracing::error!(%error, "{what}");
    }
}

/// Begins to look at as many as may be; how long the next has to wait.
async fn start(
    site: &Site,
    links: &Arc<Shared>,
    hosts: &mut Hosts,
    running: &mut JoinSet<Looked>,
) -> chat::Result<Duration> {
    let mut pause = IDLE;
    if running.len() >= links.config.max_parallel.max(1) {
        return Ok(pause);
    }
    let waiting = store::waiting(&mut site.db.read().await?, links.config.max_waiting).await?;
    let now = Instant::now();
    hosts.sweep(now);
    let mut hopeless = Vec::new();
    for url in waiting {
        let host = host(&url);
        if hosts.away.contains_key(&host) {
            hopeless.push(url);
        } else if hosts.busy.contains(&host) {
            // It rings when it is done.
        } else if let Some(until) = hosts.rests.get(&host) {
            pause = pause.min(until.saturating_duration_since(now));
        } else if running.len() < links.config.max_parallel.max(1) {
            hosts.busy.insert(host);
            let links = links.clone();
            running.spawn(async move {
                let found = look::at(&links.client, &links.config, &url).await;
                (url, found)
            });
        }
    }
    if !hopeless.is_empty() {
        let until = site.clock.now_ms() + links.config.failed_minutes * 60_000;
        let mut tx = site.db.write().await?;
        for url in &hopeless {
            store::fail(&mut tx, url, until).await?;
        }
        tx.commit().await?;
        pause = Duration::ZERO;
    }
    Ok(pause)
}

/// Keeps what was found, or that nothing was.
async fn end(site: &Site, links: &Shared, hosts: &mut Hosts, (url, found): Looked) -> chat::Result<()> {
    let host = host(&url);
    hosts.busy.remove(&host);
    hosts.rests.insert(host.clone(), Instant::now() + Duration::from_millis(links.config.host_pause_ms));
    let now = site.clock.now_ms();
    let mut tx = site.db.write().await?;
    match found {
        Ok(found) => {
            let data = serde_json::to_value(&found).map_err(chat::Error::internal)?;
            let until = now + links.config.cache_hours * 3_600_000;
            store::learn(&mut tx, &url, found.kind(), &data, until).await?;
        }
        Err(nothing) => {
            tracing::debug!(%url, %nothing, "a link is not previewed");
            let minutes = links.config.failed_minutes;
            if nothing.is_away() {
                let until = Instant::now() + Duration::from_secs(minutes.max(0).unsigned_abs() * 60);
                hosts.away.insert(host, until);
            }
            store::fail(&mut tx, &url, now + minutes * 60_000).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Lets readers see what was found for posts that are there already. It is stored what was told, so that a restart in
/// between costs nobody a preview.
async fn tell(site: &Site) -> chat::Result<()> {
    loop {
        let untold = store::untold(&mut site.db.read().await?, TELL).await?;
        if untold.is_empty() {
            return Ok(());
        }
        let mut quiet: HashSet<String> = HashSet::new();
        for (post_id, shows) in untold {
            if shows {
                match posts::update_as_system(site, &post_id, |_| {}).await {
                    Ok(_) => {}
                    Err(error) if error.kind == chat::error::Kind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            quiet.insert(post_id);
        }
        let mut tx = site.db.write().await?;
        for post_id in &quiet {
            store::told(&mut tx, post_id).await?;
        }
        tx.commit().await?;
    }
}

async fn sweep(site: &Site, links: &Shared) -> chat::Result<()> {
    let mut tx = site.db.write().await?;
    let age = links.config.cache_hours.max(24) * 3_600_000;
    store::sweep(&mut tx, site.clock.now_ms() - age).await?;
    tx.commit().await?;
    Ok(())
}
