//! `bench-media`: the media server against Mattermost's on the same work, and against the floor of the machine.
//!
//! `bench-media compare --rtcd PATH [--mattermost PATH] [--scenario briefing|meetings|screen] [--seconds 20]
//! [--rounds 1] [--shrink 1]`. The server under test has the first core for itself, everything else runs on the second.
//! Participants negotiate like any other (ICE, DTLS, SDP through the server's own WebSocket), then count what they are
//! sent; one in a hundred decrypts it and tells the delay. Everything listens on loopback and ends by itself.

mod floor;
mod load;
mod participant;
mod peer;
#[path = "../process.rs"]
mod process;
mod scenario;
mod signalling;

use anyhow::{Context, bail};
use load::Load;
use peer::Peer;
use scenario::{SCENARIOS, Scenario};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What one server needed.
struct Figures {
    cpu_us: f64,
    memory_kb: f64,
}

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let what = words.next().context("what? compare")?;
    let mut options = BTreeMap::new();
    while let Some(word) = words.next() {
        let key = word.strip_prefix("--").with_context(|| format!("{word}: a flag must begin with --"))?;
        options.insert(key.to_owned(), words.next().with_context(|| format!("{word}: a value must follow"))?);
    }
    let number = |key: &str, default: usize| match options.get(key) {
        Some(text) => text.parse::<usize>().with_context(|| format!("--{key} {text}")),
        None => Ok(default),
    };
    let divisor = number("shrink", 1)?.max(1);
    let chosen: Vec<Scenario> = SCENARIOS
        .into_iter()
        .filter(|s| options.get("scenario").is_none_or(|name| name == s.name))
        .map(|s| if divisor > 1 { s.shrunk(divisor) } else { s })
        .collect();
    anyhow::ensure!(!chosen.is_empty(), "--scenario: briefing, meetings or screen");
    match what.as_str() {
        "compare" => {
            let seconds = Duration::from_secs(number("seconds", 20)? as u64);
            let mut peers =
                vec![Peer::Muster(PathBuf::from(options.get("rtcd").context("--rtcd: path of the binary")?))];
            peers.extend(options.get("mattermost").map(|path| Peer::Mattermost(PathBuf::from(path))));
            kit::init_crypto();
            peer::stay_on_core(1)?;
            for round in 0..number("rounds", 1)? {
                for scenario in &chosen {
                    println!("round {}, {}: {scenario:?}", round + 1, scenario.name);
                    compare(*scenario, &peers, seconds)?;
                }
            }
            Ok(())
        }
        "floor-sender" => {
            let ports = PathBuf::from(options.get("ports").context("--ports: a file")?);
            floor::send(chosen[0], &ports, number("seconds", 20)? as u64)
        }
        other => bail!("{other}: compare"),
    }
}

fn compare(scenario: Scenario, peers: &[Peer], seconds: Duration) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let floor = floor::measure(scenario, folder.path(), seconds.min(Duration::from_secs(10)))?;
    println!("{:16} {floor:6.2} us CPU a packet", "floor");
    let mut ours: Option<Figures> = None;
    for peer in peers {
        let figures = measure(scenario, peer, seconds)?;
        println!("{:16} {:6.2} times the floor", "", figures.cpu_us / floor);
        match &ours {
            None => ours = Some(figures),
            Some(ours) => println!(
                "{:16} {:6.2} times our CPU a packet, {:.1} times our memory a peer",
                "",
                figures.cpu_us / ours.cpu_us,
                figures.memory_kb / ours.memory_kb
            ),
        }
    }
    Ok(())
}

fn measure(scenario: Scenario, peer: &Peer, seconds: Duration) -> anyhow::Result<Figures> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let running = runtime.block_on(peer.start(folder.path()))?;
    let empty = running.process.rss_mb()?;
    let (say, said) = tokio::sync::mpsc::channel(signalling::QUEUE);
    let (hear, heard) = std::sync::mpsc::sync_channel(signalling::QUEUE);
    let config = running.config.clone();
    runtime.spawn(async move {
        if let Err(error) = signalling::carry(config, said, hear).await {
            eprintln!("signalling: {error:#}");
        }
    });
    let mut load = Load::new(scenario, say, heard)?;
    let assembled = load.assemble()?;
    load.run(Duration::from_secs(3))?;
    load.take_delays();
    load.late = Duration::ZERO;
    let (cpu, received, sent) = (running.process.cpu()?, load.received(), load.sent);
    load.run(seconds)?;
    let (cpu, received) = (running.process.cpu()? - cpu, load.received() - received);
    let wanted = scenario.forwarded_per_second() as f64 * seconds.as_secs_f64();
    let delays = load.take_delays();
    let at = |p: f64| delays.get((delays.len() as f64 * p) as usize).map_or(f64::NAN, |d| d.as_secs_f64() * 1e3);
    let memory_kb = (running.process.rss_mb()? - empty) * 1024.0 / (scenario.calls * scenario.participants) as f64;
    let cpu_us = cpu.as_micros() as f64 / received as f64;
    println!(
        "{:16} {cpu_us:6.2} us CPU a packet, {:.0} packets/s out ({:.2} % of what was wanted, {} sent), {:.0} % of a core, \
         delay p50 {:.2} ms p99 {:.2} ms, {memory_kb:.0} kB a peer, assembled in {:.1} s, generator late by {:.1} ms at most",
        peer.name(),
        received as f64 / seconds.as_secs_f64(),
        received as f64 * 100.0 / wanted,
        load.sent - sent,
        cpu.as_secs_f64() * 100.0 / seconds.as_secs_f64(),
        at(0.5),
        at(0.99),
        assembled.as_secs_f64(),
        load.late.as_secs_f64() * 1e3,
    );
    Ok(Figures { cpu_us, memory_kb })
}
