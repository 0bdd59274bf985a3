//! A running rtcd for tests.

use rtcd_client::{Config, Event};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

pub const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A running rtcd; killed when dropped.
pub struct Rtcd {
    process: Child,
    pub url: String,
    /// The line that says where it listens.
    line: String,
}

impl Rtcd {
    /// Starts on free ports, or on the address of one that ran before.
    pub fn start(folder: &Path, address: &str, flags: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_rtcd"))
            .args(["--listen-address", address, "--media-port-udp", "0", "--media-port-tcp", "0", "--data-dir"])
            .arg(folder)
            .args(flags)
            .env_remove("MUSTER_CONFIG")
            .env_remove("MUSTER_LOG")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let line = lines.find(|l| l.as_ref().is_ok_and(|l| l.contains("rtcd listens"))).unwrap().unwrap();
        let address = line.split("address=").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url: format!("http://{address}"), line }
    }

    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// Where media is received over `udp` or `tcp`.
    pub fn media(&self, transport: &str) -> SocketAddr {
        let list = self.line.split(&format!("{transport}=[")).nth(1).unwrap();
        list.split(']').next().unwrap().parse().unwrap()
    }

    pub fn client(&self) -> Config {
        let quick = Duration::from_millis(50);
        Config { min_backoff: quick, max_backoff: quick, ..Config::new(&self.url, "site", KEY) }
    }

    pub fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Rtcd {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

pub async fn next(events: &mut Receiver<Event>) -> Event {
    timeout(Duration::from_secs(10), events.recv()).await.unwrap().unwrap()
}
