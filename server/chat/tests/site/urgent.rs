//! Messages that want an answer: priority, confirmations, reminders, and telling again.

use crate::support::{Ears, team, text, worlds};
use axum::http::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn an_urgent_message_is_confirmed() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let mut bruno = Ears::of(&world, &t.bruno.id).await;
        let priority = json!({"priority": "urgent", "requested_ack": true, "persistent_notifications": true});
        let new = json!({"channel_id": t.square, "message": "@bruno the pump has stopped", "metadata": {"priority": priority}});
        let post = t.ana.ok("POST", "/posts", new.clone()).await;
        let id = text(&post, "id");
        assert_eq!(post["metadata"]["priority"], priority, "{engine}");
        let heard = bruno.next("posted").await;
        assert_eq!(heard.inner("post")["metadata"]["priority"]["priority"], "urgent", "{engine}");
        let member = format!("/channels/{}/members/{}", t.square, t.bruno.id);
        assert_eq!(t.bruno.get(&member).await["urgent_mention_count"], 1, "{engine}");

        // Told again after five minutes, until it is confirmed.
        world.clock.advance(5 * 60 * 1000);
        assert_eq!(chat::posts::do_due(&world.site).await.unwrap(), 1, "{engine}");
        assert_eq!(bruno.next("persistent_notification_triggered").await.inner("post")["id"], post["id"], "{engine}");
        let path = format!("/users/me/posts/{id}/ack");
        let ack = t.bruno.ok("POST", &path, Value::Null).await;
        assert_eq!(ack["user_id"], json!(t.bruno.id), "{engine}");
        assert_eq!(t.bruno.ok("POST", &path, Value::Null).await, ack, "{engine}: confirmed once");
        assert_eq!(bruno.next("post_acknowledgement_added").await.inner("acknowledgement"), ack, "{engine}");
        world.clock.advance(5 * 60 * 1000);
        assert_eq!(chat::posts::do_due(&world.site).await.unwrap(), 0, "{engine}: it was confirmed");
        let page = t.ana.get(&format!("/channels/{}/posts", t.square)).await;
        assert_eq!(page["posts"][&id]["metadata"]["acknowledgements"][0]["user_id"], json!(t.bruno.id), "{engine}");

        // Taken back within five minutes only.
        t.bruno.ok("DELETE", &path, Value::Null).await;
        bruno.next("post_acknowledgement_removed").await;
        t.bruno.ok("POST", &path, Value::Null).await;
        world.clock.advance(5 * 60 * 1000 + 1);
        assert_eq!(t.bruno.call("DELETE", &path, Value::Null).await.0, StatusCode::FORBIDDEN, "{engine}");

        t.bruno.ok("POST", "/channels/members/me/view", json!({"channel_id": t.square})).await;
        assert_eq!(t.bruno.get(&member).await["urgent_mention_count"], 0, "{engine}: seen");
        t.bruno.ok("POST", &format!("/users/me/posts/{id}/set_unread"), json!({})).await;
        assert_eq!(t.bruno.get(&member).await["urgent_mention_count"], 1, "{engine}: unread again");

        // A reply has no priority of its own, but its thread is an urgent one.
        let mut reply = new;
        reply["root_id"] = json!(id);
        assert_eq!(t.ana.call("POST", "/posts", reply).await.0, StatusCode::BAD_REQUEST, "{engine}");
        t.ana.says(&t.square, &id, "@bruno still?").await;
        let threads = t.bruno.get(&format!("/users/me/teams/{}/threads", t.id)).await;
        assert_eq!(threads["total_unread_urgent_mentions"], 1, "{engine}");
        assert_eq!(threads["threads"][0]["is_urgent"], true, "{engine}");
        let nobody = json!({"channel_id": t.square, "message": "anybody?", "metadata": {"priority": priority}});
        assert_eq!(t.ana.call("POST", "/posts", nobody).await.0, StatusCode::BAD_REQUEST, "{engine}: mentions nobody");
    }
}

#[tokio::test]
async fn a_reminder_comes_once() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let mut ears = Ears::of(&world, &t.bruno.id).await;
        let post = text(&t.ana.says(&t.square, "", "bring the keys tomorrow").await, "id");
        let other = text(&t.ana.says(&t.square, "", "never mind").await, "id");
        let at = world.clock.now_ms() / 1000 + 3600;
        let set = async |id: &str| {
            let path = format!("/users/me/posts/{id}/reminder");
            t.bruno.ok("POST", &path, json!({"target_time": at})).await;
        };
        set(&post).await;
        let told = ears.next("ephemeral_message").await.inner("post");
        assert_eq!(
            (&told["props"]["type"], &told["type"]),
            (&json!("reminder"), &json!("system_ephemeral")),
            "{engine}"
        );
        set(&other).await;
        t.ana.ok("DELETE", &format!("/posts/{other}"), Value::Null).await;
        let late = json!({"target_time": 5});
        let (status, _) = t.bruno.call("POST", &format!("/users/me/posts/{post}/reminder"), late).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: the past");

        assert_eq!(chat::posts::do_due(&world.site).await.unwrap(), 0, "{engine}: not yet");
        world.clock.advance(3601 * 1000);
        assert_eq!(chat::posts::do_due(&world.site).await.unwrap(), 1, "{engine}: not of a deleted post");
        assert_eq!(chat::posts::do_due(&world.site).await.unwrap(), 0, "{engine}: once");
        let channels = t.bruno.get("/users/me/channels").await;
        let direct = channels.as_array().unwrap().iter().find(|c| c["type"] == "D").unwrap();
        let page = t.bruno.get(&format!("/channels/{}/posts", text(direct, "id"))).await;
        let said = &page["posts"][page["order"][0].as_str().unwrap()];
        assert_eq!((&said["type"], &said["props"]["post_id"]), (&json!("reminder"), &json!(post)), "{engine}");
        assert_eq!(said["props"]["username"], "ana", "{engine}");
    }
}

#[tokio::test]
async fn a_message_for_one_is_not_stored() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let (mut ana, mut bruno) = (Ears::of(&world, &t.ana.id).await, Ears::of(&world, &t.bruno.id).await);
        let body = json!({"user_id": t.bruno.id, "post": {"channel_id": t.square, "message": "only you see this"}});
        assert_eq!(t.bruno.call("POST", "/posts/ephemeral", body.clone()).await.0, StatusCode::FORBIDDEN, "{engine}");
        t.ana.ok("POST", "/posts/ephemeral", body).await;
        assert_eq!(bruno.next("ephemeral_message").await.inner("post")["message"], "only you see this", "{engine}");
        t.ana.says(&t.square, "", "and now everybody").await;
        ana.none_before("ephemeral_message", "posted").await;
        let page = t.bruno.get(&format!("/channels/{}/posts", t.square)).await.to_string();
        assert!(!page.contains("only you"), "{engine}");
    }
}

#[tokio::test]
async fn an_edit_exchanges_files_and_a_put_replaces_everything() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let file = async |name: &str| {
            let at = format!("/files?channel_id={}&filename={name}", t.square);
            let made = t.ana.sends(&at, "text/plain", name.as_bytes()).await;
            text(&made["file_infos"][0], "id")
        };
        let (a, b) = (file("a.txt").await, file("b.txt").await);
        let new = json!({"channel_id": t.square, "message": "the plan", "file_ids": [a], "props": {"k": "v"}});
        let id = text(&t.ana.ok("POST", "/posts", new).await, "id");
        let patched = t.ana.ok("PUT", &format!("/posts/{id}/patch"), json!({"file_ids": [b]})).await;
        assert_eq!(patched["metadata"]["files"][0]["id"], json!(b), "{engine}");
        assert_eq!(patched["metadata"]["files"].as_array().unwrap().len(), 1, "{engine}");
        assert_eq!(t.bruno.call("GET", &format!("/files/{a}/info"), Value::Null).await.0, StatusCode::NOT_FOUND);
        let history = t.ana.get(&format!("/posts/{id}/edit_history")).await;
        assert_eq!(history[0]["file_ids"], json!([a]), "{engine}");
        let back = format!("/posts/{id}/restore/{}", text(&history[0], "id"));
        let restored = t.ana.ok("POST", &back, Value::Null).await;
        assert_eq!(restored["metadata"]["files"][0]["id"], json!(a), "{engine}: the former file is back");
        let whole = json!({"id": id, "message": "another plan"});
        let put = t.ana.ok("PUT", &format!("/posts/{id}"), whole.clone()).await;
        assert_eq!(
            (&put["message"], &put["props"], &put["file_ids"]),
            (&json!("another plan"), &json!({}), &Value::Null)
        );
        let (status, _) = t.ana.call("PUT", &format!("/posts/{}", "x".repeat(26)), whole).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}");
    }
}
