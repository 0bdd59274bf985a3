//! What is kept how long, through the real router and the real jobs.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chat::erasing::Retention;
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use db::{Row, Sql, params};
use kit::Clock;
use operations::jobs::Runner;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

const DAY: i64 = 24 * 3_600_000;

struct Place {
    site: Site,
    api: Router,
    clock: Clock,
    token: String,
}

fn runner(site: &Site) -> Runner {
    let runner = Runner::default();
    retention::register(&runner);
    site.keep(runner.clone());
    runner
}

impl Place {
    /// A site with its administrator.
    async fn open(db: db::Db, retention: Retention) -> Self {
        db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
        let clock = Clock::fixed(1_800_000_000_000);
        let config = Config { session_length_ms: 1000 * DAY, retention, ..Config::default() };
        let files = Arc::new(object_store::memory::InMemory::new());
        let keys = chat::keys::Keys::default();
        let site = Site::new(Parts { db, hub: Hub::default(), clock: clock.clone(), config, keys, files });
        let api = chat::routes::api_with(&site, retention::router().merge(operations::router()));
        let mut place = Self { site, api, clock, token: String::new() };
        place.token = place.arrive("ana").await;
        place
    }

    async fn arrive(&self, name: &str) -> String {
        let account = json!({"username": name, "email": format!("{name}@site.example"), "password": "Correct-horse-9"});
        let (status, user) = self.call("", "POST", "/users", account).await;
        assert_eq!(status, StatusCode::CREATED, "{user}");
        chat::auth::bot_token(&self.site, &text(&user, "id")).await.unwrap()
    }

    async fn call(&self, token: &str, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.send(token, method, path, "application/json", bytes).await
    }

    async fn send(&self, token: &str, method: &str, path: &str, kind: &str, body: Vec<u8>) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(format!("/api/v4{path}")).header("content-type", kind);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answer = self.api.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, value) = self.call(&self.token, method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {value}");
        value
    }

    async fn get(&self, path: &str) -> Value {
        self.ok("GET", path, Value::Null).await
    }

    /// A team; its id and its town square's.
    async fn team(&self, name: &str) -> (String, String) {
        let team = json!({"name": name, "display_name": name, "type": "O"});
        let team = text(&self.ok("POST", "/teams", team).await, "id");
        let square = self.get(&format!("/teams/{team}/channels/name/town-square")).await;
        (team, text(&square, "id"))
    }

    async fn channel(&self, team: &str, name: &str) -> String {
        let channel = json!({"team_id": team, "name": name, "display_name": name, "type": "O"});
        text(&self.ok("POST", "/channels", channel).await, "id")
    }

    async fn say(&self, channel: &str, root: &str, message: &str) -> String {
        let post = json!({"channel_id": channel, "root_id": root, "message": message});
        text(&self.ok("POST", "/posts", post).await, "id")
    }

    async fn upload(&self, channel: &str) -> String {
        let path = format!("/files?channel_id={channel}&filename=plan.txt");
        let (status, file) = self.send(&self.token, "POST", &path, "text/plain", b"the plan".to_vec()).await;
        assert_eq!(status, StatusCode::CREATED, "{file}");
        text(&file["file_infos"][0], "id")
    }

    /// Messages of people in a channel, the oldest first, deleted ones too.
    async fn messages(&self, channel: &str) -> Vec<String> {
        let sql = Sql::new("SELECT message FROM posts WHERE channel_id = $1 AND type = '' ORDER BY create_at, id");
        self.site.db.read().await.unwrap().fetch(&sql, params![channel], Row::only).await.unwrap()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let mut conn = self.site.db.read().await.unwrap();
        conn.fetch_optional(&Sql::new(sql), params![], Row::only).await.unwrap().unwrap()
    }

    async fn job(&self) -> String {
        text(&self.ok("POST", "/jobs", json!({"type": "data_retention"})).await, "id")
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}")).to_owned()
}

#[tokio::test]
async fn a_run_erases_what_the_nearest_policy_says_and_says_how_much() {
    for (engine, db) in db::testing::databases().await {
        let settings = Retention {
            delete_messages: true,
            message_hours: 60 * 24,
            delete_files: true,
            file_hours: 60 * 24,
            preserve_pinned_posts: true,
            batch_posts: 3,
            pause_ms: 0,
            ..Retention::default()
        };
        let place = Place::open(db, settings).await;
        let ((field, field_square), (base, base_square)) = (place.team("field").await, place.team("base").await);
        let (brief, archive) = (place.channel(&field, "brief").await, place.channel(&field, "archive").await);
        let policy = |name: &str, days: i64, teams: Value, channels: Value| json!({"display_name": name, "post_duration": days, "team_ids": teams, "channel_ids": channels});
        for body in [
            policy("a month", 30, json!([field]), json!([])),
            policy("a week", 7, json!([]), json!([brief])),
            policy("for ever", -1, json!([]), json!([archive])),
        ] {
            place.ok("POST", "/data_retention/policies", body).await;
        }
        // What is 90, 40, 10 and 5 days old in the end.
        let all = [&brief, &archive, &field_square, &base_square];
        let mut threads = String::new();
        let mut plan = String::new();
        for (age, wait) in [(90, 50), (40, 30), (10, 5), (5, 5)] {
            for channel in all {
                place.say(channel, "", &format!("{age} days")).await;
            }
            match age {
                90 => {
                    threads = place.say(&base_square, "", "who comes?").await;
                    place.say(&base_square, &threads, "old answer").await;
                    let pinned = place.say(&field_square, "", "pinned").await;
                    place.ok("POST", &format!("/posts/{pinned}/pin"), Value::Null).await;
                    let file = place.upload(&field_square).await;
                    let post = json!({"channel_id": field_square, "message": "see", "file_ids": [file]});
                    let post = text(&place.ok("POST", "/posts", post).await, "id");
                    let me = text(&place.get("/users/me").await, "id");
                    let reaction = json!({"user_id": me, "post_id": post, "emoji_name": "smile"});
                    place.ok("POST", "/reactions", reaction).await;
                    let draft = json!({"channel_id": base_square, "root_id": "", "message": "begun"});
                    place.ok("POST", "/drafts", draft).await;
                    plan = place.upload(&base_square).await;
                    let bookmark = json!({"display_name": "plan", "type": "file", "file_id": plan});
                    place.ok("POST", &format!("/channels/{base_square}/bookmarks"), bookmark).await;
                }
                5 => drop(place.say(&base_square, &threads, "young answer").await),
                _ => {}
            }
            place.clock.advance(wait * DAY);
        }
        let before = place.count("SELECT COUNT(*) FROM posts").await;
        let runner = runner(&place.site);
        let job = place.job().await;
        assert!(runner.next(&place.site, &CancellationToken::new()).await.unwrap(), "{engine}");

        assert_eq!(place.messages(&brief).await, ["5 days"], "{engine}: a week");
        assert_eq!(place.messages(&archive).await, ["90 days", "40 days", "10 days", "5 days"], "{engine}: for ever");
        assert_eq!(place.messages(&field_square).await, ["pinned", "10 days", "5 days"], "{engine}: a month");
        let rest = ["40 days", "10 days", "5 days", "young answer"];
        assert_eq!(place.messages(&base_square).await, rest, "{engine}: the site's sixty days");
        // The thread can be read on, without what began it.
        let thread = place.get(&format!("/posts/{threads}/thread")).await;
        let root = &thread["posts"][&threads];
        assert!(!root.to_string().contains("who comes?"), "{engine}: {root}");
        assert_eq!((thread["order"].as_array().unwrap().len(), &root["reply_count"]), (2, &json!(1)), "{engine}");
        assert_eq!(place.count("SELECT COUNT(*) FROM reactions").await, 0, "{engine}");
        assert_eq!(place.count("SELECT COUNT(*) FROM file_infos").await, 0, "{engine}: of a post, and of a bookmark");
        assert_eq!(place.get(&format!("/channels/{base_square}/bookmarks")).await, json!([]), "{engine}: {plan}");
        assert_eq!(place.get(&format!("/users/me/teams/{base}/drafts")).await[0]["message"], "begun", "{engine}");

        // One was emptied, not erased.
        let gone = before - place.count("SELECT COUNT(*) FROM posts").await + 1;
        let ended = place.get(&format!("/jobs/{job}")).await;
        assert_eq!((&ended["status"], &ended["progress"]), (&json!("success"), &json!(100)), "{engine}: {ended}");
        let told = (text(&ended["data"], "posts_deleted"), text(&ended["data"], "files_deleted"));
        assert_eq!(told, (gone.to_string(), "2".to_owned()), "{engine}");
        let audits = place.get("/audits?per_page=200").await;
        let entry = format!("job_id={job} posts_deleted={gone} files_deleted=2 whole=true");
        assert!(audits.as_array().unwrap().iter().any(|a| a["extra_info"] == entry.as_str()), "{engine}");

        // When the young answer has aged too, nothing of the thread is left; a second run finds nothing else.
        place.clock.advance(60 * DAY);
        for _ in 0..2 {
            place.job().await;
            assert!(runner.next(&place.site, &CancellationToken::new()).await.unwrap());
        }
        assert!(place.messages(&base_square).await.is_empty(), "{engine}");
        assert_eq!(place.count("SELECT COUNT(*) FROM posts WHERE type = 'custom_erased'").await, 0, "{engine}");
        assert_eq!(place.count("SELECT COUNT(*) FROM threads").await, 0, "{engine}");
        assert_eq!(place.messages(&archive).await.len(), 4, "{engine}");
    }
}

#[tokio::test]
async fn a_run_that_is_killed_goes_on_and_counts_right() {
    for (engine, db) in db::testing::databases().await {
        let settings = Retention {
            delete_messages: true,
            message_hours: 24,
            batch_posts: 10,
            pause_ms: 1000,
            ..Retention::default()
        };
        let place = Place::open(db, settings.clone()).await;
        let (_, square) = place.team("field").await;
        for n in 0..35 {
            place.say(&square, "", &format!("{n}")).await;
        }
        place.clock.advance(2 * DAY);
        let young = place.say(&square, "", "young").await;
        let before = place.count("SELECT COUNT(*) FROM posts").await;
        runner(&place.site);
        let job = place.job().await;
        // It erases a batch or two, pauses, and its process dies with everything in it.
        let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (site, first) = (place.site.clone(), runner(&place.site));
        process.spawn(async move { first.next(&site, &CancellationToken::new()).await });
        while place.count("SELECT COUNT(*) FROM posts").await > before - 10 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        process.shutdown_background();
        assert!(place.messages(&square).await.len() > 10, "{engine}: it is in the middle of a channel");
        assert_eq!(place.get(&format!("/jobs/{job}")).await["status"], "in_progress", "{engine}");

        let config = Config { retention: Retention { pause_ms: 0, ..settings }, ..(*place.site.config()).clone() };
        place.site.reconfigure(config);
        let stop = CancellationToken::new();
        tokio::spawn(runner(&place.site).run(place.site.clone(), stop.clone()));
        let ended = loop {
            let job = place.get(&format!("/jobs/{job}")).await;
            if job["status"] != "in_progress" && job["status"] != "pending" {
                break job;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        stop.cancel();
        assert_eq!(ended["status"], "success", "{engine}: {ended}");
        let gone = before - place.count("SELECT COUNT(*) FROM posts").await;
        assert_eq!(text(&ended["data"], "posts_deleted"), gone.to_string(), "{engine}");
        assert_eq!(place.messages(&square).await, ["young"], "{engine}: {young}");
    }
}

#[tokio::test]
async fn policies_are_made_changed_and_taken_away() {
    for (engine, db) in db::testing::databases().await {
        let place = Place::open(db, Retention::default()).await;
        let (team, square) = place.team("field").await;
        let quiet = place.get("/data_retention/policy").await;
        assert_eq!(
            (&quiet["message_deletion_enabled"], &quiet["message_retention_cutoff"]),
            (&json!(false), &json!(0))
        );
        let body = json!({"display_name": "a month", "post_duration": 30, "team_ids": [team], "channel_ids": [square]});
        let made = place.ok("POST", "/data_retention/policies", body.clone()).await;
        let id = text(&made, "id");
        let counts =
            json!({"id": id, "display_name": "a month", "post_duration": 30, "team_count": 1, "channel_count": 1});
        assert_eq!(made, counts, "{engine}");
        let base = format!("/data_retention/policies/{id}");
        assert_eq!(place.get("/data_retention/policies").await, json!({"policies": [counts], "total_count": 1}));
        assert_eq!(place.get("/data_retention/policies_count").await, json!({"total_count": 1}), "{engine}");
        let listed = place.get(&format!("{base}/channels")).await;
        let channel = &listed["channels"][0];
        assert_eq!(
            (&channel["id"], &channel["team_name"], &channel["policy_id"], &listed["total_count"]),
            (&json!(square), &json!("field"), &json!(id), &json!(1)),
            "{engine}"
        );
        assert_eq!(place.get(&format!("{base}/teams")).await["teams"][0]["id"], team.as_str(), "{engine}");
        for (term, found) in [("TOWN", 1), ("100%", 0)] {
            let search = place.ok("POST", &format!("{base}/channels/search"), json!({"term": term})).await;
            assert_eq!(search.as_array().unwrap().len(), found, "{engine}: {term}");
        }
        let search = place.ok("POST", &format!("{base}/teams/search"), json!({"term": "fie"})).await;
        assert_eq!(search[0]["name"], "field", "{engine}");
        let mine = place.get("/users/me/data_retention/channel_policies").await;
        let policies = json!([{"channel_id": square, "post_duration": 30}]);
        assert_eq!(mine, json!({"policies": policies, "total_count": 1}), "{engine}");
        let mine = place.get("/users/me/data_retention/team_policies").await;
        assert_eq!(mine["policies"], json!([{"team_id": team, "post_duration": 30}]), "{engine}");

        // A place has one policy; nonsense names its field.
        for (body, field) in [
            (body, "team_ids"),
            (json!({"display_name": "x", "post_duration": 0}), "post_duration"),
            (json!({"display_name": " ", "post_duration": 1}), "display_name"),
            (json!({"display_name": "x", "post_duration": 1, "channel_ids": ["none"]}), "channel_ids"),
        ] {
            let (status, error) = place.call(&place.token, "POST", "/data_retention/policies", body).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}");
            assert!(error.to_string().contains(field), "{engine}: {error}");
        }
        let changed = place.ok("PATCH", &base, json!({"post_duration": 7, "channel_ids": []})).await;
        assert_eq!(
            (&changed["post_duration"], &changed["channel_count"], &changed["team_count"]),
            (&json!(7), &json!(0), &json!(1)),
            "{engine}"
        );
        place.ok("POST", &format!("{base}/channels"), json!([square])).await;
        place.ok("DELETE", &format!("{base}/teams"), json!([team])).await;
        let now = place.get(&base).await;
        assert_eq!((&now["team_count"], &now["channel_count"]), (&json!(0), &json!(1)), "{engine}");
        // Nobody else decides this.
        let bruno = place.arrive("bruno").await;
        for (method, path) in [("GET", base.as_str()), ("DELETE", &base), ("POST", "/jobs")] {
            let body = json!({"type": "data_retention"});
            assert_eq!(place.call(&bruno, method, path, body).await.0, StatusCode::FORBIDDEN, "{engine}: {path}");
        }
        place.ok("DELETE", &base, Value::Null).await;
        assert_eq!(place.call(&place.token, "GET", &base, Value::Null).await.0, StatusCode::NOT_FOUND, "{engine}");
        assert_eq!(place.count("SELECT COUNT(*) FROM retention_channels").await, 0, "{engine}");
    }
}
