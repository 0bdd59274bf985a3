//! A day of two people through the real router, on both databases: what is stored, counted and refused.

use crate::support::{arrive, call, text};
use axum::http::StatusCode;
use chat::site::Parts;
use chat::ws::Hub;
use chat::{Config, Site};
use kit::Clock;
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test]
async fn two_people_talk_and_the_counters_stay_right() {
    for (engine, db) in db::testing::databases().await {
        db::migrate(&db, chat::schema::MIGRATIONS).await.unwrap();
        let clock = Clock::fixed(1_000_000_000_000);
        let files = Arc::new(object_store::memory::InMemory::new());
        let site = Site::new(Parts {
            db,
            hub: Hub::default(),
            clock: clock.clone(),
            config: Config::default(),
            keys: chat::keys::Keys::default(),
            files,
        });
        let api = chat::routes::api(&site);

        let ana = arrive(&api, "ana", "").await;
        let team = ana.ok("POST", "/teams", json!({"name": "field", "display_name": "Field", "type": "O"})).await;
        let bruno = arrive(&api, "bruno", &text(&team, "invite_id")).await;
        assert!(text(&ana.ok("GET", "/users/me", Value::Null).await, "roles").contains("system_admin"), "{engine}");
        assert!(!text(&bruno.ok("GET", "/users/me", Value::Null).await, "roles").contains("system_admin"), "{engine}");

        let square =
            ana.ok("GET", &format!("/teams/{}/channels/name/town-square", text(&team, "id")), Value::Null).await;
        let channel = text(&square, "id");
        let hello = json!({"channel_id": channel, "message": "hello @bruno", "pending_post_id": "ana:1"});
        let first = ana.ok("POST", "/posts", hello.clone()).await;
        let again = ana.ok("POST", "/posts", hello).await;
        assert_eq!(first["id"], again["id"], "{engine}: a repeated send makes no second post");

        clock.advance(10);
        let reply = json!({"channel_id": channel, "root_id": first["id"], "message": "hello yourself"});
        bruno.ok("POST", "/posts", reply).await;
        let thread = ana.ok("GET", &format!("/posts/{}/thread", text(&first, "id")), Value::Null).await;
        assert_eq!(thread["order"].as_array().unwrap().len(), 2, "{engine}");
        assert_eq!(thread["posts"][text(&first, "id")]["reply_count"], 1, "{engine}");
        let followed = ana.ok("GET", &format!("/users/me/teams/{}/threads", text(&team, "id")), Value::Null).await;
        assert_eq!((&followed["total"], &followed["threads"][0]["unread_replies"]), (&json!(1), &json!(1)), "{engine}");

        let member = |who: &str| format!("/channels/{channel}/members/{who}");
        let mine = bruno.ok("GET", &member("me"), Value::Null).await;
        assert_eq!(
            (&mine["mention_count"], &mine["msg_count"]),
            (&json!(1), &json!(1)),
            "{engine}: one mention, own reply read"
        );
        bruno.ok("POST", "/channels/members/me/view", json!({"channel_id": channel})).await;
        let mine = bruno.ok("GET", &member("me"), Value::Null).await;
        assert_eq!((&mine["mention_count"], &mine["msg_count"]), (&json!(0), &json!(2)), "{engine}: all read");

        for i in 0..5 {
            clock.advance(1);
            ana.ok("POST", "/posts", json!({"channel_id": channel, "message": format!("number {i}")})).await;
        }
        let newest = ana.ok("GET", &format!("/channels/{channel}/posts?per_page=3"), Value::Null).await;
        assert_eq!(newest["next_post_id"], "", "{engine}: nothing is newer");
        let oldest = newest["order"][2].as_str().unwrap();
        let older = ana.ok("GET", &format!("/channels/{channel}/posts?before={oldest}&per_page=60"), Value::Null).await;
        assert_eq!(
            (older["prev_post_id"].as_str(), older["next_post_id"].as_str()),
            (Some(""), Some(oldest)),
            "{engine}"
        );
        assert_eq!(
            older["order"].as_array().unwrap().len() + 3,
            9,
            "{engine}: no post twice, none lost, and two messages about who joined the team"
        );

        let secret = json!({"team_id": team["id"], "name": "command", "display_name": "Command", "type": "P"});
        let secret = text(&ana.ok("POST", "/channels", secret).await, "id");
        let add = json!({"user_id": bruno.id});
        for (method, path, body) in [
            ("GET", format!("/channels/{secret}/posts"), Value::Null),
            ("POST", "/posts".into(), json!({"channel_id": secret, "message": "let me in"})),
            ("POST", format!("/channels/{secret}/members"), add),
            ("GET", format!("/users/{}/preferences", ana.id), Value::Null),
            ("DELETE", format!("/posts/{}", text(&first, "id")), Value::Null),
        ] {
            let (status, body) = bruno.call(method, &path, body).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{engine}: {method} {path} {body}");
        }
        let (status, _, _) = call(&api, "GET", "/users/me", Value::Null, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{engine}");

        bruno.ok("POST", "/users/logout", Value::Null).await;
        assert_eq!(
            bruno.call("GET", "/users/me", Value::Null).await.0,
            StatusCode::UNAUTHORIZED,
            "{engine}: the session is over"
        );
    }
}
