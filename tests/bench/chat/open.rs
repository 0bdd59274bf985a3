//! Opening a channel: what a client asks when somebody clicks it, in a channel with many posts and in a short one of the
//! same site. The posts come by bulk import, whose rate is printed too.

use crate::load::{Peer, Plan};
use crate::muster::{Muster, User, command, post, sign_up};
use crate::process::free_port;
use anyhow::Context;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const AUTHORS: usize = 200;
/// The last posts of each channel have files, reactions and replies; as many as a client asks for at once.
const RICH: usize = 30;

/// Imports a site with one channel of `posts` posts and one of a thousand, opens each `rounds` times in turn, and prints
/// how long the requests took.
///
/// # Errors
/// When the import fails or the server refuses a request.
pub async fn run(server: &Path, posts: usize, rounds: usize) -> anyhow::Result<()> {
    let plan = Plan { writers: 0, channels: 0, readers: 0, messages: 0, database: String::new() };
    let data = tempfile::tempdir()?;
    let (muster, _) = Muster::start_in(server, &plan, data.path()).await?;
    let reader = sign_up(&muster.http, &muster.url, "reader").await?;
    drop(muster);
    let file = data.path().join("export.jsonl");
    let lines = write_export(&file, &[("long", posts), ("short", 1000)])?;
    let begun = Instant::now();
    let mut import: Command = command(server, free_port()?, data.path(), "");
    let done = import.arg("import").arg(&file).output()?;
    anyhow::ensure!(done.status.success(), "import: {}", String::from_utf8_lossy(&done.stderr));
    println!("import: {lines} posts, {:.0} posts/s", lines as f64 / begun.elapsed().as_secs_f64());

    let (muster, _) = Muster::start_in(server, &plan, data.path()).await?;
    let mut channels = Vec::new();
    for name in ["long", "short"] {
        channels.push(enrich(&muster, &reader, name).await.with_context(|| name.to_owned())?);
    }
    let mut times = [Vec::new(), Vec::new()];
    let cpu = muster.process().cpu()?;
    for _ in 0..rounds {
        for (times, channel) in times.iter_mut().zip(&channels) {
            times.push(open(&muster, &reader, channel).await?);
        }
    }
    let cpu = (muster.process().cpu()? - cpu).as_secs_f64() * 1000.0 / (2 * rounds) as f64;
    for (name, times) in [format!("{posts} posts"), "1000 posts".to_owned()].iter().zip(&mut times) {
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
        println!("channel of {name}: opened in p50 {:.1} ms, p99 {:.1} ms", at(0.5), at(0.99));
    }
    println!("{cpu:.1} ms of the server's CPU for one opening of six requests");
    Ok(())
}

/// A bulk export of one team with these channels; the number of posts.
fn write_export(path: &Path, channels: &[(&str, usize)]) -> anyhow::Result<usize> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut line = |value: Value| writeln!(out, "{value}");
    line(json!({"type": "version", "version": 1}))?;
    line(json!({"type": "team", "team": {"name": "field", "display_name": "Field", "type": "O"}}))?;
    let mut memberships = Vec::new();
    for (name, _) in channels {
        line(
            json!({"type": "channel", "channel": {"team": "field", "name": name, "display_name": name, "type": "O"}}),
        )?;
        memberships.push(json!({"name": name, "roles": "channel_user"}));
    }
    for n in 0..AUTHORS {
        let teams = json!([{"name": "field", "roles": "team_user", "channels": memberships}]);
        line(
            json!({"type": "user", "user": {"username": format!("author{n}"), "email": format!("author{n}@example.test"),
            "roles": "system_user", "teams": teams}}),
        )?;
    }
    let (mut at, mut written) = (1_600_000_000_000_u64, 0);
    for (name, posts) in channels {
        for n in 0..*posts {
            at += 40;
            written += 1;
            let mut message = format!("message {n}");
            for word in ["water", "route", "ward", "battery", "convoy", "morning"].iter().cycle().skip(n % 6).take(8) {
                write!(message, " {word}")?;
            }
            line(
                json!({"type": "post", "post": {"team": "field", "channel": name, "user": format!("author{}", n % AUTHORS),
                "message": message, "create_at": at}}),
            )?;
        }
    }
    out.flush()?;
    Ok(written)
}

struct Channel {
    id: String,
}

/// Writes the posts that somebody who opens the channel sees: each with a file, two reactions and an answer.
async fn enrich(muster: &Muster, reader: &User, name: &str) -> anyhow::Result<Channel> {
    let api = format!("{}/api/v4", muster.url);
    let team = get(muster, reader, &format!("{api}/teams/name/field")).await?;
    let team = team["id"].as_str().context("no team")?.to_owned();
    let body = json!({"team_id": team, "user_id": reader.id});
    post(&muster.http, &format!("{api}/teams/{team}/members"), &reader.token, &body).await?;
    let channel = get(muster, reader, &format!("{api}/teams/{team}/channels/name/{name}")).await?;
    let id = channel["id"].as_str().context("no channel")?.to_owned();
    let body = json!({"user_id": reader.id});
    post(&muster.http, &format!("{api}/channels/{id}/members"), &reader.token, &body).await?;
    for n in 0..RICH {
        let upload = format!("{api}/files?channel_id={id}&filename=list{n}.txt");
        let sent =
            muster.http.post(upload).bearer_auth(&reader.token).body(format!("supplies of day {n}")).send().await?;
        let sent: Value = sent.error_for_status()?.json().await?;
        let file = sent["file_infos"][0]["id"].as_str().context("no file id")?;
        let body = json!({"channel_id": id, "message": format!("@author{n} list of day {n}"), "file_ids": [file]});
        let root = post(&muster.http, &format!("{api}/posts"), &reader.token, &body).await?;
        for emoji in ["+1", "eyes"] {
            let body = json!({"user_id": reader.id, "post_id": root["id"], "emoji_name": emoji});
            post(&muster.http, &format!("{api}/reactions"), &reader.token, &body).await?;
        }
        let body = json!({"channel_id": id, "root_id": root["id"], "message": "thanks"});
        post(&muster.http, &format!("{api}/posts"), &reader.token, &body).await?;
    }
    Ok(Channel { id })
}

/// What official clients ask when a channel is opened; one after the other, so that the sum is the server's time.
async fn open(muster: &Muster, reader: &User, channel: &Channel) -> anyhow::Result<Duration> {
    let (api, id) = (format!("{}/api/v4", muster.url), &channel.id);
    let begun = Instant::now();
    get(muster, reader, &format!("{api}/channels/{id}")).await?;
    get(muster, reader, &format!("{api}/channels/{id}/members/me")).await?;
    get(muster, reader, &format!("{api}/channels/{id}/stats")).await?;
    let unread =
        format!("{api}/users/me/channels/{id}/posts/unread?limit_before=30&limit_after=30&collapsedThreads=true");
    let page = get(muster, reader, &unread).await?;
    let posts = page["order"].as_array().context("no posts")?;
    anyhow::ensure!(posts.len() >= RICH, "only {} posts came", posts.len());
    let mut authors: Vec<&str> =
        page["posts"].as_object().into_iter().flatten().filter_map(|(_, p)| p["user_id"].as_str()).collect();
    authors.sort_unstable();
    authors.dedup();
    post(&muster.http, &format!("{api}/users/ids"), &reader.token, &json!(authors)).await?;
    post(&muster.http, &format!("{api}/channels/members/me/view"), &reader.token, &json!({"channel_id": id})).await?;
    Ok(begun.elapsed())
}

async fn get(muster: &Muster, user: &User, url: &str) -> anyhow::Result<Value> {
    let answer = muster.http.get(url).bearer_auth(&user.token).timeout(Duration::from_secs(60)).send().await?;
    Ok(answer.error_for_status()?.json().await?)
}
