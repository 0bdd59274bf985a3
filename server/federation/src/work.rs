//! One worker a connection: signs of life in their interval, and what is to be told whenever something happened. A partner
//! that does not answer is tried again after pauses that grow, and at once when it is heard.

use crate::connections::store;
use crate::send::Line;
use crate::{Bell, Federation};
use chat::{Result, Site};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use wire::Event;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Events after which a partner may have something to be told.
const TOLD: [&str; 11] = [
    "posted",
    "post_edited",
    "post_deleted",
    "reaction_added",
    "reaction_removed",
    "post_acknowledgement_added",
    "post_acknowledgement_removed",
    "user_added",
    "user_removed",
    "user_updated",
    "shared_channel_remote_updated",
];

/// Rings when something happened that partners may have to hear of.
pub async fn listen(federation: Federation, mut events: mpsc::Receiver<Arc<Event>>, stop: CancellationToken) {
    while let Some(Some(event)) = stop.run_until_cancelled(events.recv()).await {
        if TOLD.contains(&event.event.as_str()) {
            federation.ring_workers();
        }
    }
}

/// Keeps a worker for each connection, until `stop`.
pub async fn run(site: Site, federation: Federation, stop: CancellationToken) {
    let mut workers: HashMap<String, CancellationToken> = HashMap::new();
    let every = Duration::from_secs(federation.config.ping_s.max(1));
    while !stop.is_cancelled() {
        match live(&site).await {
            Ok(live) => {
                workers.retain(|id, stop| {
                    let stays = live.contains(id) && !stop.is_cancelled();
                    if !stays {
                        stop.cancel();
                        federation.forget_bell(id);
                    }
                    stays
                });
                for id in live {
                    if !workers.contains_key(&id) {
                        let own = stop.child_token();
                        tokio::spawn(work(
                            site.clone(),
                            federation.clone(),
                            id.clone(),
                            federation.bell(&id),
                            own.clone(),
                        ));
                        workers.insert(id, own);
                    }
                }
            }
            Err(error) => tracing::error!(%error, "connections to partners cannot be read"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = federation.changed.notified() => {}
            () = sleep(every) => {}
        }
    }
}

async fn live(site: &Site) -> Result<HashSet<String>> {
    let all = store::live(&mut site.db.read().await?, &site.keys).await?;
    Ok(all.into_iter().map(|c| c.remote.remote_id).collect())
}

/// How it stands between two tries.
struct Pace {
    next_ping: Instant,
    /// `None` while the partner answers.
    retry_at: Option<Instant>,
    pause: Duration,
}

async fn work(site: Site, federation: Federation, id: String, bell: Arc<Bell>, stop: CancellationToken) {
    let mut pace = Pace { next_ping: Instant::now(), retry_at: None, pause: FIRST_PAUSE };
    let gather = Duration::from_millis(federation.config.gather_ms);
    loop {
        let retry_at = pace.retry_at.unwrap_or(pace.next_ping);
        tokio::select! {
            () = stop.cancelled() => return,
            () = bell.awake.notified() => pace.pause = FIRST_PAUSE,
            () = bell.work.notified(), if pace.retry_at.is_none() => {
                if stop.run_until_cancelled(sleep(gather)).await.is_none() {
                    return;
                }
            }
            () = sleep_until(retry_at) => {}
            () = sleep_until(pace.next_ping) => {}
        }
        let Some(done) = stop.run_until_cancelled(step(&site, &federation, &id, &mut pace)).await else { return };
        match done {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::error!(%error, remote.id = %id, "a partner cannot be served");
                pace.retry_at = Some(Instant::now() + federation.longest_pause());
            }
        }
    }
}

/// A sign of life when it is time for one, then all there is to tell; false when the connection is gone.
async fn step(site: &Site, federation: &Federation, id: &str, pace: &mut Pace) -> Result<bool> {
    let found = store::get(&mut site.db.read().await?, &site.keys, id).await?;
    let Some(connection) = found.filter(|c| c.remote.delete_at == 0 && c.confirmed()) else { return Ok(false) };
    let line = Line { site, federation, remote: &connection.remote };
    let pinged = Instant::now() >= pace.next_ping;
    let done = async {
        if pinged {
            pace.next_ping = Instant::now() + Duration::from_secs(federation.config.ping_s.max(1));
            federation.ping(site, &connection.remote).await?;
            let mut tx = site.db.write().await?;
            store::heard(&mut tx, id, site.clock.now_ms()).await?;
            tx.commit().await?;
        }
        line.pass().await
    };
    match done.await {
        Ok(()) => {
            if !connection.failure.is_empty() && !pinged {
                let mut tx = site.db.write().await?;
                store::heard(&mut tx, id, site.clock.now_ms()).await?;
                tx.commit().await?;
            }
            (pace.retry_at, pace.pause) = (None, FIRST_PAUSE);
        }
        Err(failed) => {
            let why = failed.to_string();
            if why != connection.failure {
                tracing::warn!(remote = %connection.remote.name, reason = %why, "a partner does not answer");
                let mut tx = site.db.write().await?;
                store::failed(&mut tx, id, &why).await?;
                tx.commit().await?;
            }
            pace.retry_at = Some(Instant::now() + pace.pause);
            pace.pause = (pace.pause * 2).min(federation.longest_pause());
        }
    }
    Ok(true)
}
