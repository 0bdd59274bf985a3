//! A writer posts while the server is killed at random moments. Every acknowledged post is there, in order, none twice;
//! a reader that resumes hears every post.

use crate::muster::{User, command, post, sign_up, socket, team};
use crate::process::{Process, free_port};
use anyhow::Context;
use futures::StreamExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::Message;

/// Longest time between a server's start and its end.
const LONGEST_LIFE_MS: u64 = 400;

/// Kills the server `kills` times, with moments drawn from `seed`.
///
/// # Errors
/// When a post is lost, twice, or out of order, or the reader has missed one.
pub async fn run(server: &Path, kills: usize, seed: u64, database: &str) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let port = free_port()?;
    let log = data.path().join("log");
    let url = format!("http://127.0.0.1:{port}");
    let start = || Process::start(&mut command(server, port, data.path(), database), &log);
    let mut process = start()?;
    process.healthy(&format!("{url}/readyz"), Duration::from_secs(30)).await?;
    let http = reqwest::Client::new();
    let name = format!("writer{port}");
    let writer = sign_up(&http, &url, &name).await?;
    let reader = sign_up(&http, &url, &format!("reader{port}")).await?;
    let team = team(&http, &url, &format!("t{port}"), &[writer.clone(), reader.clone()]).await?;
    let channels = http.get(format!("{url}/api/v4/teams/{team}/channels/name/town-square")).bearer_auth(&writer.token);
    let channel: Value = channels.send().await?.error_for_status()?.json().await?;
    let channel = channel["id"].as_str().context("no town square")?.to_owned();

    let stop = Arc::new(AtomicBool::new(false));
    let heard = Arc::new(Mutex::new(BTreeMap::<String, usize>::new()));
    let reading = tokio::spawn(read(url.clone(), reader, channel.clone(), heard.clone(), stop.clone()));
    let writing = tokio::spawn(write(http.clone(), url.clone(), writer.clone(), channel.clone(), stop.clone()));
    let mut random = seed;
    for round in 0..kills {
        // A linear congruential generator (Knuth, MMIX): the same moments for the same seed.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        tokio::time::sleep(Duration::from_millis((random >> 33) % LONGEST_LIFE_MS)).await;
        process.kill();
        process = start()?;
        process
            .healthy(&format!("{url}/readyz"), Duration::from_secs(30))
            .await
            .with_context(|| format!("round {round}"))?;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    stop.store(true, Ordering::SeqCst);
    let acknowledged = writing.await??;
    anyhow::ensure!(acknowledged.len() >= kills, "only {} posts were acknowledged", acknowledged.len());
    let mut dated = stored(&http, &url, &writer, &channel).await?;
    dated.sort_by_key(|(_, number)| *number);
    let later = dated.is_sorted_by(|(before, _), (after, _)| before < after);
    anyhow::ensure!(later, "a later post has no later time");
    let stored: Vec<String> = dated.iter().map(|(_, number)| format!("post {number}")).collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for text in &stored {
        *times.entry(text).or_default() += 1;
    }
    let lost: Vec<_> = acknowledged.iter().filter(|t| !times.contains_key(t.as_str())).collect();
    anyhow::ensure!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let twice: Vec<_> = times.iter().filter(|(_, n)| **n > 1).collect();
    anyhow::ensure!(twice.is_empty(), "stored twice: {twice:?}");
    // The reader gets what it missed when it comes back; the last of it may still be on its way.
    let mut missing = stored.clone();
    for _ in 0..50 {
        let heard = heard.lock().await;
        missing.retain(|t| !heard.contains_key(t));
        drop(heard);
        if missing.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    reading.abort();
    anyhow::ensure!(missing.is_empty(), "the reader has not heard {} of {}: {missing:?}", missing.len(), stored.len());
    println!(
        "{kills} kills: {} posts acknowledged, all there, none twice, in order; the reader heard all",
        acknowledged.len()
    );
    Ok(())
}

/// Posts one after the other; a post without an answer is sent again under the same `pending_post_id`.
async fn write(
    http: reqwest::Client,
    url: String,
    writer: User,
    channel: String,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<Vec<String>> {
    let mut acknowledged = Vec::new();
    for n in 0.. {
        let text = format!("post {n}");
        let body = json!({"channel_id": channel, "message": text, "pending_post_id": format!("{}:{n}", writer.id)});
        loop {
            match post(&http, &format!("{url}/api/v4/posts"), &writer.token, &body).await {
                Ok(_) => break acknowledged.push(text),
                Err(_) if !stop.load(Ordering::SeqCst) => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(error) => return Err(error),
            }
        }
        if stop.load(Ordering::SeqCst) {
            break;
        }
    }
    Ok(acknowledged)
}

/// As clients do: listens, and after every reconnection asks for the posts since the newest that it knows.
async fn read(
    url: String,
    reader: User,
    channel: String,
    heard: Arc<Mutex<BTreeMap<String, usize>>>,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let http = reqwest::Client::new();
    let (mut connection, mut next, mut newest) = (String::new(), 0_u64, 1_i64);
    while !stop.load(Ordering::SeqCst) {
        let query = format!("?connection_id={connection}&sequence_number={next}");
        let Ok(mut socket) = socket(&url, &reader.token, &query).await else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        while let Some(Ok(frame)) = socket.next().await {
            let Message::Text(text) = frame else { continue };
            let event: Value = serde_json::from_str(&text)?;
            next = event["seq"].as_u64().map_or(next, |seq| seq + 1);
            if event["event"] == "hello" {
                let id = event["data"]["connection_id"].as_str().unwrap_or_default().to_owned();
                if id != connection {
                    connection = id;
                    newest = catch_up(&http, &url, &reader, &channel, newest, &heard).await.unwrap_or(newest);
                }
            }
            if event["event"] == "posted" {
                let post: Value = serde_json::from_str(event["data"]["post"].as_str().unwrap_or("{}"))?;
                note(&post, &heard).await;
                newest = newest.max(post["create_at"].as_i64().unwrap_or(0));
            }
        }
    }
    Ok(())
}

async fn note(post: &Value, heard: &Mutex<BTreeMap<String, usize>>) {
    if post["type"] == "" {
        *heard.lock().await.entry(post["message"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
}

async fn catch_up(
    http: &reqwest::Client,
    url: &str,
    reader: &User,
    channel: &str,
    since: i64,
    heard: &Mutex<BTreeMap<String, usize>>,
) -> anyhow::Result<i64> {
    let request = http.get(format!("{url}/api/v4/channels/{channel}/posts?since={since}")).bearer_auth(&reader.token);
    let list: Value = request.send().await?.error_for_status()?.json().await?;
    let mut newest = since;
    for post in list["posts"].as_object().into_iter().flat_map(|posts| posts.values()) {
        note(post, heard).await;
        newest = newest.max(post["create_at"].as_i64().unwrap_or(0));
    }
    Ok(newest)
}

/// Time and number of each of the channel's posts.
async fn stored(http: &reqwest::Client, url: &str, user: &User, channel: &str) -> anyhow::Result<Vec<(i64, u64)>> {
    let mut all = Vec::new();
    for page in 0.. {
        let address = format!("{url}/api/v4/channels/{channel}/posts?per_page=200&page={page}");
        let list: Value = http.get(address).bearer_auth(&user.token).send().await?.error_for_status()?.json().await?;
        let order = list["order"].as_array().context("no order")?;
        for id in order {
            let post = &list["posts"][id.as_str().unwrap_or_default()];
            if post["type"] == "" {
                let number = post["message"].as_str().and_then(|text| text.strip_prefix("post ")?.parse().ok());
                all.push((post["create_at"].as_i64().context("no time")?, number.context("not the writer's")?));
            }
        }
        if order.len() < 200 {
            break;
        }
    }
    Ok(all)
}
