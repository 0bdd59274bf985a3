//! Bots over their life: owned, handed on, switched off; and access tokens that end.

use crate::support::{Person, arrive, call, text, worlds, worlds_with};
use axum::http::StatusCode;
use chat::Config;
use chat::auth::Settings;
use serde_json::{Value, json};

async fn bot(admin: &Person<'_>, name: &str) -> String {
    text(&admin.ok("POST", "/bots", json!({"username": name, "display_name": "Helper"})).await, "user_id")
}

fn names(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|b| text(b, "username")).collect()
}

async fn speaks(person: &Person<'_>, token: &str) -> bool {
    call(person.api, "GET", "/users/me", Value::Null, Some(token)).await.0 == StatusCode::OK
}

#[tokio::test]
async fn a_bot_is_changed_handed_on_and_switched_off_with_its_owner() {
    for world in worlds().await {
        let ana = arrive(&world.api, "ana", "").await;
        let bruno = arrive(&world.api, "bruno", "").await;
        let id = bot(&ana, "helper").await;
        let other = bot(&ana, "second").await;
        let path = format!("/bots/{id}");
        let changed = ana.ok("PUT", &path, json!({"username": "helper2", "description": "answers"})).await;
        assert_eq!((text(&changed, "username"), text(&changed, "display_name")), ("helper2".into(), "Helper".into()));
        assert_ne!(bruno.call("PUT", &path, json!({"username": "mine"})).await.0, StatusCode::OK, "{}", world.engine);
        assert_eq!(
            text(&ana.ok("POST", &format!("{path}/assign/{}", bruno.id), Value::Null).await, "owner_id"),
            bruno.id
        );

        let token = ana.ok("POST", &format!("/users/{id}/tokens"), json!({"description": "script"})).await;
        let secret = text(&token, "token");
        assert!(speaks(&ana, &secret).await, "{}", world.engine);
        ana.ok("POST", &format!("{path}/disable"), Value::Null).await;
        assert!(!speaks(&ana, &secret).await, "{}: off", world.engine);
        assert_eq!(names(&ana.get("/bots").await), ["second"], "{}", world.engine);
        assert_eq!(names(&ana.get("/bots?include_deleted=true&per_page=1&page=1").await).len(), 1, "{}", world.engine);
        assert_eq!(ana.call("GET", &path, Value::Null).await.0, StatusCode::NOT_FOUND, "{}", world.engine);
        ana.ok("POST", &format!("{path}/enable"), Value::Null).await;
        assert!(speaks(&ana, &secret).await, "{}: on again", world.engine);

        ana.ok("DELETE", &format!("/users/{}", bruno.id), Value::Null).await;
        assert!(!speaks(&ana, &secret).await, "{}: off with its owner", world.engine);
        let orphans = ana.get("/bots?only_orphaned=true&include_deleted=true").await;
        assert_eq!(names(&orphans), ["helper2"], "{}", world.engine);

        let person = json!({"password": "Correct-horse-9", "email": "helper@site.example"});
        ana.ok("POST", &format!("/bots/{other}/convert_to_user"), person).await;
        let login = json!({"login_id": "second", "password": "Correct-horse-9"});
        assert_eq!(call(&world.api, "POST", "/users/login", login.clone(), None).await.0, StatusCode::OK);
        let made = ana.ok("POST", &format!("/users/{other}/convert_to_bot"), Value::Null).await;
        assert_eq!(text(&made, "username"), "second", "{}", world.engine);
        assert_eq!(call(&world.api, "POST", "/users/login", login, None).await.0, StatusCode::UNAUTHORIZED);
        let last = ana.call("POST", &format!("/users/{}/convert_to_bot", ana.id), Value::Null).await;
        assert_eq!(last.0, StatusCode::BAD_REQUEST, "{}: somebody must administer the site", world.engine);
    }
}

#[tokio::test]
async fn an_access_token_ends_when_it_says_and_is_found_by_its_owner() {
    let accounts = Settings { max_token_days: 30, ..Settings::default() };
    for world in worlds_with(Config { accounts, ..Config::default() }).await {
        let ana = arrive(&world.api, "ana", "").await;
        let path = format!("/users/{}/tokens", ana.id);
        let forever = ana.call("POST", &path, json!({"description": "for ever"})).await;
        assert_eq!(forever.0, StatusCode::BAD_REQUEST, "{}: 30 days at most", world.engine);
        let end = world.clock.now_ms() + 3_600_000;
        let made = ana.ok("POST", &path, json!({"description": "an hour", "expires_at": end})).await;
        let secret = text(&made, "token");
        assert!(speaks(&ana, &secret).await, "{}", world.engine);
        let found = ana.ok("POST", "/users/tokens/search", json!({"term": "an"})).await;
        assert_eq!((text(&found[0], "id"), found[0]["expires_at"].as_i64()), (text(&made, "id"), Some(end)));
        assert_eq!(ana.get(&format!("{path}?per_page=1&page=1")).await, json!([]), "{}", world.engine);
        let rotate = json!({"token_id": text(&made, "id"), "expires_at": end});
        let turned = text(&ana.ok("POST", "/users/tokens/rotate", rotate).await, "token");
        assert!(!speaks(&ana, &secret).await && speaks(&ana, &turned).await, "{}", world.engine);
        world.clock.advance(3_600_000);
        assert!(!speaks(&ana, &turned).await, "{}: over", world.engine);
        assert_eq!(ana.get("/users/tokens/non_compliant/count").await["count"], 0, "{}", world.engine);
    }
}
