//! The queue: what is sent next, and what becomes of it.

use crate::proxy::{self, Outcome, Receipt};
use crate::store::{self, Waiting};
use crate::{Push, judge, message};
use chat::{Result, Site};
use outbound::Failure;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Longest sleep.
const IDLE: Duration = Duration::from_secs(30);
/// Milliseconds between two sweeps.
const SWEEP_EVERY: i64 = 10 * 60 * 1000;
/// Longest pause between two attempts, milliseconds.
const MAX_PAUSE: i64 = 10 * 60 * 1000;
/// How often the proxy may say that it cannot send one.
const MAX_REFUSALS: i64 = 3;
/// Milliseconds that a process has to tell what became of one, beside the deadline of the call.
const LEASE: i64 = 30_000;

/// What became of one.
enum End {
    /// Sent, or of no use any more.
    Done,
    Gone,
    Refused(String),
    Failed(Failure),
}

/// Where the worker stands; times in milliseconds.
#[derive(Default)]
struct Standing {
    swept_at: i64,
    /// The proxy is away; it is left alone until then.
    rests_until: i64,
}

/// Sends what waits until `stop`.
pub async fn run(site: Site, push: Push, stop: CancellationToken) {
    let (mut running, mut standing) = (JoinSet::new(), Standing::default());
    loop {
        let pause = match step(&site, &push, &mut standing, &mut running).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(%error, "notifications could not be read from the queue");
                IDLE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = push.bell.notified() => {}
            () = tokio::time::sleep(pause) => {}
            Some(done) = running.join_next() => {
                let kept = match done {
                    Ok((waiting, Ok(end))) => keep(&site, &mut standing, &waiting, end).await,
                    // Its row is taken again when the lease is over.
                    Ok((_, Err(error))) => Err(error),
                    Err(error) => Err(chat::Error::internal(error)),
                };
                if let Err(error) = kept {
                    tracing::error!(%error, "what became of a notification could not be kept");
                }
            }
        }
    }
}

type Ended = (Waiting, Result<End>);

/// Begins to send as many as may be; how long the next one has to wait.
async fn step(site: &Site, push: &Push, standing: &mut Standing, running: &mut JoinSet<Ended>) -> Result<Duration> {
    let (now, config) = (site.clock.now_ms(), site.config().push.clone());
    if now - standing.swept_at >= SWEEP_EVERY {
        sweep(site, standing).await?;
    }
    if !config.works() {
        return Ok(IDLE);
    }
    judge::all(site).await?;
    if standing.rests_until > now {
        return Ok(wait(standing.rests_until - now));
    }
    let free = config.max_parallel.max(1).saturating_sub(running.len());
    if free == 0 {
        return Ok(IDLE);
    }
    let Some(next) = store::next(&mut site.db.read().await?).await? else { return Ok(IDLE) };
    if next > now {
        return Ok(wait(next - now));
    }
    let lease = now + i64::try_from(config.timeout_s).unwrap_or(60).saturating_mul(1000) + LEASE;
    let mut tx = site.db.write().await?;
    let taken = store::take(&mut tx, free, now, lease).await?;
    tx.commit().await?;
    if taken.is_empty() {
        // Only what is for nobody any more.
        sweep(site, standing).await?;
        return Ok(Duration::from_secs(1));
    }
    for waiting in taken {
        let (site, push) = (site.clone(), push.clone());
        running.spawn(async move {
            let end = send(&site, &push, &waiting).await;
            (waiting, end)
        });
    }
    // There may be more than there was room for; each that ends rings.
    Ok(IDLE)
}

fn wait(ms: i64) -> Duration {
    Duration::from_millis(ms.clamp(50, 30_000).unsigned_abs())
}

async fn sweep(site: &Site, standing: &mut Standing) -> Result<()> {
    let now = site.clock.now_ms();
    standing.swept_at = now;
    let before = now - site.config().push.max_age_minutes.saturating_mul(60_000);
    let mut tx = site.db.write().await?;
    store::sweep(&mut tx, before, now).await?;
    Ok(tx.commit().await?)
}

async fn send(site: &Site, push: &Push, waiting: &Waiting) -> Result<End> {
    let made = message::of(site, &mut site.db.read().await?, waiting).await?;
    let Some(mut notification) = made else { return Ok(End::Done) };
    notification.signature = push.signer.sign(&notification.ack_id, &notification.device_id);
    let proxy_url = site.config().push.proxy_url.clone();
    Ok(match proxy::send(&push.client, &proxy_url, &notification).await {
        Ok(Outcome::Sent) => End::Done,
        // What rings is another token than the one that shows messages.
        Ok(Outcome::Gone) if !notification.transport.is_empty() => End::Done,
        Ok(Outcome::Gone) => End::Gone,
        Ok(Outcome::Refused(reason)) => End::Refused(reason),
        Err(failure) => End::Failed(failure),
    })
}

/// The pause before the next attempt: twice as long each time.
fn pause(retry_s: i64, attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(0, 20)).unwrap_or(0);
    retry_s.max(0).saturating_mul(1000).saturating_mul(1_i64 << doublings).min(MAX_PAUSE)
}

async fn keep(site: &Site, standing: &mut Standing, waiting: &Waiting, end: End) -> Result<()> {
    let (now, retry_s) = (site.clock.now_ms(), site.config().push.retry_s);
    let later = now + pause(retry_s, waiting.attempts);
    let mut tx = site.db.write().await?;
    match end {
        End::Done => store::done(&mut tx, &waiting.id).await?,
        End::Gone => {
            tracing::info!(session.id = %waiting.session_id, "a device does not have the app any more");
            store::drop_device(&mut tx, waiting).await?;
        }
        End::Refused(reason) if waiting.refusals + 1 >= MAX_REFUSALS => {
            tracing::warn!(session.id = %waiting.session_id, %reason, "the push proxy cannot send a notification");
            store::done(&mut tx, &waiting.id).await?;
        }
        End::Refused(_) => store::later(&mut tx, &waiting.id, later, true).await?,
        End::Failed(failure) => {
            if standing.rests_until <= now {
                tracing::warn!(%failure, "the push proxy is away; notifications wait");
            }
            standing.rests_until = now + pause(retry_s, 0);
            store::later(&mut tx, &waiting.id, later, false).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Passes on what apps have received, until `stop`. One that does not get through is not tried again.
pub async fn pass_on(site: Site, push: Push, mut waiting: mpsc::Receiver<Receipt>, stop: CancellationToken) {
    while let Some(Some(receipt)) = stop.run_until_cancelled(waiting.recv()).await {
        let config = site.config().push.clone();
        if config.works()
            && let Err(failure) = proxy::received(&push.client, &config.proxy_url, &receipt).await
        {
            tracing::debug!(%failure, "a receipt was not passed on");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_ten_minutes() {
        let all: Vec<i64> = [0, 1, 2, 7, 60].iter().map(|n| pause(5, *n) / 1000).collect();
        assert_eq!(all, [5, 10, 20, 600, 600]);
        assert_eq!(pause(0, 9), 0);
    }
}
