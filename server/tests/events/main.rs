//! Every event that `tests/compat/events.jsonl` claims is raised through the API, heard by those whom it is for and by
//! nobody else, and shaped as the list says.

mod raise;
mod world;

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use world::{EARS, World};

const EVENTS: &str = include_str!("../../../tests/compat/events.jsonl");

/// A row of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    event: String,
    scope: String,
    /// `full`, or `absent: why`.
    state: String,
    /// A test of a product that hears it, for what this one cannot raise.
    shown_by: Option<String>,
    /// Kind of each value; `?` after it: not always there.
    #[serde(default)]
    data: BTreeMap<String, String>,
    /// What is set in `broadcast`; `?` after it: not always.
    #[serde(default)]
    broadcast: Vec<String>,
    #[serde(default)]
    hears: BTreeSet<String>,
}

fn rows() -> Vec<Row> {
    EVENTS.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        // A list or object as text.
        "encoded" => {
            let inner = value.as_str().map(serde_json::from_str::<Value>);
            inner.is_some_and(|v| v.is_ok_and(|v| v.is_object() || v.is_array()))
        }
        "text" => value.is_string(),
        "number" => value.is_i64(),
        "bool" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        other => panic!("{other} is no kind of value"),
    }
}

/// What is wrong with the shape of a frame.
fn misshapen(row: &Row, frame: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let data = frame["data"].as_object().unwrap();
    for (key, kind) in &row.data {
        match data.get(key) {
            None if !kind.ends_with('?') => wrong.push(format!("data.{key} is missing")),
            Some(value) if !is(kind.trim_end_matches('?'), value) => wrong.push(format!("data.{key} is no {kind}")),
            _ => {}
        }
    }
    wrong.extend(data.keys().filter(|key| !row.data.contains_key(*key)).map(|key| format!("data.{key} is not listed")));
    let broadcast = frame["broadcast"].as_object().unwrap();
    let is_set = |value: &Value| !value.is_null() && value != "" && value != false;
    for name in &row.broadcast {
        if !name.ends_with('?') && !broadcast.get(name).is_some_and(is_set) {
            wrong.push(format!("broadcast.{name} is not set"));
        }
    }
    let listed = |name: &str| row.broadcast.iter().any(|n| n.trim_end_matches('?') == name);
    let more = broadcast.iter().filter(|(name, value)| is_set(value) && !listed(name));
    wrong.extend(more.map(|(name, _)| format!("broadcast.{name} is set")));
    wrong
}

#[test]
fn the_list_says_something_of_every_event() {
    let mut names = BTreeSet::new();
    for row in rows() {
        assert!(names.insert(row.event.clone()), "{} has two rows", row.event);
        let absent = row.state.strip_prefix("absent: ").is_some_and(|why| !why.is_empty());
        assert!(absent || row.state == "full" && !row.scope.is_empty(), "{row:?}");
        for ear in &row.hears {
            assert!(EARS.contains(&ear.as_str()), "{}: there is no {ear}", row.event);
        }
        if let Some(path) = &row.shown_by {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
            let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{path}: {e}"));
            let name = row.event.trim_start_matches("custom_com.mattermost.calls_");
            assert!(text.contains(&format!("\"{name}\"")), "{path} does not hear {name}");
        }
    }
}

/// Every name that the sources give to an event.
fn said_in_the_sources(folder: &Path, found: &mut BTreeSet<String>) {
    let said = Regex::new(r#"Event::new\(\s*"([a-z_]+)"\)"#).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            said_in_the_sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            // Unit tests name events as they like.
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            found.extend(said.captures_iter(text).map(|c| c[1].to_owned()));
        }
    }
}

#[test]
fn no_event_is_without_a_row() {
    let server = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut said = BTreeSet::new();
    for entry in std::fs::read_dir(server).unwrap() {
        let sources = entry.unwrap().path().join("src");
        if sources.is_dir() {
            said_in_the_sources(&sources, &mut said);
        }
    }
    assert!(said.len() > 40, "the sources were not read: {said:?}");
    let listed: BTreeSet<String> = rows().into_iter().map(|r| r.event).collect();
    let without: Vec<&String> = said.difference(&listed).collect();
    assert!(without.is_empty(), "say in tests/compat/events.jsonl who hears {without:?}, and raise it in this test");
}

#[tokio::test]
async fn every_claimed_event_is_raised_and_reaches_those_whom_it_is_for() {
    let mut world = World::new().await;
    let mut wrong = Vec::new();
    for row in rows().iter().filter(|r| r.state == "full" && r.shown_by.is_none()) {
        world.furnish().await;
        world.listen().await;
        if row.event == "hello" {
            let hello = &world.hellos[0];
            wrong.extend(misshapen(row, hello).iter().map(|w| format!("hello: {w}")));
            assert_eq!((hello["seq"].as_i64(), hello["event"].as_str()), (Some(0), Some("hello")));
            continue;
        }
        raise::raise(&mut world, &row.event).await;
        for (ear, frames) in world.heard().await {
            let frames: Vec<&Value> = frames.iter().filter(|f| f["event"] == row.event.as_str()).collect();
            if frames.is_empty() == row.hears.contains(ear) {
                let how = if frames.is_empty() { "does not hear" } else { "hears" };
                wrong.push(format!("{}: {ear} {how} it", row.event));
            }
            for frame in frames {
                wrong.extend(misshapen(row, frame).iter().map(|w| format!("{} at {ear}: {w} in {frame}", row.event)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn administrators_read_more_of_a_changed_user_than_others() {
    let mut world = World::new().await;
    world.furnish().await;
    world.listen().await;
    raise::raise(&mut world, "user_updated").await;
    for (ear, frames) in world.heard().await {
        let found: Vec<&Value> = frames.iter().filter(|f| f["event"] == "user_updated").collect();
        if ear == "other_guest" {
            continue;
        }
        assert_eq!(found.len(), 1, "{ear} hears it once");
        let all = found[0]["data"]["user"].get("notify_props").is_some_and(|p| p.is_object());
        assert_eq!(all, ["actor", "second", "admin"].contains(&ear), "{ear}: {}", found[0]);
    }
}
