//! Searches against a plain model of what was written, while posts come, change and go and the index follows behind; on
//! both engines, so that both answer alike.

use crate::support::{Person, Team, World, team, text, worlds, worlds_with};
use chat::Config;
use db::{Row, Sql, Value as Cell, params};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// What posts are made of.
const WORDS: [&str; 20] = [
    "water",
    "Water",
    "Água",
    "agua",
    "wat",
    "waterfall",
    "pump",
    "PUMP,",
    "foo_bar",
    "foo",
    "v1.20",
    "20",
    "給水車",
    "水",
    "水車が",
    "급수차가",
    "#plan",
    "#plan-b",
    "@bruno",
    "ana@site.example",
];
/// What is typed, beside what posts are made of.
const TYPED: [&str; 16] = [
    "\"water pump\"",
    "\"foo bar\"",
    "wat*",
    "v*",
    "bar",
    "1.20",
    "site.example",
    "水車",
    "車",
    "급수",
    "\"水 水\"",
    "bruno",
    "plan",
    "!!!",
    "🙂",
    "\"agua wat",
];

/// A post as the model knows it.
struct Said {
    id: String,
    author: usize,
    channel: usize,
    message: String,
}

/// Letters and digits apart, without case and accents; everything else separates.
fn units(text: &str) -> Vec<String> {
    let mut out: Vec<String> = vec![String::new()];
    let mut digits = false;
    for c in text.to_lowercase().replace('á', "a").chars() {
        if !c.is_alphanumeric() || c.is_numeric() != digits {
            out.push(String::new());
        }
        digits = c.is_numeric();
        if c.is_alphanumeric() {
            out.last_mut().unwrap().push(c);
        }
    }
    out.retain(|u| !u.is_empty());
    out
}

fn dense(text: &str) -> bool {
    text.chars().any(|c| c > '\u{2fff}' && c < '\u{1f000}')
}

/// Whether a message holds what one term asks for.
fn holds(message: &str, term: &str) -> bool {
    if let Some(tag) = term.strip_prefix('#') {
        return message.split(' ').any(|w| w.strip_prefix('#') == Some(tag));
    }
    let (quoted, open) = (term.starts_with('"'), term.ends_with('*'));
    let wanted = units(term);
    let last = wanted.len().saturating_sub(1);
    let fits = |(n, (there, want)): (usize, (&String, &String))| {
        let begins = open && n == last && !quoted;
        match dense(want) {
            // A part of what was written, from its end on for the first and from its beginning for the last.
            true if wanted.len() == 1 => there.contains(want.as_str()),
            true if n == 0 => there.ends_with(want.as_str()),
            true if n == last => there.starts_with(want.as_str()),
            _ => there == want || begins && there.starts_with(want.as_str()),
        }
    };
    !wanted.is_empty() && units(message).windows(wanted.len()).any(|w| w.iter().zip(&wanted).enumerate().all(fits))
}

async fn found(t: &Team<'_>, terms: &str, any: bool) -> Vec<String> {
    let body = json!({"terms": terms, "is_or_search": any, "per_page": 200});
    let list = t.bruno.ok("POST", &format!("/teams/{}/posts/search", t.id), body).await;
    serde_json::from_value(list["order"].clone()).unwrap()
}

fn author<'a>(t: &'a Team<'a>, who: usize) -> &'a Person<'a> {
    if who == 0 { &t.ana } else { &t.bruno }
}

struct Story<'a> {
    t: &'a Team<'a>,
    channels: [String; 2],
    said: Vec<Said>,
}

impl Story<'_> {
    async fn step(&mut self, world: &World, dice: &[usize; 6]) {
        let [what, which, a, b, c, place] = *dice;
        let message = format!("{} {} {}", WORDS[a % 20], WORDS[b % 20], WORDS[c % 20]);
        world.clock.advance(1);
        let at = which % self.said.len().max(1);
        match what % 12 {
            0..=5 => {
                let (author_of, channel) = (which % 2, place % 2);
                let post = author(self.t, author_of).says(&self.channels[channel], "", &message).await;
                self.said.push(Said { id: text(&post, "id"), author: author_of, channel, message });
            }
            6 if !self.said.is_empty() => {
                let post = &mut self.said[at];
                let path = format!("/posts/{}/patch", post.id);
                author(self.t, post.author).ok("PUT", &path, json!({"message": message})).await;
                post.message = message;
            }
            7 if !self.said.is_empty() => {
                let post = self.said.remove(at);
                author(self.t, post.author).ok("DELETE", &format!("/posts/{}", post.id), Value::Null).await;
            }
            8 if !self.said.is_empty() => {
                // The newest, so that what comes next may get its place.
                let post = self.said.pop().unwrap();
                self.t.ana.ok("DELETE", &format!("/posts/{}?permanent=true", post.id), Value::Null).await;
            }
            9 => {
                chat::search::do_some(&world.site).await.unwrap();
            }
            _ => self.ask(world.engine, dice).await,
        }
    }

    async fn ask(&self, engine: &str, dice: &[usize; 6]) {
        let [_, which, a, b, c, place] = *dice;
        let term = |n: usize| WORDS.iter().chain(&TYPED).copied().cycle().nth(n % 36).unwrap().trim_end_matches(',');
        let (first, second, not) = (term(a), term(b), term(c));
        let filter = ["", " from:ana", " in:off-topic", " from:bruno in:town-square"][place % 4];
        let from =
            |p: &Said| filter.is_empty() || !filter.contains("from") || filter.contains("ana") == (p.author == 0);
        let within = |p: &Said| !filter.contains("in:") || filter.contains("off-topic") == (p.channel == 1);
        let (line, any) = match which % 4 {
            0 => (first.to_owned(), false),
            1 if !first.starts_with('"') => (format!("{first} {second}"), false),
            2 if !first.starts_with('"') => (format!("{first} {second}"), true),
            _ => (format!("-{not} {}", if place % 2 == 0 { first } else { "" }), false),
        };
        let line = format!("{}{filter}", if line.matches('"').count() % 2 == 1 { format!("{line}\"") } else { line });
        // Read back, so that the model answers the line that was sent.
        let query = chat::search::grammar::parse(&line).unwrap();
        let spell = |t: &chat::search::grammar::Term| match t {
            chat::search::grammar::Term::Text(w) => format!("\"{w}\""),
            chat::search::grammar::Term::Prefix(w) => format!("{w}*"),
            chat::search::grammar::Term::Tag(w) => format!("#{w}"),
        };
        let wanted: Vec<String> = query.terms.iter().map(spell).collect();
        let without: Vec<String> = query.without.iter().map(spell).collect();
        // What has no letters asks for nothing.
        let asks = |t: &&String| t.starts_with('#') || !units(t).is_empty();
        let asked: Vec<&String> = wanted.iter().filter(asks).collect();
        let pictures = wanted.iter().chain(&without).any(|t| t.contains('🙂'));
        if pictures {
            return;
        }
        let matches = |p: &&Said| {
            let held = |t: &&String| holds(&p.message, t);
            let terms = if any && !asked.is_empty() { asked.iter().any(held) } else { asked.iter().all(held) };
            terms && !without.iter().filter(asks).any(|t| holds(&p.message, t)) && from(p) && within(p)
        };
        let nothing = !wanted.is_empty() && asked.is_empty();
        let expected: Vec<&str> =
            self.said.iter().rev().filter(matches).filter(|_| !nothing).map(|p| p.id.as_str()).collect();
        let got = found(self.t, &line, any).await;
        let messages: Vec<&str> = self.said.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(got, expected, "{engine}: {line} (any: {any}) in {messages:?}");
    }
}

#[tokio::test]
async fn what_is_found_is_what_a_plain_model_finds() {
    let dice = proptest::collection::vec(proptest::array::uniform6(0..10_000_usize), 150);
    let mut runner = TestRunner::deterministic();
    let stories: Vec<_> = (0..2).map(|_| dice.new_tree(&mut runner).unwrap().current()).collect();
    let config = Config { allow_permanent_deletion: true, ..Config::default() };
    for world in worlds_with(config).await {
        let t = team(&world).await;
        for steps in &stories {
            let name = |n: &str| format!("/teams/{}/channels/name/{n}", t.id);
            let off_topic = text(&t.ana.get(&name("off-topic")).await, "id");
            let mut story = Story { t: &t, channels: [t.square.clone(), off_topic], said: Vec::new() };
            for dice in steps {
                story.step(&world, dice).await;
            }
            while chat::search::do_some(&world.site).await.unwrap() > 0 {}
            for (n, dice) in steps.iter().enumerate().take(60) {
                story.ask(world.engine, &[0, n, dice[2], dice[3], dice[4], dice[5]]).await;
            }
            for post in &story.said {
                t.ana.ok("DELETE", &format!("/posts/{}?permanent=true", post.id), Value::Null).await;
            }
        }
    }
}

async fn number(world: &World, sqlite: &'static str, postgres: &'static str) -> i64 {
    let sql = Sql::forked(sqlite, postgres);
    world.site.db.read().await.unwrap().fetch_optional(&sql, params![], Row::only).await.unwrap().unwrap()
}

/// A site that was there before the index: thousands of posts that it does not know.
#[tokio::test]
async fn searches_work_while_the_index_is_built_and_after() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        for n in 0..6000_i64 {
            let message = format!("report {n} of the {} pump", if n % 3 == 0 { "broken" } else { "new" });
            let (at, props) = (1_700_000_000_000 + n, json!({}));
            rows.push(params![kit::id::new(), at, at, &t.ana.id, &t.square, message, props, json!([])]);
        }
        let columns = ["id", "create_at", "update_at", "user_id", "channel_id", "message", "props", "file_ids"];
        let mut tx = world.site.db.write().await.unwrap();
        tx.insert_rows("posts", &columns, "", rows).await.unwrap();
        tx.commit().await.unwrap();
        let waiting = async || {
            let mut conn = world.site.db.read().await.unwrap();
            chat::search::waiting(&mut conn, world.site.db.engine()).await.unwrap()
        };
        let check = async |stage: &str| {
            assert_eq!(found(&t, "broken", false).await.len(), 200, "{engine} {stage}");
            assert_eq!(found(&t, "\"report 4321\"", false).await.len(), 1, "{engine} {stage}");
            assert_eq!(found(&t, "broken on:2023-11-13", false).await.len(), 0, "{engine} {stage}");
            assert_eq!(found(&t, "pump -new from:ana", false).await.len(), 200, "{engine} {stage}");
            let body = json!({"terms": "broken", "per_page": 60, "page": 33});
            let last = t.bruno.ok("POST", &format!("/teams/{}/posts/search", t.id), body).await;
            assert_eq!(last["order"].as_array().unwrap().len(), 20, "{engine} {stage}: the last page");
        };
        assert!(waiting().await >= 6000, "{engine}");
        check("before").await;
        chat::search::do_some(&world.site).await.unwrap();
        assert!(waiting().await > 5000, "{engine}");
        check("begun").await;
        for _ in 0..4 {
            chat::search::do_some(&world.site).await.unwrap();
        }
        assert!(waiting().await > 0, "{engine}");
        check("most of it").await;
        while chat::search::do_some(&world.site).await.unwrap() > 0 {}
        assert_eq!(waiting().await, 0, "{engine}");
        check("complete").await;

        let all = number(&world, "SELECT COUNT(*) FROM search_posts_numbers", "SELECT COUNT(*) FROM search_posts");
        assert_eq!(all.await, 6000, "{engine}: and none of who came and went");
        let mut tx = world.site.db.write().await.unwrap();
        tx.execute(&Sql::new("DELETE FROM posts WHERE create_at < 1700000003000"), params![]).await.unwrap();
        tx.commit().await.unwrap();
        let left = number(&world, "SELECT COUNT(*) FROM search_posts", "SELECT COUNT(*) FROM search_posts");
        assert_eq!(left.await, 3000, "{engine}: what is erased is in no index");
    }
}
