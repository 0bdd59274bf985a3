//! The media servers that are compared: each runs on the first core alone.

use crate::process::{Process, free_port};
use anyhow::Context;
use rtcd_client::Config;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Which server, and its binary.
#[derive(Clone, Debug)]
pub enum Peer {
    Muster(PathBuf),
    /// Mattermost's, built from its public source.
    Mattermost(PathBuf),
}

/// A server that runs.
pub struct Running {
    pub process: Process,
    pub config: Config,
}

impl Peer {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Muster(_) => "muster rtcd",
            Self::Mattermost(_) => "mattermost rtcd",
        }
    }

    /// Starts it with its data in `folder`.
    pub async fn start(&self, folder: &Path) -> anyhow::Result<Running> {
        let (http, udp, tcp) = (free_port()?, free_port()?, free_port()?);
        let listen = format!("127.0.0.1:{http}");
        let mut command = on_core(0);
        match self {
            Self::Muster(binary) => {
                command.arg(binary).args(["--listen-address", &listen, "--data-dir"]).arg(folder);
                command.args(["--media-port-udp", &udp.to_string(), "--media-port-tcp", &tcp.to_string()]);
                command.env_remove("MUSTER_CONFIG");
            }
            Self::Mattermost(binary) => {
                let file = folder.join("rtcd.toml");
                let store = folder.join("store");
                let text = format!(
                    "[api]\nhttp.listen_address = \"{listen}\"\nsecurity.allow_self_registration = true\n\
                     [rtc]\nice_address_udp = \"127.0.0.1\"\nice_port_udp = {udp}\nice_address_tcp = \"127.0.0.1\"\n\
                     ice_port_tcp = {tcp}\nenable_ipv6 = false\n[store]\ndata_source = {store:?}\n\
                     [logger]\nenable_console = true\nconsole_level = \"ERROR\"\nenable_file = false\n"
                );
                std::fs::write(&file, text)?;
                command.arg(binary).arg("-config").arg(file);
            }
        }
        let mut process = Process::start(&mut command, &folder.join("log"))?;
        process.healthy(&format!("http://{listen}/version"), Duration::from_secs(20)).await?;
        Ok(Running { process, config: Config::new(format!("http://{listen}"), "bench", KEY) })
    }
}

/// A command that runs on one core.
pub fn on_core(core: usize) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]);
    command
}

/// Keeps this process, and threads that it starts later, on one core.
pub fn stay_on_core(core: usize) -> anyhow::Result<()> {
    let own = std::process::id().to_string();
    let done = Command::new("taskset").args(["-cp", &core.to_string(), &own]).output();
    let done = done.context("taskset (of util-linux) is needed")?;
    anyhow::ensure!(done.status.success(), "taskset: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}
