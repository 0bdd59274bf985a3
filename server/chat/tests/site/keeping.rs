//! What official clients keep on the server beside messages: sidebar, drafts, scheduled posts, emoji, bookmarks, status.

use crate::support::{Ears, Person, team, text, worlds};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use std::io::Cursor;
use tower::ServiceExt;

#[tokio::test]
async fn a_sidebar_is_arranged() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let base = format!("/users/me/teams/{}/channels/categories", t.id);
        let kinds = |all: &Value| -> Vec<String> {
            all["categories"].as_array().unwrap().iter().map(|c| text(c, "type")).collect()
        };
        assert_eq!(kinds(&t.bruno.get(&base).await), ["favorites", "channels", "direct_messages"], "{engine}");
        let new = json!({"display_name": "Night", "channel_ids": [t.square, "not-a-channel"]});
        let own = t.bruno.ok("POST", &base, new).await;
        assert_eq!(own["channel_ids"], json!([t.square]), "{engine}");
        let all = t.bruno.get(&base).await;
        assert_eq!(kinds(&all), ["favorites", "custom", "channels", "direct_messages"], "{engine}");
        assert!(!all["categories"][2]["channel_ids"].as_array().unwrap().contains(&json!(t.square)), "{engine}: moved");

        let mut order: Vec<String> = serde_json::from_value(all["order"].clone()).unwrap();
        order.reverse();
        t.bruno.ok("PUT", &format!("{base}/order"), json!(order)).await;
        assert_eq!(t.bruno.get(&base).await["order"], json!(order), "{engine}");
        let (status, _) = t.bruno.call("PUT", &format!("{base}/order"), json!(order[1..])).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: none may be missing");

        let id = text(&own, "id");
        let muted = json!({"display_name": "Quiet", "muted": true, "channel_ids": [t.square]});
        t.bruno.ok("PUT", &format!("{base}/{id}"), muted).await;
        let member = format!("/channels/{}/members/me", t.square);
        assert_eq!(t.bruno.get(&member).await["notify_props"]["mark_unread"], "mention", "{engine}: muted with it");

        let star = json!([{"user_id": t.bruno.id, "category": "favorite_channel", "name": t.square, "value": "true"}]);
        t.bruno.ok("PUT", "/users/me/preferences", star).await;
        let favourites = format!("{base}/favorites_{}_{}", t.bruno.id, t.id);
        assert_eq!(t.bruno.get(&favourites).await["channel_ids"], json!([t.square]), "{engine}: by preference");
        let empty = json!({"channel_ids": []});
        t.bruno.ok("PUT", &favourites, empty).await;
        let (status, _) = t.bruno.call("GET", "/users/me/preferences/favorite_channel", Value::Null).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{engine}: and back");

        t.bruno.ok("DELETE", &format!("{base}/{id}"), Value::Null).await;
        let all = t.bruno.get(&base).await;
        assert!(!kinds(&all).contains(&"custom".into()), "{engine}");
        let (status, _) = t
            .ana
            .call("GET", &format!("/users/{}/teams/{}/channels/categories", t.bruno.id, "x".repeat(26)), Value::Null)
            .await;
        assert!(!status.is_server_error(), "{engine}");
        let (status, _) = t.bruno.call("DELETE", &favourites, Value::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}: built-in ones stay");
    }
}

#[tokio::test]
async fn drafts_follow_their_author() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let draft = |message: &str| json!({"channel_id": t.square, "message": message});
        t.ana.ok("POST", "/drafts", draft("I was going to")).await;
        t.ana.ok("POST", "/drafts", draft("I was going to say")).await;
        let list = format!("/users/me/teams/{}/drafts", t.id);
        let mine = t.ana.get(&list).await;
        assert_eq!(mine.as_array().unwrap().len(), 1, "{engine}: the later one is in its place");
        assert_eq!(mine[0]["message"], "I was going to say", "{engine}");
        assert_eq!(t.bruno.get(&list).await, json!([]), "{engine}: nobody else sees it");
        t.ana.ok("DELETE", &format!("/users/me/channels/{}/drafts", t.square), Value::Null).await;
        assert_eq!(t.ana.get(&list).await, json!([]), "{engine}");
    }
}

#[tokio::test]
async fn scheduled_posts_are_sent_once_when_their_time_has_come() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let at = world.clock.now_ms() + 60_000;
        let plan = |message: &str, at: i64| json!({"channel_id": t.square, "message": message, "scheduled_at": at});
        let (status, _) = t.ana.call("POST", "/posts/schedule", plan("too late", 1)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{engine}");
        t.ana.ok("POST", "/posts/schedule", plan("good morning", at)).await;
        let later = text(&t.ana.ok("POST", "/posts/schedule", plan("good night", at + 1)).await, "id");
        let change = json!({"message": "good evening", "scheduled_at": at + 120_000});
        t.ana.ok("PUT", &format!("/posts/schedule/{later}"), change).await;
        let (status, _) = t.bruno.call("DELETE", &format!("/posts/schedule/{later}"), Value::Null).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{engine}: another's");

        assert_eq!(chat::scheduled::deliver_due(&world.site).await.unwrap(), 0, "{engine}: not yet");
        world.clock.advance(60_000);
        assert_eq!(chat::scheduled::deliver_due(&world.site).await.unwrap(), 1, "{engine}");
        assert_eq!(chat::scheduled::deliver_due(&world.site).await.unwrap(), 0, "{engine}: once");
        let newest = t.bruno.get(&format!("/channels/{}/posts?per_page=1", t.square)).await;
        let post = &newest["posts"][newest["order"][0].as_str().unwrap()];
        assert_eq!((&post["message"], &post["user_id"]), (&json!("good morning"), &json!(t.ana.id)), "{engine}");

        // Off-topic can be archived before the time of the second plan comes.
        let list = format!("/posts/scheduled/team/{}?includeDirectChannels=true", t.id);
        let waiting = t.ana.get(&list).await;
        assert_eq!(waiting[&t.id][0]["message"], "good evening", "{engine}");
        assert_eq!(waiting["directChannels"], json!([]), "{engine}");
        t.ana.ok("DELETE", &format!("/posts/schedule/{later}"), Value::Null).await;
        let other = t.ana.get(&format!("/teams/{}/channels/name/off-topic", t.id)).await;
        let doomed = json!({"channel_id": other["id"], "message": "anybody?", "scheduled_at": at + 120_000});
        t.ana.ok("POST", "/posts/schedule", doomed).await;
        t.ana.ok("DELETE", &format!("/channels/{}", text(&other, "id")), Value::Null).await;
        world.clock.advance(120_000);
        assert_eq!(chat::scheduled::deliver_due(&world.site).await.unwrap(), 0, "{engine}");
        assert_eq!(t.ana.get(&list).await[&t.id][0]["error_code"], "channel_archived", "{engine}");
    }
}

/// Uploads a picture as an emoji.
async fn upload(person: &Person<'_>, name: &str, picture: &[u8]) -> (StatusCode, Value) {
    let mut body = Vec::new();
    body.extend(b"--x\r\ncontent-disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n");
    body.extend(picture);
    let emoji = json!({"name": name, "creator_id": person.id});
    body.extend(
        format!("\r\n--x\r\ncontent-disposition: form-data; name=\"emoji\"\r\n\r\n{emoji}\r\n--x--\r\n").bytes(),
    );
    let request = Request::post("/api/v4/emoji")
        .header("authorization", format!("Bearer {}", person.token))
        .header("content-type", "multipart/form-data; boundary=x");
    let answer = person.api.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test]
async fn an_emoji_is_made_used_and_deleted() {
    let mut png = Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(8, 8).write_to(&mut png, image::ImageFormat::Png).unwrap();
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let (status, made) = upload(&t.bruno, "pump", png.get_ref()).await;
        assert_eq!(status, StatusCode::CREATED, "{engine}: {made}");
        assert_eq!(upload(&t.ana, "pump", png.get_ref()).await.0, StatusCode::BAD_REQUEST, "{engine}: taken");
        assert_eq!(upload(&t.ana, "pump2", b"<svg/>").await.0, StatusCode::BAD_REQUEST, "{engine}: no picture");
        let post = t.ana.says(&t.square, "", "start the :pump: please").await;
        assert_eq!(post["metadata"]["emojis"][0]["name"], "pump", "{engine}");
        assert_eq!(t.ana.ok("POST", "/emoji/names", json!(["pump", "smile"])).await.as_array().unwrap().len(), 1);
        assert_eq!(t.ana.get("/emoji/autocomplete?name=pu").await[0]["name"], "pump", "{engine}");
        let id = text(&made, "id");
        let (status, _) = t.bruno.call("GET", &format!("/emoji/{id}/image"), Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{engine}");
        t.bruno.ok("DELETE", &format!("/emoji/{id}"), Value::Null).await;
        let (status, _) = t.ana.call("GET", "/emoji/name/pump", Value::Null).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{engine}");
        assert_eq!(upload(&t.ana, "pump", png.get_ref()).await.0, StatusCode::CREATED, "{engine}: free again");
    }
}

#[tokio::test]
async fn bookmarks_are_kept_in_order() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let base = format!("/channels/{}/bookmarks", t.square);
        let link = |name: &str| json!({"type": "link", "display_name": name, "link_url": "https://plan.example/a"});
        let first = text(&t.ana.ok("POST", &base, link("Plan")).await, "id");
        let second = text(&t.bruno.ok("POST", &base, link("Map")).await, "id");
        let bad = json!({"type": "link", "display_name": "x", "link_url": "javascript:alert(1)"});
        assert_eq!(t.ana.call("POST", &base, bad).await.0, StatusCode::BAD_REQUEST, "{engine}");
        let sorted = t.ana.ok("POST", &format!("{base}/{second}/sort_order"), json!(0)).await;
        assert_eq!((&sorted[0]["id"], &sorted[1]["id"]), (&json!(second), &json!(first)), "{engine}");
        world.clock.advance(5);
        let since = world.clock.now_ms() - 1;
        let patched = t.ana.ok("PATCH", &format!("{base}/{first}"), json!({"display_name": "Plan B"})).await;
        assert_eq!(patched["updated"]["display_name"], "Plan B", "{engine}");
        t.ana.ok("DELETE", &format!("{base}/{second}"), Value::Null).await;
        assert_eq!(t.bruno.get(&base).await.as_array().unwrap().len(), 1, "{engine}");
        let changed = t.bruno.get(&format!("{base}?bookmarks_since={since}")).await;
        assert_eq!(changed.as_array().unwrap().len(), 2, "{engine}: a deletion is news too");
    }
}

#[tokio::test]
async fn a_custom_status_is_shown_and_remembered() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let status = json!({"emoji": "boat", "text": "at sea"});
        t.bruno.ok("PUT", "/users/me/status/custom", status.clone()).await;
        let seen = t.ana.get(&format!("/users/{}", t.bruno.id)).await;
        let shown: Value = serde_json::from_str(seen["props"]["customStatus"].as_str().unwrap()).unwrap();
        assert_eq!((&shown["emoji"], &shown["text"]), (&json!("boat"), &json!("at sea")), "{engine}");
        let recent = t.bruno.get("/users/me/preferences/custom_status/name/recent_custom_statuses").await;
        assert!(text(&recent, "value").contains("at sea"), "{engine}");
        t.bruno.ok("POST", "/users/me/status/custom/recent/delete", status).await;
        let recent = t.bruno.get("/users/me/preferences/custom_status/name/recent_custom_statuses").await;
        assert_eq!(recent["value"], "[]", "{engine}");
        t.bruno.ok("DELETE", "/users/me/status/custom", Value::Null).await;
        assert_eq!(t.ana.get(&format!("/users/{}", t.bruno.id)).await["props"]["customStatus"], "", "{engine}");
    }
}

#[tokio::test]
async fn a_weekly_post_is_sent_again_with_its_file() {
    for world in worlds().await {
        let (engine, t) = (world.engine, team(&world).await);
        let file =
            t.ana.sends(&format!("/files?channel_id={}&filename=rota.txt", t.square), "text/plain", b"rota").await;
        let file = text(&file["file_infos"][0], "id");
        let at = world.clock.now_ms() + 60_000;
        let plan = json!({"channel_id": t.square, "message": "the rota", "file_ids": [file], "scheduled_at": at,
            "repeat_type": "weekly", "repeat_timezone": "Africa/Nairobi"});
        let mut bad = plan.clone();
        bad["repeat_timezone"] = "Nowhere".into();
        assert_eq!(t.ana.call("POST", "/posts/schedule", bad).await.0, StatusCode::BAD_REQUEST, "{engine}");
        let plan = t.ana.ok("POST", "/posts/schedule", plan).await;
        let week = 7 * 24 * 3600 * 1000;
        let mut ears = Ears::of(&world, &t.ana.id).await;
        world.clock.advance(61_000);
        for round in 1..=2 {
            assert_eq!(chat::scheduled::deliver_due(&world.site).await.unwrap(), 1, "{engine}");
            assert_eq!(chat::scheduled::deliver_due(&world.site).await.unwrap(), 0, "{engine}: once a week");
            let told = ears.next("scheduled_post_updated").await.inner("scheduledPost");
            assert_eq!(told["scheduled_at"], at + round * week, "{engine}");
            world.clock.advance(week);
        }
        let list = t.bruno.get(&format!("/channels/{}/posts", t.square)).await;
        let sent: Vec<&Value> =
            list["posts"].as_object().unwrap().values().filter(|p| p["message"] == "the rota").collect();
        assert_eq!(sent.len(), 2, "{engine}");
        assert!(sent.iter().all(|p| p["metadata"]["files"][0]["name"] == "rota.txt"), "{engine}: {sent:?}");
        t.ana.ok("DELETE", &format!("/posts/schedule/{}", text(&plan, "id")), Value::Null).await;
        assert_eq!(chat::scheduled::deliver_due(&world.site).await.unwrap(), 0, "{engine}");
    }
}
