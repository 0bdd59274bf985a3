//! Which crate may stand on which, held against what Cargo really links.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Which of our crates each crate may depend on.
const ALLOWED: &[(&str, &[&str])] = &[
    ("kit", &[]),
    ("wire", &[]),
    ("llm-models", &[]),
    ("speech", &[]),
    ("rtcd-sfu", &["rtcd-client"]),
    ("db", &["kit"]),
    ("rtcd-client", &["kit"]),
    ("offloader-client", &["kit"]),
    ("llm-client", &["kit"]),
    ("llm-engine", &["llm-models"]),
    ("documents", &[]),
    ("pictures", &[]),
    ("tls", &["kit"]),
    ("chat", &["db", "wire", "kit", "documents", "pictures"]),
    ("calls", &["chat", "db", "wire", "kit", "rtcd-client", "offloader-client"]),
    ("agents", &["chat", "db", "wire", "kit", "llm-client"]),
    ("translations", &["chat", "db", "wire", "kit", "llm-client"]),
    ("outbound", &[]),
    ("links", &["chat", "db", "wire", "kit", "outbound", "pictures"]),
    ("push", &["chat", "db", "wire", "kit", "outbound"]),
    ("retention", &["operations", "chat", "db", "wire", "kit"]),
    ("integrations", &["chat", "db", "wire", "kit", "outbound"]),
    ("federation", &["chat", "db", "wire", "kit", "outbound"]),
    ("sso", &["chat", "db", "wire", "kit", "outbound"]),
    ("operations", &["chat", "db", "wire", "kit", "tls"]),
    ("directory", &["operations", "chat", "db", "wire", "kit"]),
    ("administration", &["operations", "chat", "db", "wire", "kit"]),
    ("offloader-worker", &["rtcd-client", "offloader-client", "llm-client", "wire", "speech", "kit"]),
    ("rtcd", &["rtcd-sfu", "rtcd-client", "kit"]),
    ("offloader", &["offloader-client", "db", "kit"]),
    ("llm", &["llm-engine", "llm-models", "llm-client", "offloader-client", "kit"]),
    ("muster-weights", &["kit"]),
    ("muster-supervisor", &["kit"]),
    (
        "server",
        &[
            "chat",
            "calls",
            "agents",
            "translations",
            "integrations",
            "links",
            "push",
            "directory",
            "federation",
            "sso",
            "retention",
            "operations",
            "tls",
            "administration",
            "wire",
            "db",
            "kit",
            "rtcd-client",
            "offloader-client",
            "llm-client",
        ],
    ),
    ("e2e", &["kit", "wire", "rtcd-client", "offloader-client", "llm-client"]),
];

/// Crates that use no runtime, no sockets and read no clock.
const PURE: &[&str] = &["rtcd-sfu", "llm-engine", "llm-models", "speech", "wire", "documents", "pictures"];
const IMPURE: &[&str] = &["tokio", "axum", "reqwest", "rusqlite", "tokio-postgres", "socket2"];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path", manifest])
        .output()
        .expect("cargo metadata runs");
    let metadata: serde_json::Value = serde_json::from_slice(&out.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let of = |package: &serde_json::Value| {
        let list = package["dependencies"].as_array().into_iter().flatten();
        // A test may use more than the crate itself.
        list.filter(|d| d["kind"] != "dev").filter_map(|d| d["name"].as_str().map(str::to_owned)).collect()
    };
    packages.iter().map(|p| (p["name"].as_str().unwrap_or_default().to_owned(), of(p))).collect()
}

#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let found = dependencies();
    let ours: BTreeSet<&String> = found.keys().collect();
    let mut wrong = Vec::new();
    for (name, dependencies) in &found {
        let Some(may) = allowed.get(name.as_str()) else {
            wrong.push(format!("{name} has no row in the table"));
            continue;
        };
        for dependency in dependencies.iter().filter(|d| ours.contains(d) && !may.contains(&d.as_str())) {
            wrong.push(format!("{name} may not depend on {dependency}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_crates_stay_pure() {
    let found = dependencies();
    for name in PURE {
        let impure: Vec<&String> = found[*name].iter().filter(|d| IMPURE.contains(&d.as_str())).collect();
        assert!(impure.is_empty(), "{name} is sans-IO and depends on {impure:?}");
    }
}
