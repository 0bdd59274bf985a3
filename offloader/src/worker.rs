//! Starting worker processes: a clean environment, limits, and death with the service.
//!
//! A worker is killed when the service dies, however it dies, so that after a restart there is never a second worker
//! on the same files; the next attempt goes on from what the first left on disk.

use crate::config::Config;
use serde_json::{Map, Value};
use std::path::Path;
use tokio::process::Command;

/// Names that a job's input may not set: they steer the program loader or belong to the service.
const RESERVED: &[&str] = &["PATH", "HOME", "IFS", "SHELL", "TMPDIR"];
const RESERVED_BEGINNINGS: &[&str] = &["LD_", "DYLD_", "GLIBC_", "MALLOC_", "RUST_", "MUSTER_", "SSL_"];

/// A command that runs `kind` of work with the variables of `input`, in `data_dir`.
pub fn command(config: &Config, kind: &str, input: &Map<String, Value>, data_dir: &Path) -> Command {
    let mut command = Command::new(config.worker());
    command.arg(kind).env_clear();
    for name in ["PATH", "HOME", "LANG", "TZ", "MUSTER_LOG", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("NUM_THREADS", config.whisper_threads.to_string());
    command.envs(variables(input));
    // The service's own settings come last: they win.
    command.env("DATA_DIR", data_dir);
    command.env("MODELS_DIR", &config.models_dir);
    command.env("WHISPER_MODEL", &config.whisper_model);
    command.env("LLM_URL", &config.llm_url);
    command.env("NUM_THREADS", threads(input, config.whisper_threads).to_string());
    command.process_group(0).kill_on_drop(true);
    let (memory, niceness, parent) = (config.worker_memory_mib, config.worker_niceness, std::process::id());
    // SAFETY: the closure runs between fork and exec and makes only system calls that are allowed there.
    unsafe {
        command.pre_exec(move || limit(memory, niceness, parent));
    }
    command
}

/// A job's input as environment variables: upper-case names, values as text.
pub fn variables(input: &Map<String, Value>) -> Vec<(String, String)> {
    let mut found = vec![];
    for (key, value) in input {
        let name = key.to_uppercase();
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let reserved = RESERVED.contains(&name.as_str()) || RESERVED_BEGINNINGS.iter().any(|r| name.starts_with(r));
        if !plain || reserved {
            tracing::warn!(key, "input left out: not a name for a variable of a job");
            continue;
        }
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if !text.contains('\0') {
            found.push((name, text));
        }
    }
    found
}

/// Threads that the job asks for, but not more than the service allows.
fn threads(input: &Map<String, Value>, most: usize) -> usize {
    let asked = input.iter().find(|(k, _)| k.eq_ignore_ascii_case("num_threads")).map(|(_, v)| v);
    let asked = asked.and_then(|v| v.as_u64().or_else(|| v.as_str()?.parse().ok()));
    asked.map_or(most, |n| usize::try_from(n).unwrap_or(most).clamp(1, most.max(1)))
}

fn limit(memory_mib: u64, niceness: i32, parent: u32) -> std::io::Result<()> {
    use nix::sys::resource::{Resource, setrlimit};
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    // The service may have died between the fork and the line above.
    if nix::unistd::getppid().as_raw() as u32 != parent {
        return Err(std::io::Error::other("the service is gone"));
    }
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    if memory_mib > 0 {
        let bytes = memory_mib.saturating_mul(1 << 20);
        setrlimit(Resource::RLIMIT_AS, bytes, bytes)?;
    }
    // SAFETY: a plain system call on the calling process.
    if unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, niceness.clamp(0, 19)) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_becomes_variables_but_cannot_steer_the_loader() {
        let input: Map<String, Value> = serde_json::from_str(
            r#"{"site_url":"http://x","live_captions_on":true,"width":1280,"nothing":null,"ld_preload":"/evil.so",
                "path":"/evil","a b":"c","transcribe_api_options":"{\"k\":1}"}"#,
        )
        .unwrap();
        let expected = [
            ("SITE_URL", "http://x"),
            ("LIVE_CAPTIONS_ON", "true"),
            ("WIDTH", "1280"),
            ("TRANSCRIBE_API_OPTIONS", "{\"k\":1}"),
        ];
        assert_eq!(variables(&input), expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    #[test]
    fn a_job_may_ask_for_fewer_threads_only() {
        let with = |n: Value| threads(&Map::from_iter([("num_threads".to_owned(), n)]), 2);
        assert_eq!((with(1.into()), with(8.into()), with("1".into())), (1, 2, 1));
        assert_eq!(threads(&Map::new(), 2), 2);
    }
}
