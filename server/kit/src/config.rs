//! One TOML file, environment variables and flags, merged in that order and checked in one place.
//!
//! A service's configuration is a struct with `#[serde(default, deny_unknown_fields)]` and a `Default`; its fields are
//! the keys of the section of the same name in `muster.toml` (`[rtcd]`, `[server]`, …). Each key can also be given as
//! an environment variable `MUSTER_RTCD_LISTEN_ADDRESS` (nested keys with two underscores: `MUSTER_RTCD_LOG__LEVEL`)
//! and as a flag `--listen-address` (`--log.level`). The later source wins; every error names the source, the key and
//! the reason, and the process ends with exit code 2.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    /// The file is no TOML; the message of the parser names line and column.
    #[error("{}: {message}", path.display())]
    Syntax { path: PathBuf, message: String },
    /// A key, with where it was given, and why its value is refused.
    #[error("{origin}: {key}: {reason}")]
    Key { origin: String, key: String, reason: String },
    /// A flag that no key stands behind.
    #[error("{flag}: {reason} (--help lists the flags)")]
    Flag { flag: String, reason: String },
}

/// Names of a service as its user meets them.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Name of the binary.
    pub name: &'static str,
    /// Section of the TOML file and middle part of the environment variables.
    pub section: &'static str,
    /// One sentence for `--help`.
    pub about: &'static str,
}

/// What the command line asked for beside configuration.
pub enum Loaded<C> {
    /// Run with this configuration; the rest of the command line that is no flag (sub-commands) beside it.
    Run(C, Vec<String>),
    /// Print this text and stop with exit code 0.
    Print(String),
}

/// Loads the configuration from the process's arguments and environment, or ends the process: with exit code 0 after
/// `--help`, `--version` or `--print-config`, with 2 and one line on standard error when something is wrong.
pub fn load<C: Serialize + DeserializeOwned + Default + JsonSchema>(program: Program) -> (C, Vec<String>) {
    load_from(program, &std::env::args().skip(1).collect::<Vec<String>>())
}

/// [`load`] with these arguments, for a program that takes flags of its own out of them first.
pub fn load_from<C: Serialize + DeserializeOwned + Default + JsonSchema>(
    program: Program,
    args: &[String],
) -> (C, Vec<String>) {
    match parse(program, args, &|name| std::env::var(name).ok()) {
        Ok(Loaded::Run(config, rest)) => (config, rest),
        Ok(Loaded::Print(text)) => {
            write_out(&text);
            std::process::exit(0)
        }
        Err(error) => {
            write_err(&format!("{}: {error}", program.name));
            std::process::exit(2)
        }
    }
}

fn write_out(text: &str) {
    use std::io::Write;
    drop(writeln!(std::io::stdout(), "{text}"));
}

fn write_err(text: &str) {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// Where each key that is set is set, in words: `flag --site-name`, `muster.toml line 3`. Keys are dotted.
pub type Origins = BTreeMap<String, String>;

/// [`load_from`] again, in a process that runs already: nothing is printed, and nothing ends.
///
/// # Errors
/// [`ConfigError`] for the first thing that is wrong.
pub fn reload<C: Serialize + DeserializeOwned + Default + JsonSchema>(
    program: Program,
    args: &[String],
) -> Result<(C, Origins), ConfigError> {
    let mut origins = Origins::new();
    match merge(program, args, &|name| std::env::var(name).ok(), &mut origins)? {
        Loaded::Run(config, _) => Ok((config, origins)),
        Loaded::Print(_) => Err(ConfigError::Flag { flag: "--help".into(), reason: "the process runs".into() }),
    }
}

/// Merges file, environment and flags into `C`.
///
/// # Errors
/// [`ConfigError`] for the first thing that is wrong.
pub fn parse<C: Serialize + DeserializeOwned + Default + JsonSchema>(
    program: Program,
    args: &[String],
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded<C>, ConfigError> {
    merge(program, args, env, &mut Origins::new())
}

fn merge<C: Serialize + DeserializeOwned + Default + JsonSchema>(
    program: Program,
    args: &[String],
    env: &dyn Fn(&str) -> Option<String>,
    origins: &mut Origins,
) -> Result<Loaded<C>, ConfigError> {
    let defaults = default_table::<C>();
    let keys = flatten(&defaults);
    let (flags, rest) = read_flags(args, &keys)?;
    for flag in &flags {
        match flag.key.as_str() {
            "help" => return Ok(Loaded::Print(help::<C>(program, &keys))),
            "version" => return Ok(Loaded::Print(format!("{} {}", program.name, env!("CARGO_PKG_VERSION")))),
            _ => {}
        }
    }
    let mut table = Table::new();
    let path = flags.iter().rev().find(|f| f.key == "config").map(|f| f.value.clone()).or_else(|| env("MUSTER_CONFIG"));
    if let Some(path) = path.filter(|p| !p.is_empty()) {
        table = read_section(Path::new(&path), program.section, origins)?;
    }
    for (key, default) in &keys {
        let name = env_name(program.section, key);
        if let Some(text) = env(&name) {
            set(&mut table, key, typed(&text, default));
            origins.insert(key.clone(), format!("environment variable {name}"));
        }
    }
    for flag in &flags {
        if let Some(default) = keys.get(&flag.key) {
            set(&mut table, &flag.key, typed(&flag.value, default));
            origins.insert(flag.key.clone(), format!("flag --{}", dashed(&flag.key)));
        }
    }
    let config: C = serde_path_to_error::deserialize(Value::Table(table)).map_err(|e| key_error(&e, origins))?;
    if flags.iter().any(|f| f.key == "print-config") {
        let text = toml::to_string_pretty(&BTreeMap::from([(program.section, &config)])).unwrap_or_default();
        return Ok(Loaded::Print(text));
    }
    Ok(Loaded::Run(config, rest))
}

struct Flag {
    key: String,
    value: String,
}

const META: [&str; 3] = ["help", "version", "print-config"];

fn read_flags(args: &[String], keys: &BTreeMap<String, Value>) -> Result<(Vec<Flag>, Vec<String>), ConfigError> {
    let mut flags = Vec::new();
    let mut rest = Vec::new();
    let mut args = args.iter().peekable();
    while let Some(arg) = args.next() {
        let Some(body) = arg.strip_prefix("--") else {
            rest.push(if arg == "-h" { "--help".into() } else { arg.clone() });
            continue;
        };
        let (name, inline) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (body, None),
        };
        let key = if META.contains(&name) { name.to_owned() } else { name.replace('-', "_") };
        if META.contains(&key.as_str()) {
            flags.push(Flag { key, value: String::new() });
            continue;
        }
        let boolean = matches!(keys.get(&key), Some(Value::Boolean(_)));
        if key != "config" && !keys.contains_key(&key) {
            return Err(ConfigError::Flag { flag: arg.clone(), reason: "no such flag".into() });
        }
        let value = match inline {
            Some(value) => value,
            None if boolean && args.peek().is_none_or(|next| !matches!(next.as_str(), "true" | "false")) => {
                "true".into()
            }
            None => args
                .next()
                .cloned()
                .ok_or_else(|| ConfigError::Flag { flag: arg.clone(), reason: "a value must follow".into() })?,
        };
        flags.push(Flag { key, value });
    }
    if rest.first().is_some_and(|a| a == "--help") {
        flags.push(Flag { key: "help".into(), value: String::new() });
    }
    Ok((flags, rest))
}

fn read_section(path: &Path, section: &str, origins: &mut BTreeMap<String, String>) -> Result<Table, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let file: Table = text.parse().map_err(|e: toml::de::Error| ConfigError::Syntax {
        path: path.to_owned(),
        message: e.to_string().replace('\n', " "),
    })?;
    let table = match file.get(section) {
        None => Table::new(),
        Some(Value::Table(table)) => table.clone(),
        Some(_) => {
            let reason = format!("must be a table: [{section}]");
            return Err(ConfigError::Key { origin: path.display().to_string(), key: section.into(), reason });
        }
    };
    for key in flatten(&table).keys() {
        let leaf = key.rsplit('.').next().unwrap_or(key);
        let origin = match line_of(&text, section, leaf) {
            Some(line) => format!("{} line {line}", path.display()),
            None => path.display().to_string(),
        };
        origins.insert(key.clone(), origin);
    }
    Ok(table)
}

/// The line on which `leaf` is assigned inside `[section]` or one of its sub-tables.
fn line_of(text: &str, section: &str, leaf: &str) -> Option<usize> {
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            let name = header.trim_end_matches(']').trim();
            inside = name == section || name.starts_with(&format!("{section}."));
        } else if inside && line.split('=').next().is_some_and(|k| k.trim().trim_matches('"') == leaf) {
            return Some(index + 1);
        }
    }
    None
}

fn default_table<C: Serialize + Default>() -> Table {
    match Value::try_from(C::default()) {
        Ok(Value::Table(table)) => table,
        _ => Table::new(),
    }
}

fn flatten(table: &Table) -> BTreeMap<String, Value> {
    let mut flat = BTreeMap::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) if !inner.is_empty() => {
                flat.extend(flatten(inner).into_iter().map(|(k, v)| (format!("{key}.{k}"), v)));
            }
            other => {
                flat.insert(key.clone(), other.clone());
            }
        }
    }
    flat
}

fn set(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((head, tail)) => {
            let inner = table.entry(head.to_owned()).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                set(inner, tail, value);
            }
        }
    }
}

/// Reads text from a flag or variable in the type that the default has; a list may be comma-separated.
fn typed(text: &str, default: &Value) -> Value {
    match default {
        Value::Integer(_) => text.trim().parse().map_or_else(|_| Value::String(text.into()), Value::Integer),
        Value::Float(_) => text.trim().parse().map_or_else(|_| Value::String(text.into()), Value::Float),
        Value::Boolean(_) => text.trim().parse().map_or_else(|_| Value::String(text.into()), Value::Boolean),
        Value::Array(_) => Value::Array(
            text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(|t| Value::String(t.into())).collect(),
        ),
        _ => Value::String(text.into()),
    }
}

fn key_error(error: &serde_path_to_error::Error<toml::de::Error>, origins: &BTreeMap<String, String>) -> ConfigError {
    let reason = error.inner().message().to_owned();
    let mut key = error.path().to_string();
    if let Some(unknown) = reason.strip_prefix("unknown field `").and_then(|r| r.split('`').next()) {
        let parent = key.trim_start_matches('.').to_owned();
        key = match parent.as_str() {
            "" => unknown.to_owned(),
            p if p == unknown || p.ends_with(&format!(".{unknown}")) => p.to_owned(),
            p => format!("{p}.{unknown}"),
        };
    }
    let origin = origins
        .iter()
        .find(|(k, _)| **k == key || k.starts_with(&format!("{key}.")))
        .map_or_else(|| "configuration".to_owned(), |(_, o)| o.clone());
    ConfigError::Key { origin, key, reason }
}

fn env_name(section: &str, key: &str) -> String {
    format!("MUSTER_{}_{}", section.to_uppercase(), key.replace('.', "__").to_uppercase())
}

fn dashed(key: &str) -> String {
    key.replace('_', "-")
}

fn help<C: JsonSchema>(program: Program, keys: &BTreeMap<String, Value>) -> String {
    let schema = serde_json::to_value(schemars::schema_for!(C)).unwrap_or_default();
    let mut text = format!(
        "{}: {}\n\nUsage: {} [--config FILE] [flags]\n\nEvery flag is also a key of [{}] in the file and an environment variable.\n\n",
        program.name, program.about, program.name, program.section
    );
    for (key, default) in keys {
        let doc = describe(&schema, &schema, key).unwrap_or_default().replace('\n', " ");
        text.push_str(&format!(
            "  --{} (default {})  {}\n      {doc}\n",
            dashed(key),
            default,
            env_name(program.section, key)
        ));
    }
    text.push_str("  --config FILE  MUSTER_CONFIG\n      The TOML file.\n  --print-config\n      Print the merged configuration and stop.\n  --version, --help");
    text
}

/// The doc comment of a nested key, through `$ref`s of the schema.
fn describe(root: &serde_json::Value, node: &serde_json::Value, key: &str) -> Option<String> {
    let node = resolve(root, node);
    let (head, tail) = key.split_once('.').map_or((key, None), |(h, t)| (h, Some(t)));
    let property = node.get("properties")?.get(head)?;
    match tail {
        None => property
            .get("description")
            .or_else(|| resolve(root, property).get("description"))
            .and_then(|d| d.as_str())
            .map(str::to_owned),
        Some(tail) => describe(root, property, tail),
    }
}

fn resolve<'a>(root: &'a serde_json::Value, node: &'a serde_json::Value) -> &'a serde_json::Value {
    let name = node.get("$ref").and_then(|r| r.as_str()).and_then(|r| r.strip_prefix("#/$defs/"));
    name.and_then(|n| root.get("$defs")?.get(n)).unwrap_or(node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Limits {
        /// Most bytes.
        max_bytes: u64,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Demo {
        /// Where to listen.
        listen_address: String,
        fast: bool,
        peers: Vec<String>,
        limits: Limits,
    }

    impl Default for Limits {
        fn default() -> Self {
            Self { max_bytes: 10 }
        }
    }

    impl Default for Demo {
        fn default() -> Self {
            Self { listen_address: ":1".into(), fast: false, peers: vec![], limits: Limits::default() }
        }
    }

    const PROGRAM: Program = Program { name: "demo", section: "demo", about: "A demo." };

    fn run(args: &[&str], env: &[(&str, &str)]) -> Result<(Demo, Vec<String>), String> {
        let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
        let find = |n: &str| env.iter().find(|(k, _)| *k == n).map(|(_, v)| (*v).to_owned());
        match parse::<Demo>(PROGRAM, &args, &find) {
            Ok(Loaded::Run(c, rest)) => Ok((c, rest)),
            Ok(Loaded::Print(t)) => Err(t),
            Err(e) => Err(e.to_string()),
        }
    }

    #[test]
    fn where_a_key_is_set_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("m.toml");
        std::fs::write(&file, "[demo]\nfast = true\n[demo.limits]\nmax_bytes = 5\n").unwrap();
        let args = ["--config".to_owned(), file.display().to_string(), "--limits.max-bytes=7".into()];
        let (config, origins) = reload::<Demo>(PROGRAM, &args).unwrap();
        assert!(config.fast && config.limits.max_bytes == 7);
        assert_eq!(origins["fast"], format!("{} line 2", file.display()));
        assert_eq!(origins["limits.max_bytes"], "flag --limits.max-bytes");
        assert!(!origins.contains_key("peers"));
    }

    #[test]
    fn flag_beats_environment_beats_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("m.toml");
        std::fs::write(&file, "[other]\nx = 1\n[demo]\nlisten_address = \":2\"\nfast = true\n").unwrap();
        let file = file.to_str().unwrap();
        let (c, rest) = run(
            &["job", "--config", file, "--limits.max-bytes", "7"],
            &[
                ("MUSTER_DEMO_LISTEN_ADDRESS", ":3"),
                ("MUSTER_DEMO_LIMITS__MAX_BYTES", "6"),
                ("MUSTER_DEMO_PEERS", "a, b"),
            ],
        )
        .unwrap();
        assert_eq!((c.listen_address.as_str(), c.fast, c.limits.max_bytes), (":3", true, 7));
        assert_eq!(c.peers, ["a", "b"]);
        assert_eq!(rest, ["job"]);
    }

    #[test]
    fn errors_name_source_key_and_reason() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("m.toml");
        std::fs::write(&file, "# c\n[demo]\nfast = \"maybe\"\n").unwrap();
        let error = run(&["--config", file.to_str().unwrap()], &[]).unwrap_err();
        assert!(error.contains("m.toml line 3") && error.contains("fast"), "{error}");
        std::fs::write(&file, "[demo.limits]\nmax_bites = 3\n").unwrap();
        let error = run(&["--config", file.to_str().unwrap()], &[]).unwrap_err();
        assert!(error.contains("line 2") && error.contains("limits.max_bites"), "{error}");
        let error = run(&["--fast=perhaps"], &[]).unwrap_err();
        assert!(error.contains("flag --fast"), "{error}");
        let error = run(&[], &[("MUSTER_DEMO_LIMITS__MAX_BYTES", "many")]).unwrap_err();
        assert!(error.contains("MUSTER_DEMO_LIMITS__MAX_BYTES"), "{error}");
        assert!(run(&["--bogus"], &[]).unwrap_err().contains("no such flag"));
    }

    #[test]
    fn help_carries_the_doc_comments() {
        let text = run(&["--help"], &[]).unwrap_err();
        assert!(text.contains("Where to listen.") && text.contains("Most bytes."), "{text}");
    }
}
