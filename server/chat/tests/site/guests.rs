//! Guests see the places they were brought to and the people there, and nothing else.

use crate::support::{Person, Team, World, arrive, team, text, worlds};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Gus, who was a member of the team and is a guest from now on, in `room` with Ana.
async fn guest<'a>(world: &'a World, t: &Team<'a>) -> (Person<'a>, String) {
    let gus = arrive(&world.api, "gus", &t.invite).await;
    t.ana.ok("POST", &format!("/users/{}/demote", gus.id), Value::Null).await;
    // The default channels were joined as a member.
    for channel in gus.get("/users/me/channels").await.as_array().unwrap() {
        let path = format!("/channels/{}/members/{}", text(channel, "id"), gus.id);
        t.ana.ok("DELETE", &path, Value::Null).await;
    }
    let room = json!({"team_id": t.id, "name": "room", "display_name": "Room", "type": "P"});
    let room = text(&t.ana.ok("POST", "/channels", room).await, "id");
    t.ana.ok("POST", &format!("/channels/{room}/members"), json!({"user_id": gus.id})).await;
    (gus, room)
}

#[tokio::test]
async fn a_guest_sees_the_own_channels_and_the_people_there() {
    for world in worlds().await {
        let t = team(&world).await;
        let (gus, room) = guest(&world, &t).await;
        let me = gus.get("/users/me").await;
        assert_eq!(me["roles"], "system_guest");
        let member = gus.get(&format!("/channels/{room}/members/me")).await;
        assert_eq!((&member["scheme_guest"], &member["scheme_user"]), (&json!(true), &json!(false)), "{member}");
        assert_eq!(member["roles"], "channel_guest");
        assert_eq!(gus.get(&format!("/teams/{}/members/me", t.id)).await["roles"], "team_guest");
        gus.says(&room, "", "hello from outside").await;

        let names =
            |list: &Value| -> Vec<String> { list.as_array().unwrap().iter().map(|u| text(u, "username")).collect() };
        assert_eq!(names(&gus.get("/users").await), ["ana", "gus"]);
        assert_eq!(names(&t.bruno.get("/users").await), ["ana", "bruno", "gus"]);
        let search = gus.ok("POST", "/users/search", json!({"term": "bru"})).await;
        assert_eq!(search, json!([]));
        let complete = gus.get(&format!("/users/autocomplete?name=&team_id={}", t.id)).await;
        assert_eq!(names(&complete["users"]), ["ana", "gus"]);
        let by_ids = gus.ok("POST", "/users/ids", json!([t.ana.id, t.bruno.id])).await;
        assert_eq!(names(&by_ids), ["ana"]);
        assert_eq!(gus.get("/users/stats").await["total_users_count"], 2);
        let members = gus.get(&format!("/teams/{}/members", t.id)).await;
        assert_eq!(members.as_array().unwrap().len(), 2, "{members}");

        let bruno = t.bruno.id.as_str();
        let square = t.square.as_str();
        for (method, path, body) in [
            ("GET", format!("/users/{bruno}"), Value::Null),
            ("GET", "/users/username/bruno".into(), Value::Null),
            ("GET", "/users/username/nobody".into(), Value::Null),
            ("GET", "/users/email/bruno@site.example".into(), Value::Null),
            ("GET", format!("/users/{bruno}/image"), Value::Null),
            ("POST", "/channels/direct".into(), json!([gus.id, bruno])),
            ("POST", "/channels/group".into(), json!([gus.id, bruno, t.ana.id])),
            ("GET", format!("/channels/{square}"), Value::Null),
            ("GET", format!("/channels/{square}/posts"), Value::Null),
            ("POST", format!("/channels/{square}/members"), json!({"user_id": gus.id})),
            ("GET", format!("/teams/{}/channels", t.id), Value::Null),
            ("POST", format!("/teams/{}/channels/search", t.id), json!({"term": "town"})),
            ("GET", "/teams".into(), Value::Null),
            ("POST", "/teams/search".into(), json!({"term": "f"})),
            ("POST", "/teams".into(), json!({"name": "own", "display_name": "Own", "type": "O"})),
            ("POST", "/channels".into(), json!({"team_id": t.id, "name": "own", "display_name": "Own", "type": "O"})),
            ("POST", format!("/channels/{room}/members"), json!({"user_id": bruno})),
            ("POST", format!("/teams/members/invite?invite_id={}", t.invite), Value::Null),
            ("POST", format!("/users/{}/promote", gus.id), Value::Null),
        ] {
            let (status, error) = gus.call(method, &path, body).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}: {error}");
        }
    }
}

#[tokio::test]
async fn demotion_and_promotion_change_every_membership_at_once() {
    for world in worlds().await {
        let t = team(&world).await;
        let other = json!({"team_id": t.id, "name": "own", "display_name": "Own", "type": "O"});
        let own = text(&t.bruno.ok("POST", "/channels", other).await, "id");
        let mine = format!("/channels/{own}/members/me");
        assert_eq!(t.bruno.get(&mine).await["roles"], "channel_user channel_admin");
        let demote = format!("/users/{}/demote", t.bruno.id);
        assert_eq!(t.bruno.call("POST", &demote, Value::Null).await.0, StatusCode::FORBIDDEN);
        t.ana.ok("POST", &demote, Value::Null).await;
        assert_eq!(t.ana.call("POST", &demote, Value::Null).await.0, StatusCode::BAD_REQUEST, "a guest already");
        let all = t.bruno.get(&format!("/users/me/teams/{}/channels/members", t.id)).await;
        assert_eq!(all.as_array().unwrap().len(), 3);
        assert!(all.as_array().unwrap().iter().all(|m| m["roles"] == "channel_guest"), "{all}");
        let sessions = t.bruno.get("/users/me/sessions").await;
        assert_eq!(
            (&sessions[0]["roles"], &sessions[0]["props"]["is_guest"]),
            (&json!("system_guest"), &json!("true"))
        );
        let roles = json!({"scheme_user": false, "scheme_guest": true, "scheme_admin": true});
        let path = format!("/channels/{own}/members/{}/schemeRoles", t.bruno.id);
        assert_eq!(t.ana.call("PUT", &path, roles).await.0, StatusCode::BAD_REQUEST, "a guest administers nothing");

        t.ana.ok("POST", &format!("/users/{}/promote", t.bruno.id), Value::Null).await;
        assert_eq!(t.bruno.get(&mine).await["roles"], "channel_user");
        assert_eq!(t.bruno.get(&format!("/teams/{}/members/me", t.id)).await["roles"], "team_user");
        let last = t.ana.call("POST", &format!("/users/{}/demote", t.ana.id), Value::Null).await;
        assert_eq!(last.0, StatusCode::BAD_REQUEST, "the last administrator stays one: {}", last.1);
        assert_eq!(t.ana.get(&format!("/channels/{}/members/me", t.square)).await["scheme_guest"], false);
    }
}
