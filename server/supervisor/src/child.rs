//! One service process: its command line, its log file, its end.

use crate::config::{Config, ServiceFlags};
use crate::health;
use crate::run::Error;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::{Child, Command};

/// How a service is started.
#[derive(Clone, Debug)]
pub struct Spec {
    pub name: &'static str,
    pub binary: PathBuf,
    pub args: Vec<String>,
    pub log: PathBuf,
    /// Where it answers HTTP, read from its own merged configuration.
    pub address: String,
    /// Where people reach it with encryption, if it does that.
    pub https: Option<Https>,
}

/// The encrypted side of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Https {
    pub url: String,
    /// People have to install the site's authority first.
    pub own_authority: bool,
}

/// Reads it from the merged section of the server.
fn https(section: &toml::Value) -> Option<Https> {
    let text = |value: Option<&toml::Value>| value.and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    let tls = section.get("tls")?;
    let mode = text(tls.get("mode"));
    if mode.is_empty() || mode == "off" {
        return None;
    }
    let site_url = text(section.get("site_url"));
    let listen = text(tls.get("listen").and_then(|l| l.get(0)));
    let url =
        if site_url.starts_with("https://") { site_url } else { format!("https://{}", health::reachable(&listen)) };
    Some(Https { url, own_authority: mode == "local-ca" })
}

/// Command lines of all services: each binary checks its own settings, and addresses that were changed in one place
/// reach the services that call there.
///
/// # Errors
/// [`Error::Settings`] with the binary's own words when a configuration is wrong.
pub async fn specs(config: &Config, flags: &ServiceFlags) -> Result<Vec<Spec>, Error> {
    let chosen = config.chosen().map_err(|reason| Error::Settings { reason })?;
    let mut addresses = BTreeMap::new();
    for name in chosen.iter().copied() {
        addresses.insert(name, spec(config, flags, name, &[]).await?.address);
    }
    let file = read_file(config)?;
    let mut all = Vec::new();
    for name in chosen {
        let derived = derived_urls(name, &addresses, |key| {
            let set_in_file = file.get(name).and_then(|s| s.get(key)).is_some();
            set_in_file || std::env::var(format!("MUSTER_{}_{}", name.to_uppercase(), key.to_uppercase())).is_ok()
        });
        all.push(spec(config, flags, name, &derived).await?);
    }
    Ok(all)
}

fn read_file(config: &Config) -> Result<toml::Table, Error> {
    let Some(path) = config.file() else { return Ok(toml::Table::new()) };
    let text = std::fs::read_to_string(&path).map_err(|source| Error::Folder { path: path.clone(), source })?;
    text.parse().map_err(|e: toml::de::Error| Error::Settings { reason: format!("{}: {e}", path.display()) })
}

/// Which service calls which, and under what key it keeps the URL.
const CALLS: [(&str, &str, &str); 5] = [
    ("server", "rtcd", "rtcd_url"),
    ("server", "offloader", "offloader_url"),
    ("server", "llm", "llm_url"),
    ("llm", "offloader", "offloader_url"),
    ("offloader", "llm", "llm_url"),
];

/// URL flags for `name` that follow from where the others listen, but for keys that the user set.
fn derived_urls(name: &str, addresses: &BTreeMap<&str, String>, set: impl Fn(&str) -> bool) -> Vec<String> {
    let mut args = Vec::new();
    for (_, target, key) in CALLS.iter().filter(|(caller, _, key)| *caller == name && !set(key)) {
        if let Some(address) = addresses.get(target) {
            args.extend([format!("--{}", key.replace('_', "-")), format!("http://{}", health::reachable(address))]);
        }
    }
    args
}

/// Puts the command line of `name` together and lets the binary check it (`--print-config`).
async fn spec(config: &Config, flags: &ServiceFlags, name: &'static str, derived: &[String]) -> Result<Spec, Error> {
    let binary = config.binaries().join(name);
    if !binary.exists() {
        return Err(Error::Missing { path: binary });
    }
    let mut args = Vec::new();
    if let Some(file) = config.file() {
        args.extend(["--config".into(), file.display().to_string()]);
    }
    args.extend(paths(config, name));
    args.extend(derived.iter().cloned());
    args.extend(flags.get(name).cloned().unwrap_or_default());
    let checked = Command::new(&binary)
        .args(&args)
        .arg("--print-config")
        .output()
        .await
        .map_err(|source| Error::Start { name, source })?;
    if !checked.status.success() {
        let reason = String::from_utf8_lossy(&checked.stderr).trim().to_owned();
        return Err(Error::Settings { reason });
    }
    let merged: toml::Table = String::from_utf8_lossy(&checked.stdout)
        .parse()
        .map_err(|e: toml::de::Error| Error::Settings { reason: format!("{name} --print-config: {e}") })?;
    let address = merged.get(name).and_then(|s| s.get("listen_address")).and_then(|a| a.as_str());
    let address = address
        .map(str::to_owned)
        .ok_or_else(|| Error::Settings { reason: format!("{name} --print-config names no listen_address") })?;
    let https = merged.get(name).and_then(https);
    Ok(Spec { name, binary, args, https, log: config.data.join("logs").join(format!("{name}.log")), address })
}

/// Paths and host that follow from the supervisor's own settings.
fn paths(config: &Config, name: &str) -> Vec<String> {
    let text = |p: PathBuf| p.display().to_string();
    let mut args: Vec<String> = Vec::new();
    let mut add = |flag: &str, value: String| args.extend([flag.to_owned(), value]);
    match name {
        "llm" => add("--models-dir", text(config.models())),
        "offloader" => {
            add("--data-dir", text(config.data.join("offloader")));
            add("--models-dir", text(config.models()));
        }
        "server" => {
            add("--data-dir", text(config.data.join("server")));
            if !config.web_root.as_os_str().is_empty() {
                add("--web-root", text(config.web_root.clone()));
            }
            if config.host != "127.0.0.1" {
                add("--listen-address", format!("{}:8065", config.host));
            }
            if !config.tls.is_empty() {
                add("--tls.mode", config.tls.clone());
                add("--tls.listen", format!("{}:8066", config.host));
            }
        }
        _ => {
            add("--data-dir", text(config.data.join("rtcd")));
            if config.host != "127.0.0.1" {
                add("--media-address", config.host.clone());
            }
        }
    }
    args
}

/// Opens the log for appending; a large one becomes `<name>.log.1` first.
fn open_log(spec: &Spec, max_bytes: u64) -> std::io::Result<File> {
    if spec.log.metadata().is_ok_and(|m| m.len() > max_bytes) {
        std::fs::rename(&spec.log, spec.log.with_extension("log.1"))?;
    }
    OpenOptions::new().create(true).append(true).open(&spec.log)
}

/// Starts the process. It dies with the supervisor, however that ends.
///
/// # Errors
/// [`Error::Start`] when the system refuses.
pub fn start(spec: &Spec, max_log_bytes: u64) -> Result<Child, Error> {
    let failed = |source| Error::Start { name: spec.name, source };
    let log = open_log(spec, max_log_bytes).map_err(failed)?;
    let mut command = Command::new(&spec.binary);
    command
        .args(&spec.args)
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(failed)?)
        .stderr(log)
        .kill_on_drop(true);
    let supervisor = std::process::id();
    // SAFETY: prctl and getppid are async-signal-safe, and nothing else happens between fork and exec.
    unsafe {
        command.pre_exec(move || {
            // A terminal's Ctrl-C reaches the supervisor alone, which then stops the services in order.
            if libc::setpgid(0, 0) != 0 || libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) != 0 {
                return Err(std::io::Error::last_os_error());
            }
            if libc::getppid().cast_unsigned() != supervisor {
                return Err(std::io::Error::other("the supervisor is gone"));
            }
            Ok(())
        });
    }
    command.spawn().map_err(failed)
}

/// The last lines of a log, for a start that failed.
pub fn last_words(spec: &Spec) -> String {
    let text = std::fs::read_to_string(&spec.log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().filter(|l| !l.trim().is_empty()).take(3).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_the_encrypted_address() {
        let of = |text: &str| https(&toml::Value::Table(text.parse().unwrap()));
        assert_eq!(of("site_url = ''\n[tls]\nmode = 'off'\nlisten = [':8066']"), None);
        let told = of("site_url = ''\n[tls]\nmode = 'local-ca'\nlisten = [':8066']").unwrap();
        assert_eq!((told.url.as_str(), told.own_authority), ("https://127.0.0.1:8066", true));
        let told = of("site_url = 'https://chat.lan'\n[tls]\nmode = 'files'\nlisten = [':443']").unwrap();
        assert_eq!((told.url.as_str(), told.own_authority), ("https://chat.lan", false));
    }

    #[test]
    fn a_moved_service_is_found_by_those_who_call_it_unless_the_user_says_otherwise() {
        let addresses = BTreeMap::from([
            ("rtcd", ":9045".to_owned()),
            ("offloader", "127.0.0.1:9545".into()),
            ("llm", "127.0.0.1:9000".into()),
            ("server", "127.0.0.1:9065".into()),
        ]);
        let args = derived_urls("server", &addresses, |key| key == "llm_url");
        assert_eq!(args, ["--rtcd-url", "http://127.0.0.1:9045", "--offloader-url", "http://127.0.0.1:9545"]);
        assert!(derived_urls("rtcd", &addresses, |_| false).is_empty());
    }
}
