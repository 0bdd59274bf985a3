//! Looks at the machine and the settings before users do, and says for each fault what to do about it.

mod certificates;
mod storage;

use db::{Db, Row, Sql};
use serde::Serialize;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    Good,
    /// The site runs, and something does not work.
    Warning,
    /// The site does not run like this.
    Bad,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub check: String,
    pub grade: Grade,
    /// What was found.
    pub found: String,
    /// What to do; empty when all is well.
    pub advice: String,
}

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Subject {
    pub listen_address: String,
    pub site_url: String,
    pub data_dir: PathBuf,
    pub database: db::Options,
    pub tls: tls::Settings,
    pub place: tls::Place,
    /// Where uploaded files are.
    pub files: chat::files::StoreConfig,
    /// The push proxy; empty when phones are not told of anything.
    pub push_proxy: String,
    /// Name, URL of each service beside the server.
    pub services: Vec<(&'static str, String)>,
}

const ANSWERS: Duration = Duration::from_secs(3);
/// Less free space than this is a warning, and a tenth of it a fault; bytes.
const FREE: u64 = 2 << 30;
const NOW: Sql =
    Sql::forked("SELECT CAST(strftime('%s', 'now') AS INTEGER)", "SELECT CAST(EXTRACT(EPOCH FROM now()) AS BIGINT)");

fn finding(check: &str, grade: Grade, found: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding { check: check.into(), grade, found: found.into(), advice: advice.into() }
}

/// All checks, in the order in which one would mend what they find.
pub async fn examine(subject: &Subject) -> Vec<Finding> {
    let mut all = vec![folder(subject), disk(subject), clock(subject)];
    all.extend(database(subject).await);
    all.push(port(subject).await);
    all.extend(certificates::examine(subject).await);
    all.extend(certificates::privacy(&chat::keys::path(&subject.data_dir)));
    all.push(storage::examine(subject).await);
    if !subject.push_proxy.is_empty() {
        all.push(push_proxy(&subject.push_proxy).await);
    }
    for (name, url) in &subject.services {
        all.push(service(name, url).await);
    }
    all
}

/// Exit code: 0 all well or warnings only, 1 something is bad.
pub fn exit_code(findings: &[Finding]) -> u8 {
    u8::from(findings.iter().any(|f| f.grade == Grade::Bad))
}

/// For a terminal.
pub fn text(findings: &[Finding]) -> String {
    let mut out = String::new();
    for f in findings {
        let mark = match f.grade {
            Grade::Good => "ok  ",
            Grade::Warning => "WARN",
            Grade::Bad => "BAD ",
        };
        out.push_str(&format!("{mark}  {}: {}\n", f.check, f.found));
        if !f.advice.is_empty() {
            out.push_str(&format!("      {}\n", f.advice));
        }
    }
    out
}

fn folder(s: &Subject) -> Finding {
    let path = s.data_dir.display();
    let probe = s.data_dir.join(".doctor");
    let written = std::fs::create_dir_all(&s.data_dir).and_then(|()| std::fs::write(&probe, b"x"));
    drop(std::fs::remove_file(probe));
    match written {
        Ok(()) => finding("data folder", Grade::Good, format!("{path} can be written"), ""),
        Err(e) => finding(
            "data folder",
            Grade::Bad,
            format!("{path}: {e}"),
            "Give the folder to the user that runs the server, or set [server] data_dir to another one.",
        ),
    }
}

fn disk(s: &Subject) -> Finding {
    let stat = match nix::sys::statvfs::statvfs(&s.data_dir) {
        Ok(stat) => stat,
        Err(e) => return finding("disk", Grade::Warning, e.to_string(), "Check the data folder."),
    };
    let free = u64::from(stat.blocks_available()) * u64::from(stat.fragment_size());
    let found = format!("{} MB free", free >> 20);
    let advice = "Make room or move [server] data_dir to a larger disk: a full disk stops every message.";
    match free {
        f if f < FREE / 10 => finding("disk", Grade::Bad, found, advice),
        f if f < FREE => finding("disk", Grade::Warning, found, advice),
        _ => finding("disk", Grade::Good, found, ""),
    }
}

fn clock(s: &Subject) -> Finding {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let advice = "Set the clock (timedatectl set-time …) or let it follow a time server; messages are ordered by it.";
    let written = std::fs::metadata(s.data_dir.join("muster.db")).and_then(|m| m.modified()).unwrap_or(UNIX_EPOCH);
    let ahead = written.duration_since(SystemTime::now()).unwrap_or_default();
    if ahead > Duration::from_secs(3600) {
        let found = format!("the site was written to {} hours in the future", ahead.as_secs() / 3600);
        return finding("clock", Grade::Bad, found, advice);
    }
    // No program that knows this check existed before 2025.
    if now < 1_735_689_600 {
        return finding("clock", Grade::Bad, "the clock is years behind", advice);
    }
    finding("clock", Grade::Good, "plausible", "")
}

async fn database(s: &Subject) -> Vec<Finding> {
    let (what, place) = match &s.database {
        db::Options::Sqlite { path, .. } if !path.exists() => {
            let text = format!("{} is not there yet; the first start makes it", path.display());
            return vec![finding("database", Grade::Good, text, "")];
        }
        db::Options::Sqlite { path, .. } => ("SQLite", path.display().to_string()),
        db::Options::Postgres { .. } => ("PostgreSQL", "database_url".into()),
    };
    let advice = "Check [server] database_url, that the database server runs, and that the user may log in.";
    let opened = tokio::time::timeout(Duration::from_secs(12), Db::open(&s.database)).await;
    let db = match opened {
        Ok(Ok(db)) => db,
        Ok(Err(e)) => return vec![finding("database", Grade::Bad, format!("{what}: {e}"), advice)],
        Err(_) => return vec![finding("database", Grade::Bad, format!("{what} does not answer"), advice)],
    };
    let mut all = vec![finding("database", Grade::Good, format!("{what} ({place}) answers"), "")];
    all.push(schema(&db).await);
    if let db::Options::Postgres { .. } = s.database {
        all.push(drift(&db).await);
    }
    all
}

async fn schema(db: &Db) -> Finding {
    let known: Vec<i64> = chat::schema::MIGRATIONS.iter().map(|m| m.version).collect();
    let applied = match db.read().await {
        Ok(mut conn) => crate::dump::catalogue::migrations(&mut conn).await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    if let Some(newer) = applied.iter().find(|v| !known.contains(v)) {
        let found = format!("migration {newer} is of a newer program");
        return finding("schema", Grade::Bad, found, "Update this program, or restore a backup of before.");
    }
    let missing = known.len() - applied.len();
    let found = if missing == 0 { "up to date".into() } else { format!("{missing} migrations run at the next start") };
    finding("schema", Grade::Good, found, "")
}

async fn drift(db: &Db) -> Finding {
    let asked = async { db.read().await?.fetch_optional(&NOW, vec![], Row::only::<i64>).await };
    let theirs = asked.await.ok().flatten().unwrap_or(0);
    let ours = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(0));
    if (ours - theirs).abs() > 60 {
        let found = format!("the database's clock differs by {} s", (ours - theirs).abs());
        return finding("clock of the database", Grade::Warning, found, "Let both machines follow one time server.");
    }
    finding("clock of the database", Grade::Good, "agrees", "")
}

async fn port(s: &Subject) -> Finding {
    let address = match kit::net::resolve(&s.listen_address, "the server") {
        Ok(address) => address,
        Err(e) => return finding("port", Grade::Bad, e.to_string(), "Set [server] listen_address to host:port."),
    };
    if TcpListener::bind(address).await.is_ok() {
        return finding("port", Grade::Good, format!("{address} is free"), "");
    }
    let url = format!("http://{address}/healthz");
    let ours = reqwest::Client::new().get(url).timeout(ANSWERS).send().await.is_ok_and(|a| a.status().is_success());
    if ours {
        return finding("port", Grade::Good, format!("{address}: this server is running there"), "");
    }
    let found = format!("{address} is taken by another program, or may not be used");
    finding("port", Grade::Bad, found, "Stop what holds it (ss -ltnp shows it) or set [server] listen_address.")
}

/// Every push proxy says its version.
async fn push_proxy(url: &str) -> Finding {
    let advice = "Phones are told nothing until it answers: check [server.push] proxy_url and that the proxy runs.";
    let version = format!("{}/version", url.trim_end_matches('/'));
    match reqwest::Client::new().get(version).timeout(ANSWERS).send().await {
        Ok(answer) if answer.status().is_success() => finding("push proxy", Grade::Good, format!("{url} answers"), ""),
        Ok(answer) => {
            let found = format!("{url} answers {}: it may be no push proxy", answer.status());
            finding("push proxy", Grade::Warning, found, advice)
        }
        Err(_) => finding("push proxy", Grade::Warning, format!("{url} does not answer"), advice),
    }
}

async fn service(name: &str, url: &str) -> Finding {
    let lost = match name {
        "rtcd" => "Calls cannot be made",
        "offloader" => "Calls cannot be recorded or transcribed",
        _ => "Agents and translations do not answer",
    };
    let advice = format!("{lost} until it runs: ./muster up starts it, and logs/{name}.log says why it ended.");
    if url.is_empty() {
        return finding(name, Grade::Warning, "no URL is set", advice);
    }
    let ready = format!("{}/readyz", url.trim_end_matches('/'));
    match reqwest::Client::new().get(ready).timeout(ANSWERS).send().await {
        Ok(answer) if answer.status().is_success() => finding(name, Grade::Good, format!("{url} is ready"), ""),
        Ok(answer) => {
            let status = answer.status();
            let reason: String = answer.text().await.unwrap_or_default().chars().take(200).collect();
            finding(name, Grade::Warning, format!("{url} is not ready ({status}): {reason}"), advice)
        }
        Err(_) => finding(name, Grade::Warning, format!("{url} does not answer"), advice),
    }
}
