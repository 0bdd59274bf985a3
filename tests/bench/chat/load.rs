//! The work that both servers do: every writer posts the next message when the last one is acknowledged; every reader
//! hears every message of every channel.

use crate::process::Process;
use anyhow::Context;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How much of it.
#[derive(Clone, Debug)]
pub struct Plan {
    pub writers: usize,
    pub channels: usize,
    pub readers: usize,
    pub messages: usize,
    /// PostgreSQL of the server; empty: SQLite.
    pub database: String,
}

/// A server that can do the work.
pub trait Peer: Send + Sync + 'static {
    /// Somebody with a session, who is in all channels.
    type User: Clone + Send + Sync + 'static;
    fn process(&self) -> &Process;
    fn users(&self, names: Vec<String>) -> impl Future<Output = anyhow::Result<Vec<Self::User>>> + Send;
    /// Ids of new channels with everybody in them.
    fn channels(&self, count: usize, users: &[Self::User]) -> impl Future<Output = anyhow::Result<Vec<String>>> + Send;
    fn send(&self, user: &Self::User, channel: &str, text: &str) -> impl Future<Output = anyhow::Result<()>> + Send;
    /// Listens until it is dropped; `ready` once, then `heard` for every message's text.
    fn listen(
        &self,
        user: Self::User,
        ready: Arc<Notify>,
        heard: impl Fn(&str) + Send + Sync + 'static,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// What came out.
#[derive(Clone, Debug)]
pub struct Figures {
    pub start_ms: f64,
    /// Acknowledged messages per second.
    pub rate: f64,
    pub deliveries_per_second: f64,
    pub cpu_us_per_delivery: f64,
    /// From the send to the last reader's socket, milliseconds.
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub rss_mb: f64,
}

impl Figures {
    pub fn print(&self, name: &str) {
        println!(
            "{name}: {:.0} messages/s, {:.0} deliveries/s, {:.1} us CPU per delivery, send to last reader p50 {:.1} ms \
             p99 {:.1} ms, {:.0} MB, healthy after {:.0} ms",
            self.rate,
            self.deliveries_per_second,
            self.cpu_us_per_delivery,
            self.p50_ms,
            self.p99_ms,
            self.rss_mb,
            self.start_ms
        );
    }
}

#[derive(Default)]
struct Board {
    sent: HashMap<String, Instant>,
    heard: HashMap<String, usize>,
    /// Milliseconds from the send to the last reader.
    latencies: Vec<f64>,
}

/// Runs the work; `start_ms` is how long the server took to be healthy.
///
/// # Errors
/// When the server refuses something, or a message does not reach every reader within a minute.
pub async fn run<P: Peer>((peer, started): (P, Duration), plan: &Plan) -> anyhow::Result<Figures> {
    let peer = Arc::new(peer);
    let names = |kind: &str, n: usize| (0..n).map(|i| format!("{kind}{i}")).collect::<Vec<_>>();
    let mut all = names("writer", plan.writers);
    all.extend(names("reader", plan.readers));
    let users = peer.users(all).await.context("making users")?;
    let channels = peer.channels(plan.channels, &users).await.context("making channels")?;
    let board = Arc::new(Mutex::new(Board::default()));
    let complete = Arc::new(Notify::new());
    let mut listening = Vec::new();
    for user in &users[plan.writers..] {
        let (peer, user, board, complete) = (peer.clone(), user.clone(), board.clone(), complete.clone());
        let (readers, messages) = (plan.readers, plan.messages);
        let ready = Arc::new(Notify::new());
        let told = ready.clone();
        let heard = move |text: &str| {
            let mut board = board.lock().unwrap_or_else(PoisonError::into_inner);
            let count = board.heard.entry(text.to_owned()).or_default();
            *count += 1;
            if *count == readers
                && let Some(at) = board.sent.get(text).copied()
            {
                board.latencies.push(at.elapsed().as_secs_f64() * 1000.0);
                if board.latencies.len() == messages {
                    complete.notify_one();
                }
            }
        };
        listening.push(tokio::spawn(async move { peer.listen(user, told, heard).await }));
        tokio::time::timeout(Duration::from_secs(60), ready.notified()).await.context("a reader does not connect")?;
    }
    let cpu = peer.process().cpu()?;
    let begun = Instant::now();
    let mut writing = tokio::task::JoinSet::new();
    for w in 0..plan.writers {
        let (peer, user, board) = (peer.clone(), users[w].clone(), board.clone());
        let channel = channels[w % channels.len()].clone();
        let share = plan.messages / plan.writers + usize::from(w < plan.messages % plan.writers);
        writing.spawn(async move {
            for n in 0..share {
                let text = format!("message {n} of writer {w}: the quick brown fox jumps over the lazy dog");
                board.lock().unwrap_or_else(PoisonError::into_inner).sent.insert(text.clone(), Instant::now());
                peer.send(&user, &channel, &text).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = writing.join_next().await {
        done??;
    }
    let acknowledged = begun.elapsed();
    if tokio::time::timeout(Duration::from_secs(60), complete.notified()).await.is_err() {
        let ended: Vec<_> = listening.iter().filter(|l| l.is_finished()).collect();
        let reached = board.lock().unwrap_or_else(PoisonError::into_inner).latencies.len();
        anyhow::bail!("only {reached} messages reached everybody; {} readers have ended", ended.len());
    }
    let delivered = begun.elapsed();
    let spent = peer.process().cpu()? - cpu;
    let rss_mb = peer.process().rss_mb()?;
    for task in &listening {
        task.abort();
    }
    let mut latencies = std::mem::take(&mut board.lock().unwrap_or_else(PoisonError::into_inner).latencies);
    latencies.sort_by(f64::total_cmp);
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    let deliveries = (plan.messages * plan.readers) as f64;
    Ok(Figures {
        start_ms: started.as_secs_f64() * 1000.0,
        rate: plan.messages as f64 / acknowledged.as_secs_f64(),
        deliveries_per_second: deliveries / delivered.as_secs_f64(),
        cpu_us_per_delivery: spent.as_secs_f64() * 1e6 / deliveries,
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        rss_mb,
    })
}
