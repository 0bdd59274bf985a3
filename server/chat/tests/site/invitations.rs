//! Bringing people in without mail: links with an end, guests, and a new password from an administrator.

use crate::support::{Person, World, arrive, call, text, worlds, worlds_with};
use axum::http::StatusCode;
use chat::Config;
use serde_json::{Value, json};

const INVALID: &str = "api.user.create_user.signup_link_invalid.app_error";
const EXPIRED: &str = "api.user.create_user.signup_link_expired.app_error";

async fn sign_up(world: &World, name: &str, token: &str) -> (StatusCode, Value) {
    let account = json!({"username": name, "email": format!("{name}@site.example"), "password": "Correct-horse-9"});
    let (status, _, body) = call(&world.api, "POST", &format!("/users?t={token}"), account, None).await;
    (status, body)
}

async fn log_in<'a>(world: &'a World, name: &str, password: &str) -> Option<Person<'a>> {
    let body = json!({"login_id": name, "password": password});
    let (_, token, user) = call(&world.api, "POST", "/users/login", body, None).await;
    Some(Person { api: &world.api, token: token?, id: text(&user, "id") })
}

async fn channel(person: &Person<'_>, team: &str, name: &str, kind: &str) -> String {
    let new = json!({"team_id": team, "name": name, "display_name": name, "type": kind});
    text(&person.ok("POST", "/channels", new).await, "id")
}

#[tokio::test]
async fn a_link_brings_in_as_many_as_it_says_until_it_ends() {
    for world in worlds_with(Config { open_signup: false, ..Config::default() }).await {
        let ana = arrive(&world.api, "ana", "").await;
        let made = ana.ok("POST", "/teams", json!({"name": "field", "display_name": "Field", "type": "O"})).await;
        let team = text(&made, "id");
        let path = format!("/muster/teams/{team}/invitations");
        let link = ana.ok("POST", &path, json!({"note": "for the clinic"})).await;
        let token = text(&link, "token");
        assert_eq!(text(&link, "link"), format!("/signup_user_complete/?t={token}"), "{}", world.engine);
        let png = data_encoding::BASE64.decode(text(&link, "qr_code").as_bytes()).unwrap();
        assert!(image::load_from_memory(&png).is_ok(), "{}", world.engine);
        let (_, _, shown) = call(&world.api, "GET", &format!("/muster/invited?t={token}"), Value::Null, None).await;
        assert_eq!(text(&shown, "display_name"), "Field", "{}", world.engine);

        let (status, refused) = sign_up(&world, "nobody", "").await;
        assert_eq!(
            (status, text(&refused, "id").as_str()),
            (StatusCode::FORBIDDEN, "api.user.create_user.no_open_server")
        );
        assert_eq!(text(&sign_up(&world, "nobody", &"x".repeat(64)).await.1, "id"), INVALID, "{}", world.engine);
        let (status, bruno) = sign_up(&world, "bruno", &token).await;
        assert_eq!(status, StatusCode::CREATED, "{}: {bruno}", world.engine);
        assert_eq!(text(&sign_up(&world, "carla", &token).await.1, "id"), INVALID, "{}: used", world.engine);
        let bruno = log_in(&world, "bruno", "Correct-horse-9").await.unwrap();
        assert_eq!(bruno.get("/users/me/teams").await[0]["id"], team.as_str(), "{}", world.engine);

        let listed = ana.get(&path).await;
        assert_eq!(text(&listed[0]["used_by"][0], "user_id"), bruno.id, "{}: {listed}", world.engine);
        assert!(listed[0].get("token").is_none(), "{}: the secret is shown once", world.engine);
        assert_eq!(bruno.get(&path).await, json!([]), "{}: others' links are not his", world.engine);

        let link = ana.ok("POST", &path, json!({"max_uses": 0})).await;
        assert_eq!(sign_up(&world, "carla", &text(&link, "token")).await.0, StatusCode::CREATED, "{}", world.engine);
        assert_eq!(sign_up(&world, "david", &text(&link, "token")).await.0, StatusCode::CREATED, "{}", world.engine);
        let one = format!("/muster/invitations/{}", text(&link, "id"));
        assert_eq!(bruno.call("DELETE", &one, Value::Null).await.0, StatusCode::NOT_FOUND, "{}", world.engine);
        ana.ok("DELETE", &one, Value::Null).await;
        assert_eq!(text(&sign_up(&world, "elena", &text(&link, "token")).await.1, "id"), INVALID, "{}", world.engine);

        let link = ana.ok("POST", &path, json!({"expires_at": world.clock.now_ms() + 60_000})).await;
        world.clock.advance(60_000);
        assert_eq!(text(&sign_up(&world, "elena", &text(&link, "token")).await.1, "id"), EXPIRED, "{}", world.engine);
        let mailed = ana.call("POST", &format!("/teams/{team}/invite/email"), json!(["fatima@site.example"])).await;
        assert_eq!(
            (mailed.0, text(&mailed.1, "id").as_str()),
            (StatusCode::NOT_IMPLEMENTED, "api.team.invite_members.disabled.app_error"),
            "{}",
            world.engine
        );
    }
}

#[tokio::test]
async fn a_guest_comes_into_the_channels_of_the_invitation_and_no_other() {
    for world in worlds().await {
        let ana = arrive(&world.api, "ana", "").await;
        let make = json!({"name": "field", "display_name": "Field", "type": "O"});
        let team = text(&ana.ok("POST", "/teams", make).await, "id");
        let (open, closed) = (channel(&ana, &team, "supplies", "O").await, channel(&ana, &team, "board", "P").await);
        channel(&ana, &team, "secret", "P").await;
        let path = format!("/muster/teams/{team}/invitations");
        let (status, _) = ana.call("POST", &path, json!({"guest": true})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{}: a guest needs a place", world.engine);
        let wanted = json!({"guest": true, "channel_ids": [open, closed], "max_uses": 2});
        let link = ana.ok("POST", &path, wanted).await;

        let (status, made) = sign_up(&world, "gwen", &text(&link, "token")).await;
        assert_eq!((status, text(&made, "roles").as_str()), (StatusCode::CREATED, "system_guest"), "{}", world.engine);
        let gwen = log_in(&world, "gwen", "Correct-horse-9").await.unwrap();
        let seen = gwen.get(&format!("/users/me/teams/{team}/channels")).await;
        let mut seen: Vec<String> = seen.as_array().unwrap().iter().map(|c| text(c, "name")).collect();
        seen.sort();
        assert_eq!(seen, ["board", "supplies"], "{}", world.engine);
        gwen.says(&closed, "", "Good morning").await;

        let bruno = arrive(&world.api, "bruno", "").await;
        let join = format!("/teams/members/invite?token={}", text(&link, "token"));
        let (_, refused) = bruno.call("POST", &join, Value::Null).await;
        assert_eq!(text(&refused, "id"), "api.user.create_user.invalid_invitation_type.app_error", "{}", world.engine);
        let left = ana.get(&path).await;
        assert_eq!(left[0]["uses"], 1, "{}: a refusal takes no use", world.engine);
        let member = ana.ok("POST", &path, json!({})).await;
        let join = format!("/teams/members/invite?token={}", text(&member, "token"));
        assert_eq!(text(&bruno.ok("POST", &join, Value::Null).await, "team_id"), team, "{}", world.engine);
    }
}

#[tokio::test]
async fn an_administrator_hands_over_a_link_for_a_new_password() {
    for world in worlds().await {
        let ana = arrive(&world.api, "ana", "").await;
        let bruno = arrive(&world.api, "bruno", "").await;
        let path = format!("/muster/users/{}/password_reset", bruno.id);
        assert_eq!(bruno.call("POST", &path, Value::Null).await.0, StatusCode::FORBIDDEN, "{}", world.engine);
        let first = ana.ok("POST", &path, Value::Null).await;
        let second = ana.ok("POST", &path, Value::Null).await;
        let reset = async |code: &str, password: &str| {
            let body = json!({"code": code, "new_password": password});
            call(&world.api, "POST", "/users/password/reset", body, None).await
        };
        let invalid = "api.user.reset_password.invalid_link.app_error";
        let (_, _, refused) = reset(&text(&first, "code"), "Another-horse-9").await;
        assert_eq!(text(&refused, "id"), invalid, "{}: only the newest link counts", world.engine);
        let (_, _, refused) = reset(&text(&second, "code"), "short").await;
        assert_eq!(text(&refused, "id"), "model.user.is_valid.pwd_min_length.app_error", "{}", world.engine);
        let (status, ..) = reset(&text(&second, "code"), "Another-horse-9").await;
        assert_eq!(status, StatusCode::OK, "{}: a refused password did not use it up", world.engine);
        assert_eq!(text(&reset(&text(&second, "code"), "Third-horse-9").await.2, "id"), invalid, "{}", world.engine);
        let (status, _) = bruno.call("GET", "/users/me", Value::Null).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{}: who had the old password is out", world.engine);
        assert!(log_in(&world, "bruno", "Correct-horse-9").await.is_none(), "{}", world.engine);
        assert!(log_in(&world, "bruno", "Another-horse-9").await.is_some(), "{}", world.engine);

        let late = ana.ok("POST", &path, Value::Null).await;
        world.clock.advance(25 * 3_600_000);
        let (_, _, refused) = reset(&text(&late, "code"), "Third-horse-9").await;
        assert_eq!(text(&refused, "id"), "api.user.reset_password.link_expired.app_error", "{}", world.engine);
    }
}
