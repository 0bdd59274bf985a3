//! Synapse, as PyPI has it. Its rate limits are lifted and nothing else is changed but what only makes it faster:
//! no presence, cheap passwords. With `--database` it runs on PostgreSQL, which its documentation recommends.

use crate::matrix::Homeserver;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const LIMITS: [&str; 11] = [
    "rc_message",
    "rc_registration",
    "rc_login",
    "rc_joins",
    "rc_joins_per_room",
    "rc_invites",
    "rc_room_creation",
    "rc_presence",
    "rc_delayed_event_mgmt",
    "rc_3pid_validation",
    "rc_admin_redaction",
];

fn settings(data: &Path, port: u16, database: &str) -> Value {
    let fast = json!({"per_second": 1_000_000, "burst_count": 1_000_000});
    let mut config = json!({
        "server_name": "bench.test", "report_stats": false, "enable_registration": true,
        "enable_registration_without_verification": true, "suppress_key_server_warning": true, "trusted_key_servers": [],
        "media_store_path": data.join("media"), "signing_key_path": data.join("key"), "pid_file": data.join("pid"),
        "macaroon_secret_key": "bench", "form_secret": "bench", "presence": {"enabled": false}, "bcrypt_rounds": 4,
        "listeners": [{"port": port, "type": "http", "bind_addresses": ["127.0.0.1"], "resources": [{"names": ["client"]}]}],
        "database": {"name": "sqlite3", "args": {"database": data.join("homeserver.db")}},
    });
    for name in LIMITS {
        config[name] = match name {
            "rc_login" => json!({"address": fast, "account": fast, "failed_attempts": fast}),
            "rc_joins" => json!({"local": fast, "remote": fast}),
            "rc_invites" => json!({"per_room": fast, "per_user": fast, "per_issuer": fast}),
            "rc_presence" => json!({"per_user": fast}),
            _ => fast.clone(),
        };
    }
    if !database.is_empty() {
        config["database"] = json!({"name": "psycopg2", "args": {"dsn": database}, "allow_unsafe_locale": true});
    }
    config
}

/// Starts it; how long it took to be healthy.
pub async fn start(python: &Path, database: &str) -> anyhow::Result<(Homeserver, Duration)> {
    Homeserver::start(|data, port| {
        let path = data.join("homeserver.yaml");
        // JSON is YAML.
        std::fs::write(&path, settings(data, port, database).to_string())?;
        let run = || {
            let mut command = Command::new(python);
            command.args(["-m", "synapse.app.homeserver", "-c"]).arg(&path);
            command
        };
        let keys = run().arg("--generate-keys").output()?;
        anyhow::ensure!(keys.status.success(), "keys: {}", String::from_utf8_lossy(&keys.stderr));
        Ok(run())
    })
    .await
}
