//! Coming back after a long time: what changed, each thing once, in pages.

use crate::support::{Person, Team, World, team, text, worlds};
use axum::http::StatusCode;
use db::{Sql, params};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const INSERT: Sql = Sql::new(
    "INSERT INTO posts (id, create_at, update_at, user_id, channel_id, message, props, file_ids) VALUES ($1, $2, $2, $3, $4, $5, $6, $7)",
);

#[tokio::test]
async fn five_thousand_changes_arrive_once_each() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let old = text(&t.ana.says(&t.square, "", "@bruno before the link was lost").await, "id");
        let gone = text(&t.ana.says(&t.square, "", "this will be deleted").await, "id");
        let new = json!({"team_id": t.id, "name": "closed", "display_name": "Closed", "type": "P"});
        let closed = text(&t.ana.ok("POST", "/channels", new).await, "id");
        world.clock.advance(20_000);
        let since = world.clock.now_ms();
        world.clock.advance(10);
        let mut ids = BTreeSet::new();
        let mut tx = world.site.db.write().await.unwrap();
        for n in 0..5000_i64 {
            // Many of the same millisecond, as after an import.
            let (id, at) = (kit::id::new(), since + 1 + n / 100);
            let values = params![&id, at, &t.ana.id, &t.square, format!("number {n}"), json!({}), json!([])];
            tx.execute(&INSERT, values).await.unwrap();
            ids.insert(id);
        }
        tx.commit().await.unwrap();
        world.clock.advance(100);
        t.ana.says(&closed, "", "not for Bruno").await;
        t.ana.ok("DELETE", &format!("/posts/{gone}"), Value::Null).await;
        let reply = text(&t.ana.says(&t.square, &old, "@bruno are you there?").await, "id");
        t.ana.ok("PUT", &format!("/users/{}/status", t.ana.id), json!({"user_id": t.ana.id, "status": "dnd"})).await;
        ids.extend([old.clone(), gone.clone(), reply]);

        let (mut cursor, mut seen, mut pages) = (String::new(), BTreeSet::new(), 0);
        let now = world.clock.now_ms();
        loop {
            let page = t.bruno.ok("POST", "/sync", json!({"since": since, "cursor": cursor})).await;
            for post in page["posts"].as_array().unwrap() {
                assert!(seen.insert(text(post, "id")), "{engine}: twice");
                if post["id"] == json!(gone) {
                    assert_eq!(post["message"], "", "{engine}: a deleted post says nothing");
                }
            }
            if pages == 0 {
                let members = page["channel_members"].as_array().unwrap();
                let square = members.iter().find(|m| m["channel_id"] == json!(t.square)).unwrap();
                assert_eq!(square["mention_count"], 2, "{engine}");
                assert_eq!(page["threads"][0]["id"], json!(old), "{engine}");
                assert_eq!(page["statuses"][0]["status"], "dnd", "{engine}");
                assert!(!page.to_string().contains(&closed), "{engine}: a channel that he is not in");
            }
            assert_eq!(page["timestamp"], json!(now), "{engine}");
            world.clock.advance(1);
            pages += 1;
            cursor = text(&page, "cursor");
            if cursor.is_empty() {
                break;
            }
        }
        assert_eq!((seen, pages), (ids, 6), "{engine}");
        let nothing = t.bruno.ok("POST", "/sync", json!({"since": now + 20_000, "team_id": t.id})).await;
        assert_eq!((&nothing["posts"], &nothing["channels"]), (&json!([]), &json!([])), "{engine}");
        assert_eq!(t.bruno.call("POST", "/sync", json!({})).await.0, StatusCode::BAD_REQUEST, "{engine}");
        let forged = json!({"since": since, "cursor": "1.2.3"});
        assert_eq!(t.bruno.call("POST", "/sync", forged).await.0, StatusCode::BAD_REQUEST, "{engine}");
    }
}

/// What a client of Bruno's keeps. Posts and threads only as far as they are shown: who follows a thread is said of the
/// thread, and the list of its participants comes with it.
#[derive(Debug, Default, PartialEq)]
struct Kept {
    channels: BTreeMap<String, Value>,
    members: BTreeMap<String, Value>,
    posts: BTreeMap<String, Value>,
    threads: BTreeMap<String, Value>,
    sections: BTreeMap<String, Value>,
}

const SECTIONS: [&str; 9] =
    ["preferences", "roles", "groups", "teams", "team_members", "categories", "drafts", "config", "license"];

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

fn picked(value: &Value, keys: &[&str]) -> Value {
    keys.iter().map(|key| ((*key).to_owned(), value[*key].clone())).collect::<serde_json::Map<_, _>>().into()
}

impl Kept {
    fn take_post(&mut self, post: &Value) {
        let id = text(post, "id");
        if post["delete_at"] != 0 {
            self.posts.remove(&id);
            return;
        }
        let mut shown = picked(post, &["channel_id", "root_id", "message", "update_at", "edit_at", "is_pinned"]);
        let reactions = post["metadata"]["reactions"].as_array().map_or(0, Vec::len);
        shown["reactions"] = json!(reactions);
        if post["root_id"] == "" {
            shown["reply_count"] = post["reply_count"].clone();
        }
        self.posts.insert(id, shown);
    }

    fn take_thread(&mut self, thread: &Value) {
        let id = text(thread, "id");
        if thread["is_following"] != true
            || thread["reply_count"] == 0
            || thread["delete_at"].as_i64().unwrap_or(0) != 0
        {
            self.threads.remove(&id);
            return;
        }
        let keys =
            ["reply_count", "last_reply_at", "last_viewed_at", "unread_replies", "unread_mentions", "participants"];
        let mut shown = picked(thread, &keys);
        shown["channel_id"] = thread["post"]["channel_id"].clone();
        self.threads.insert(id, shown);
    }

    async fn take_threads(&mut self, t: &Team<'_>) {
        let path = format!("/users/me/teams/{}/threads?per_page=200", t.id);
        for thread in list(&t.bruno.get(&path).await["threads"]) {
            self.take_thread(thread);
        }
    }

    async fn take_channel(&mut self, bruno: &Person<'_>, id: &str) {
        let page = bruno.get(&format!("/channels/{id}/posts?per_page=200")).await;
        page["posts"].as_object().unwrap().values().for_each(|post| self.take_post(post));
    }

    fn live(&mut self, channels: &BTreeSet<String>) {
        self.channels.retain(|id, channel| channels.contains(id) && channel["delete_at"] == 0);
        let live: BTreeSet<String> = self.channels.keys().cloned().collect();
        self.members.retain(|id, _| live.contains(id));
        let there = |value: &Value| live.contains(value["channel_id"].as_str().unwrap());
        self.posts.retain(|_, post| there(post));
        self.threads.retain(|_, thread| there(thread));
    }

    /// Asks for everything.
    async fn whole(t: &Team<'_>) -> Self {
        let (bruno, mut all) = (&t.bruno, Self::default());
        for channel in list(&bruno.get("/users/me/channels").await) {
            all.channels.insert(text(channel, "id"), channel.clone());
        }
        for member in list(&bruno.get(&format!("/users/me/teams/{}/channels/members", t.id)).await) {
            all.members.insert(text(member, "channel_id"), member.clone());
        }
        let ids: BTreeSet<String> = all.channels.keys().cloned().collect();
        all.live(&ids);
        for id in all.channels.keys().cloned().collect::<Vec<_>>() {
            all.take_channel(bruno, &id).await;
        }
        all.take_threads(t).await;
        let sidebar = bruno.get(&format!("/users/me/teams/{}/channels/categories", t.id)).await;
        let mut drafts = list(&bruno.get(&format!("/users/me/teams/{}/drafts", t.id)).await).to_vec();
        drafts.sort_by_key(|d| (text(d, "channel_id"), text(d, "root_id")));
        for (name, section) in [
            ("preferences", bruno.get("/users/me/preferences").await),
            ("roles", t.ana.get("/roles").await),
            ("groups", bruno.get("/users/me/groups").await),
            ("teams", bruno.get("/users/me/teams").await),
            ("team_members", bruno.get("/users/me/teams/members").await),
            ("categories", json!({&t.id: sidebar})),
            ("drafts", drafts.into()),
            ("config", bruno.get("/config/client").await),
            ("license", bruno.get("/license/client").await),
        ] {
            all.sections.insert(name.into(), section);
        }
        all
    }
}

/// A client that syncs.
struct Client {
    kept: Kept,
    since: i64,
    revisions: Value,
}

impl Client {
    async fn sync(&mut self, t: &Team<'_>) {
        let (mut cursor, mut ids) = (String::new(), None);
        loop {
            let body = json!({"since": self.since, "cursor": cursor, "per_page": 3, "revisions": self.revisions});
            let page = t.bruno.ok("POST", "/sync", body).await;
            if ids.is_none() {
                ids = Some(self.take_first(t, &page).await);
            }
            list(&page["posts"]).iter().for_each(|post| self.kept.take_post(post));
            cursor = text(&page, "cursor");
            if cursor.is_empty() {
                self.since = page["timestamp"].as_i64().unwrap();
                // The last words of a channel that was archived are among the posts.
                self.kept.live(&ids.unwrap_or_default());
                return;
            }
        }
    }

    /// Takes what is beside the posts; ids of the channels that the user is in.
    async fn take_first(&mut self, t: &Team<'_>, page: &Value) -> BTreeSet<String> {
        let before: BTreeSet<String> = self.kept.channels.keys().cloned().collect();
        for channel in list(&page["channels"]) {
            self.kept.channels.insert(text(channel, "id"), channel.clone());
        }
        for member in list(&page["channel_members"]) {
            self.kept.members.insert(text(member, "channel_id"), member.clone());
        }
        list(&page["threads"]).iter().for_each(|thread| self.kept.take_thread(thread));
        let ids: BTreeSet<String> =
            list(&page["channel_ids"]).iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        self.kept.live(&ids);
        let new: Vec<String> = self.kept.channels.keys().filter(|id| !before.contains(*id)).cloned().collect();
        for id in &new {
            self.kept.take_channel(&t.bruno, id).await;
        }
        if !new.is_empty() {
            self.kept.take_threads(t).await;
        }
        for name in SECTIONS {
            if let Some(section) = page.get(name) {
                self.kept.sections.insert(name.into(), section.clone());
            }
        }
        self.revisions = page["revisions"].clone();
        ids
    }
}

/// One change by Ana or Bruno, which `n` chooses; what cannot be done at the moment is refused, and is no change.
async fn change(t: &Team<'_>, room: &str, n: u32) {
    let (kind, pick) = (n % 24, usize::try_from(n / 24).unwrap());
    let who = if pick % 2 == 0 { &t.ana } else { &t.bruno };
    let page = t.ana.get(&format!("/channels/{}/posts?per_page=200", t.square)).await;
    let mut posts: Vec<Value> =
        page["posts"].as_object().unwrap().values().filter(|p| p["type"] == "").cloned().collect();
    posts.sort_by_key(|p| (p["create_at"].as_i64(), text(p, "id")));
    let own: Vec<&Value> = posts.iter().filter(|p| p["user_id"] == json!(who.id)).collect();
    let roots: Vec<&Value> = posts.iter().filter(|p| p["root_id"] == "").collect();
    let one = |list: &[&Value]| list.get(pick % list.len().max(1)).map_or_else(|| "none".repeat(6), |p| text(p, "id"));
    let (mine, root) = (one(&own), one(&roots));
    let (me, square) = (t.bruno.id.as_str(), t.square.as_str());
    let thread = format!("/users/me/teams/{}/threads/{root}", t.id);
    let sidebar = format!("/users/me/teams/{}/channels/categories", t.id);
    let preference =
        json!([{"user_id": me, "category": "theme", "name": format!("p{}", pick % 3), "value": format!("{n}")}]);
    let words = if pick % 3 == 0 { "@bruno look" } else { "well" };
    let (who, method, path, body) = match kind {
        0..=2 => (who, "POST", "/posts".to_owned(), json!({"channel_id": square, "message": words})),
        3..=5 => (who, "POST", "/posts".into(), json!({"channel_id": square, "message": words, "root_id": root})),
        6 => (who, "PUT", format!("/posts/{mine}/patch"), json!({"message": format!("{words} again")})),
        7 => (who, "DELETE", format!("/posts/{mine}"), Value::Null),
        8 => (who, "POST", "/reactions".into(), json!({"user_id": who.id, "post_id": root, "emoji_name": "smile"})),
        9 => (who, "DELETE", format!("/users/me/posts/{root}/reactions/smile"), Value::Null),
        10 => (who, "POST", format!("/posts/{root}/pin"), Value::Null),
        11 => (&t.bruno, "POST", "/channels/members/me/view".into(), json!({"channel_id": square})),
        12 => (&t.bruno, "PUT", format!("{thread}/following"), Value::Null),
        13 => (&t.bruno, "DELETE", format!("{thread}/following"), Value::Null),
        14 => (&t.bruno, "PUT", format!("/users/me/teams/{}/threads/read", t.id), Value::Null),
        15 => (&t.ana, "POST", format!("/channels/{room}/members"), json!({"user_id": me})),
        16 => (&t.ana, "DELETE", format!("/channels/{room}/members/{me}"), Value::Null),
        17 if pick % 2 == 0 => (&t.ana, "DELETE", format!("/channels/{room}"), Value::Null),
        17 => (&t.ana, "POST", format!("/channels/{room}/restore"), Value::Null),
        18 => (&t.ana, "PUT", format!("/channels/{square}/patch"), json!({"header": format!("header {n}")})),
        19 if pick % 3 == 0 => (&t.bruno, "POST", format!("/users/{me}/preferences/delete"), preference),
        19 => (&t.bruno, "PUT", format!("/users/{me}/preferences"), preference),
        20 if pick % 3 == 0 => (&t.bruno, "DELETE", format!("/users/me/channels/{square}/drafts"), Value::Null),
        20 => (&t.bruno, "POST", "/drafts".into(), json!({"channel_id": square, "message": format!("draft {n}")})),
        21 => {
            let new = json!({"user_id": me, "team_id": t.id, "display_name": format!("c{n}"), "channel_ids": [square]});
            (&t.bruno, "POST", sidebar, new)
        }
        22 => {
            let new = json!({"name": format!("g{n}-{}", &kit::id::new()[..6]), "display_name": "g", "source": "custom",
                "allow_reference": true, "user_ids": [me]});
            (&t.ana, "POST", "/groups".into(), new)
        }
        _ => {
            let path = format!("/channels/{square}/members/{me}/notify_props");
            (&t.bruno, "PUT", path, json!({"mark_unread": if pick % 2 == 0 { "mention" } else { "all" }}))
        }
    };
    let (status, answer) = who.call(method, &path, body).await;
    assert!(!status.is_server_error(), "{method} {path}: {status} {answer}");
}

async fn follow_along(world: &World, runs: usize, runner: &mut TestRunner) {
    let t = team(world).await;
    let new = json!({"team_id": t.id, "name": "room", "display_name": "Room", "type": "P"});
    let room = text(&t.ana.ok("POST", "/channels", new).await, "id");
    let first = Kept::whole(&t).await;
    let mut client = Client { kept: first, since: world.clock.now_ms(), revisions: json!({}) };
    let batch = (proptest::collection::vec(0..24_000_u32, 0..6), proptest::bool::ANY);
    let mut done = Vec::new();
    for _ in 0..runs {
        let (steps, later) = batch.new_tree(runner).unwrap().current();
        for n in &steps {
            world.clock.advance(1);
            change(&t, &room, *n).await;
        }
        done.push(steps.iter().map(|n| n % 24).collect::<Vec<_>>());
        // Sometimes the answer is made in the very millisecond of a change, sometimes long after.
        if later {
            world.clock.advance(30_000);
            let mut config = (*world.site.config()).clone();
            config.site_name = format!("after {}", done.len());
            config.features.guests = done.len() % 2 == 0;
            world.site.reconfigure(config);
        }
        client.sync(&t).await;
        let whole = Kept::whole(&t).await;
        for (what, same) in [
            ("channels", client.kept.channels == whole.channels),
            ("members", client.kept.members == whole.members),
            ("posts", client.kept.posts == whole.posts),
            ("threads", client.kept.threads == whole.threads),
            ("sections", client.kept.sections == whole.sections),
        ] {
            assert!(same, "{}: {what} after {done:?}:\n{:#?}\nwanted\n{whole:#?}", world.engine, client.kept);
        }
    }
}

/// `MUSTER_SYNC_RUNS` asks for more than the few that every run tries.
#[tokio::test]
async fn who_syncs_has_what_one_who_asks_for_everything_gets() {
    let runs = std::env::var("MUSTER_SYNC_RUNS").map_or(25, |n| n.parse::<usize>().unwrap());
    let mut runner = TestRunner::deterministic();
    for world in worlds().await {
        follow_along(&world, runs, &mut runner).await;
    }
}
