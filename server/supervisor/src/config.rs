//! The `[supervisor]` section, and the flags that belong to a service.

use kit::config::{ConfigError, Loaded, Program};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The services, in the order in which they start.
pub const SERVICES: [&str; 4] = ["rtcd", "offloader", "llm", "server"];

/// Flags for the services, by name, as they were given (`["--listen-address", ":9000"]`).
pub type ServiceFlags = BTreeMap<&'static str, Vec<String>>;

/// Settings of the supervisor.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder that holds all state: databases, files, models, logs.
    pub data: PathBuf,
    /// Address on which people reach the site. 127.0.0.1 is this machine only; 0.0.0.0 is everybody on the network.
    pub host: String,
    /// Encryption of what clients send: off, files, local-ca or acme; empty: as `[server.tls]` says. Port 8066.
    pub tls: String,
    /// Services to run, of rtcd, offloader, llm and server.
    pub services: Vec<String>,
    /// Folder with the service binaries; empty: beside this program.
    pub bin_dir: PathBuf,
    /// Folder with the built web client.
    pub web_root: PathBuf,
    /// Folder with the models; empty: `models` in the data folder.
    pub models_dir: PathBuf,
    /// Folder that keeps downloaded packages between installs; empty: none is kept.
    pub package_cache: PathBuf,
    /// Get missing default models at start.
    pub fetch_models: bool,
    /// Return as soon as all services are ready and leave them running.
    pub detach: bool,
    /// `status`: print JSON.
    pub json: bool,
    /// `logs`: keep printing.
    pub follow: bool,
    /// Seconds that a start may take before it is reported as late.
    pub start_timeout_s: u64,
    /// Seconds that a service gets to stop before it is killed.
    pub stop_timeout_s: u64,
    /// Longest wait between two restarts of a service, in seconds.
    pub max_backoff_s: u64,
    /// A log file is rotated when it is larger than this at start, in megabytes.
    pub max_log_mb: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: ".muster".into(),
            host: "127.0.0.1".into(),
            tls: String::new(),
            services: SERVICES.map(String::from).into(),
            bin_dir: PathBuf::new(),
            web_root: PathBuf::new(),
            models_dir: PathBuf::new(),
            package_cache: PathBuf::new(),
            fetch_models: true,
            detach: false,
            json: false,
            follow: false,
            start_timeout_s: 120,
            stop_timeout_s: 15,
            max_backoff_s: 30,
            max_log_mb: 32,
        }
    }
}

impl Config {
    /// The services to run, in the order in which they start.
    ///
    /// # Errors
    /// A name that is no service, in words for the user.
    pub fn chosen(&self) -> Result<Vec<&'static str>, String> {
        if let Some(unknown) = self.services.iter().find(|s| !SERVICES.contains(&s.as_str())) {
            return Err(format!("services: {unknown:?} is none of {}", SERVICES.join(", ")));
        }
        Ok(SERVICES.into_iter().filter(|s| self.services.iter().any(|c| c == s)).collect())
    }

    /// Folder of the binaries.
    pub fn binaries(&self) -> PathBuf {
        if self.bin_dir.as_os_str().is_empty() {
            let own = std::env::current_exe().unwrap_or_default();
            own.parent().map(Path::to_owned).unwrap_or_default()
        } else {
            self.bin_dir.clone()
        }
    }

    /// Folder of the models.
    pub fn models(&self) -> PathBuf {
        if self.models_dir.as_os_str().is_empty() { self.data.join("models") } else { self.models_dir.clone() }
    }

    /// The configuration file that all services read, if there is one: `--config`, else `muster.toml` in the data folder.
    pub fn file(&self) -> Option<PathBuf> {
        let named = CONFIG_FILE.get().cloned().flatten();
        named.or_else(|| Some(self.data.join("muster.toml")).filter(|p| p.exists()))
    }

    /// Socket through which `status` and `down` reach the running supervisor.
    pub fn socket(&self) -> PathBuf {
        self.data.join("run").join("supervisor.sock")
    }
}

static CONFIG_FILE: std::sync::OnceLock<Option<PathBuf>> = std::sync::OnceLock::new();

/// What the command line asked for.
pub enum Outcome {
    Run(Config, Vec<String>),
    Print(String),
}

const PROGRAM: Program =
    Program { name: "muster", section: "supervisor", about: "starts, watches and stops the services of a site" };

/// Loads the section from flags, environment and file; `muster.toml` in the data folder is read when no file is named.
///
/// # Errors
/// The text for the user: source, key, reason.
pub fn load(args: &[String]) -> Result<Outcome, String> {
    let env = |name: &str| std::env::var(name).ok();
    let parsed = kit::config::parse::<Config>(PROGRAM, args, &env).map_err(|e| e.to_string())?;
    let Loaded::Run(first, words) = parsed else {
        return match parsed {
            Loaded::Print(text) => Ok(Outcome::Print(text)),
            Loaded::Run(..) => Err("unreachable configuration state".into()),
        };
    };
    let named = named_file(args).or_else(|| env("MUSTER_CONFIG").map(PathBuf::from));
    let implied = first.data.join("muster.toml");
    let (mut config, words) = if named.is_none() && implied.exists() {
        let mut args = args.to_vec();
        args.extend(["--config".into(), implied.display().to_string()]);
        match kit::config::parse::<Config>(PROGRAM, &args, &env).map_err(|e: ConfigError| e.to_string())? {
            Loaded::Run(config, words) => (config, words),
            Loaded::Print(text) => return Ok(Outcome::Print(text)),
        }
    } else {
        (first, words)
    };
    CONFIG_FILE.get_or_init(|| named.map(|p| absolute(&p)));
    config.data = absolute(&config.data);
    Ok(Outcome::Run(config, words))
}

fn named_file(args: &[String]) -> Option<PathBuf> {
    let mut args = args.iter();
    let mut found = None;
    while let Some(arg) = args.next() {
        if arg == "--config" {
            found = args.next().map(PathBuf::from);
        } else if let Some(path) = arg.strip_prefix("--config=") {
            found = Some(path.into());
        }
    }
    found
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Takes `--<service>.<key> value` out of the arguments.
///
/// # Errors
/// When the value is missing.
pub fn split_service_flags(args: &[String]) -> Result<(ServiceFlags, Vec<String>), String> {
    let mut flags: ServiceFlags = SERVICES.iter().map(|s| (*s, Vec::new())).collect();
    let mut own = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let service =
            SERVICES.iter().find_map(|s| arg.strip_prefix(&format!("--{s}.")).map(|rest| (*s, rest.to_owned())));
        let Some((service, rest)) = service else {
            own.push(arg.clone());
            continue;
        };
        let list = flags.entry(service).or_default();
        if rest.contains('=') {
            list.push(format!("--{rest}"));
        } else {
            let value = args.next().ok_or_else(|| format!("{arg}: a value must follow"))?;
            list.extend([format!("--{rest}"), value.clone()]);
        }
    }
    Ok((flags, own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_flags_go_to_their_service() {
        let args: Vec<String> =
            ["up", "--server.listen-address", ":1", "--llm.threads=2", "--data", "d"].map(String::from).into();
        let (flags, own) = split_service_flags(&args).unwrap();
        assert_eq!(flags["server"], ["--listen-address", ":1"]);
        assert_eq!(flags["llm"], ["--threads=2"]);
        assert_eq!(own, ["up", "--data", "d"]);
        assert!(split_service_flags(&["--rtcd.media-port-udp".into()]).unwrap_err().contains("must follow"));
    }
}
