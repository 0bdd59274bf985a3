//! `bench-chat`: the chat server against a peer on the same work, and against limits of its own.
//!
//! * `compare` writers post in channels, readers of every channel hear it; the same against each peer that is given
//!   (`--synapse-python`, `--tuwunel`), `--rounds` times in turn. Ratios of one run.
//! * `idle` what thousands of connected clients cost that do nothing.
//! * `open` a channel of a million posts is opened, and one of a thousand.
//! * `search` a site of a million posts is searched, by our index and with LIKE.
//! * `floor` posting on SQLite beside the bare commits of the same rows.
//! * `crash` a writer posts while the server is killed again and again: nothing acknowledged is lost, nothing is twice.
//!
//! Everything listens on loopback, ends by itself and leaves nothing behind.

mod crash;
mod floor;
mod idle;
mod load;
mod matrix;
mod muster;
mod open;
#[path = "../process.rs"]
mod process;
mod search;
mod synapse;
mod tuwunel;

use anyhow::{Context, bail};
use load::{Figures, Plan};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let what = words.next().context("what? compare, idle, open, search, floor or crash")?;
    let options = options(words)?;
    let number = |key: &str, default: usize| match options.get(key) {
        Some(text) => text.parse::<usize>().with_context(|| format!("--{key} {text}")),
        None => Ok(default),
    };
    kit::init_crypto();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let server = PathBuf::from(options.get("server").context("--server: path of the server's binary")?);
    match what.as_str() {
        "compare" => {
            let plan = Plan {
                writers: number("writers", 8)?,
                channels: number("channels", 4)?,
                readers: number("readers", 50)?,
                messages: number("messages", 2000)?,
                database: options.get("database").cloned().unwrap_or_default(),
            };
            let few = Plan { messages: number("synapse-messages", 200)?, ..plan.clone() };
            for _ in 0..number("rounds", 1)? {
                runtime.block_on(compare(&server, &plan, &few, &options))?;
            }
            Ok(())
        }
        "idle" => runtime.block_on(idle::run(&server, number("sockets", 10_000)?)),
        "open" => runtime.block_on(open::run(&server, number("posts", 1_000_000)?, number("rounds", 500)?)),
        "search" => runtime.block_on(search::run(&server, number("posts", 1_000_000)?, number("rounds", 200)?)),
        "floor" => runtime.block_on(floor::run(&server, number("writers", 8)?, number("messages", 5000)?)),
        "crash" => {
            let seed = number("seed", 1)? as u64;
            runtime.block_on(crash::run(&server, number("kills", 50)?, seed, options.get("database").map_or("", |d| d)))
        }
        other => bail!("{other}: compare, idle, open, search, floor or crash"),
    }
}

fn options(mut words: impl Iterator<Item = String>) -> anyhow::Result<BTreeMap<String, String>> {
    let mut options = BTreeMap::new();
    while let Some(word) = words.next() {
        let key = word.strip_prefix("--").with_context(|| format!("{word}: a flag must begin with --"))?;
        options.insert(key.to_owned(), words.next().with_context(|| format!("{word}: a value must follow"))?);
    }
    Ok(options)
}

/// One round; Synapse gets a smaller plan, since it takes so much longer.
async fn compare(server: &Path, plan: &Plan, few: &Plan, options: &BTreeMap<String, String>) -> anyhow::Result<()> {
    let ours = load::run(muster::Muster::start(server, plan).await?, plan).await?;
    ours.print("muster");
    if let Some(binary) = options.get("tuwunel") {
        let peer = load::run(tuwunel::start(binary.as_ref()).await?, plan).await?;
        peer.print("tuwunel");
        ratios(&ours, &peer);
    }
    if let Some(python) = options.get("synapse-python") {
        let peer = load::run(synapse::start(python.as_ref(), &few.database).await?, few).await?;
        peer.print("synapse");
        ratios(&ours, &peer);
    }
    Ok(())
}

fn ratios(ours: &Figures, peer: &Figures) {
    println!("messages per second          {:8.1} times the peer's", ours.rate / peer.rate);
    println!("CPU per delivered event      {:8.4} of the peer's", ours.cpu_us_per_delivery / peer.cpu_us_per_delivery);
    println!("send to last reader, median  {:8.4} of the peer's", ours.p50_ms / peer.p50_ms);
    println!("memory at the end            {:8.4} of the peer's", ours.rss_mb / peer.rss_mb);
}
