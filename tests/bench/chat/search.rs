//! Searching a site of many posts on SQLite: our index through the API, beside what it replaced, a comparison of every
//! post with LIKE, run on the same file without a server in between.

use crate::load::Plan;
use crate::muster::{Muster, User, command, post, sign_up};
use crate::process::free_port;
use anyhow::Context;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

const CHANNELS: usize = 200;
const AUTHORS: usize = 200;
/// Different words beside those that are searched for.
const WORDS: u64 = 20_000;
/// How often LIKE is asked; it takes long and varies little.
const LIKES: usize = 5;
/// Posts of a page, as clients ask for them.
const PAGE: usize = 60;

/// A search: what it is called, what is typed, and what LIKE compared instead.
struct Kind {
    name: &'static str,
    typed: &'static str,
    parts: &'static [&'static str],
    author: Option<&'static str>,
}

const KINDS: [Kind; 10] = [
    Kind { name: "word", typed: "generator", parts: &["%generator%"], author: None },
    Kind { name: "two words", typed: "generator harbour", parts: &["%generator%", "%harbour%"], author: None },
    Kind { name: "phrase", typed: "\"clean water\"", parts: &["%clean water%"], author: None },
    Kind { name: "Japanese", typed: "給水車", parts: &["%給水車%"], author: None },
    Kind { name: "one character", typed: "車", parts: &["%車%"], author: None },
    Kind { name: "beginning of a word", typed: "genera*", parts: &["%genera%"], author: None },
    Kind { name: "from: and word", typed: "from:author7 generator", parts: &["%generator%"], author: Some("author7") },
    Kind { name: "in half of all posts", typed: "the", parts: &["%the%"], author: None },
    Kind { name: "in ten posts", typed: "zeppelin", parts: &["%zeppelin%"], author: None },
    Kind { name: "in no post", typed: "quagga", parts: &["%quagga%"], author: None },
];

/// Imports `posts` posts, waits for the index, and searches: each kind `rounds` times.
///
/// # Errors
/// When the import fails, the server refuses a request, or the two ways find different numbers of posts.
pub async fn run(server: &Path, posts: usize, rounds: usize) -> anyhow::Result<()> {
    let plan = Plan { writers: 0, channels: 0, readers: 0, messages: 0, database: String::new() };
    let data = tempfile::tempdir()?;
    let (muster, _) = Muster::start_in(server, &plan, data.path()).await?;
    let reader = sign_up(&muster.http, &muster.url, "reader").await?;
    drop(muster);
    let file = data.path().join("export.jsonl");
    write_export(&file, posts)?;
    let begun = Instant::now();
    let done = command(server, free_port()?, data.path(), "").arg("import").arg(&file).output()?;
    anyhow::ensure!(done.status.success(), "import: {}", String::from_utf8_lossy(&done.stderr));
    println!("import: {:.0} posts/s", posts as f64 / begun.elapsed().as_secs_f64());
    let before = std::fs::metadata(data.path().join("muster.db"))?.len();

    let (muster, _) = Muster::start_in(server, &plan, data.path()).await?;
    let db = Connection::open_with_flags(data.path().join("muster.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let begun = Instant::now();
    let waiting = "SELECT (SELECT MAX(rowid) FROM posts) - done FROM search_state WHERE subject = 'posts'";
    while db.query_row(waiting, [], |r| r.get::<_, i64>(0))? > 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let rate = posts as f64 / begun.elapsed().as_secs_f64();
    let size: i64 =
        db.query_row("SELECT SUM(pgsize) FROM dbstat WHERE name LIKE 'search%'", [], |r| r.get(0)).unwrap_or(0);
    println!("index: {rate:.0} posts/s, {} MB beside {} MB", size >> 20, before >> 20);
    println!("| search | found | p50 | p99 | with LIKE |\n|---|---|---|---|---|");
    for kind in &KINDS {
        let mut times = Vec::new();
        let mut found = 0;
        for _ in 0..rounds {
            let begun = Instant::now();
            found = search(&muster, &reader, kind.typed).await?;
            times.push(begun.elapsed());
        }
        times.sort();
        let (like, expected) = like(&db, &reader, kind)?;
        // A part of a word is no word: what LIKE finds more is not counted as missing.
        anyhow::ensure!(found == expected, "{}: {found} found, {expected} with LIKE", kind.name);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
        let like = like.as_secs_f64() * 1000.0;
        println!(
            "| {} | {found} | {:.1} ms | {:.1} ms | {like:.0} ms, {:.0} times as long |",
            kind.name,
            at(0.5),
            at(0.99),
            like / at(0.5)
        );
    }
    Ok(())
}

async fn search(muster: &Muster, reader: &User, terms: &str) -> anyhow::Result<usize> {
    let body = json!({"terms": terms, "is_or_search": false, "page": 0, "per_page": PAGE});
    let list = post(&muster.http, &format!("{}/api/v4/posts/search", muster.url), &reader.token, &body).await?;
    Ok(list["order"].as_array().context("no order")?.len())
}

/// Asks as the server did before it had an index; median time, and how many were found.
fn like(db: &Connection, reader: &User, kind: &Kind) -> anyhow::Result<(Duration, usize)> {
    let mut sql = "SELECT id, message, props FROM posts WHERE channel_id IN
        (SELECT channel_id FROM channel_members WHERE user_id = ?1)"
        .to_owned();
    let mut values: Vec<&str> = vec![&reader.id];
    for part in kind.parts {
        values.push(part);
        sql.push_str(&format!(" AND LOWER(message) LIKE ?{} ESCAPE '\\'", values.len()));
    }
    if let Some(author) = kind.author {
        values.push(author);
        sql.push_str(&format!(" AND user_id IN (SELECT id FROM users WHERE username = ?{})", values.len()));
    }
    sql.push_str(" AND delete_at = 0 AND type NOT LIKE 'system!_%' ESCAPE '!' ORDER BY create_at DESC, id DESC LIMIT ");
    sql.push_str(&PAGE.to_string());
    let mut times = Vec::new();
    let mut found = 0;
    for _ in 0..LIKES {
        let begun = Instant::now();
        let mut statement = db.prepare(&sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(&values))?;
        found = 0;
        while rows.next()?.is_some() {
            found += 1;
        }
        times.push(begun.elapsed());
    }
    times.sort();
    Ok((times[times.len() / 2], found))
}

/// A bulk export of one team whose channels all have `reader`. Words are drawn from a fixed seed, early ones more often.
fn write_export(path: &Path, posts: usize) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut line = |value: Value| writeln!(out, "{value}");
    line(json!({"type": "version", "version": 1}))?;
    line(json!({"type": "team", "team": {"name": "field", "display_name": "Field", "type": "O"}}))?;
    let names: Vec<String> = (0..CHANNELS).map(|n| format!("channel{n}")).collect();
    for name in &names {
        line(
            json!({"type": "channel", "channel": {"team": "field", "name": name, "display_name": name, "type": "O"}}),
        )?;
    }
    let member = |names: &[String]| {
        let channels: Vec<Value> = names.iter().map(|n| json!({"name": n, "roles": "channel_user"})).collect();
        json!([{"name": "field", "roles": "team_user", "channels": channels}])
    };
    for (name, email, teams) in (0..AUTHORS)
        .map(|n| (format!("author{n}"), format!("author{n}@example.test"), member(&[])))
        .chain([("reader".to_owned(), "reader@example.test".to_owned(), member(&names))])
    {
        let user = json!({"username": name, "email": email, "roles": "system_user", "teams": teams});
        line(json!({"type": "user", "user": user}))?;
    }
    let mut random = 1_u64;
    let mut draw = |below: u64| {
        // A linear congruential generator (Knuth, MMIX).
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    for n in 0..posts {
        let mut words: Vec<String> = Vec::new();
        for _ in 0..8 + draw(16) {
            let most = 1 + draw(WORDS);
            words.push(format!("w{}", draw(most)));
        }
        let every = |share: usize| n % share == share / 2;
        for (share, word) in [
            (2, "the"),
            (500, "generator"),
            (700, "harbour"),
            (2000, "clean water"),
            (1000, "本日の給水車は午後に到着"),
        ] {
            if every(share) {
                words.push(word.to_owned());
            }
        }
        if every(3500) {
            words.push("generator harbour".to_owned());
        }
        if every((posts / 10).max(1)) {
            words.push("zeppelin".to_owned());
        }
        let message = words.join(" ");
        let (channel, author) = (&names[draw(CHANNELS as u64) as usize], format!("author{}", draw(AUTHORS as u64)));
        let at = 1_600_000_000_000 + 40 * n;
        line(
            json!({"type": "post", "post": {"team": "field", "channel": channel, "user": author, "message": message, "create_at": at}}),
        )?;
    }
    Ok(out.flush()?)
}
