//! What people must not get at, tried through the real router on both databases.

use crate::support::{arrive, team, text, worlds};
use axum::http::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn nobody_takes_the_name_under_which_two_others_find_each_other() {
    for world in worlds().await {
        let t = team(&world).await;
        let carla = arrive(&world.api, "carla", &t.invite).await;
        let ids = json!([t.ana.id, t.bruno.id, carla.id]);
        let group = carla.ok("POST", "/channels/group", ids).await;
        let mut pair = [t.ana.id.clone(), t.bruno.id.clone()];
        pair.sort();
        let path = format!("/channels/{}/patch", text(&group, "id"));
        let (status, error) = carla.call("PUT", &path, json!({"name": pair.join("__")})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{error}");
        let direct = t.ana.ok("POST", "/channels/direct", json!(pair)).await;
        assert_ne!(direct["id"], group["id"]);
        assert_eq!(direct["type"], "D");
        carla.ok("PUT", &path, json!({"header": "a header may change"})).await;
    }
}

#[tokio::test]
async fn a_deleted_message_says_nothing() {
    for world in worlds().await {
        let t = team(&world).await;
        let post = t.ana.says(&t.square, "", "a secret").await;
        let mut heard = world.site.hub.tap();
        t.ana.ok("DELETE", &format!("/posts/{}", text(&post, "id")), Value::Null).await;
        let event = heard.try_recv().unwrap();
        assert_eq!((event.event.as_str(), event.data["post"].to_string().contains("secret")), ("post_deleted", false));
        let page = t.bruno.get(&format!("/channels/{}/posts?since=1", t.square)).await;
        let gone = &page["posts"][text(&post, "id")];
        assert_ne!(gone["delete_at"], json!(0), "it is told that the message was deleted: {page}");
        assert_eq!((&gone["message"], gone["id"].as_str()), (&json!(""), post["id"].as_str()));
    }
}
