//! Tuwunel, a homeserver in Rust with RocksDB inside. It has no rate limits to lift; presence is off as in the others.
//! It hands its log to the kernel at every message and does not wait for the disk; ours and Synapse do.

use crate::matrix::Homeserver;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn settings(data: &Path, port: u16) -> String {
    format!(
        r#"[global]
server_name = "bench.test"
database_path = {:?}
address = "127.0.0.1"
port = {port}
log = "warn"
allow_registration = true
yes_i_am_very_very_sure_i_want_an_open_registration_server_prone_to_abuse = true
allow_federation = false
trusted_servers = []
allow_local_presence = false
allow_incoming_presence = false
allow_outgoing_presence = false
"#,
        data.join("store")
    )
}

/// Starts the program `binary`; how long it took to be healthy.
pub async fn start(binary: &Path) -> anyhow::Result<(Homeserver, Duration)> {
    Homeserver::start(|data, port| {
        let path = data.join("tuwunel.toml");
        std::fs::write(&path, settings(data, port))?;
        let mut command = Command::new(binary);
        command.arg("-c").arg(&path);
        Ok(command)
    })
    .await
}
