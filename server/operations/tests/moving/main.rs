//! A site that has been lived in moves: as a bulk export, as a backup, into another database. On both engines.

mod arranged;

use arranged::{arranged, there};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use kit::Clock;
use object_store::memory::InMemory;
use operations::bulk::{self, Wanted};
use operations::dump::{backup, catalogue, migrate, restore};
use operations::jobs::Runner;
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

struct World {
    engine: &'static str,
    site: Site,
    api: Router,
    clock: Clock,
}

fn world(engine: &'static str, db: db::Db) -> World {
    let clock = Clock::fixed(1_800_000_000_000);
    let files = Arc::new(InMemory::new());
    let site = Site::new(Parts {
        db,
        hub: Hub::default(),
        clock: clock.clone(),
        keys: chat::keys::Keys::default(),
        config: Config::default(),
        files,
    });
    let api = chat::routes::api_with(&site, operations::router());
    World { engine, site, api, clock }
}

async fn worlds() -> Vec<World> {
    let mut all = Vec::new();
    for (engine, db) in db::testing::databases().await {
        db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
        all.push(world(engine, db));
    }
    all
}

async fn raw(
    api: &Router,
    method: &str,
    path: &str,
    token: &str,
    body: Body,
    headers: &[(&str, &str)],
) -> (StatusCode, axum::http::HeaderMap, Vec<u8>) {
    let mut request = Request::builder().method(method).uri(format!("/api/v4{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let answer = api.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    (status, headers, to_bytes(answer.into_body(), 64 << 20).await.unwrap().to_vec())
}

async fn ok(api: &Router, method: &str, path: &str, token: &str, body: Value) -> Value {
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let (status, _, bytes) = raw(api, method, path, token, body, &[("content-type", "application/json")]).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(status.is_success(), "{method} {path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

async fn arrive(api: &Router, name: &str, invite: &str) -> (String, String) {
    let account = json!({"username": name, "email": format!("{name}@site.example"), "password": "Correct-horse-9"});
    let user = ok(api, "POST", &format!("/users?iid={invite}"), "", account).await;
    let login = Body::from(json!({"login_id": name, "password": "Correct-horse-9"}).to_string());
    let (_, headers, _) = raw(api, "POST", "/users/login", "", login, &[("content-type", "application/json")]).await;
    (headers["token"].to_str().unwrap().to_owned(), user["id"].as_str().unwrap().to_owned())
}

/// Two people, a thread with reaction, mention and file, a pinned and a flagged post, an edit, a deletion, a direct message.
async fn live(w: &World) -> (String, String) {
    let (ana, ana_id) = arrive(&w.api, "ana", "").await;
    let team = ok(&w.api, "POST", "/teams", &ana, json!({"name": "field", "display_name": "Field", "type": "O"})).await;
    let (bruno, bruno_id) = arrive(&w.api, "bruno", team["invite_id"].as_str().unwrap()).await;
    let square = ok(
        &w.api,
        "GET",
        &format!("/teams/{}/channels/name/town-square", team["id"].as_str().unwrap()),
        &ana,
        Value::Null,
    )
    .await;
    let square = square["id"].as_str().unwrap().to_owned();
    let post = async |token: &str, channel: &str, root: &Value, message: &str, files: Value| {
        w.clock.advance(7);
        let body = json!({"channel_id": channel, "root_id": root, "message": message, "file_ids": files});
        ok(&w.api, "POST", "/posts", token, body).await
    };
    let none = json!("");
    let path = format!("/files?channel_id={square}&filename=plan.txt");
    let (status, _, bytes) =
        raw(&w.api, "POST", &path, &ana, Body::from("the plan"), &[("content-type", "text/plain")]).await;
    assert_eq!(status, StatusCode::CREATED);
    let file: Value = serde_json::from_slice(&bytes).unwrap();
    let root =
        post(&ana, &square, &none, "who takes water, @bruno? #water", json!([file["file_infos"][0]["id"]])).await;
    post(&bruno, &square, &root["id"], "I do", json!([])).await;
    let edited = post(&ana, &square, &root["id"], "thanks", json!([])).await;
    w.clock.advance(3);
    let id = edited["id"].as_str().unwrap();
    ok(&w.api, "PUT", &format!("/posts/{id}/patch"), &ana, json!({"message": "thanks a lot"})).await;
    let reaction = json!({"user_id": bruno_id, "post_id": root["id"], "emoji_name": "thumbsup"});
    ok(&w.api, "POST", "/reactions", &bruno, reaction).await;
    let pinned = post(&ana, &square, &none, "the map is on the wall", json!([])).await;
    ok(&w.api, "POST", &format!("/posts/{}/pin", pinned["id"].as_str().unwrap()), &ana, Value::Null).await;
    let flag = json!([{"user_id": bruno_id, "category": "flagged_post", "name": pinned["id"], "value": "true"}]);
    ok(&w.api, "PUT", "/users/me/preferences", &bruno, flag).await;
    let gone = post(&bruno, &square, &none, "wrong channel", json!([])).await;
    ok(&w.api, "DELETE", &format!("/posts/{}", gone["id"].as_str().unwrap()), &bruno, Value::Null).await;
    let direct = ok(&w.api, "POST", "/channels/direct", &ana, json!([ana_id, bruno_id])).await;
    post(&ana, direct["id"].as_str().unwrap(), &none, "between us", json!([])).await;
    (ana, square)
}

async fn export(w: &World, path: &Path) {
    bulk::export(&w.site, path, Wanted::ALL, &CancellationToken::new(), &mut |_| {}).await.unwrap();
}

async fn import(w: &World, path: &Path, dry: bool) -> bulk::Summary {
    let source = bulk::open(path).unwrap();
    bulk::import(&w.site, source, dry, &CancellationToken::new(), &mut |_| {}).await.unwrap()
}

/// The lines of an export without what must differ: the time of the export and the ids of things.
fn lines(path: &Path) -> Vec<String> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut text = String::new();
    zip.by_name("import.jsonl").unwrap().read_to_string(&mut text).unwrap();
    let id = regex::Regex::new("\\b[a-z0-9]{26}\\b").unwrap();
    text.lines().skip(1).map(|l| id.replace_all(l, "ID").into_owned()).collect()
}

#[tokio::test]
async fn an_export_read_into_an_empty_site_exports_the_same() {
    let dir = tempfile::tempdir().unwrap();
    for (from, to) in worlds().await.into_iter().zip(worlds().await) {
        let (ana, square) = live(&from).await;
        arranged(&from, &ana, &square).await;
        let (first, second) = (dir.path().join(from.engine), dir.path().join(format!("{}2", from.engine)));
        export(&from, &first).await;
        let checked = import(&to, &first, true).await;
        assert_eq!(checked.problems, [], "{}", from.engine);
        assert_eq!(checked.posts_new, 0, "a dry run writes nothing");
        let done = import(&to, &first, false).await;
        assert_eq!((done.problems.len(), done.posts_known), (0, 0), "{}", from.engine);
        assert!(done.skipped.is_empty(), "{}: {:?}", from.engine, done.skipped);
        export(&to, &second).await;
        assert_eq!(lines(&first), lines(&second), "{}", from.engine);
        let again = import(&to, &first, false).await;
        assert_eq!((again.posts_new, again.posts_known), (0, done.posts_new), "{}: again", from.engine);
        export(&to, &{ dir.path().join(format!("{}3", from.engine)) }).await;
        assert_eq!(lines(&first), lines(&dir.path().join(format!("{}3", from.engine))), "{}: again", from.engine);
        there(&to).await;
    }
}

#[tokio::test]
async fn a_wrong_line_is_named_and_what_came_before_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("slack.jsonl");
    let good = [
        r#"{"type":"version","version":1}"#,
        r#"{"type":"team","team":{"name":"field","display_name":"Field","type":"O"}}"#,
        r#"{"type":"user","user":{"username":"ana","email":"ana@site.example","teams":[{"name":"field"}]}}"#,
        r#"{"type":"post","post":{"team":"field","channel":"town-square","user":"ana","message":"one","create_at":1000}}"#,
    ];
    let bad = r#"{"type":"post","post":{"team":"field","channel":"town-square","user":"zoe","message":"two","create_at":2000}}"#;
    std::fs::write(&path, [&good[..], &[bad, bad]].concat().join("\n")).unwrap();
    for w in worlds().await {
        let checked = import(&w, &path, true).await;
        let told: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            ["line 5, post, user: there is no user \"zoe\"", "line 6, post, user: there is no user \"zoe\""]
        );
        let done = import(&w, &path, false).await;
        assert_eq!((done.problems.len(), done.posts_new), (1, 1), "{}", w.engine);
        std::fs::write(dir.path().join("mended.jsonl"), good.join("\n")).unwrap();
        let mended = import(&w, &dir.path().join("mended.jsonl"), false).await;
        assert_eq!((mended.posts_new, mended.posts_known), (0, 1), "{}", w.engine);
        // A file that says nothing of what was read leaves nobody with unread messages.
        let unread = db::Sql::new(
            "SELECT COUNT(*) FROM channel_members m JOIN channels c ON c.id = m.channel_id WHERE m.msg_count <> c.total_msg_count",
        );
        let rows = w.site.db.read().await.unwrap().query(&unread, vec![]).await.unwrap();
        assert_eq!(rows[0].clone().only::<i64>().unwrap(), 0, "{}", w.engine);
    }
}

#[tokio::test]
async fn an_export_is_made_by_a_job_and_fetched_in_parts() {
    for w in worlds().await {
        let (ana, _) = live(&w).await;
        let runner = Runner::default();
        bulk::register(&runner);
        w.site.keep(runner.clone());
        let job = ok(
            &w.api,
            "POST",
            "/jobs",
            &ana,
            json!({"type": "export_process", "data": {"include_attachments": "true"}}),
        )
        .await;
        assert_eq!(job["status"], "pending");
        assert!(runner.next(&w.site, &CancellationToken::new()).await.unwrap());
        let path = format!("/jobs/{}", job["id"].as_str().unwrap());
        let job = ok(&w.api, "GET", &path, &ana, Value::Null).await;
        assert_eq!((&job["status"], &job["progress"]), (&json!("success"), &json!(100)), "{}: {job}", w.engine);
        let (status, ..) = raw(&w.api, "POST", &format!("{path}/cancel"), &ana, Body::empty(), &[]).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "what has ended cannot be cancelled");
        let list = ok(&w.api, "GET", "/exports", &ana, Value::Null).await;
        let name = format!("/exports/{}", list[0].as_str().unwrap());
        let (_, _, whole) = raw(&w.api, "GET", &name, &ana, Body::empty(), &[]).await;
        let (status, headers, rest) = raw(&w.api, "GET", &name, &ana, Body::empty(), &[("range", "bytes=100-")]).await;
        assert_eq!((status, &rest[..]), (StatusCode::PARTIAL_CONTENT, &whole[100..]), "{}", w.engine);
        assert_eq!(
            headers["content-range"].to_str().unwrap(),
            format!("bytes 100-{}/{}", whole.len() - 1, whole.len())
        );
        // The same archive goes in again as an upload of type import.
        let wanted = json!({"type": "import", "filename": "site.zip", "file_size": whole.len()});
        let upload = ok(&w.api, "POST", "/uploads", &ana, wanted).await;
        let path = format!("/uploads/{}", upload["id"].as_str().unwrap());
        let (status, ..) = raw(&w.api, "POST", &path, &ana, Body::from(whole), &[]).await;
        assert!(status.is_success(), "{status}");
        let imports = ok(&w.api, "GET", "/imports", &ana, Value::Null).await;
        let data = json!({"import_file": imports[0]});
        let job = ok(&w.api, "POST", "/jobs", &ana, json!({"type": "import_process", "data": data})).await;
        assert!(runner.next(&w.site, &CancellationToken::new()).await.unwrap());
        let job = ok(&w.api, "GET", &format!("/jobs/{}", job["id"].as_str().unwrap()), &ana, Value::Null).await;
        assert_eq!(
            (&job["status"], &job["data"]["posts_new"]),
            (&json!("success"), &json!("0")),
            "{}: {job}",
            w.engine
        );
    }
}

/// Nothing of an index comes with a copy; a search finds what is there before it is built anew, and after.
async fn is_searched(w: &World, token: &str, context: &str) {
    for stage in ["before", "after"] {
        for (terms, count) in [("takes water", 1), ("#water", 1), ("lot", 1), ("wrong", 0)] {
            let list = ok(&w.api, "POST", "/posts/search", token, json!({"terms": terms})).await;
            assert_eq!(list["order"].as_array().unwrap().len(), count, "{context}: {terms} {stage}");
        }
        let files = ok(&w.api, "POST", "/files/search", token, json!({"terms": "plan"})).await;
        assert_eq!(files["order"].as_array().unwrap().len(), 1, "{context}: {stage}");
        while chat::search::do_some(&w.site).await.unwrap() > 0 {}
        let mut conn = w.site.db.read().await.unwrap();
        assert_eq!(chat::search::waiting(&mut conn, w.site.db.engine()).await.unwrap(), 0, "{context}");
    }
}

async fn counts(db: &db::Db) -> Vec<(String, i64)> {
    let mut view = db.snapshot().await.unwrap();
    let mut all = Vec::new();
    for table in catalogue::tables(&mut view).await.unwrap() {
        let rows = catalogue::count(&mut view, &table.name).await.unwrap();
        all.push((table.name, rows));
    }
    all
}

#[tokio::test]
async fn a_backup_is_verified_and_restored_on_either_engine() {
    let dir = tempfile::tempdir().unwrap();
    for from in worlds().await {
        let (ana, square) = live(&from).await;
        is_searched(&from, &ana, from.engine).await;
        let path = dir.path().join(format!("{}.tar.zst", from.engine));
        backup::write(&from.site.db, &*from.site.files, &[], &path, 1, &mut |_, _| {}).await.unwrap();
        restore::verify(&path, &mut |_, _| {}).await.unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        for (to_engine, db) in db::testing::databases().await {
            let files = Arc::new(InMemory::new());
            let beside = dir.path().join("beside");
            let target = restore::Target { db: &db, files: &*files, beside, replace: false };
            restore::restore(&path, &target, &mut |_, _| {}).await.unwrap();
            assert_eq!(counts(&from.site.db).await, counts(&db).await, "{} to {to_engine}", from.engine);
            let twice = restore::restore(&path, &target, &mut |_, _| {}).await;
            assert!(twice.unwrap_err().to_string().contains("holds a site already"), "{to_engine}");
            let to = world(to_engine, db.clone());
            is_searched(&to, &ana, &format!("{} to {to_engine}", from.engine)).await;
            restore::restore(&path, &restore::Target { replace: true, ..target }, &mut |_, _| {}).await.unwrap();
            is_searched(&to, &ana, &format!("{} to {to_engine}, again", from.engine)).await;
            // The session of before is good there, and the posts are the same to the letter.
            let path = format!("/channels/{square}/posts");
            let (was, is) = (
                ok(&from.api, "GET", &path, &ana, Value::Null).await,
                ok(&to.api, "GET", &path, &ana, Value::Null).await,
            );
            assert_eq!(was["order"], is["order"], "{} to {to_engine}", from.engine);
        }
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x40;
        std::fs::write(&path, &bytes).unwrap();
        assert!(restore::verify(&path, &mut |_, _| {}).await.is_err(), "a changed byte is noticed");
        std::fs::write(&path, &bytes[..middle]).unwrap();
        assert!(restore::verify(&path, &mut |_, _| {}).await.is_err(), "a cut archive is noticed");
    }
}

#[tokio::test]
async fn a_backup_without_the_key_of_its_secrets_says_so() {
    let dir = tempfile::tempdir().unwrap();
    for w in worlds().await {
        let (_, _) = live(&w).await;
        let keys = chat::keys::Keys::load(&dir.path().join(w.engine), None).unwrap();
        let mut tx = w.site.db.write().await.unwrap();
        chat::system::set_value(&mut tx, "DemoKey", "plain").await.unwrap();
        tx.commit().await.unwrap();
        chat::keys::settle(&w.site.db, &keys).await.unwrap();
        let site_key = chat::keys::path(&dir.path().join(w.engine));
        for (name, beside, missing) in
            [("without", vec![], keys.ids()), ("with", vec![("keys/site.key".to_owned(), site_key)], vec![])]
        {
            let path = dir.path().join(format!("{}-{name}.tar.zst", w.engine));
            backup::write(&w.site.db, &*w.site.files, &beside, &path, 1, &mut |_, _| {}).await.unwrap();
            let contents = restore::verify(&path, &mut |_, _| {}).await.unwrap();
            assert_eq!(contents.keys_missing, missing, "{} {name}", w.engine);
        }
    }
}

#[tokio::test]
async fn a_site_moves_into_another_database_with_every_row() {
    let from = worlds().await.remove(0);
    let (ana, square) = live(&from).await;
    for (engine, db) in db::testing::databases().await {
        let moved = migrate::run(&from.site.db, &db, |_, _, _| {}).await.unwrap();
        assert!(moved.iter().any(|t| t.table == "posts" && t.rows > 5), "{moved:?}");
        assert_eq!(counts(&from.site.db).await, counts(&db).await, "{engine}");
        let again = migrate::run(&from.site.db, &db, |_, _, _| {}).await.unwrap_err();
        assert!(again.to_string().contains("holds a site already"), "{again}");
        let to = world(engine, db);
        let posts = ok(&to.api, "GET", &format!("/channels/{square}/posts"), &ana, Value::Null).await;
        assert!(posts["order"].as_array().unwrap().len() > 4, "{engine}");
        is_searched(&to, &ana, engine).await;
    }
}
