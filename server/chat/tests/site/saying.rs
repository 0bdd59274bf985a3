//! What a message may do beside being read: call everybody, call a group, pass for a program's; and what is left of it
//! when it is deleted.

use crate::support::{Ears, arrive, team, text, worlds};
use axum::http::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn who_may_not_call_everybody_or_a_group_calls_nobody() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let carla = arrive(&world.api, "carla", &t.invite).await;
        t.ana.ok("POST", &format!("/users/{}/demote", carla.id), Value::Null).await;
        let group = json!({"name": "medics", "display_name": "Medics", "source": "custom", "allow_reference": true,
            "user_ids": [t.bruno.id]});
        t.ana.ok("POST", "/groups", group).await;
        let count = async || {
            t.ana.get(&format!("/channels/{}/members/{}", t.square, t.bruno.id)).await["mention_count"].clone()
        };
        let post = carla.says(&t.square, "", "@medics, please").await;
        assert_eq!(post["props"]["disable_group_highlight"], true, "{engine}: a guest calls no group");
        assert_eq!(count().await, 0, "{engine}");
        world.clock.advance(10);
        carla.says(&t.square, "", "@channel, please").await;
        assert_eq!(count().await, 1, "{engine}: but everybody");

        let off = json!([{"name": "use_channel_mentions", "roles": {"guests": false}}]);
        t.ana.ok("PUT", &format!("/channels/{}/moderations/patch", t.square), off).await;
        world.clock.advance(10);
        let post = carla.says(&t.square, "", "@here again").await;
        assert_eq!(post["props"]["mentionHighlightDisabled"], true, "{engine}");
        assert_eq!(count().await, 1, "{engine}: until the channel is moderated");
        let edit = json!({"message": "@all then"});
        let edited = carla.ok("PUT", &format!("/posts/{}/patch", text(&post, "id")), edit).await;
        assert_eq!(edited["props"]["mentionHighlightDisabled"], true, "{engine}");
        assert_eq!(count().await, 1, "{engine}: nor by an edit");
        t.ana.says(&t.square, "", "@medics @channel").await;
        assert_eq!(count().await, 2, "{engine}");
    }
}

#[tokio::test]
async fn a_person_does_not_pass_for_a_webhook() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let mask = json!({"from_webhook": "true", "override_username": "ana", "from_bot": "true", "color": "red"});
        let post = json!({"channel_id": t.square, "message": "send me money", "props": mask});
        let post = t.bruno.ok("POST", "/posts", post).await;
        assert_eq!(post["props"], json!({"color": "red"}), "{engine}");
        let path = format!("/posts/{}/patch", text(&post, "id"));
        let edited = t.bruno.ok("PUT", &path, json!({"message": "please", "props": mask})).await;
        assert_eq!(edited["props"], json!({"color": "red"}), "{engine}");
    }
}

#[tokio::test]
async fn a_deleted_post_says_nothing_and_only_administrators_hear_who_deleted_it() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let post = t.bruno.says(&t.square, "", "#secret words").await;
        let (mut boss, mut author) = (Ears::of(&world, &t.ana.id).await, Ears::of(&world, &t.bruno.id).await);
        world.clock.advance(10);
        t.ana.ok("DELETE", &format!("/posts/{}", text(&post, "id")), Value::Null).await;
        assert_eq!(boss.next("post_deleted").await.0["data"]["delete_by"], json!(t.ana.id), "{engine}");
        let heard = author.next("post_deleted").await;
        assert_eq!(heard.0["data"].get("delete_by"), None, "{engine}");
        assert!(!heard.0.to_string().contains("secret"), "{engine}");
        let since = t.bruno.get(&format!("/channels/{}/posts?since=1", t.square)).await;
        let gone = &since["posts"][text(&post, "id")];
        assert!(gone["delete_at"].as_i64().unwrap() > 0 && !gone.to_string().contains("secret"), "{engine}: {gone}");
        let id = text(&post, "id");
        let stored = chat::posts::get(&mut world.site.db.read().await.unwrap(), &id).await.unwrap().unwrap();
        assert_eq!((stored.message.as_str(), stored.hashtags.as_str()), ("", ""), "{engine}: whoever asks");
        let (status, _) = t.bruno.call("GET", &format!("/posts/{id}"), Value::Null).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{engine}");
    }
}
