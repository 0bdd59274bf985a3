//! Coming back after a long time: what changed, each thing once, in pages.

use crate::support::{team, text, worlds};
use axum::http::StatusCode;
use db::{Sql, params};
use serde_json::{Value, json};
use std::collections::BTreeSet;

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
        world.clock.advance(10);
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
                assert_eq!(page["channel_members"][0]["mention_count"], 2, "{engine}");
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
        let nothing = t.bruno.ok("POST", "/sync", json!({"since": now, "team_id": t.id})).await;
        assert_eq!((&nothing["posts"], &nothing["channels"]), (&json!([]), &json!([])), "{engine}");
        assert_eq!(t.bruno.call("POST", "/sync", json!({})).await.0, StatusCode::BAD_REQUEST, "{engine}");
        let forged = json!({"since": since, "cursor": "1.2.3"});
        assert_eq!(t.bruno.call("POST", "/sync", forged).await.0, StatusCode::BAD_REQUEST, "{engine}");
    }
}
